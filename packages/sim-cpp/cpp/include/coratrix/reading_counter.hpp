// Adds readings of the classical bits up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "coratrix/counts.hpp"

namespace coratrix {

/// A hash table; the first to be seen is the first in the result.
class ReadingCounter {
public:
    /// Room is kept for `expected` different readings; there may be more.
    ReadingCounter(int num_clbits, std::int64_t expected);

    /// `count` readings, `stride` words from one to the next.
    void add(const std::uint64_t* rows, std::size_t count, std::size_t stride);
    Counts finish() { return std::move(out_); }

private:
    void add_one(const std::uint64_t* row, std::uint64_t hash);
    void grow();

    Counts out_;
    std::vector<std::uint64_t> hashes_;  // by reading
    std::vector<std::uint32_t> table_;   // place by hash: 0 or the number of a reading, plus 1
};

}  // namespace coratrix
