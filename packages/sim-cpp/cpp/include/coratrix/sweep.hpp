// One program under many sets of parameters: parsed once, its numbers replaced from set to set.
//
// Sets share out the threads as long as a state is small; wider states have all threads to themselves.
#pragma once

#include <vector>

#include "coratrix/branching.hpp"

namespace coratrix {

/// Rows of parameters, each as long as the program has parameters.
struct ParameterRows {
    const double* data = nullptr;
    std::int64_t count = 0;
};

/// The expectation value of a Hermitian sum for each row; `values` has room for as many.
template <class T>
void sweep_expectation(const Program& program, const ParameterRows& rows, const std::vector<PauliTerm>& terms,
                       const RunOptions& options, const Context& context, double* values);

/// The counts of each row, drawn with its own seed.
template <class T>
std::vector<Counts> sweep_counts(const Program& program, const ParameterRows& rows, std::int64_t shots,
                                 const std::vector<std::uint64_t>& seeds, const RunOptions& options,
                                 const Context& context);

}  // namespace coratrix
