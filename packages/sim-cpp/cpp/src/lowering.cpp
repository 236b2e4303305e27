// Gate by gate, what the emitter is to do.
#include "coratrix/lowering.hpp"

#include <cmath>
#include <stdexcept>

#include "coratrix/emitter.hpp"
#include "coratrix/kak.hpp"
#include "coratrix/schmidt.hpp"

namespace coratrix {

namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;
const Matrix2 kHadamard = {kSqrtHalf, kSqrtHalf, kSqrtHalf, -kSqrtHalf};
const Matrix2 kX = {0, 1, 1, 0};
/// S† then H: takes Y to Z.
const Matrix2 kYToZ = {kSqrtHalf, Complex(0, -kSqrtHalf), kSqrtHalf, Complex(0, kSqrtHalf)};

bool is_antidiagonal(const Matrix2& m) {
    return std::norm(m.a00) < kTiny * kTiny && std::norm(m.a11) < kTiny * kTiny;
}

/// M = V diag(e0, e1) V† for a unitary M that is not a multiple of the identity.
struct Eigen2 {
    Matrix2 vectors;
    Complex e0, e1;
};

Eigen2 diagonalise(const Matrix2& m) {
    const Complex mean = (m.a00 + m.a11) * 0.5;
    const Matrix2 w = {m.a00 - mean, m.a01, m.a10, m.a11 - mean};  // w = r · (n·σ), n real and of length one
    const Complex r = std::sqrt(w.a00 * w.a00 + w.a01 * w.a10);
    double nx = ((w.a01 + w.a10) / (2.0 * r)).real();
    double ny = ((w.a10 - w.a01) / (Complex(0, 2) * r)).real();
    double nz = (w.a00 / r).real();
    const double length = std::sqrt(nx * nx + ny * ny + nz * nz);
    nx /= length, ny /= length, nz /= length;
    Complex v0, v1;
    if (nz >= 0) v0 = 1 + nz, v1 = Complex(nx, ny);
    else v0 = Complex(nx, -ny), v1 = 1 - nz;
    const double norm = std::sqrt(std::norm(v0) + std::norm(v1));
    v0 /= norm, v1 /= norm;
    return {{v0, -std::conj(v1), v1, std::conj(v0)}, mean + r, mean - r};
}

class Lowerer {
public:
    Lowerer(int num_qubits, const LoweringOptions& options)
        : n_(num_qubits), options_(options), wire_(static_cast<std::size_t>(num_qubits)), out_(num_qubits) {
        for (int q = 0; q < n_; ++q) wire_[index(q)] = n_ - 1 - q;
    }

    LoweredCircuit run(const Instruction* first, const Instruction* last) {
        look_ahead(first, last);
        out_.reserve(static_cast<std::size_t>(last - first) * 3);
        for (const Instruction* at = first; at != last; ++at) {
            out_.conjugate(at->conjugated);
            target_turns_next_ = turns_next_[static_cast<std::size_t>(at - first)];
            merges_next_ = !at->conjugated && all_merge_next_[static_cast<std::size_t>(at - first)];
            gate(*at);
            if (!options_.merge) out_.flush_all();
        }
        return out_.finish(final_bits());
    }

private:
    static std::size_t index(int i) { return static_cast<std::size_t>(i); }
    int wire(const Instruction& in, int k) const { return wire_[index(static_cast<int>(in.qubits[k]))]; }

    /// For each instruction: is the next thing on its last qubit a one-qubit gate that is not diagonal, and can one-qubit
    /// gates behind it be merged into what comes next on every one of its qubits?
    void look_ahead(const Instruction* first, const Instruction* last) {
        const auto count = static_cast<std::size_t>(last - first);
        turns_next_.assign(count, 0), all_merge_next_.assign(count, 0);
        std::vector<char> turns(index(n_), 0), merges(index(n_), 0);
        for (std::size_t place = count; place-- > 0;) {
            const Instruction& in = first[place];
            if (in.num_qubits == 0) continue;
            const auto qubit = [&](int k) { return static_cast<std::size_t>(in.qubits[k]); };
            turns_next_[place] = turns[qubit(in.num_qubits - 1)];
            all_merge_next_[place] = 1;
            for (int k = 0; k < in.num_qubits; ++k) all_merge_next_[place] &= merges[qubit(k)];
            const bool one_qubit = in.num_qubits == 1 && in.num_controls == 0;
            if (one_qubit && is_diagonal_opcode(in.opcode)) continue;
            for (int k = 0; k < in.num_qubits; ++k) {
                turns[qubit(k)] = one_qubit;
                merges[qubit(k)] = one_qubit || is_pair(in);
            }
        }
    }

