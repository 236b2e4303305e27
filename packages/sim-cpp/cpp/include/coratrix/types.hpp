// The few words that every file of the engine uses.
//
// Bit order, stated once: a state of n qubits is an array of 2^n amplitudes, and qubit q is bit n-1-q of the
// index (qubit 0 is the most significant). Below the lowering, code speaks of *bits* of the index and of masks
// of such bits; the word "qubit" is the caller's.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>

namespace coratrix {

using Complex = std::complex<double>;
using Index = std::uint64_t;  // an amplitude's index
using Mask = std::uint64_t;   // a set of bits of an index

constexpr int kMaxQubits = 48;  // 2^48 amplitudes are beyond any machine; keeps every shift defined

constexpr Mask bit(int position) { return Mask{1} << position; }

inline int popcount(Mask mask) { return __builtin_popcountll(mask); }
inline int lowest_bit(Mask mask) { return __builtin_ctzll(mask); }
inline bool parity(Mask mask) { return __builtin_parityll(mask) != 0; }

/// Spread the low bits of `value` over the set bits of `mask`, lowest first (the instruction PDEP).
inline Index deposit_bits(Index value, Mask mask) {
    Index out = 0;
    for (; mask != 0; mask &= mask - 1, value >>= 1)
        if (value & 1) out |= mask & (~mask + 1);
    return out;
}

/// Collect the bits of `value` under `mask` into the low bits (the instruction PEXT).
inline Index extract_bits(Index value, Mask mask) {
    Index out = 0;
    for (int place = 0; mask != 0; mask &= mask - 1, ++place)
        if (value & mask & (~mask + 1)) out |= bit(place);
    return out;
}

}  // namespace coratrix
