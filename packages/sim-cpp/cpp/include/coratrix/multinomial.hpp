// How often each of many outcomes is seen when it does not matter which shot sees which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "coratrix/random.hpp"
#include "coratrix/types.hpp"

namespace coratrix {

/// States that were read, ascending, and how often.
struct Sightings {
    std::vector<Index> states;
    std::vector<std::int64_t> counts;

    void add(Index state, std::int64_t count) {
        states.push_back(state);
        counts.push_back(count);
    }
};

/// `shots` draws from weights that need not be normalised, outcome k as state first + k. Negative weights, which
/// rounding leaves, count as zero.
void draw_sightings(const std::vector<double>& weights, std::int64_t shots, Stream& random, Index first, Sightings& out);

/// How the shots fall on parts of these weights: one number each.
std::vector<std::int64_t> shared_out(const std::vector<double>& weights, std::int64_t shots, Stream& random);

}  // namespace coratrix
