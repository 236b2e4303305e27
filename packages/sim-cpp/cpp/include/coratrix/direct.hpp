// Gates one by one on the whole state, each as its matrix says: no plan, no tile, no vectors.
//
// For states so small that planning would cost more than it saves, and for single operators between draws. Also
// the plain form of what the planned executor does, which the tests hold against each other.
#pragma once

#include "coratrix/program.hpp"

namespace coratrix {

/// Apply gates and linear maps [first, last) to 2^num_bits amplitudes; qubit q is bit num_bits-1-q.
template <class T>
void apply_directly(const Instruction* first, const Instruction* last, std::complex<T>* amplitudes, int num_bits);

}  // namespace coratrix
