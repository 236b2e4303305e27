// How often each reading of the classical bits was seen, and adding readings up.
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

/// Adds readings up in a hash table; the first to be seen is the first in the result.
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
