// The kernels of observable_kernels.hpp, written once over the small vector type S of an instruction set and included
// by one translation unit per set, like kernels_impl.hpp.
#pragma once

#include "coratrix/observable_kernels.hpp"
#include "coratrix/pair_group.hpp"
#include "coratrix/vector_ops.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

// ------------------------------------------------------------------------------------- sums over masks of a block

template <class S>
CORATRIX_INLINE typename S::V overlap(const typename S::T* re, const typename S::T* im, std::uint32_t lambda) {
    return S::fnma(S::load(im + lambda), S::load(re), S::mul(S::load(re + lambda), S::load(im)));
}

/// Σ over supersets, on bits p … p+K-1 of the vectors' numbers: v[k] += v[k with the bit set]. The first pass makes w.
template <class S, int K, bool First>
void superset_pass(const typename S::T* re, const typename S::T* im, const Blocks& vectors, std::uint32_t lambda,
                   std::uint32_t p, typename S::T* sums) {
    constexpr std::uint32_t width = 1u << S::lane_bits;
    for (std::uint32_t high = 0; high < vectors.count; high += 1u << (p + K))
        for (std::uint32_t at = high; at < high + (1u << p); ++at) {
            typename S::V v[1 << K];
            for (std::uint32_t k = 0; k < 1u << K; ++k) {
                const std::uint32_t number = at | k << p;
                if constexpr (First) v[k] = overlap<S>(re + vectors.offsets[number], im + vectors.offsets[number], lambda);
                else v[k] = S::load(sums + number * width);
            }
            for (int g = 0; g < K; ++g)
                for (int k = 0; k < 1 << K; ++k)
                    if (!(k >> g & 1)) v[k] = S::add(v[k], v[k | 1 << g]);
            for (std::uint32_t k = 0; k < 1u << K; ++k) S::store(sums + (at | k << p) * width, v[k]);
        }
}

template <class S, bool First>
void superset_pass_on(std::uint32_t group, const typename S::T* re, const typename S::T* im, const Blocks& vectors,
                      std::uint32_t lambda, std::uint32_t p, typename S::T* sums) {
    switch (group) {
        case 0: superset_pass<S, 0, First>(re, im, vectors, lambda, p, sums); break;
        case 1: superset_pass<S, 1, First>(re, im, vectors, lambda, p, sums); break;
        case 2: superset_pass<S, 2, First>(re, im, vectors, lambda, p, sums); break;
        case 3: superset_pass<S, 3, First>(re, im, vectors, lambda, p, sums); break;
        default:
            if constexpr (S::max_group_bits > 3) superset_pass<S, 4, First>(re, im, vectors, lambda, p, sums);
    }
}

template <class S>
void mask_sums(const typename S::T* re, const typename S::T* im, const Blocks& vectors, std::uint32_t lambda,
               typename S::T* sums) {
    const auto bits = static_cast<std::uint32_t>(__builtin_ctz(vectors.count));
    for (std::uint32_t p = 0, first = true; first || p < bits; first = false) {
        const std::uint32_t group = bits - p < S::max_group_bits ? bits - p : S::max_group_bits;
        if (first) superset_pass_on<S, true>(group, re, im, vectors, lambda, p, sums);
        else superset_pass_on<S, false>(group, re, im, vectors, lambda, p, sums);
        p += group;
    }
}

// Masks of one bit at most: halves are folded onto halves, the highest bit first. Of a bit's two halves the upper one's
// sum is the answer; both together are what the lower bits are asked about. Two additions a vector in all.

/// Folds bits p+K-1 … p of the vectors' numbers in registers: upper[g] gains the sum where bit p+g is set, v[0] becomes
/// the sum of all.
template <class S, int K>
CORATRIX_INLINE void fold(typename S::V* v, typename S::V* upper) {
    for (int g = K - 1; g >= 0; --g)
        for (int k = 0; k < 1 << g; ++k) {
            upper[g] = S::add(upper[g], v[k | 1 << g]);
            v[k] = S::add(v[k], v[k | 1 << g]);
        }
}

