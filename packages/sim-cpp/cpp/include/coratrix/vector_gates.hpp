// Gates as the kernels take them that work on a whole state, vector by vector: plain data.
//
// Such a state lies in memory vector by vector: the real parts of 2^lane_bits amplitudes, then their imaginary parts, then
// the next vector's. A gate's numbers are given lane by lane, so that controls and targets inside a vector need no code
// of their own.
#pragma once

#include <cstdint>

namespace coratrix {

constexpr int kMaxLanes = 16;

/// The vectors that a gate visits, by the bits of their number.
struct VectorWalk {
    std::uint32_t free = 0;   // bits that take every value
    std::uint32_t fixed = 0;  // bits that are set; the others are not
};

/// A complex matrix on up to two bits, of which some choose vectors (rows and columns) and some lie inside one (orders):
/// out[row] = Σ over columns and orders of coefficient ⊙ in[column], its lanes in that order.
template <class T>
struct VectorMix {
    int high_bits = 0;  // that choose vectors
    int low_bits = 0;   // inside a vector
    bool is_real = false;
    VectorWalk walk;
    std::uint32_t steps[4] = {};         // of the rows, in numbers
    const unsigned char* orders[4] = {}; // permutations in the instruction set's own form; the first is not looked at
    alignas(64) T re[16 * kMaxLanes];    // [row][column][order][lane], without gaps
    alignas(64) T im[16 * kMaxLanes];
};

/// A factor for each lane.
template <class T>
struct VectorFactors {
    VectorWalk walk;
    alignas(64) T re[kMaxLanes];
    alignas(64) T im[kMaxLanes];
};

}  // namespace coratrix
