// Chunks of the result that fit in the second-level cache, and for each the chunks of ψ that it is made of.
#include "coratrix/pauli_sum.hpp"

#include <algorithm>
#include <cstring>

namespace coratrix {

namespace {

constexpr std::size_t kManyTerms = 16;  // as many strings with the same X mask cost as much as a transform
constexpr int kChunkBits = 19;          // of the number of bytes

bool is_odd(const PauliTerm& term) { return popcount(term.x & term.z) & 1; }

/// The coefficient times i^{|x∧z|}, but for a last factor i where the number of Ys is odd.
double real_coefficient(const PauliTerm& term) {
    return popcount(term.x & term.z) & 2 ? -term.coefficient.real() : term.coefficient.real();
}

}  // namespace

template <class T>
PauliSum<T>::PauliSum(std::vector<PauliTerm> terms, int padded_bits, const Kernels<T>& kernels, Use use)
    : kernels_(kernels), observables_(observable_kernels(kernels)), bits_(padded_bits),
      chunk_bits_(std::min(padded_bits, kChunkBits - (sizeof(T) == 4 ? 3 : 4))), use_(use) {
    if (Index{2} << bits_ < Index{kSumBlock} << kernels_.lane_bits) {
        plain_ = std::move(terms);
        return;
    }
    std::stable_sort(terms.begin(), terms.end(), [](const PauliTerm& a, const PauliTerm& b) { return a.x < b.x; });
    const PauliTerm* const end = terms.data() + terms.size();
    for (const PauliTerm *first = terms.data(), *last = first; first < end; first = last) {
        while (last < end && last->x == first->x) ++last;
        if (static_cast<std::size_t>(last - first) >= kManyTerms && bits_ >= kFunctionBits) add_many(first, last);
        else std::for_each(first, last, [this](const PauliTerm& term) { add_few(term); });
    }
    const int above_chunk = chunk_bits_ + 1 - kernels_.lane_bits - kSumBlockBits;
    for (std::size_t k = 0; k < few_.size(); ++k)
        if (k == 0 || few_[k].x >> above_chunk != few_[k - 1].x >> above_chunk) groups_.push_back(k);
    groups_.push_back(few_.size());
    for (std::size_t g = 0; g + 1 < groups_.size(); ++g) arrange(few_.data() + groups_[g], few_.data() + groups_[g + 1]);
}

/// Terms that permute the lanes alike stand together, those that leave them alone last.
template <class T>
void PauliSum<T>::arrange(SumTerm<T>* first, SumTerm<T>* last) const {
    std::stable_sort(first, last, [](const auto& a, const auto& b) { return a.x_lanes > b.x_lanes; });
    for (SumTerm<T>* term = first; term < last; ++term) {
        const std::uint32_t turn = term->x_lanes ^ (term + 1 < last ? (term + 1)->x_lanes : 0);
        term->turns = turn != 0;
        permutation(turn, term->lanes);
    }
}

/// The highest bit of x, if it is above a block and half of the blocks are enough.
template <class T>
Mask PauliSum<T>::skipped(Mask x, int block_bits) const {
    if (use_ == Use::product || x >> block_bits == 0) return 0;
    return bit(63 - __builtin_clzll(x));
}

/// Lane l of the result comes from lane l ^ numbers.
template <class T>
void PauliSum<T>::permutation(Mask numbers, unsigned char* lanes) const {
    unsigned char order[kMaxLanes];
    const Mask inside = numbers & (bit(kernels_.lane_bits) - 1);
    for (unsigned l = 0; l < 1u << kernels_.lane_bits; ++l) order[l] = static_cast<unsigned char>(l ^ inside);
    kernels_.make_index(order, lanes);
}

template <class T>
void PauliSum<T>::add_few(const PauliTerm& term) {
    const int lane_bits = kernels_.lane_bits;
    const unsigned width = 1u << lane_bits;
    const bool odd = is_odd(term);
    const Mask x = term.x << 1 | Mask{odd}, z = term.z << 1;  // masks of numbers
    const Mask skip = skipped(term.x, lane_bits + kSumBlockBits - 1);
    SumTerm<T> out;
    out.x = x >> lane_bits >> kSumBlockBits, out.z = z >> lane_bits >> kSumBlockBits;
    out.skip = skip << 1 >> lane_bits >> kSumBlockBits;
    out.x_inside = static_cast<std::uint32_t>(x >> lane_bits & (kSumBlock - 1)) << lane_bits;
    out.x_lanes = static_cast<std::uint32_t>(x & (width - 1));
    out.z_inside = static_cast<int>(z >> lane_bits & (kSumBlock - 1));
    const Mask outside = ~Mask{width - 1};  // (-1)^{z·(k^x)} = (-1)^{z·x} (-1)^{z·k} there
    const double c = real_coefficient(term) * (skip ? 2 : 1) * (parity(z & x & outside) ? -1 : 1);
    for (unsigned l = 0; l < width; ++l) {
        const bool minus = parity(z & (l ^ x) & (width - 1)) != (odd && !(l & 1));
        const unsigned from = l ^ out.x_lanes;  // the kernel multiplies before it permutes
        out.coefficients[0][from] = static_cast<T>(minus ? -c : c);
        out.coefficients[1][from] = -out.coefficients[0][from];
    }
    few_.push_back(out);
}

template <class T>
void PauliSum<T>::add_many(const PauliTerm* first, const PauliTerm* last) {
    Many many;
    many.skip = skipped(first->x, kFunctionBits);
    many.function.x = first->x << 1 >> kernels_.lane_bits;
    permutation(first->x << 1, many.function.even_lanes);
    permutation(first->x << 1 | 1, many.function.odd_lanes);
    for (; first != last; ++first) {
        many.terms.push_back(*first);
        (is_odd(*first) ? many.any_odd : many.any_even) = true;
        // (-1)^{z·(k^x)} = (-1)^{z·x} (-1)^{z·k}; what the left-out halves would add is the same again
        many.terms.back().coefficient = real_coefficient(*first) * (is_odd(*first) ? -1 : 1) * (many.skip ? 2 : 1);
    }
    many_.push_back(std::move(many));
}

template <class T>
double PauliSum<T>::apply(const T* psi, T* lambda, const Context& context) const {
    if (!plain_.empty()) return apply_plainly(psi, lambda);
    std::vector<double> values(std::size_t{1} << (bits_ - chunk_bits_));
    parallel_for(context, static_cast<std::int64_t>(values.size()), [&](std::int64_t chunk, int) {
        values[static_cast<std::size_t>(chunk)] = apply_chunk(psi, lambda, static_cast<Index>(chunk));
    });
    double total = 0;
    for (const double value : values) total += value;
    return total;
}

template <class T>
double PauliSum<T>::apply_chunk(const T* psi, T* lambda, Index chunk) const {
    const Index size = Index{1} << chunk_bits_, first = chunk * size;
    const Index blocks = 2 * size >> kernels_.lane_bits >> kSumBlockBits;
    if (lambda != nullptr) std::memset(lambda + 2 * first, 0, 2 * size * sizeof(T));
    double value = 0;
    for (std::size_t g = 0; g + 1 < groups_.size(); ++g)
        value += observables_.apply_terms(psi, chunk * blocks, (chunk + 1) * blocks, few_.data() + groups_[g],
                                          groups_[g + 1] - groups_[g], lambda);
    for (const Many& many : many_)
        for (Index at = first; at < first + size; at += Index{1} << kFunctionBits)
            if ((at & many.skip) == 0) value += apply_many(many, psi, lambda, at);
    return lambda == nullptr ? value : observables_.dot(psi, lambda, chunk * blocks, (chunk + 1) * blocks);
}

template <class T>
double PauliSum<T>::apply_many(const Many& many, const T* psi, T* lambda, Index first) const {
    constexpr std::size_t numbers = std::size_t{2} << kFunctionBits;
    alignas(64) T even[numbers];
    alignas(64) T odd[numbers];
    if (many.any_even) std::memset(even, 0, sizeof even);
    if (many.any_odd) std::memset(odd, 0, sizeof odd);
    for (const PauliTerm& term : many.terms) {
        const double c = parity(term.z & first) ? -term.coefficient.real() : term.coefficient.real();
        T* const at = (is_odd(term) ? odd : even) + 2 * (term.z & (bit(kFunctionBits) - 1));
        at[0] += static_cast<T>(is_odd(term) ? -c : c);
        at[1] += static_cast<T>(c);
    }
    SumFunction<T> function = many.function;
    if (many.any_even) observables_.walsh_hadamard(even), function.even = even;
    if (many.any_odd) observables_.walsh_hadamard(odd), function.odd = odd;
    return observables_.apply_function(psi, 2 * first >> kernels_.lane_bits, function, lambda);
}

/// A few amplitudes, by the definition.
template <class T>
double PauliSum<T>::apply_plainly(const T* psi, T* lambda) const {
    double value = 0;
    for (Index k = 0; k < bit(bits_); ++k) {
        Complex sum = 0;
        for (const PauliTerm& term : plain_) {
            const Index from = k ^ term.x;
            const double c = parity(term.z & from) ? -real_coefficient(term) : real_coefficient(term);
            const Complex a(psi[2 * from], psi[2 * from + 1]);
            sum += is_odd(term) ? Complex(-c * a.imag(), c * a.real()) : c * a;
        }
        value += sum.real() * static_cast<double>(psi[2 * k]) + sum.imag() * static_cast<double>(psi[2 * k + 1]);
        if (lambda != nullptr) lambda[2 * k] = static_cast<T>(sum.real()), lambda[2 * k + 1] = static_cast<T>(sum.imag());
    }
    return value;
}

template class PauliSum<float>;
template class PauliSum<double>;

}  // namespace coratrix
