// Expectation values of Pauli sums.
#pragma once

#include <vector>

#include "coratrix/executor.hpp"
#include "coratrix/pauli_sum.hpp"

namespace coratrix {

/// ⟨ψ|Σ|ψ⟩; terms that share their X mask share one pass over the state.
template <class T>
Complex expectation(const State<T>& state, const Kernels<T>& kernels, const std::vector<PauliTerm>& terms,
                    const Context& context);

/// tr(Σ ρ) for a density matrix kept as a state of twice as many bits.
template <class T>
Complex expectation_density(const State<T>& rho, const std::vector<PauliTerm>& terms);

}  // namespace coratrix
