// Every kernel is one loop over the indices that the controls leave, with the target bits put in.
#include "coratrix/direct.hpp"

#include <vector>

#include "coratrix/gates.hpp"

namespace coratrix {

namespace {

template <class T>
class Applier {
public:
    Applier(std::complex<T>* amplitudes, int num_bits) : amp_(amplitudes), n_(num_bits), size_(Index{1} << num_bits) {}

    void apply(const Instruction& in) {
        ones_ = watched_ = 0;
        for (int k = 0; k < in.num_controls; ++k) {
            watched_ |= position(in, k);
            if (in.control_state >> (in.num_controls - 1 - k) & 1) ones_ |= position(in, k);
        }
        conjugated_ = in.conjugated;
        const int targets = in.num_qubits - in.num_controls;
        if (targets == 0) return scale(std::polar(1.0, in.params[0]));
        if (targets == 1) return one_qubit(position(in, in.num_controls), matrix_of(in));
        if (in.opcode == Opcode::unitary || in.opcode == Opcode::linear_map) return dense(in, in.matrix, targets);
        const std::vector<Complex> matrix = matrix_2q(in.opcode, in.params);
        dense(in, matrix.data(), 2);
    }

private:
    using C = std::complex<T>;

    Index position(const Instruction& in, int k) const { return bit(n_ - 1 - static_cast<int>(in.qubits[k])); }

    C narrow(Complex value) const {
        if (conjugated_) value = std::conj(value);
        return {static_cast<T>(value.real()), static_cast<T>(value.imag())};
    }

    static Matrix2 matrix_of(const Instruction& in) {
        if (in.matrix != nullptr) return {in.matrix[0], in.matrix[1], in.matrix[2], in.matrix[3]};
        return matrix_1q(in.opcode, in.params);
    }

    bool on(Index index) const { return (index & watched_) == ones_; }

    void scale(Complex factor) {
        const C f = narrow(factor);
        for (Index k = 0; k < size_; ++k)
            if (on(k)) amp_[k] *= f;
    }

    void one_qubit(Index step, const Matrix2& m) {
        const C a = narrow(m.a00), b = narrow(m.a01), c = narrow(m.a10), d = narrow(m.a11);
        if (b == C(0) && c == C(0)) return diagonal(step, a, d);
        for (Index from = 0; from < size_; from += 2 * step)
            for (Index k = from; k < from + step; ++k) {
                if (!on(k)) continue;
                const C x = amp_[k], y = amp_[k + step];
                amp_[k] = a * x + b * y;
                amp_[k + step] = c * x + d * y;
            }
    }

    void diagonal(Index step, C a, C d) {
        if (a != C(1))
            for (Index k = 0; k < size_; ++k)
                if (!(k & step) && on(k)) amp_[k] *= a;
        for (Index k = step; k < size_; k = (k + 1) | step)
            if (on(k)) amp_[k] *= d;
    }

    void dense(const Instruction& in, const Complex* matrix, int targets) {
        const std::size_t rows = std::size_t{1} << targets;
        std::vector<Index> place(rows, 0);
        std::vector<C> entries(rows * rows), column(rows);
        Mask mask = 0;
        for (int t = 0; t < targets; ++t) {
            const Index here = position(in, in.num_controls + t);
            mask |= here;
            for (std::size_t row = 0; row < rows; ++row)
                if (row >> (targets - 1 - t) & 1) place[row] |= here;
        }
        for (std::size_t k = 0; k < rows * rows; ++k) entries[k] = narrow(matrix[k]);
        const Mask rest = (size_ - 1) & ~mask;
        Index base = 0;
        do {
            if (on(base)) multiply(base, place, entries, column);
            base = (base - rest) & rest;
        } while (base != 0);
    }

    void multiply(Index base, const std::vector<Index>& place, const std::vector<C>& entries, std::vector<C>& column) {
        const std::size_t rows = place.size();
        for (std::size_t r = 0; r < rows; ++r) column[r] = amp_[base | place[r]];
        for (std::size_t r = 0; r < rows; ++r) {
            C sum = 0;
            for (std::size_t c = 0; c < rows; ++c) sum += entries[r * rows + c] * column[c];
            amp_[base | place[r]] = sum;
        }
    }

    C* const amp_;
    const int n_;
    const Index size_;
    Mask watched_ = 0, ones_ = 0;
    bool conjugated_ = false;
};

}  // namespace

template <class T>
void apply_directly(const Instruction* first, const Instruction* last, std::complex<T>* amplitudes, int num_bits) {
    Applier<T> applier(amplitudes, num_bits);
    for (const Instruction* at = first; at != last; ++at) applier.apply(*at);
}

template void apply_directly<float>(const Instruction*, const Instruction*, std::complex<float>*, int);
template void apply_directly<double>(const Instruction*, const Instruction*, std::complex<double>*, int);

}  // namespace coratrix
