// What kernels of every kind do with one vector. Included like kernels_impl.hpp, inside an instruction set's namespace.
#pragma once

#include "coratrix/kernel_table.hpp"

#define CORATRIX_INLINE inline __attribute__((always_inline))

namespace coratrix::CORATRIX_ISA {

namespace {

/// The lanes added up, in double.
template <class S>
CORATRIX_INLINE double sum_of(typename S::V v) {
    alignas(64) typename S::T lanes[1 << S::lane_bits];
    S::store(lanes, v);
    double sum = 0;
    for (int k = 0; k < 1 << S::lane_bits; ++k) sum += static_cast<double>(lanes[k]);
    return sum;
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
