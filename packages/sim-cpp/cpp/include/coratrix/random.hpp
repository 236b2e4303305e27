// Random numbers as a pure function of (seed, stream, position): no state, so the numbers that belong to a shot
// are the same whatever the threads do and in whatever order shots are served.
//
// Philox-4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
// xoshiro256++, for numbers that are taken one after the other: Blackman, Vigna, ACM Trans. Math. Softw. 47, 36 (2021).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace coratrix {

using PhiloxBlock = std::array<std::uint32_t, 4>;

inline PhiloxBlock philox(std::uint64_t key, std::uint64_t stream, std::uint64_t position) {
    auto k0 = static_cast<std::uint32_t>(key);
    auto k1 = static_cast<std::uint32_t>(key >> 32);
    PhiloxBlock c = {static_cast<std::uint32_t>(position), static_cast<std::uint32_t>(position >> 32),
                     static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * c[0];
        const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * c[2];
        c = {static_cast<std::uint32_t>(product1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(product1),
             static_cast<std::uint32_t>(product0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(product0)};
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c;
}

inline double to_unit_interval(std::uint32_t high, std::uint32_t low) {
    const std::uint64_t bits = (std::uint64_t{high} << 32 | low) >> 11;
    return static_cast<double>(bits) * 0x1.0p-53;
}

/// The `position`-th uniform number in [0, 1) of a stream (a stream is a shot).
inline double uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t position) {
    const PhiloxBlock block = philox(seed, stream, position);
    return to_unit_interval(block[0], block[1]);
}

/// Numbers taken one after the other by work that has an order of its own, a tenth of the cost; the whole sequence is a
/// function of (seed, stream, position).
class Stream {
public:
    Stream(std::uint64_t seed, std::uint64_t stream, std::uint64_t position) {
        for (std::size_t half = 0; half < 2; ++half) {
            const PhiloxBlock block = philox(seed, stream, 2 * position + half);
            state_[2 * half] = std::uint64_t{block[0]} << 32 | block[1];
            state_[2 * half + 1] = std::uint64_t{block[2]} << 32 | block[3];
        }
        if ((state_[0] | state_[1] | state_[2] | state_[3]) == 0) state_[0] = 1;  // the one state that stays as it is
    }

    std::uint64_t bits() {
        const std::uint64_t out = rotated(state_[0] + state_[3], 23) + state_[0], t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotated(state_[3], 45);
        return out;
    }

    /// Uniform in [0, 1).
    double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }

private:
    static std::uint64_t rotated(std::uint64_t x, int by) { return x << by | x >> (64 - by); }

    std::array<std::uint64_t, 4> state_{};
};

}  // namespace coratrix
