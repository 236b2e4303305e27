// A product of one-qubit gates waits on its bit until something there does not commute with it; every other gate is one
// call of a kernel.
#include "coratrix/gatewise.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>
#include <vector>

#include "coratrix/direct.hpp"
#include "coratrix/gates.hpp"

namespace coratrix {

namespace {

constexpr int kMaxBits = 64;
constexpr double kFarFromZero = 1.0 / 16;  // a square of a ratio

bool is_diagonal(const Matrix2& m) { return m.a01 == 0.0 && m.a10 == 0.0; }

/// Indices that read `ones` under `watched`.
struct Where {
    Index watched = 0, ones = 0;

    Where with(Index bits, Index set) const { return {watched | bits, ones | set}; }
};

template <class T>
class Gatewise {
public:
    Gatewise(State<T>& state, const Kernels<T>& kernels, const GatewiseOptions& options)
        : state_(state), kernels_(kernels), options_(options), n_(state.num_bits()), lane_bits_(kernels.lane_bits),
          vectors_(std::max(std::size_t{1}, std::size_t{1} << n_ >> lane_bits_)), waiting_(at(n_)) {
        assert(n_ <= kWidestGatewise && state.padded_bits() >= lane_bits_);
        for (int q = 0; q < n_; ++q) bit_of_[at(q)] = n_ - 1 - q;
    }

    void run(const Instruction* first, const Instruction* last) {
        if (options_.starts_at_zero) {
            undo_renaming(first, last);
            state_.set_basis(0);  // which lies vector by vector as it lies interleaved
        } else {
            kernels_.part_vectors(state_.numbers(), vectors_);
        }
        for (const Instruction* in = first; in != last; ++in) apply(*in);
        flush((Index{1} << n_) - 1);
        kernels_.join_vectors(state_.numbers(), vectors_, static_cast<T>(constant_.real()),
                              static_cast<T>(constant_.imag()));
    }

private:
    static std::size_t at(int k) { return static_cast<std::size_t>(k); }
    int bit_of(const Instruction& in, int k) const { return bit_of_[static_cast<std::size_t>(in.qubits[k])]; }
    Index position(const Instruction& in, int k) const { return bit(bit_of(in, k)); }

    static bool is_free_swap(const Instruction& in) { return in.opcode == Opcode::swap && in.num_controls == 0; }

    /// SWAPs will exchange the names of bits: the names to begin with are those that end where they belong.
    void undo_renaming(const Instruction* first, const Instruction* last) {
        while (last != first)
            if (is_free_swap(*--last)) rename(*last);
    }

    void rename(const Instruction& in) {
        std::swap(bit_of_[static_cast<std::size_t>(in.qubits[0])], bit_of_[static_cast<std::size_t>(in.qubits[1])]);
    }

    void apply(const Instruction& in) {
        if (options_.starts_at_zero && is_free_swap(in)) return rename(in);
        Where where;
        for (int k = 0; k < in.num_controls; ++k)
            where = where.with(position(in, k), in.control_state >> (in.num_controls - 1 - k) & 1 ? position(in, k) : 0);
        const int targets = in.num_qubits - in.num_controls;
        if (targets == 0) multiply(where, taken(in, std::polar(1.0, in.params[0])));
        else if (targets == 1) one_qubit(in, where);
        else if (in.opcode == Opcode::rzz) zz(in, where);
        else if (targets == 2) two_qubits(in, where);
        else many_qubits(in);
        if (!options_.merge) flush((Index{1} << n_) - 1);
    }

    static Complex taken(const Instruction& in, Complex value) { return in.conjugated ? std::conj(value) : value; }

    static Matrix2 matrix_of(const Instruction& in) {
        const Matrix2 m = in.matrix != nullptr ? Matrix2{in.matrix[0], in.matrix[1], in.matrix[2], in.matrix[3]}
                                               : matrix_1q(in.opcode, in.params);
        return {taken(in, m.a00), taken(in, m.a01), taken(in, m.a10), taken(in, m.a11)};
    }

    void one_qubit(const Instruction& in, const Where& where) {
        const int target = bit_of(in, in.num_controls);
        const Matrix2 m = matrix_of(in);
        if (where.watched == 0) return push(target, m);
        if (is_diagonal(m)) return diagonal(where, target, m);
        flush(bit(target));
        mix_one(where, target, m);
    }

    /// exp(-iθ/2 Z⊗Z): e^{-iθ/2} where the bits agree, e^{iθ/2} where they differ.
    void zz(const Instruction& in, const Where& where) {
        const Index a = position(in, in.num_controls), b = position(in, in.num_controls + 1);
        const Complex differ = taken(in, std::polar(1.0, in.params[0]));
        multiply(where, taken(in, std::polar(1.0, -in.params[0] / 2)));
        multiply(where.with(a | b, a), differ);
        multiply(where.with(a | b, b), differ);
    }

