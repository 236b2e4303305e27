// Readings are kept as they come; equal ones meet when they are sorted at the end.
#include "coratrix/tally.hpp"

#include <algorithm>
#include <numeric>

namespace coratrix {

KeyTable::KeyTable(const std::vector<std::pair<int, int>>& index_bit_to_clbit, std::size_t words) : words_(words) {
    int bits = 0;
    for (const auto& place : index_bit_to_clbit) bits = std::max(bits, place.first + 1);
    for (int low = 0; low < bits; low += 8) {
        const Index rows = bit(std::min(8, bits - low));
        bytes_.push_back({rows - 1, std::vector<std::uint64_t>(rows * words, 0)});
    }
    for (const auto& [index_bit, clbit] : index_bit_to_clbit) {
        Byte& byte = bytes_[static_cast<std::size_t>(index_bit / 8)];
        for (Index v = 0; v <= byte.mask; ++v)
            if (v >> (index_bit % 8) & 1)
                byte.rows[v * words + static_cast<std::size_t>(clbit / 64)] |= std::uint64_t{1} << (clbit % 64);
    }
}

Tally::Tally(int num_clbits) {
    out_.num_clbits = num_clbits;
    out_.words = static_cast<std::size_t>(std::max(1, (num_clbits + 63) / 64));
}

void Tally::add_all(const Tally& other) {
    out_.keys.insert(out_.keys.end(), other.out_.keys.begin(), other.out_.keys.end());
    out_.counts.insert(out_.counts.end(), other.out_.counts.begin(), other.out_.counts.end());
    unique_ = false;
}

std::vector<std::uint64_t> Tally::pack(const std::vector<std::uint8_t>& clbits) const {
    std::vector<std::uint64_t> key(out_.words, 0);
    for (std::size_t b = 0; b < clbits.size(); ++b) key[b / 64] |= std::uint64_t{clbits[b]} << (b % 64);
    return key;
}

Counts Tally::finish() {
    if (unique_) return std::move(out_);
    const std::size_t w = out_.words;
    std::vector<std::size_t> order(out_.counts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto row = [&](std::size_t k) { return out_.keys.data() + k * w; };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return std::lexicographical_compare(row(a), row(a) + w, row(b), row(b) + w);
    });
    Counts merged;
    merged.num_clbits = out_.num_clbits;
    merged.words = w;
    for (const std::size_t k : order) {
        const auto last = merged.keys.end() - static_cast<std::ptrdiff_t>(std::min(w, merged.keys.size()));
        if (!merged.counts.empty() && std::equal(row(k), row(k) + w, last)) {
            merged.counts.back() += out_.counts[k];
        } else {
            merged.keys.insert(merged.keys.end(), row(k), row(k) + w);
            merged.counts.push_back(out_.counts[k]);
        }
    }
    return merged;
}

}  // namespace coratrix
