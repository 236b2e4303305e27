// Drawing basis states from a state's probabilities.
#pragma once

#include <cstdint>
#include <vector>

#include "coratrix/executor.hpp"

namespace coratrix {

struct Draw {
    double u;             // uniform in [0, 1)
    std::uint32_t shot;   // place among the shots asked for
};

/// One draw per shot, sorted by u. Shot s of the run draws number `position` of its own stream.
std::vector<Draw> sorted_draws(const std::vector<std::uint32_t>& shots, std::uint64_t seed, std::uint64_t position);

/// The basis state of each draw, in the order of the draws: one blocked scan over the state.
template <class T>
std::vector<Index> sample(const State<T>& state, const Kernels<T>& kernels, const std::vector<Draw>& draws,
                          const Context& context);

/// The basis state of each shot, in the order of the shots, from explicit probabilities that need not be
/// normalised: for tables small enough that a look-up beats sorting the draws.
std::vector<Index> sample_table(const std::vector<double>& probabilities, const std::vector<std::uint32_t>& shots,
                                std::uint64_t seed, std::uint64_t position);

}  // namespace coratrix
