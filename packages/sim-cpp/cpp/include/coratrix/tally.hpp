// Adds up readings of the classical bits.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "coratrix/counts.hpp"
#include "coratrix/types.hpp"

namespace coratrix {

/// Key bits from a basis state's index, eight index bits at a time.
class KeyTable {
public:
    KeyTable(const std::vector<std::pair<int, int>>& index_bit_to_clbit, std::size_t words);

    void add(Index index, std::uint64_t* key) const {
        for (const Byte& byte : bytes_) {
            const std::uint64_t* const row = byte.rows.data() + (index & byte.mask) * words_;
            for (std::size_t w = 0; w < words_; ++w) key[w] |= row[w];
            index >>= 8;
        }
    }

private:
    struct Byte {
        Index mask;  // shorter at the end: a table for four qubits has 16 rows
        std::vector<std::uint64_t> rows;
    };

    std::size_t words_;
    std::vector<Byte> bytes_;
};

class Tally {
public:
    explicit Tally(int num_clbits);

    std::size_t words() const { return out_.words; }
    bool empty() const { return out_.counts.empty(); }

    void reserve(std::size_t readings) {
        out_.keys.reserve(readings * out_.words);
        out_.counts.reserve(readings);
    }
    void add(const std::uint64_t* key, std::int64_t count) {
        out_.keys.insert(out_.keys.end(), key, key + out_.words);
        out_.counts.push_back(count);
    }
    void add_bits(const std::vector<std::uint8_t>& clbits, std::int64_t count) { add(pack(clbits).data(), count); }
    void add_all(const Tally& other);

    std::vector<std::uint64_t> pack(const std::vector<std::uint8_t>& clbits) const;

    /// The caller knows that no reading was added twice.
    void set_unique() { unique_ = true; }

    /// Every reading once; sorted unless the caller knew that already.
    Counts finish();

private:
    Counts out_;
    bool unique_ = false;
};

}  // namespace coratrix
