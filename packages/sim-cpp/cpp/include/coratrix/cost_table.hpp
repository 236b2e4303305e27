// What the forms of an operation cost on this machine, and the sizes that planning works with: every number by which a
// plan decides between ways of doing the same thing. A value: with a given table a circuit has one plan.
//
// The default needs no measurement: round figures of one core of a present server, and sizes taken from the caches.
// `measure_costs` (tuning.hpp) fills in those of this machine.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "coratrix/kernel_table.hpp"

namespace coratrix {

/// Of one precision. Nanoseconds are of one core and for each amplitude of the state; sizes are powers of two, and 0
/// leaves them to the rule of `sizes_for`.
struct FormCosts {
    double dense_pair_ns;   // a two-qubit unitary as a 4×4 matrix
    double turned_pair_ns;  // the same in its KAK form, with the rotations and phases that it brings
    double direct_gate_ns;  // a gate worked on without a plan
    int tile_bits = 0;      // amplitudes of a tile, for states of many tiles
    int block_bits = 0;     // amplitudes of a block
    int group_bits = 0;     // vectors that a register group holds
    int chunk_bits = 0;     // vectors in the table of a diagonal, for states in which it is used many times
};

struct CostTable {
    FormCosts of_single{0.30, 0.12, 0.16};
    FormCosts of_double{0.60, 0.24, 0.28};
    double kak_ns = 4000;         // to find a KAK form and plan with it
    double planned_gate_ns = 600; // to plan one gate and run it, on a state of 11 qubits
    int diagonal_qubits = 8;      // a diagonal matrix on so many qubits becomes phases, a wider one stays a matrix
    int expanded_zeros = 3;       // controls on |0⟩ beyond this are turned into X … X instead of sums of phases
    bool measured = false;

    template <class T>
    const FormCosts& of() const { return sizeof(T) == 4 ? of_single : of_double; }
    template <class T>
    FormCosts& of() { return sizeof(T) == 4 ? of_single : of_double; }

    /// Whether the passes saved over 2^n amplitudes are worth finding a two-qubit unitary's KAK form.
    template <class T>
    bool kak_pays(int num_bits) const {
        return kak_ns < std::ldexp(of<T>().dense_pair_ns - of<T>().turned_pair_ns, num_bits);
    }

    /// Whether a matrix with a fifth of its multiply-adds less is worth its Schmidt form, an eighth of the work of KAK.
    template <class T>
    bool schmidt_pays(int num_bits) const {
        return kak_ns / 8 < std::ldexp(of<T>().dense_pair_ns / 5, num_bits);
    }

    /// Whether a state of 2^n amplitudes is sooner worked on gate by gate than a plan is made.
    template <class T>
    bool direct_pays(int num_bits) const {
        return std::ldexp(of<T>().direct_gate_ns, num_bits) <= planned_gate_ns;
    }

    /// The same of a stretch that is run again and again: its plan is made once, and about a sixteenth of the above is
    /// what running it takes.
    template <class T>
    bool direct_pays_again(int num_bits) const { return direct_pays<T>(num_bits + 4); }
};

/// The default with a set's kernels. AVX2 has registers for 2^3 vectors of a plane: a KAK form then falls apart into more
/// passes than a matrix, whose kernel keeps the multipliers busy.
CostTable default_costs(InstructionSet set);

/// What a schedule needs to know: a table's sizes, or those that follow from the caches where it has none. A tile wider
/// than half the second-level cache is for states of 2^4 tiles or more: in narrower ones much is done on the first tile
/// alone, while the bits outside it are still zero, and that is less the smaller the tile. In states of few chunks a
/// longer table costs more to make than it saves.
struct Sizes {
    int tile_bits, block_bits, group_bits, chunk_bits;
};

template <class T>
Sizes sizes_for(const CostTable& costs, int num_bits, int max_group_bits);

using NamedCosts = std::vector<std::pair<std::string, double>>;

/// A table's numbers by name, and the table with such numbers.
NamedCosts named(const CostTable& costs);
/// Throws std::invalid_argument where a name is missing or unknown, or a number makes no sense.
CostTable table_of(const NamedCosts& named);

/// The processor and its caches: where a measured table holds.
std::string processor_name();

}  // namespace coratrix