template <class S, int K>
void bit_sums_of(const typename S::T* re, const typename S::T* im, const Blocks& vectors, std::uint32_t lambda,
                 typename S::T* sums) {
    constexpr std::uint32_t width = 1u << S::lane_bits;
    typename S::V upper[K + 1];
    for (int g = 0; g < K; ++g) upper[g] = S::set1(0);
    for (std::uint32_t at = 0; at < vectors.count; at += 1u << K) {
        typename S::V v[1 << K];
        for (std::uint32_t k = 0; k < 1u << K; ++k)
            v[k] = overlap<S>(re + vectors.offsets[at + k], im + vectors.offsets[at + k], lambda);
        fold<S, K>(v, upper);
        S::store(sums + at * width, v[0]);
    }
    for (std::uint32_t half = vectors.count / 2; half >= 1u << K; half /= 2) {
        auto sum = S::set1(0);
        for (std::uint32_t at = 0; at < half; at += 1u << K) {
            const auto v = S::load(sums + (half + at) * width);
            sum = S::add(sum, v);
            S::store(sums + at * width, S::add(S::load(sums + at * width), v));
        }
        S::store(sums + half * width, sum);
    }
    for (int g = 0; g < K; ++g) S::store(sums + (1u << g) * width, upper[g]);
}

template <class S>
void bit_sums(const typename S::T* re, const typename S::T* im, const Blocks& vectors, std::uint32_t lambda,
              typename S::T* sums) {
    switch (vectors.count) {
        case 1: bit_sums_of<S, 0>(re, im, vectors, lambda, sums); break;
        case 2: bit_sums_of<S, 1>(re, im, vectors, lambda, sums); break;
        case 4: bit_sums_of<S, 2>(re, im, vectors, lambda, sums); break;
        default: bit_sums_of<S, 3>(re, im, vectors, lambda, sums);
    }
}

// -------------------------------------------------------------------------------------------------- Pauli sums

/// sum[j] ± coefficients · ψ[j ^ x] for the vectors j of one block; Z, z inside a block, gives the signs.
template <class S, int Z>
CORATRIX_INLINE void add_term(const typename S::T* source, const SumTerm<typename S::T>& term, int odd,
                              typename S::V* sum) {
    constexpr std::uint32_t width = 1u << S::lane_bits;
    const auto plus = S::load(term.coefficients[odd]), minus = S::load(term.coefficients[1 - odd]);
    for (std::uint32_t j = 0; j < kSumBlock; ++j)
        sum[j] = S::fma(__builtin_parity(j & Z) ? minus : plus, S::load(source + (j * width ^ term.x_inside)), sum[j]);
}

template <class S>
CORATRIX_INLINE void add_term_to(const typename S::T* source, const SumTerm<typename S::T>& term, int odd,
                                 typename S::V* sum) {
    switch (term.z_inside) {
        case 0: add_term<S, 0>(source, term, odd, sum); break;
        case 1: add_term<S, 1>(source, term, odd, sum); break;
        case 2: add_term<S, 2>(source, term, odd, sum); break;
        case 3: add_term<S, 3>(source, term, odd, sum); break;
        case 4: add_term<S, 4>(source, term, odd, sum); break;
        case 5: add_term<S, 5>(source, term, odd, sum); break;
        case 6: add_term<S, 6>(source, term, odd, sum); break;
        default: add_term<S, 7>(source, term, odd, sum);
    }
}

/// A term reads blocks in an order that no processor guesses, so it is told; beyond the end of ψ this does nothing.
template <class S>
CORATRIX_INLINE void prefetch_block(const typename S::T* block) {
    constexpr int line = 64 / sizeof(typename S::T);
    for (int k = 0; k < kSumBlock << S::lane_bits; k += line) __builtin_prefetch(block + k);
}

/// sum ← Σ terms ψ on one block.
template <class S>
CORATRIX_INLINE void add_terms(const typename S::T* psi, Index block, const SumTerm<typename S::T>* terms,
                               std::size_t count, typename S::V* sum) {
    for (int j = 0; j < kSumBlock; ++j) sum[j] = S::set1(0);
    for (const SumTerm<typename S::T>* term = terms; term != terms + count; ++term) {
        if ((block & term->skip) == 0) {
            prefetch_block<S>(psi + (((block + 2) ^ term->x) * kSumBlock << S::lane_bits));
            add_term_to<S>(psi + ((block ^ term->x) * kSumBlock << S::lane_bits), *term,
                           __builtin_parityll(term->z & block), sum);
        }
        if (!term->turns) continue;
        const auto lanes = S::index(term->lanes);
        for (int j = 0; j < kSumBlock; ++j) sum[j] = S::permute(sum[j], lanes);
    }
}

