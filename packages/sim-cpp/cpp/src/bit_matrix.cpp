// Taking memory for bits, and turning rows into columns.
#include "coratrix/bit_matrix.hpp"

#include <algorithm>
#include <new>

#include "coratrix/memory.hpp"

namespace coratrix {

namespace {

constexpr std::size_t kWorthCounting = std::size_t{64} << 20;

/// 64 × 64 bits, in place: halves of side 32, 16, … 1 change places (Warren, Hacker's Delight, 7-3).
void transpose_block(Word block[64]) {
    Word mask = 0x00000000FFFFFFFFu;
    for (int side = 32; side != 0; side >>= 1, mask ^= mask << side)
        for (int k = 0; k < 64; k = ((k | side) + 1) & ~side) {
            const Word moved = (block[k] >> side ^ block[k | side]) & mask;
            block[k] ^= moved << side;
            block[k | side] ^= moved;
        }
}

Word* zeros(std::size_t words) {
    const std::size_t bytes = std::max<std::size_t>(words, 1) * sizeof(Word);
    if (bytes > kWorthCounting && bytes > available_bytes()) throw OutOfMemory(bytes, available_bytes());
    auto* const out = static_cast<Word*>(std::calloc(bytes, 1));
    if (out == nullptr) throw std::bad_alloc();
    return out;
}

}  // namespace

BitMatrix::BitMatrix(std::size_t rows, std::size_t bits)
    : rows_(rows), bits_(bits), words_(words_for(bits)), capacity_(rows), data_(zeros(rows * words_)) {}

Word* BitMatrix::add_row() {
    if (rows_ == capacity_) {
        capacity_ = std::max<std::size_t>(16, 2 * capacity_);
        decltype(data_) wider(zeros(capacity_ * words_));
        std::copy_n(data_.get(), rows_ * words_, wider.get());
        data_ = std::move(wider);
    }
    return row(rows_++);
}

BitMatrix BitMatrix::transposed() const {
    BitMatrix out(bits_, rows_);
    for (std::size_t first = 0; first < rows_; first += 64)
        for (std::size_t w = 0; w < words_; ++w) {
            Word block[64] = {};
            Word any = 0;
            const std::size_t height = std::min<std::size_t>(64, rows_ - first);
            for (std::size_t k = 0; k < height; ++k) any |= block[k] = row(first + k)[w];
            if (any == 0) continue;
            transpose_block(block);
            const std::size_t width = std::min<std::size_t>(64, bits_ - w * 64);
            for (std::size_t k = 0; k < width; ++k) out.row(w * 64 + k)[first / 64] = block[k];
        }
    return out;
}

}  // namespace coratrix
