// The Kraus operators of a channel, and choosing one on a pure state.
#pragma once

#include <vector>

#include "coratrix/executor.hpp"
#include "coratrix/program.hpp"

namespace coratrix {

/// The k-th operator, row-major.
std::vector<Complex> kraus_matrix(const Instruction& channel, int k);

/// The probabilities |K_i ψ|² of a channel's operators on a normalised state.
template <class T>
std::vector<double> kraus_probabilities(const Instruction& channel, const State<T>& state, int num_qubits);

}  // namespace coratrix