    /// A two-qubit unitary from the caller, which one-qubit gates before it are multiplied into.
    static bool is_pair(const Instruction& in) {
        return in.opcode == Opcode::unitary && in.num_qubits == 2 && in.num_controls == 0 && !in.conjugated;
    }

    static bool is_diagonal_opcode(Opcode op) {
        return op == Opcode::id || op == Opcode::z || op == Opcode::s || op == Opcode::sdg || op == Opcode::t ||
               op == Opcode::tdg || op == Opcode::p || op == Opcode::rz;
    }

    // Gates

    void gate(const Instruction& in) {
        if (in.opcode == Opcode::probe) return probe(in);
        Mask controls = 0, zeros = 0;
        for (int k = 0; k < in.num_controls; ++k) {
            const bool on_one = in.control_state >> (in.num_controls - 1 - k) & 1;
            (on_one ? controls : zeros) |= bit(wire(in, k));
        }
        const Mask turned = popcount(zeros) > options_.expanded_zeros ? zeros : 0;
        if (turned) controls |= turned, zeros = 0;
        x_on(turned);
        if (in.opcode == Opcode::global_phase) phase_on(controls, zeros, std::polar(1.0, in.params[0]));
        else if (in.opcode == Opcode::unitary || in.opcode == Opcode::linear_map) matrix_gate(in, controls, zeros);
        else if (base_qubits(in.opcode) == 1)
            one_qubit(wire(in, in.num_controls), matrix_1q(in.opcode, in.params), controls, zeros);
        else two_qubits(in, wire(in, in.num_controls), wire(in, in.num_controls + 1), controls, zeros);
        x_on(turned);
    }

    void probe(const Instruction& in) {
        Mask wires = 0;
        for (int k = 0; k < in.num_qubits; ++k) wires |= bit(wire(in, k));
        out_.probe(wires, in.clbit);
    }

    void x_on(Mask wires) {
        for (; wires; wires &= wires - 1) push(lowest_bit(wires), kX);
    }

    void one_qubit(int target, const Matrix2& m, Mask controls, Mask zeros) {
        if ((controls | zeros) == 0) push(target, m);
        else if (is_diagonal(m)) controlled_diagonal(target, m.a00, m.a11, controls, zeros);
        else if (is_antidiagonal(m) && popcount(controls | zeros) == 1) controlled_flip(target, m, controls, zeros);
        else {
            const Eigen2 eigen = diagonalise(m);
            push(target, dagger(eigen.vectors));
            controlled_diagonal(target, eigen.e0, eigen.e1, controls, zeros);
            push(target, eigen.vectors);
        }
    }

    void controlled_diagonal(int target, Complex f0, Complex f1, Mask controls, Mask zeros) {
        phase_on(controls, zeros, f0);
        phase_on(controls | bit(target), zeros, f1 / f0);
    }

    /// The controlled [[0, b], [c, 0]] = diag(b, c)·X: by H·CZ·H where the H's vanish into neighbours, else CX.
    void controlled_flip(int target, const Matrix2& m, Mask controls, Mask zeros) {
        const bool absorbed = target_turns_next_ && out_.turns(target);
        if (absorbed || !options_.merge) {
            push(target, kHadamard);
            phase_on(controls | bit(target), zeros, -1);
            push(target, kHadamard);
        } else {
            const int control = lowest_bit(controls | zeros);
            out_.keep_diagonal(control);
            out_.flush(target);
            Op op;
            op.kind = Op::Kind::flip;
            op.diagonal = bit(control);
            op.moving = bit(target);
            out_.moving(op);
            if (zeros) push(target, kX);
        }
        controlled_diagonal(target, m.a01, m.a10, controls, zeros);
    }

