// Gates → the three things the kernels can do.
//
// Every one-qubit unitary is D·R·D': diagonal, real rotation, diagonal. Diagonals commute with one another and
// with controls, so after lowering a circuit consists of
//
//   phase     a factor on every index that has all bits of a mask (CZ, CP, RZ, T, the D's, …)
//   rotation  the real [[1, -t], [t, 1]] or [[t, -1], [1, t]] on one bit; its scale goes into a phase of no bits
//   flip      X on one bit where a control bit is set (CX)
//   turn      the real rotation of pairs (x, x with two bits flipped): what is left of an SU(4) after its KAK form
//   dense     any matrix on a few bits, unitary or not, perhaps under controls
//
// and every product of neighbouring one-qubit gates has become one rotation. SWAP moves no amplitude: it
// renames bits where the start is |0…0⟩ and is three flips elsewhere.
#pragma once

#include <vector>

#include "coratrix/cost_table.hpp"
#include "coratrix/program.hpp"
#include "coratrix/types.hpp"

namespace coratrix {

struct Op {
    enum class Kind : std::uint8_t { phase, rotation, flip, turn, dense };

    Kind kind = Kind::phase;
    bool swapped = false;    // rotation: the form [[t, -1], [1, t]]; turn: the same for the even pairs
    bool swapped_odd = false;
    std::int8_t lead = -1;   // turn: the bit set in the first of an odd pair
    Mask diagonal = 0;       // bits it acts on diagonally: the phase's mask, controls
    Mask moving = 0;         // bits it mixes
    Complex factor{1, 0};    // phase; rotation and turn: the real scale that the kernels leave out
    double t = 0;            // rotation; turn: pairs with equal bits
    double t_odd = 0;        // turn: pairs with different bits
    int dense_index = -1;    // into LoweredCircuit::dense
    int probe = -1;          // a phase that changes nothing: asks the executor for Σ Im(λ* ψ) under its mask
    int probe_x = -1;        // rotation: asks, just before it, for Im⟨λ|X|ψ⟩ on its bit …
    int probe_y = -1;        // … and for Im⟨λ|Y|ψ⟩
};

/// A probe's answer is Σ weight · (the executor's answer).
struct ProbeShare {
    int question = -1;       // the probe instruction's number
    int answer = -1;         // an operation's number in probe, probe_x or probe_y
    double weight = 0;
};

/// A matrix on `bits` (bits[0] is the most significant bit of a row), where all bits of `controls` are set.
struct DenseMatrix {
    std::vector<int> bits;
    std::vector<Complex> matrix;
};

struct LoweredCircuit {
    int num_bits = 0;
    std::vector<Op> ops;
    std::vector<DenseMatrix> dense;
    std::vector<ProbeShare> shares;
    int num_answers = 0;
};

struct LoweringOptions {
    bool starts_at_zero = true;  // the input is |0…0⟩: SWAPs are free
    bool kak = true;             // two-qubit unitaries by their KAK form, on states wide enough for it
    bool merge = true;           // off: every gate is lowered by itself ("planning off", for tests)
    int diagonal_qubits = CostTable().diagonal_qubits;
    int expanded_zeros = CostTable().expanded_zeros;
    bool schmidt = true;         // two-qubit matrices without what one-qubit gates behind them can take along
};

/// What pays on a state of 2^num_bits amplitudes by a cost table.
template <class T>
LoweringOptions lowering_for(const CostTable& costs, int num_bits, bool starts_at_zero, bool merge) {
    const bool kak = merge && costs.kak_pays<T>(num_bits), schmidt = merge && costs.schmidt_pays<T>(num_bits);
    return {starts_at_zero, kak, merge, costs.diagonal_qubits, costs.expanded_zeros, schmidt};
}

/// Lower gate instructions [first, last) of a circuit of `num_qubits` qubits; qubit q becomes bit n-1-q.
LoweredCircuit lower(const Instruction* first, const Instruction* last, int num_qubits,
                     const LoweringOptions& options);

}  // namespace coratrix
