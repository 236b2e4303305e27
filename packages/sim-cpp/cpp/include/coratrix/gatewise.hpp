// Gates one by one on a state of a few qubits, a vector at a time: no plan, no tile, no table.
//
// On so few amplitudes a pass takes less than planning it. What is done is what `apply_directly` does, which is the
// plain form that the tests hold it against.
#pragma once

#include "coratrix/executor.hpp"
#include "coratrix/program.hpp"

namespace coratrix {

constexpr int kWidestGatewise = 24;  // distances in such a state are 32-bit numbers, whatever a cost table says

struct GatewiseOptions {
    bool starts_at_zero = true;  // the state is not read: it is |0…0⟩, and SWAPs are free
    bool merge = true;           // gates on one qubit are multiplied with one another
};

/// state ← gates and linear maps [first, last); qubit q is bit num_bits-1-q.
template <class T>
void apply_gatewise(const Instruction* first, const Instruction* last, State<T>& state, const Kernels<T>& kernels,
                    const GatewiseOptions& options);

}  // namespace coratrix
