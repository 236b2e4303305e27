// 256-bit vectors with fused multiply-add: every intrinsic of AVX2 is here.
#pragma once

#include <immintrin.h>

namespace coratrix::avx2 {

/// The selector of four numbers, two bits each, by which number k becomes number k ⊕ mask.
constexpr int four_flipped(int mask) { return mask | (1 ^ mask) << 2 | (2 ^ mask) << 4 | (3 ^ mask) << 6; }

struct Single {
    using T = float;
    using V = __m256;
    using I = __m256i;
    using M = __m256;
    static constexpr int lane_bits = 3;
    static constexpr int max_group_bits = 3;

    static V load(const T* p) { return _mm256_load_ps(p); }
    static V loadu(const T* p) { return _mm256_loadu_ps(p); }
    static void store(T* p, V v) { _mm256_store_ps(p, v); }
    static void storeu(T* p, V v) { _mm256_storeu_ps(p, v); }
    /// Keeps a value that is used twice in a register: its load is not folded into each use.
    static V held(V v) {
        __asm__("" : "+x"(v));
        return v;
    }
    static V set1(T x) { return _mm256_set1_ps(x); }
    static V add(V a, V b) { return _mm256_add_ps(a, b); }
    static V sub(V a, V b) { return _mm256_sub_ps(a, b); }
    static V mul(V a, V b) { return _mm256_mul_ps(a, b); }
    static V fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
    static V fms(V a, V b, V c) { return _mm256_fmsub_ps(a, b, c); }
    static V fnma(V a, V b, V c) { return _mm256_fnmadd_ps(a, b, c); }
    static V permute(V v, I lanes) { return _mm256_permutevar8x32_ps(v, lanes); }
    /// Lane l takes what lane l ⊕ Mask holds: cheaper than a permutation that is not known beforehand.
    template <int Mask>
    static V flipped(V v) {
        if constexpr (Mask & 3) v = _mm256_permute_ps(v, four_flipped(Mask & 3));
        if constexpr (Mask & 4) v = _mm256_permute2f128_ps(v, v, 1);
        return v;
    }
    static V blend(M m, V a, V b) { return _mm256_blendv_ps(a, b, m); }
    static M mask(const T* signs) { return _mm256_load_ps(signs); }
    static I index(const void* p) { return _mm256_load_si256(static_cast<const __m256i*>(p)); }
    static void make_index(const unsigned char* lanes, void* out) {
        for (int k = 0; k < 8; ++k) static_cast<int*>(out)[k] = lanes[k];
    }
    static void deinterleave(const T* p, V& re, V& im) {
        const V a = loadu(p), b = loadu(p + 8);  // r0 i0 r1 i1 | r2 i2 r3 i3
        const V low = _mm256_permute2f128_ps(a, b, 0x20), high = _mm256_permute2f128_ps(a, b, 0x31);
        re = _mm256_shuffle_ps(low, high, 0x88);
        im = _mm256_shuffle_ps(low, high, 0xDD);
    }
    static void interleave(T* p, V re, V im) {
        const V low = _mm256_unpacklo_ps(re, im), high = _mm256_unpackhi_ps(re, im);
        storeu(p, _mm256_permute2f128_ps(low, high, 0x20));
        storeu(p + 8, _mm256_permute2f128_ps(low, high, 0x31));
    }
};

struct Double {
    using T = double;
    using V = __m256d;
    using I = __m256i;
    using M = __m256d;
    static constexpr int lane_bits = 2;
    static constexpr int max_group_bits = 3;

    static V load(const T* p) { return _mm256_load_pd(p); }
    static V loadu(const T* p) { return _mm256_loadu_pd(p); }
    static void store(T* p, V v) { _mm256_store_pd(p, v); }
    static void storeu(T* p, V v) { _mm256_storeu_pd(p, v); }
    /// Keeps a value that is used twice in a register: its load is not folded into each use.
    static V held(V v) {
        __asm__("" : "+x"(v));
        return v;
    }
    static V set1(T x) { return _mm256_set1_pd(x); }
    static V add(V a, V b) { return _mm256_add_pd(a, b); }
    static V sub(V a, V b) { return _mm256_sub_pd(a, b); }
    static V mul(V a, V b) { return _mm256_mul_pd(a, b); }
    static V fma(V a, V b, V c) { return _mm256_fmadd_pd(a, b, c); }
    static V fms(V a, V b, V c) { return _mm256_fmsub_pd(a, b, c); }
    static V fnma(V a, V b, V c) { return _mm256_fnmadd_pd(a, b, c); }
    static V permute(V v, I lanes) {
        return _mm256_castps_pd(_mm256_permutevar8x32_ps(_mm256_castpd_ps(v), lanes));
    }
    template <int Mask>
    static V flipped(V v) {
        if constexpr (Mask & 1) v = _mm256_permute_pd(v, 5);
        if constexpr (Mask & 2) v = _mm256_permute2f128_pd(v, v, 1);
        return v;
    }
    static V blend(M m, V a, V b) { return _mm256_blendv_pd(a, b, m); }
    static M mask(const T* signs) { return _mm256_load_pd(signs); }
    static I index(const void* p) { return _mm256_load_si256(static_cast<const __m256i*>(p)); }
    static void make_index(const unsigned char* lanes, void* out) {
        for (int k = 0; k < 4; ++k) {  // a double is two 32-bit lanes
            static_cast<int*>(out)[2 * k] = 2 * lanes[k];
            static_cast<int*>(out)[2 * k + 1] = 2 * lanes[k] + 1;
        }
    }
    static void deinterleave(const T* p, V& re, V& im) {
        const V a = loadu(p), b = loadu(p + 4);
        const V low = _mm256_permute2f128_pd(a, b, 0x20), high = _mm256_permute2f128_pd(a, b, 0x31);
        re = _mm256_unpacklo_pd(low, high);
        im = _mm256_unpackhi_pd(low, high);
    }
    static void interleave(T* p, V re, V im) {
        const V low = _mm256_unpacklo_pd(re, im), high = _mm256_unpackhi_pd(re, im);
        storeu(p, _mm256_permute2f128_pd(low, high, 0x20));
        storeu(p + 4, _mm256_permute2f128_pd(low, high, 0x31));
    }
};

}  // namespace coratrix::avx2
