// Counts of Clifford circuits with Pauli errors, without a state: thousands of qubits.
#pragma once

#include <cstdint>
#include <string>

#include "coratrix/counts.hpp"
#include "coratrix/parallel.hpp"
#include "coratrix/program.hpp"
#include "coratrix/word_stabilizers.hpp"

namespace coratrix {

/// Throws std::invalid_argument where `stabilizer_obstacle` finds one, OutOfMemory where the rows do not fit.
Counts stabilizer_counts(const Program& program, std::int64_t shots, std::uint64_t seed, const Context& context);

/// Whether the readings that coins can give are no more than the shots; then these are split and not drawn, with the counts
/// that `stabilizer_counts` gives.
bool can_be_split(const FairCoins& coins, std::int64_t shots);
Counts split_shots(const FairCoins& coins, std::int64_t shots, std::uint64_t seed);

/// What decides the bits of a shot, in words.
std::string explain_stabilizers(const Program& program);

}  // namespace coratrix
