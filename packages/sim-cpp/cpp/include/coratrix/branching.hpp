// Runs whole programs shot by shot in meaning, but not in work: shots that have seen the same outcomes share
// one state. A measurement, reset or channel in the middle splits the shots of a branch by what they drew; each
// part goes on with its own copy. Shots keep their numbers, and a shot's k-th draw is a function of
// (seed, shot, k), so that results depend neither on threads nor on the order of branches. Shots that all end
// together need no numbers: only how often each outcome is seen is drawn (`sampling.hpp`).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coratrix/cost_table.hpp"
#include "coratrix/counts.hpp"
#include "coratrix/executor.hpp"
#include "coratrix/expectation.hpp"
#include "coratrix/program.hpp"
#include "coratrix/schedules.hpp"

namespace coratrix {

struct RunOptions {
    InstructionSet set = best_instruction_set();
    int tile_bits = 0;
    bool merge = true;
    bool direct = true;    // small states are worked on without a plan
    bool density = false;  // evolve the density matrix; channels are then exact
    bool pauli = true;     // … in the Pauli basis where that can be done
    bool cones = true;     // errors before the last readings are followed inside their light cones
    int kept_states = -1;  // states kept at any time for shots that come later; -1: as StateBudget says
    Schedules* schedules = nullptr;  // of this program under other numbers
    CostTable costs = {};  // what the forms of an operation cost: chooses between them
};

template <class T>
Counts run_counts(const Program& program, std::int64_t shots, std::uint64_t seed, const RunOptions& options,
                  const Context& context);

/// The counts of a program of gates, channels that do nothing (for density matrices, channels and resets of any kind) and
/// then one run of measurements without readout errors; none for any other program. `run_counts` asks here first.
template <class T>
std::optional<Counts> counts_at_end(const Program& program, std::int64_t shots, std::uint64_t seed,
                                    const RunOptions& options, const Context& context);

/// The state after a program of gates (and, for density matrices, channels and resets).
/// Throws std::invalid_argument where the program measures or branches.
template <class T>
State<T> run_state(const Program& program, const RunOptions& options, const Context& context);

/// The probabilities of the basis states after a program as `run_state` takes it.
template <class T>
std::vector<double> run_probabilities(const Program& program, const RunOptions& options, const Context& context);

/// The expectation value after a program as `run_state` takes it.
template <class T>
Complex run_expectation(const Program& program, const std::vector<PauliTerm>& terms, const RunOptions& options,
                        const Context& context);

template <class T>
std::string explain(const Program& program, const RunOptions& options);

}  // namespace coratrix
