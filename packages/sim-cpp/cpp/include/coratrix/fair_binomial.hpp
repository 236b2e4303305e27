// How many of n fair coins show heads.
#pragma once

#include <cstdint>

namespace coratrix {

/// A draw of Binomial(n, 1/2), a function of (seed, stream) alone.
std::int64_t fair_binomial(std::int64_t n, std::uint64_t seed, std::uint64_t stream);

}  // namespace coratrix
