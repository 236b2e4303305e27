// What kernels of every kind do with one vector. Included like kernels_impl.hpp, inside an instruction set's namespace.
#pragma once

#include "coratrix/kernel_table.hpp"

#define CORATRIX_INLINE inline __attribute__((always_inline))

namespace coratrix::CORATRIX_ISA {

namespace {

/// The lanes added up in double, halves onto halves: no addition waits for more than a few others.
template <class S>
CORATRIX_INLINE double sum_of(typename S::V v) {
    constexpr int width = 1 << S::lane_bits;
    alignas(64) typename S::T lanes[width];
    S::store(lanes, v);
    double sums[width];
    for (int k = 0; k < width; ++k) sums[k] = static_cast<double>(lanes[k]);
    for (int half = width / 2; half > 0; half /= 2)
        for (int k = 0; k < half; ++k) sums[k] += sums[k + half];
    return sums[0];
}

/// (re + i im) ← (re + i im) · (fr + i fi).
template <class S>
CORATRIX_INLINE void complex_multiply(typename S::V& re, typename S::V& im, typename S::V fr, typename S::V fi) {
    const auto r = S::fnma(im, fi, S::mul(re, fr));
    im = S::fma(im, fr, S::mul(re, fi));
    re = r;
}

}  // namespace

}  // namespace coratrix::CORATRIX_ISA
