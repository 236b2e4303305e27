// The derivative of an expectation value by every parameter of a circuit, by the adjoint method: memory of two
// states, and a fixed number of runs however many parameters there are (Jones and Gacon, arXiv:2009.02823).
#pragma once

#include <vector>

#include "coratrix/branching.hpp"

namespace coratrix {

struct ValueAndGradient {
    double value = 0;
    std::vector<double> gradient;  // by place in the program's parameters
};

/// For a program of gates and a Hermitian sum.
template <class T>
ValueAndGradient expectation_gradient(const Program& program, const std::vector<PauliTerm>& terms,
                                      const RunOptions& options, const Context& context);

}  // namespace coratrix
