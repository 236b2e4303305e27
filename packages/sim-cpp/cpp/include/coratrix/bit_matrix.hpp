// Bits in rows of 64-bit words: bit k of a row is bit k % 64 of word k / 64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "coratrix/types.hpp"

namespace coratrix {

using Word = std::uint64_t;

constexpr std::size_t words_for(std::size_t bits) { return (bits + 63) / 64; }
inline bool test_bit(const Word* row, std::size_t k) { return row[k / 64] >> (k % 64) & 1; }
inline void set_bit(Word* row, std::size_t k) { row[k / 64] |= Word{1} << (k % 64); }

/// Call body(k) for every set bit k of a row, lowest first.
template <class F>
void for_each_bit(const Word* row, std::size_t words, F body) {
    for (std::size_t w = 0; w < words; ++w)
        for (Word left = row[w]; left != 0; left &= left - 1)
            body(w * 64 + static_cast<std::size_t>(lowest_bit(left)));
}

/// Rows of zeros at first; the system hands out their pages when they are first written.
/// Throws OutOfMemory before it takes what is not there.
class BitMatrix {
public:
    BitMatrix(std::size_t rows, std::size_t bits);

    std::size_t rows() const { return rows_; }
    std::size_t bits() const { return bits_; }
    std::size_t words() const { return words_; }
    Word* row(std::size_t k) { return data_.get() + k * words_; }
    const Word* row(std::size_t k) const { return data_.get() + k * words_; }

    /// One more row of zeros at the end; pointers to rows are no longer valid.
    Word* add_row();

    /// Rows become columns, 64 × 64 bits at a time; blocks of zeros cost one look.
    BitMatrix transposed() const;

private:
    struct Free {
        void operator()(Word* p) const { std::free(p); }
    };
    std::size_t rows_, bits_, words_, capacity_;  // capacity in rows
    std::unique_ptr<Word, Free> data_;
};

}  // namespace coratrix
