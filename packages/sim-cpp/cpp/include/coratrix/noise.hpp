// The Kraus operators of a channel, and choosing one on a pure state.
#pragma once

#include <vector>

#include "coratrix/executor.hpp"
#include "coratrix/program.hpp"

namespace coratrix {

/// An index, each as likely as its weight says; `u` is uniform in [0, 1).
std::size_t pick(const std::vector<double>& weights, double u);

/// The k-th operator, row-major.
std::vector<Complex> kraus_matrix(const Instruction& channel, int k);

/// The probabilities |K_i ψ|² of a channel's operators on a normalised state.
template <class T>
std::vector<double> kraus_probabilities(const Instruction& channel, const State<T>& state, int num_qubits);

}  // namespace coratrix