    void two_qubits(const Instruction& in, int a, int b, Mask controls, Mask zeros) {
        switch (in.opcode) {
            case Opcode::swap: swap(in, a, b, controls, zeros); break;
            case Opcode::iswap:
                swap(in, a, b, controls, zeros);
                phase_on(controls | bit(a), zeros, Complex(0, 1));
                phase_on(controls | bit(b), zeros, Complex(0, 1));
                phase_on(controls | bit(a) | bit(b), zeros, -1);
                break;
            case Opcode::dcx:
                flip_between(b, a, controls, zeros);
                flip_between(a, b, controls, zeros);
                break;
            case Opcode::rzz: zz(a, b, in.params[0], controls, zeros); break;
            case Opcode::rxx:
                push(a, kHadamard), push(b, kHadamard);
                zz(a, b, in.params[0], controls, zeros);
                push(a, kHadamard), push(b, kHadamard);
                break;
            case Opcode::ryy:
                push(a, kYToZ), push(b, kYToZ);
                zz(a, b, in.params[0], controls, zeros);
                push(a, dagger(kYToZ)), push(b, dagger(kYToZ));
                break;
            case Opcode::rzx: zx(a, b, in.params[0], controls, zeros); break;
            case Opcode::ecr:  // (X⊗1) exp(-iπ/4 Z⊗X)
                zx(a, b, 1.57079632679489661923, controls, zeros);
                one_qubit(a, kX, controls, zeros);
                break;
            default: throw std::invalid_argument("lowering: unknown gate");
        }
    }

    void swap(const Instruction& in, int a, int b, Mask controls, Mask zeros) {
        if ((controls | zeros) == 0 && options_.starts_at_zero) {
            std::swap(wire_[index(static_cast<int>(in.qubits[0]))], wire_[index(static_cast<int>(in.qubits[1]))]);
            return;
        }
        flip_between(a, b, 0, 0);
        flip_between(b, a, controls, zeros);
        flip_between(a, b, 0, 0);
    }

    /// X on `target` where `control` and all of `controls` read one and `zeros` read zero.
    void flip_between(int target, int control, Mask controls, Mask zeros) {
        target_turns_next_ = false;
        one_qubit(target, kX, controls | bit(control), zeros);
    }

    /// exp(-iθ/2 Z⊗Z): e^{-iθ/2} where the bits agree, e^{iθ/2} where they differ.
    void zz(int a, int b, double theta, Mask controls, Mask zeros) {
        const Complex differ = std::polar(1.0, theta);
        phase_on(controls, zeros, std::polar(1.0, -theta / 2));
        phase_on(controls | bit(a), zeros, differ);
        phase_on(controls | bit(b), zeros, differ);
        phase_on(controls | bit(a) | bit(b), zeros, std::conj(differ * differ));
    }

    void zx(int a, int b, double theta, Mask controls, Mask zeros) {
        push(b, kHadamard);
        zz(a, b, theta, controls, zeros);
        push(b, kHadamard);
    }

    // Matrices from the caller

    void matrix_gate(const Instruction& in, Mask controls, Mask zeros) {
        const int qubits = in.num_qubits - in.num_controls;
        const std::size_t size = std::size_t{1} << qubits;
        const bool unitary = in.opcode == Opcode::unitary;
        if (!unitary && qubits == 1 && (controls | zeros) == 0 && is_full_diagonal(in.matrix))
            return out_.scale(wire(in, 0), in.matrix[0], in.matrix[3]);  // damping while nothing happens
        if (unitary && qubits == 1)
            return one_qubit_matrix(wire(in, in.num_controls), in.matrix, controls, zeros);
        if (unitary && qubits <= options_.diagonal_qubits && diagonal_matrix(in.matrix, size))
            return diagonal_gate(in, size, controls, zeros);
        if (unitary && qubits == 2 && (controls | zeros) == 0 && options_.kak &&
            kak_gate(wire(in, 0), wire(in, 1), in.matrix))
            return;
        if (options_.merge && is_pair(in)) return pair(wire(in, 0), wire(in, 1), in.matrix);
        x_on(zeros);
        dense(in, qubits, size, controls | zeros);
        x_on(zeros);
    }

    /// One-qubit gates before the matrix join it; those that leave it sparser join what comes next.
    void pair(int a, int b, const Complex* matrix) {
        DenseMatrix out{{a, b}, {matrix, matrix + 16}};
        const std::optional<Matrix2> on_a = out_.take(a), on_b = out_.take(b);
        multiply_from_right(out.matrix.data(), on_a.value_or(Matrix2{}), on_b.value_or(Matrix2{}));
        if (!options_.schmidt || !merges_next_) return out_.dense(std::move(out), 0);
        const SchmidtForm form = schmidt_form(out.matrix.data());
        out.matrix.assign(form.matrix, form.matrix + 16);
        out_.dense(std::move(out), 0);
        push(a, form.k1a), push(b, form.k1b);
    }

