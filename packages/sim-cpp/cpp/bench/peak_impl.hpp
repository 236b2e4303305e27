// The peak's two loops, written once over the small vector type S. Like the kernels', a translation unit that
// includes this must not emit shared inline functions.
#pragma once

#include "peak.hpp"

namespace coratrix {

namespace {

constexpr int kBursts = 200;
constexpr int kL1Bytes = 8 << 10, kL2Bytes = 512 << 10;
alignas(64) unsigned char memory[kL2Bytes];

/// x_k ← a·x_k + b for twelve vectors at once, as many as hide the latency of a multiply-add on two ports.
template <class S>
double multiply_add_seconds(Clock now, int rounds) {
    constexpr int kVectors = 12;
    using V = typename S::V;
    using T = typename S::T;
    alignas(64) T lanes[1 << S::lane_bits];
    volatile T first = T(0.001), last;  // what is read and written here keeps the loop between the two clocks
    const double start = now();
    const T seed = first;
    const V a = S::set1(T(0.999)), b = S::set1(seed);
    V x[kVectors];
    for (int k = 0; k < kVectors; ++k) x[k] = S::set1(seed * T(k));
    for (int round = 0; round < rounds; ++round)
        for (V& each : x) each = S::fma(a, each, b);
    for (const V& each : x) x[0] = S::add(x[0], each);
    S::store(lanes, x[0]);
    last = lanes[0];
    const double time = now() - start;
    (void)last;
    return time;
}

/// x ← a·x + b over so many bytes, so many times.
template <class S>
double stream_seconds(Clock now, int bytes, int rounds) {
    using T = typename S::T;
    constexpr int kLanes = 1 << S::lane_bits;
    const auto a = S::set1(T(0.999)), b = S::set1(T(0.001));
    T* const data = reinterpret_cast<T*>(memory);
    const int size = bytes / static_cast<int>(sizeof(T));
    const double start = now();
    for (int round = 0; round < rounds; ++round)
        for (int k = 0; k < size; k += 4 * kLanes) {
            const auto p = S::load(data + k), q = S::load(data + k + kLanes);
            const auto r = S::load(data + k + 2 * kLanes), s = S::load(data + k + 3 * kLanes);
            S::store(data + k, S::fma(a, p, b));
            S::store(data + k + kLanes, S::fma(a, q, b));
            S::store(data + k + 2 * kLanes, S::fma(a, r, b));
            S::store(data + k + 3 * kLanes, S::fma(a, s, b));
        }
    return now() - start;
}

template <class S>
double stream_gbytes(Clock now, int bytes, int rounds) {
    double least = 1e9;
    for (int burst = 0; burst < kBursts; ++burst) {
        const double time = stream_seconds<S>(now, bytes, rounds);
        if (time < least) least = time;
    }
    return 2.0 * bytes * rounds / least / 1e9;
}

template <class S>
Peak measure_peak(Clock now) {
    constexpr int kRounds = 20000;
    double least = 1e9;
    for (int burst = 0; burst < kBursts; ++burst) {
        const double time = multiply_add_seconds<S>(now, kRounds);
        if (time < least) least = time;
    }
    const double operations = 2.0 * 12 * kRounds * (1 << S::lane_bits);
    return {operations / least / 1e9, stream_gbytes<S>(now, kL1Bytes, 64), stream_gbytes<S>(now, kL2Bytes, 2)};
}

}  // namespace

}  // namespace coratrix