    void two_qubits(const Instruction& in, const Where& where) {
        std::array<Complex, 16> m;
        if (in.matrix != nullptr) {
            std::copy_n(in.matrix, 16, m.begin());
        } else {
            const std::vector<Complex> found = matrix_2q(in.opcode, in.params);
            std::copy_n(found.begin(), 16, m.begin());
        }
        for (Complex& entry : m) entry = taken(in, entry);
        const std::array<int, 2> bits = {bit_of(in, in.num_controls), bit_of(in, in.num_controls + 1)};
        flush(bit(bits[0]) | bit(bits[1]));
        mix(where, m.data(), 2, bits.data());
    }

    /// The plain way: such a gate is so much work that the way there and back is little.
    void many_qubits(const Instruction& in) {
        Instruction moved = in;
        std::array<std::int64_t, kMaxBits> qubits;
        for (int k = 0; k < in.num_qubits; ++k) qubits[at(k)] = n_ - 1 - bit_of(in, k);
        moved.qubits = qubits.data();
        for (int k = 0; k < in.num_qubits; ++k) flush(position(in, k));
        kernels_.join_vectors(state_.numbers(), vectors_, T(1), T(0));
        apply_directly(&moved, &moved + 1, state_.data(), n_);
        kernels_.part_vectors(state_.numbers(), vectors_);
    }

    // What waits on a bit

    void push(int target, const Matrix2& m) {
        Matrix2& known = waiting_[at(target)];
        known = waits_ & bit(target) ? m * known : m;
        waits_ |= bit(target);
        turns_ = is_diagonal(known) ? turns_ & ~bit(target) : turns_ | bit(target);
    }

    void flush(Index bits) {
        for (Index left = bits & waits_; left; left &= left - 1) {
            const int target = lowest_bit(left);
            const Matrix2 m = waiting_[at(target)];
            const bool turns = turns_ & bit(target);
            waits_ &= ~bit(target), turns_ &= ~bit(target);
            if (turns) mix_one({}, target, m);
            else diagonal({}, target, m);
        }
    }

    // Calls of kernels

    void diagonal(const Where& where, int target, const Matrix2& m) {
        if (where.watched == 0 && std::norm(m.a00) > kFarFromZero * std::norm(m.a11)) {
            constant_ *= m.a00;
            return multiply({bit(target), bit(target)}, m.a11 / m.a00);
        }
        multiply(where.with(bit(target), 0), m.a00);
        multiply(where.with(bit(target), bit(target)), m.a11);
    }

    /// A factor on the indices that `where` names.
    void multiply(const Where& where, Complex factor) {
        if (factor == 1.0) return;
        if (where.watched == 0) {
            constant_ *= factor;
            return;
        }
        flush(where.watched & turns_);
        factors_.walk = walk(where, 0);
        for (unsigned l = 0; l < width(); ++l) {
            const bool on = is_on(where, l);
            factors_.re[l] = on ? static_cast<T>(factor.real()) : T(1);
            factors_.im[l] = on ? static_cast<T>(factor.imag()) : T(0);
        }
        kernels_.multiply_vectors(factors_, state_.numbers());
    }

    unsigned width() const { return 1u << lane_bits_; }
    Index lanes() const { return bit(lane_bits_) - 1; }

    VectorWalk walk(const Where& where, Index moving) const {
        const Index high = (where.watched | moving) >> lane_bits_;
        return {static_cast<std::uint32_t>((vectors_ - 1) & ~high), static_cast<std::uint32_t>(where.ones >> lane_bits_)};
    }

    bool is_on(const Where& where, unsigned lane) const { return ((lane ^ where.ones) & where.watched & lanes()) == 0; }

    void mix_one(const Where& where, int target, const Matrix2& m) {
        const std::array<Complex, 4> entries = {m.a00, m.a01, m.a10, m.a11};
        if (where.watched & lanes()) return mix(where, entries.data(), 1, &target);
        flush(where.watched & turns_);
        mix_.walk = walk(where, bit(target));
        mix_.is_real = true;
        for (const Complex& entry : entries) mix_.is_real &= entry.imag() == 0;
        if (target < lane_bits_) {
            mix_.high_bits = 0, mix_.low_bits = 1;
            mix_.steps[0] = 0;
            mix_.orders[1] = order(1u << target);
            for (unsigned l = 0; l < width(); ++l) {
                const bool one = l >> target & 1;
                put(l, one ? m.a11 : m.a00);
                put(width() + l, one ? m.a10 : m.a01);
            }
        } else {
            mix_.high_bits = 1, mix_.low_bits = 0;
            mix_.steps[0] = 0, mix_.steps[1] = 2u << target;
            for (unsigned k = 0; k < 4; ++k)
                for (unsigned l = 0; l < width(); ++l) put(k * width() + l, entries[k]);
        }
        kernels_.mix_vectors(mix_, state_.numbers());
    }

    void put(unsigned place, Complex coefficient) {
        mix_.re[place] = static_cast<T>(coefficient.real()), mix_.im[place] = static_cast<T>(coefficient.imag());
    }