/// Products of 16 blocks are added in T, the rest in double.
template <class S>
double value_of_terms(const typename S::T* psi, Index first, Index last, const SumTerm<typename S::T>* terms,
                      std::size_t count) {
    constexpr Index width = Index{1} << S::lane_bits;
    double total = 0;
    for (Index block = first; block < last;) {
        auto dot = S::set1(0);
        for (const Index end = block + 16 < last ? block + 16 : last; block < end; ++block) {
            typename S::V sum[kSumBlock];
            add_terms<S>(psi, block, terms, count, sum);
            for (Index j = 0; j < kSumBlock; ++j)
                dot = S::fma(sum[j], S::load(psi + (block * kSumBlock + j) * width), dot);
        }
        total += sum_of<S>(dot);
    }
    return total;
}

template <class S>
double apply_terms(const typename S::T* psi, Index first, Index last, const SumTerm<typename S::T>* terms,
                   std::size_t count, typename S::T* out) {
    if (out == nullptr) return value_of_terms<S>(psi, first, last, terms, count);
    for (Index block = first; block < last; ++block) {
        typename S::V sum[kSumBlock];
        add_terms<S>(psi, block, terms, count, sum);
        typename S::T* place = out + (block * kSumBlock << S::lane_bits);
        for (int j = 0; j < kSumBlock; ++j, place += 1 << S::lane_bits)
            S::store(place, S::add(S::load(place), sum[j]));
    }
    return 0;
}

template <class S>
double dot(const typename S::T* a, const typename S::T* b, Index first, Index last) {
    constexpr Index block_size = Index{kSumBlock} << S::lane_bits;
    double total = 0;
    for (Index at = first * block_size; at < last * block_size;) {
        typename S::V sum[4];
        for (int k = 0; k < 4; ++k) sum[k] = S::set1(0);
        const Index end = at + 16 * block_size < last * block_size ? at + 16 * block_size : last * block_size;
        while (at < end)
            for (int k = 0; k < 4; ++k, at += Index{1} << S::lane_bits)
                sum[k] = S::fma(S::load(a + at), S::load(b + at), sum[k]);
        total += sum_of<S>(S::add(S::add(sum[0], sum[1]), S::add(sum[2], sum[3])));
    }
    return total;
}

template <class S>
double apply_function(const typename S::T* psi, Index first, const SumFunction<typename S::T>& f,
                      typename S::T* out) {
    constexpr Index width = Index{1} << S::lane_bits, count = (Index{2} << kFunctionBits) / width;
    const auto even_lanes = S::index(f.even_lanes), odd_lanes = S::index(f.odd_lanes);
    auto dot = S::set1(0);
    for (Index v = 0; v < count; ++v) {
        const auto source = S::load(psi + ((first + v) ^ f.x) * width);
        auto sum = S::set1(0);
        if (f.even != nullptr) sum = S::mul(S::load(f.even + v * width), S::permute(source, even_lanes));
        if (f.odd != nullptr) sum = S::fma(S::load(f.odd + v * width), S::permute(source, odd_lanes), sum);
        if (out != nullptr) S::store(out + (first + v) * width, S::add(S::load(out + (first + v) * width), sum));
        else dot = S::fma(sum, S::load(psi + (first + v) * width), dot);
    }
    return sum_of<S>(dot);
}

/// Steps inside a vector: v ← ±v + permuted v.
template <class S>
void walsh_hadamard(typename S::T* numbers) {
    using T = typename S::T;
    constexpr Index width = Index{1} << S::lane_bits, size = Index{2} << kFunctionBits;
    for (Index step = 2; step < width; step *= 2) {
        alignas(64) T signs[kMaxLanes];
        alignas(64) unsigned char memory[64];
        unsigned char order[kMaxLanes];
        for (Index l = 0; l < width; ++l) {
            signs[l] = l & step ? T(-1) : T(1);
            order[l] = static_cast<unsigned char>(l ^ step);
        }
        S::make_index(order, memory);
        const auto sign = S::load(signs);
        const auto lanes = S::index(memory);
        for (Index k = 0; k < size; k += width) {
            const auto v = S::load(numbers + k);
            S::store(numbers + k, S::fma(sign, v, S::permute(v, lanes)));
        }
    }
    for (Index step = width < 2 ? 2 : width; step < size; step *= 2)
        for (Index from = 0; from < size; from += 2 * step)
            for (Index k = from; k < from + step; k += width) {
                const auto a = S::load(numbers + k), b = S::load(numbers + k + step);
                S::store(numbers + k, S::add(a, b));
                S::store(numbers + k + step, S::sub(a, b));
            }
}

}  // namespace

template <class S>
ObservableKernels<typename S::T> make_observable_kernels() {
    return {mask_sums<S>, bit_sums<S>, run_pair<S>, apply_terms<S>, apply_function<S>, dot<S>,
            walsh_hadamard<S>};
}

}  // namespace coratrix::CORATRIX_ISA
