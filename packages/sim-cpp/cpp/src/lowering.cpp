// Gates → phases, rotations, flips, turns and dense matrices.
#include "coratrix/lowering.hpp"

#include <cmath>
#include <numeric>
#include <stdexcept>
#include <unordered_map>

#include "coratrix/gates.hpp"
#include "coratrix/kak.hpp"

namespace coratrix {

namespace {

constexpr double kSqrtHalf = 0.70710678118654752440;
constexpr double kTiny = 1e-15;
constexpr int kMaxDiagonalQubits = 8;   // a diagonal matrix up to this size becomes phases
constexpr int kMaxExpandedZeros = 3;    // controls on |0⟩ beyond this are turned into X … X
const Matrix2 kHadamard = {kSqrtHalf, kSqrtHalf, kSqrtHalf, -kSqrtHalf};
const Matrix2 kX = {0, 1, 1, 0};
/// S† then H: takes Y to Z.
const Matrix2 kYToZ = {kSqrtHalf, Complex(0, -kSqrtHalf), kSqrtHalf, Complex(0, kSqrtHalf)};

bool is_diagonal(const Matrix2& m) { return std::norm(m.a01) < kTiny * kTiny && std::norm(m.a10) < kTiny * kTiny; }
bool is_antidiagonal(const Matrix2& m) {
    return std::norm(m.a00) < kTiny * kTiny && std::norm(m.a11) < kTiny * kTiny;
}

Matrix2 conjugate(const Matrix2& m) {
    return {std::conj(m.a00), std::conj(m.a01), std::conj(m.a10), std::conj(m.a11)};
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
        : n_(num_qubits), options_(options), pending_(static_cast<std::size_t>(num_qubits)),
          wire_(static_cast<std::size_t>(num_qubits)), last_moving_(static_cast<std::size_t>(num_qubits), -1),
          last_phase_(static_cast<std::size_t>(num_qubits), -1) {
        for (int q = 0; q < n_; ++q) wire_[index(q)] = n_ - 1 - q;
    }

    LoweredCircuit run(const Instruction* first, const Instruction* last) {
        look_ahead(first, last);
        out_.num_bits = n_;
        out_.ops.reserve(static_cast<std::size_t>(last - first) * 3);
        for (const Instruction* at = first; at != last; ++at) {
            conjugated_ = at->conjugated;
            target_turns_next_ = turns_next_[static_cast<std::size_t>(at - first)];
            gate(*at);
            if (!options_.merge) flush_all();
        }
        flush_all();
        emit_constant();
        rename_wires();
        return std::move(out_);
    }

private:
    struct Pending {
        Matrix2 matrix;
        bool any = false;
    };

    static std::size_t index(int i) { return static_cast<std::size_t>(i); }
    int wire(const Instruction& in, int k) const { return wire_[index(static_cast<int>(in.qubits[k]))]; }

    /// For each instruction: is the next thing on its last qubit a one-qubit gate that is not diagonal?
    void look_ahead(const Instruction* first, const Instruction* last) {
        const auto count = static_cast<std::size_t>(last - first);
        turns_next_.assign(count, 0);
        std::vector<char> turns(index(n_), 0);
        for (std::size_t place = count; place-- > 0;) {
            const Instruction& in = first[place];
            if (in.num_qubits == 0) continue;
            turns_next_[place] = turns[static_cast<std::size_t>(in.qubits[in.num_qubits - 1])];
            const bool one_qubit = in.num_qubits == 1 && in.num_controls == 0;
            if (one_qubit && is_diagonal_opcode(in.opcode)) continue;
            for (int k = 0; k < in.num_qubits; ++k) turns[static_cast<std::size_t>(in.qubits[k])] = one_qubit;
        }
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
        const Mask turned = popcount(zeros) > kMaxExpandedZeros ? zeros : 0;
        if (turned) controls |= turned, zeros = 0;
        x_on(turned);
        if (in.opcode == Opcode::global_phase) phase_on(controls, zeros, std::polar(1.0, in.params[0]));
        else if (in.opcode == Opcode::unitary || in.opcode == Opcode::linear_map) matrix_gate(in, controls, zeros);
        else if (base_qubits(in.opcode) == 1)
            one_qubit(wire(in, in.num_controls), matrix_1q(in.opcode, in.params), controls, zeros);
        else two_qubits(in, wire(in, in.num_controls), wire(in, in.num_controls + 1), controls, zeros);
        x_on(turned);
    }

    /// Stands in the order like a phase on its bits, and is merged with none.
    void probe(const Instruction& in) {
        Op op;
        for (int k = 0; k < in.num_qubits; ++k) op.diagonal |= bit(wire(in, k));
        for (Mask left = op.diagonal; left; left &= left - 1) keep_diagonal(lowest_bit(left));
        op.probe = in.clbit;
        out_.ops.push_back(op);
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
        const bool absorbed = target_turns_next_ && pending_[index(target)].any &&
                              !is_diagonal(pending_[index(target)].matrix);
        if (absorbed || !options_.merge) {
            push(target, kHadamard);
            phase_on(controls | bit(target), zeros, -1);
            push(target, kHadamard);
        } else {
            const int control = lowest_bit(controls | zeros);
            keep_diagonal(control);
            flush(target);
            Op op;
            op.kind = Op::Kind::flip;
            op.diagonal = bit(control);
            op.moving = bit(target);
            emit_moving(op);
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
            return scale_bit(wire(in, 0), in.matrix);
        if (unitary && qubits == 1)
            return one_qubit_matrix(wire(in, in.num_controls), in.matrix, controls, zeros);
        if (unitary && qubits <= kMaxDiagonalQubits && diagonal_matrix(in.matrix, size))
            return diagonal_gate(in, size, controls, zeros);
        if (unitary && qubits == 2 && (controls | zeros) == 0 && options_.kak &&
            kak_gate(wire(in, 0), wire(in, 1), in.matrix))
            return;
        x_on(zeros);
        dense(in, qubits, size, controls | zeros);
        x_on(zeros);
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

    /// A diagonal that is no unitary (damping while nothing happens) joins the phases. Not pushed: pending products
    /// are unitary; but their diagonals commute with it.
    void scale_bit(int w, const Complex* m) {
        keep_diagonal(w);
        constant_ *= conjugated_ ? std::conj(m[0]) : m[0];
        const Complex ratio = m[3] / m[0];
        emit_single(w, conjugated_ ? std::conj(ratio) : ratio);
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
        constant_ *= conjugated_ ? std::conj(form.phase) : form.phase;
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
            flush(a), flush(b);
            emit_turn(a, b, x - y, x + y);
            push(b, s);
        }
        zz(a, b, -2 * z, 0, 0);
    }

    void emit_turn(int a, int b, double even, double odd) {
        Op op;
        op.kind = Op::Kind::turn;
        op.moving = bit(a) | bit(b);
        op.lead = static_cast<std::int8_t>(a);
        const double even_scale = scaled_tangent(even, op.t, op.swapped);
        const double odd_scale = scaled_tangent(odd, op.t_odd, op.swapped_odd);
        op.factor = even_scale;
        emit_moving(op);
        const double ratio = odd_scale / even_scale;  // on the indices whose two bits differ
        emit_single(a, ratio), emit_single(b, ratio);  // not pushed: pending products are unitary
        emit_phase(bit(a) | bit(b), 1 / (ratio * ratio));
    }

    /// [[cos, -sin], [sin, cos]] = scale · [[1, -t], [t, 1]] or scale · [[t, -1], [1, t]], with |t| ≤ 1.
    static double scaled_tangent(double angle, double& t, bool& swapped) {
        const double c = std::cos(angle), s = std::sin(angle);
        swapped = std::abs(s) > std::abs(c);
        t = swapped ? c / s : s / c;
        return swapped ? s : c;
    }

    void push_diagonal(int w, Complex f1) { push(w, Matrix2{1, 0, 0, f1}); }

    void dense(const Instruction& in, int qubits, std::size_t size, Mask controls) {
        DenseMatrix matrix;
        Op op;
        op.kind = Op::Kind::dense;
        op.diagonal = controls;
        for (int k = 0; k < qubits; ++k) {
            matrix.bits.push_back(wire(in, in.num_controls + k));
            op.moving |= bit(matrix.bits.back());
        }
        matrix.matrix.assign(in.matrix, in.matrix + size * size);
        if (conjugated_)
            for (Complex& entry : matrix.matrix) entry = std::conj(entry);
        for (Mask left = controls; left; left &= left - 1) keep_diagonal(lowest_bit(left));
        for (Mask left = op.moving; left; left &= left - 1) flush(lowest_bit(left));
        op.dense_index = static_cast<int>(out_.dense.size());
        out_.dense.push_back(std::move(matrix));
        emit_moving(op);
    }

    // Pending one-qubit products and emitted operations

    void push(int w, const Matrix2& m) {
        Pending& p = pending_[index(w)];
        const Matrix2 matrix = conjugated_ ? conjugate(m) : m;
        p.matrix = p.any ? matrix * p.matrix : matrix;
        p.any = true;
    }

    /// A factor where all of `ones` are set and all of `zeros` are not.
    void phase_on(Mask ones, Mask zeros, Complex factor) {
        if (zeros) {
            const Mask lowest = zeros & (~zeros + 1);
            phase_on(ones, zeros ^ lowest, factor);
            phase_on(ones | lowest, zeros ^ lowest, 1.0 / factor);
            return;
        }
        if (ones == 0) {
            constant_ *= conjugated_ ? std::conj(factor) : factor;
        } else if ((ones & (ones - 1)) == 0) {
            push_diagonal(lowest_bit(ones), factor);
        } else if (factor != 1.0) {
            for (Mask left = ones; left; left &= left - 1) keep_diagonal(lowest_bit(left));
            emit_phase(ones, conjugated_ ? std::conj(factor) : factor);
        }
    }

    /// Emit all of the pending product on `w` but a diagonal, which stays pending: it commutes with what follows.
    /// U = e^{iα} diag(1, left) [[c, -s], [s, c]] diag(1, right); phases are read off the larger entries.
    void keep_diagonal(int w) {
        Pending& p = pending_[index(w)];
        if (!p.any || is_diagonal(p.matrix)) return;
        const Matrix2 m = p.matrix;
        const double c = std::abs(m.a00), s = std::abs(m.a10);
        const bool swapped = s > c;
        const Complex alpha = c > 0 ? m.a00 / c : Complex(1);
        const Complex left = m.a10 / s / alpha;
        const Complex right =
            swapped ? -m.a01 / std::abs(m.a01) / alpha : m.a11 / std::abs(m.a11) / (alpha * left);
        Op op;
        op.kind = Op::Kind::rotation;
        op.moving = bit(w);
        op.swapped = swapped;
        op.t = swapped ? c / s : s / c;
        op.factor = swapped ? s : c;
        constant_ *= alpha;
        emit_single(w, right);
        emit_moving(op);
        p.matrix = {1, 0, 0, left};
    }

    void flush(int w) {
        keep_diagonal(w);
        Pending& p = pending_[index(w)];
        if (!p.any) return;
        constant_ *= p.matrix.a00;
        emit_single(w, p.matrix.a11 / p.matrix.a00);
        p.any = false;
    }

    void flush_all() {
        for (int w = 0; w < n_; ++w) flush(w);
    }

    void emit_moving(const Op& op) {
        const int number = static_cast<int>(out_.ops.size());
        for (Mask left = op.moving; left; left &= left - 1) last_moving_[index(lowest_bit(left))] = number;
        out_.ops.push_back(op);
    }

    void emit_single(int w, Complex factor) {
        if (factor == 1.0) return;
        const int open = last_phase_[index(w)];
        if (open > last_moving_[index(w)]) {
            out_.ops[index(open)].factor *= factor;
            return;
        }
        last_phase_[index(w)] = static_cast<int>(out_.ops.size());
        append_phase(bit(w), factor);
    }

    /// A phase on two or more bits, merged into an earlier one on the same bits if nothing moved them since.
    void emit_phase(Mask mask, Complex factor) {
        const auto found = open_.find(mask);
        if (found != open_.end()) {
            bool still = true;
            for (Mask left = mask; left && still; left &= left - 1)
                still = found->second > last_moving_[index(lowest_bit(left))];
            if (still) {
                out_.ops[index(found->second)].factor *= factor;
                return;
            }
        }
        open_[mask] = static_cast<int>(out_.ops.size());
        append_phase(mask, factor);
    }

    void append_phase(Mask mask, Complex factor) {
        Op op;
        op.diagonal = mask;
        op.factor = factor;
        out_.ops.push_back(op);
    }

    void emit_constant() {
        if (constant_ != 1.0) append_phase(0, constant_);
    }

    /// SWAPs renamed wires; rename all bits so that qubit q ends where it belongs.
    void rename_wires() {
        std::vector<int> to(index(n_));
        bool moved = false;
        for (int q = 0; q < n_; ++q) {
            to[index(wire_[index(q)])] = n_ - 1 - q;
            moved |= wire_[index(q)] != n_ - 1 - q;
        }
        if (!moved) return;
        const auto renamed = [&](Mask mask) {
            Mask out = 0;
            for (; mask; mask &= mask - 1) out |= bit(to[index(lowest_bit(mask))]);
            return out;
        };
        for (Op& op : out_.ops) {
            op.diagonal = renamed(op.diagonal);
            op.moving = renamed(op.moving);
            if (op.lead >= 0) op.lead = static_cast<std::int8_t>(to[index(op.lead)]);
        }
        for (DenseMatrix& matrix : out_.dense)
            for (int& b : matrix.bits) b = to[index(b)];
    }

    const int n_;
    const LoweringOptions options_;
    LoweredCircuit out_;
    std::vector<Pending> pending_;
    std::vector<int> wire_;          // qubit → wire; wires are bits until SWAPs rename them
    std::vector<int> last_moving_;   // wire → the last operation that mixes it
    std::vector<int> last_phase_;    // wire → the last phase on it alone
    std::unordered_map<Mask, int> open_;
    std::vector<char> turns_next_;
    Complex constant_{1, 0};
    bool conjugated_ = false;
    bool target_turns_next_ = false;
};

}  // namespace

LoweredCircuit lower(const Instruction* first, const Instruction* last, int num_qubits,
                     const LoweringOptions& options) {
    return Lowerer(num_qubits, options).run(first, last);
}

}  // namespace coratrix
