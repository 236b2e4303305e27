// How many of n coins show heads.
#pragma once

#include <cstdint>

#include "coratrix/random.hpp"

namespace coratrix {

/// A draw of Binomial(n, 1/2), a function of (seed, stream) alone.
std::int64_t fair_binomial(std::int64_t n, std::uint64_t seed, std::uint64_t stream);

/// A draw of Binomial(n, p), 0 ≤ p ≤ 1, exact up to rounding: below a mean of 10 by going through its probabilities.
std::int64_t binomial(std::int64_t n, double p, Stream& random);

}  // namespace coratrix