    void one_qubit_matrix(int target, const Complex* m, Mask controls, Mask zeros) {
        const Matrix2 matrix = {m[0], m[1], m[2], m[3]};
        const bool multiple_of_identity = std::abs(m[0] - m[3]) + std::abs(m[1]) + std::abs(m[2]) < kTiny;
        if (multiple_of_identity) phase_on(controls, zeros, m[0]);
        else one_qubit(target, matrix, controls, zeros);
    }

    static bool is_full_diagonal(const Complex* m) {
        return m[1] == Complex(0) && m[2] == Complex(0) && m[0] != Complex(0) && m[3] != Complex(0);
    }

    static bool diagonal_matrix(const Complex* m, std::size_t size) {
        for (std::size_t r = 0; r < size; ++r)
            for (std::size_t c = 0; c < size; ++c)
                if (r != c && m[r * size + c] != Complex(0)) return false;
        return true;
    }

    /// f(x) = Π over the subsets M of the ones of x of g(M): g by the Möbius inversion, multiplicatively.
    void diagonal_gate(const Instruction& in, std::size_t size, Mask controls, Mask zeros) {
        std::vector<Complex> g(size);
        for (std::size_t x = 0; x < size; ++x) g[x] = in.matrix[x * size + x];
        for (std::size_t step = 1; step < size; step *= 2)
            for (std::size_t x = 0; x < size; ++x)
                if (x & step) g[x] /= g[x ^ step];
        const int qubits = in.num_qubits - in.num_controls;
        for (std::size_t x = 0; x < size; ++x) {
            Mask mask = controls;
            for (int k = 0; k < qubits; ++k)
                if (x >> (qubits - 1 - k) & 1) mask |= bit(wire(in, in.num_controls + k));
            phase_on(mask, zeros, g[x]);
        }
    }

    /// U = (K1a⊗K1b) · exp(i(x XX + y YY + z ZZ)) · (K2a⊗K2b).
    bool kak_gate(int a, int b, const Complex* matrix) {
        KakForm form;
        if (!kak_decompose(matrix, form)) return false;
        out_.phase_on(0, 0, form.phase);
        push(a, form.k2a), push(b, form.k2b);
        canonical(a, b, form.x, form.y, form.z);
        push(a, form.k1a), push(b, form.k1b);
        return true;
    }

    /// exp(i(x XX + y YY + z ZZ)). Conjugated by S on qubit b, XX is -XY and YY is YX, whose exponentials are
    /// real: they rotate the pair (00, 11) by x - y and the pair (10, 01) by x + y.
    void canonical(int a, int b, double x, double y, double z) {
        const Matrix2 s = {1, 0, 0, Complex(0, 1)};
        if (std::abs(x) > kTiny || std::abs(y) > kTiny) {
            push(b, dagger(s));
            out_.turn(a, b, x - y, x + y);
            push(b, s);
        }
        zz(a, b, -2 * z, 0, 0);
    }

    void dense(const Instruction& in, int qubits, std::size_t size, Mask controls) {
        DenseMatrix matrix;
        for (int k = 0; k < qubits; ++k) matrix.bits.push_back(wire(in, in.num_controls + k));
        matrix.matrix.assign(in.matrix, in.matrix + size * size);
        out_.dense(std::move(matrix), controls);
    }

    void push(int w, const Matrix2& m) { out_.push(w, m); }
    void phase_on(Mask ones, Mask zeros, Complex factor) { out_.phase_on(ones, zeros, factor); }

    /// SWAPs renamed wires: the bit at which each wire ends, so that qubit q ends where it belongs.
    std::vector<int> final_bits() const {
        std::vector<int> to(index(n_));
        for (int q = 0; q < n_; ++q) to[index(wire_[index(q)])] = n_ - 1 - q;
        return to;
    }

    const int n_;
    const LoweringOptions options_;
    std::vector<int> wire_;          // qubit → wire; wires are bits until SWAPs rename them
    std::vector<char> turns_next_, all_merge_next_;
    bool target_turns_next_ = false, merges_next_ = false;
    Emitter out_;
};

}  // namespace

LoweredCircuit lower(const Instruction* first, const Instruction* last, int num_qubits,
                     const LoweringOptions& options) {
    return Lowerer(num_qubits, options).run(first, last);
}

}  // namespace coratrix
