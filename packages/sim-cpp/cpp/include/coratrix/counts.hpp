// How often each reading of the classical bits was seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace coratrix {

/// Bit i of a key is clbit i; keys are `words` long, one after the other, each once.
struct Counts {
    int num_clbits = 0;
    std::size_t words = 1;
    std::vector<std::uint64_t> keys;
    std::vector<std::int64_t> counts;
};

}  // namespace coratrix
