// Terms sorted by X mask. A group's sum Σ_k (-1)^{z·k} conj(ψ[k^x]) ψ[k] is real where the number of Ys is even
// and imaginary where it is odd, because k and k^x are conjugates of one another up to that sign.
#include "coratrix/expectation.hpp"

#include <algorithm>

namespace coratrix {

namespace {

const Complex kPowersOfI[4] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
constexpr Index kVectorsPerTask = Index{1} << 14;
constexpr int kTransformBits = 10;
constexpr std::size_t kManyTerms = 24;  // from here on a Walsh–Hadamard transform of each block is cheaper

template <class T>
class PauliGroup {
public:
    PauliGroup(const State<T>& state, const Kernels<T>& kernels, const PauliTerm* terms, std::size_t count)
        : state_(state), kernels_(kernels), terms_(terms), count_(count) {}

    Complex sum(const Context& context) const {
        const bool many = count_ >= kManyTerms && state_.padded_bits() >= kTransformBits;
        const std::vector<double> values = many ? by_transform(context) : by_batches(context);
        Complex total = 0;
        for (std::size_t t = 0; t < count_; ++t) {
            const int ys = popcount(terms_[t].x & terms_[t].z);
            // Im enters as i·Im
            total += terms_[t].coefficient * kPowersOfI[(ys + (ys & 1)) & 3] * values[t];
        }
        return total;
    }

private:
    bool imaginary(std::size_t t) const { return popcount(terms_[t].x & terms_[t].z) & 1; }

    std::vector<double> by_batches(const Context& context) const {
        const Index vectors = state_.padded_size() >> kernels_.lane_bits;
        const auto tasks = static_cast<std::int64_t>((vectors + kVectorsPerTask - 1) / kVectorsPerTask);
        std::vector<double> values(count_ * static_cast<std::size_t>(tasks), 0.0);
        parallel_for(context, tasks, [&](std::int64_t task, int) {
            const Index first = static_cast<Index>(task) * kVectorsPerTask;
            const Index last = std::min(vectors, first + kVectorsPerTask);
            task_sums(first, last, values.data() + static_cast<std::size_t>(task) * count_);
        });
        return fold(values, static_cast<std::size_t>(tasks));
    }

    /// Sums of tasks are added in order, so that the number of threads does not show.
    std::vector<double> fold(const std::vector<double>& values, std::size_t tasks) const {
        std::vector<double> total(count_, 0.0);
        for (std::size_t task = 0; task < tasks; ++task)
            for (std::size_t t = 0; t < count_; ++t) total[t] += values[task * count_ + t];
        return total;
    }

    void task_sums(Index first, Index last, double* out) const {
        for (const bool want_imaginary : {false, true}) {
            Index z[kMaxPauliBatch];
            std::size_t place[kMaxPauliBatch];
            int filled = 0;
            const auto flush = [&] {
                double sums[kMaxPauliBatch] = {};
                kernels_.pauli_batch(state_.numbers(), first, last, terms_[0].x, filled, z, want_imaginary, sums);
                for (int k = 0; k < filled; ++k) out[place[k]] += sums[k];
                filled = 0;
            };
            for (std::size_t t = 0; t < count_; ++t) {
                if (imaginary(t) != want_imaginary) continue;
                z[filled] = terms_[t].z, place[filled] = t;
                if (++filled == kMaxPauliBatch) flush();
            }
            if (filled > 0) flush();
        }
    }

    /// Per block of 2^10 amplitudes: the products, their transform, and one addition per term.
    std::vector<double> by_transform(const Context& context) const {
        const auto blocks = static_cast<std::int64_t>(state_.padded_size() >> kTransformBits);
        const std::int64_t tasks = std::min<std::int64_t>(blocks, 64);
        std::vector<double> values(count_ * static_cast<std::size_t>(tasks), 0.0);
        parallel_for(context, tasks, [&](std::int64_t task, int) {
            double* const out = values.data() + static_cast<std::size_t>(task) * count_;
            for (std::int64_t b = task * blocks / tasks; b < (task + 1) * blocks / tasks; ++b)
                transform_block(static_cast<Index>(b) << kTransformBits, out);
        });
        return fold(values, static_cast<std::size_t>(tasks));
    }

    void transform_block(Index first, double* out) const {
        constexpr Index size = Index{1} << kTransformBits;
        double re[size], im[size];
        const std::complex<T>* const psi = state_.data();
        const Index x = terms_[0].x;
        for (Index k = 0; k < size; ++k) {
            const Complex a(psi[(first + k) ^ x]), b(psi[first + k]);
            re[k] = a.real() * b.real() + a.imag() * b.imag();
            im[k] = a.real() * b.imag() - a.imag() * b.real();
        }
        walsh_hadamard(re), walsh_hadamard(im);
        for (std::size_t t = 0; t < count_; ++t) {
            const Mask z = terms_[t].z;
            const double value = (imaginary(t) ? im : re)[z & (size - 1)];
            out[t] += parity(z & first) ? -value : value;
        }
    }

    static void walsh_hadamard(double* v) {
        constexpr Index size = Index{1} << kTransformBits;
        for (Index step = 1; step < size; step *= 2)
            for (Index from = 0; from < size; from += 2 * step)
                for (Index k = from; k < from + step; ++k) {
                    const double a = v[k], b = v[k + step];
                    v[k] = a + b, v[k + step] = a - b;
                }
    }

    const State<T>& state_;
    const Kernels<T>& kernels_;
    const PauliTerm* terms_;
    std::size_t count_;
};

}  // namespace

template <class T>
Complex expectation(const State<T>& state, const Kernels<T>& kernels, const std::vector<PauliTerm>& terms,
                    const Context& context) {
    std::vector<PauliTerm> sorted = terms;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const PauliTerm& a, const PauliTerm& b) { return a.x < b.x; });
    Complex total = 0;
    for (std::size_t first = 0; first < sorted.size();) {
        std::size_t last = first;
        while (last < sorted.size() && sorted[last].x == sorted[first].x) ++last;
        total += PauliGroup<T>(state, kernels, sorted.data() + first, last - first).sum(context);
        first = last;
        context.check();
    }
    return total;
}

template <class T>
Complex expectation_density(const State<T>& rho, const std::vector<PauliTerm>& terms) {
    const int n = rho.num_bits() / 2;
    Complex total = 0;
    for (const PauliTerm& term : terms) {
        Complex sum = 0;
        for (Index k = 0; k < Index{1} << n; ++k) {
            const Complex entry(rho.data()[k << n | (k ^ term.x)]);
            sum += parity(term.z & k) ? -entry : entry;
        }
        total += term.coefficient * kPowersOfI[popcount(term.x & term.z) & 3] * sum;
    }
    return total;
}

#define CORATRIX_INSTANTIATE(T)                                                                                 \
    template Complex expectation<T>(const State<T>&, const Kernels<T>&, const std::vector<PauliTerm>&,          \
                                    const Context&);                                                            \
    template Complex expectation_density<T>(const State<T>&, const std::vector<PauliTerm>&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
