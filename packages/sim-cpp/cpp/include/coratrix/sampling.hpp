// Drawing basis states from a state's probabilities.
#pragma once

#include <cstdint>
#include <vector>

#include "coratrix/executor.hpp"
#include "coratrix/multinomial.hpp"

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

/// How often each basis state is read in `shots` shots that need no names: block by block, a block's share of the shots
/// being binomial. A function of (seed, shots) and the state, on any number of threads.
template <class T>
Sightings sightings(const State<T>& state, const Kernels<T>& kernels, std::int64_t shots, std::uint64_t seed,
                    const Context& context);

/// The same from explicit probabilities that need not be normalised.
Sightings sightings(const std::vector<double>& probabilities, std::int64_t shots, std::uint64_t seed);

/// The basis state of each shot, in the order of the shots, from explicit probabilities that need not be
/// normalised: for tables small enough that a look-up beats sorting the draws.
std::vector<Index> sample_table(const std::vector<double>& probabilities, const std::vector<std::uint32_t>& shots,
                                std::uint64_t seed, std::uint64_t position);

}  // namespace coratrix
