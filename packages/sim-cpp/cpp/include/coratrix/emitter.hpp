// Operations while they are emitted: products of one-qubit gates wait until something needs them, phases join
// earlier phases on the same bits, scales join one constant.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "coratrix/gates.hpp"
#include "coratrix/lowering.hpp"

namespace coratrix {

/// Entries smaller than this are rounding.
constexpr double kTiny = 1e-15;

bool is_diagonal(const Matrix2& m);

/// Works on wires: bits that SWAPs may still rename.
class Emitter {
public:
    explicit Emitter(int num_bits);

    void reserve(std::size_t ops) { out_.ops.reserve(ops); }
    /// From here on, what comes in is taken as its complex conjugate.
    void conjugate(bool on) { conjugated_ = on; }

    /// A one-qubit unitary: multiplied onto what is pending on the wire.
    void push(int wire, const Matrix2& m);
    /// Takes the pending product from the wire; none where a question waits for its rotation.
    std::optional<Matrix2> take(int wire);
    /// A factor where all of `ones` are set and all of `zeros` are not.
    void phase_on(Mask ones, Mask zeros, Complex factor);
    /// diag(f0, f1), unitary or not. Pending products are unitary, but their diagonals commute with it.
    void scale(int wire, Complex f0, Complex f1);
    /// Something that mixes bits; whatever is pending there has to be flushed before.
    void moving(const Op& op);
    void turn(int a, int b, double even, double odd);
    void dense(DenseMatrix matrix, Mask controls);
    /// Asks for Σ Im(λ* ψ) where all of `wires` are set, by the question's number.
    void probe(Mask wires, int question);

    /// Emit all of the pending product but a diagonal, which stays pending: it commutes with what follows.
    void keep_diagonal(int wire);
    void flush(int wire);
    void flush_all();
    /// Whether what is pending on the wire mixes its bit.
    bool turns(int wire) const;

    /// The circuit, wire w being bit `to[w]`.
    LoweredCircuit finish(const std::vector<int>& to);

private:
    struct Pending {
        Matrix2 matrix;
        bool any = false;
    };

    struct Transverse {
        int question;
        Complex corner;
    };

    Complex taken(Complex factor) const { return conjugated_ ? std::conj(factor) : factor; }
    void single(int wire, Complex factor);
    void phase(Mask mask, Complex factor);
    void append(Mask mask, Complex factor);
    bool moved_since(int number, Mask mask) const;
    void probe_bit(int wire, int question);
    int z_probe(int wire);
    int append_probe(Mask wires);
    void ask_transverse(int wire, Complex right, Op& rotation);
    void share_transverse(int question, double component, int& answer);
    void rename(const std::vector<int>& to);

    LoweredCircuit out_;
    std::vector<Pending> pending_;   // by wire
    std::vector<int> last_moving_;   // wire → the last operation that mixes it
    std::vector<int> last_phase_;    // wire → the last phase on it alone
    std::vector<std::vector<Transverse>> asked_;  // wire → questions that wait for its rotation
    std::vector<int> z_probe_;       // wire → the last question about the bit being set
    std::unordered_map<Mask, int> open_;
    Complex constant_{1, 0};
    bool conjugated_ = false;
};

}  // namespace coratrix
