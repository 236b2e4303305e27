// Open addressing: a reading is looked for from the place of its hash on.
#include "coratrix/reading_counter.hpp"

#include <algorithm>

namespace coratrix {

namespace {

constexpr std::size_t kSmallestTable = 1024;
constexpr std::size_t kMostRoom = std::size_t{1} << 24;  // words
constexpr std::size_t kAhead = 64;  // hashes taken before their places are looked at

std::uint64_t hash_of(const std::uint64_t* row, std::size_t words) {
    std::uint64_t h = 0x9E3779B97F4A7C15u;
    for (std::size_t w = 0; w < words; ++w) {
        h = (h ^ row[w]) * 0xFF51AFD7ED558CCDu;
        h ^= h >> 32;
    }
    return h;
}

}  // namespace

ReadingCounter::ReadingCounter(int num_clbits, std::int64_t expected) : table_(kSmallestTable) {
    out_.num_clbits = num_clbits;
    out_.words = static_cast<std::size_t>(std::max(1, (num_clbits + 63) / 64));
    const std::size_t room = std::min(static_cast<std::size_t>(expected), kMostRoom / out_.words);
    out_.keys.reserve(room * out_.words);  // pages are taken when they are written
    out_.counts.reserve(room);
    hashes_.reserve(room);
}

void ReadingCounter::add(const std::uint64_t* rows, std::size_t count, std::size_t stride) {
    for (std::size_t first = 0; first < count; first += kAhead) {
        const std::size_t here = std::min(kAhead, count - first);
        if (2 * (hashes_.size() + here) > table_.size()) grow();
        std::uint64_t hashes[kAhead];
        for (std::size_t k = 0; k < here; ++k) {
            hashes[k] = hash_of(rows + (first + k) * stride, out_.words);
            __builtin_prefetch(&table_[hashes[k] & (table_.size() - 1)]);
        }
        for (std::size_t k = 0; k < here; ++k) add_one(rows + (first + k) * stride, hashes[k]);
    }
}

void ReadingCounter::add_one(const std::uint64_t* row, std::uint64_t hash) {
    const std::size_t mask = table_.size() - 1;
    std::size_t place = hash & mask;
    for (; table_[place] != 0; place = (place + 1) & mask) {
        const std::size_t reading = table_[place] - 1;
        if (hashes_[reading] != hash) continue;
        if (!std::equal(row, row + out_.words, out_.keys.data() + reading * out_.words)) continue;
        ++out_.counts[reading];
        return;
    }
    hashes_.push_back(hash);
    out_.keys.insert(out_.keys.end(), row, row + out_.words);
    out_.counts.push_back(1);
    table_[place] = static_cast<std::uint32_t>(hashes_.size());
}

void ReadingCounter::grow() {
    table_.assign(table_.size() * 4, 0);
    const std::size_t mask = table_.size() - 1;
    for (std::size_t reading = 0; reading < hashes_.size(); ++reading) {
        std::size_t place = hashes_[reading] & mask;
        while (table_[place] != 0) place = (place + 1) & mask;
        table_[place] = static_cast<std::uint32_t>(reading + 1);
    }
}

}  // namespace coratrix