    /// The permutation of lanes that flips these bits of their number; made when first asked for.
    const unsigned char* order(unsigned flipped) {
        if (!(orders_made_ >> flipped & 1)) {
            orders_made_ |= 1u << flipped;
            unsigned char lanes[kMaxLanes];
            for (unsigned l = 0; l < width(); ++l) lanes[l] = static_cast<unsigned char>(l ^ flipped);
            kernels_.make_index(lanes, orders_[flipped]);
        }
        return orders_[flipped];
    }

    /// A matrix on one or two bits; bits[0] is the most significant one of a row.
    void mix(const Where& where, const Complex* m, int count, const int* bits) {
        flush(where.watched & turns_);
        std::array<unsigned, 2> high{}, low{};  // row bits whose bit chooses vectors, and those whose bit lies inside one
        std::array<int, 2> high_bit{}, low_bit{};
        mix_.high_bits = mix_.low_bits = 0;
        Index moving = 0;
        for (int k = 0; k < count; ++k) {
            moving |= bit(bits[k]);
            const unsigned row_bit = 1u << (count - 1 - k);
            if (bits[k] < lane_bits_) low[at(mix_.low_bits)] = row_bit, low_bit[at(mix_.low_bits++)] = bits[k];
            else high[at(mix_.high_bits)] = row_bit, high_bit[at(mix_.high_bits++)] = bits[k];
        }
        mix_.walk = walk(where, moving);
        const unsigned rows = 1u << mix_.high_bits, orders = 1u << mix_.low_bits;
        std::array<unsigned, 4> row_of{}, flips{};  // a vector's part of a row, an order's part of the column's difference
        for (unsigned r = 0; r < rows; ++r) {
            Index step = 0;
            for (int k = 0; k < mix_.high_bits; ++k)
                if (r >> k & 1) row_of[r] |= high[at(k)], step |= bit(high_bit[at(k)]);
            mix_.steps[r] = static_cast<std::uint32_t>(2 * step);
        }
        for (unsigned p = 1; p < orders; ++p) {
            unsigned moved = 0;
            for (int k = 0; k < mix_.low_bits; ++k)
                if (p >> k & 1) flips[p] |= low[at(k)], moved |= 1u << low_bit[at(k)];
            mix_.orders[p] = order(moved);
        }
        fill(where, m, 1u << count, row_of, flips, low, low_bit);
        kernels_.mix_vectors(mix_, state_.numbers());
    }

    /// Each lane's own coefficients; where controls inside a vector are not met, those of the identity.
    void fill(const Where& where, const Complex* m, unsigned size, const std::array<unsigned, 4>& row_of,
              const std::array<unsigned, 4>& flips, const std::array<unsigned, 2>& low, const std::array<int, 2>& low_bit) {
        const unsigned rows = 1u << mix_.high_bits, orders = 1u << mix_.low_bits;
        std::array<unsigned, kMaxLanes> lane_row;
        std::array<bool, kMaxLanes> on;
        for (unsigned l = 0; l < width(); ++l) {
            lane_row[l] = 0, on[l] = is_on(where, l);
            for (int k = 0; k < mix_.low_bits; ++k)
                if (l >> low_bit[at(k)] & 1) lane_row[l] |= low[at(k)];
        }
        bool is_real = true;
        unsigned place = 0;
        for (unsigned r = 0; r < rows; ++r)
            for (unsigned c = 0; c < rows; ++c)
                for (unsigned p = 0; p < orders; ++p)
                    for (unsigned l = 0; l < width(); ++l, ++place) {
                        const Complex own = r == c && p == 0 ? 1 : 0;
                        const Complex entry =
                            on[l] ? m[(row_of[r] | lane_row[l]) * size + (row_of[c] | (lane_row[l] ^ flips[p]))] : own;
                        put(place, entry);
                        is_real &= entry.imag() == 0;
                    }
        mix_.is_real = is_real;
    }

    State<T>& state_;
    const Kernels<T>& kernels_;
    const GatewiseOptions options_;
    const int n_, lane_bits_;
    const std::size_t vectors_;
    std::array<int, kMaxBits> bit_of_;  // qubit → bit, which SWAPs change
    std::vector<Matrix2> waiting_;      // by bit
    Index waits_ = 0, turns_ = 0;       // bits where something waits, and where it is not diagonal
    Complex constant_{1, 0};
    VectorMix<T> mix_;
    VectorFactors<T> factors_;
    unsigned orders_made_ = 0;
    alignas(64) unsigned char orders_[kMaxLanes][64];  // by the flipped bits
};

}  // namespace

template <class T>
void apply_gatewise(const Instruction* first, const Instruction* last, State<T>& state, const Kernels<T>& kernels,
                    const GatewiseOptions& options) {
    Gatewise<T>(state, kernels, options).run(first, last);
}

template void apply_gatewise<float>(const Instruction*, const Instruction*, State<float>&, const Kernels<float>&,
                                    const GatewiseOptions&);
template void apply_gatewise<double>(const Instruction*, const Instruction*, State<double>&, const Kernels<double>&,
                                     const GatewiseOptions&);

}  // namespace coratrix
