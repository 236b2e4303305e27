// Measures a cost table on this machine. Never called by a run: a plan depends on the table that it is given.
#pragma once

#include "coratrix/cost_table.hpp"
#include "coratrix/kernel_table.hpp"

namespace coratrix {

/// The costs of both precisions' forms with the kernels of one instruction set, on one core: some seconds, and the
/// memory of a state of 22 qubits. A size differs from the default's only where that is clearly faster here.
CostTable measure_costs(InstructionSet set);

}  // namespace coratrix
