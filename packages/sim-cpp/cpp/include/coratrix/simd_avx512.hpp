// 512-bit vectors. The small type that kernels are written in: every intrinsic of AVX-512 is here.
#pragma once

#include <immintrin.h>

namespace coratrix::avx512 {

/// The selector of four numbers, two bits each, by which number k becomes number k ⊕ mask.
constexpr int four_flipped(int mask) { return mask | (1 ^ mask) << 2 | (2 ^ mask) << 4 | (3 ^ mask) << 6; }

struct Single {
    using T = float;
    using V = __m512;
    using I = __m512i;
    using M = __mmask16;
    static constexpr int lane_bits = 4;
    static constexpr int max_group_bits = 4;

    static V load(const T* p) { return _mm512_load_ps(p); }
    static V loadu(const T* p) { return _mm512_loadu_ps(p); }
    static void store(T* p, V v) { _mm512_store_ps(p, v); }
    static void storeu(T* p, V v) { _mm512_storeu_ps(p, v); }
    /// Keeps a value that is used twice in a register: its load is not folded into each use.
    static V held(V v) {
        __asm__("" : "+v"(v));
        return v;
    }
    static V set1(T x) { return _mm512_set1_ps(x); }
    static V add(V a, V b) { return _mm512_add_ps(a, b); }
    static V sub(V a, V b) { return _mm512_sub_ps(a, b); }
    static V mul(V a, V b) { return _mm512_mul_ps(a, b); }
    static V fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }    // a·b + c
    static V fms(V a, V b, V c) { return _mm512_fmsub_ps(a, b, c); }    // a·b - c
    static V fnma(V a, V b, V c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a·b
    // the zeroing forms with a full mask: the plain ones make GCC 12 warn of its own header
    static V permute(V v, I lanes) { return _mm512_maskz_permutexvar_ps(0xFFFF, lanes, v); }
    /// Lane l takes what lane l ⊕ Mask holds: cheaper than a permutation that is not known beforehand.
    template <int Mask>
    static V flipped(V v) {
        if constexpr (Mask & 3) v = _mm512_permute_ps(v, four_flipped(Mask & 3));
        if constexpr (Mask & 12) v = _mm512_shuffle_f32x4(v, v, four_flipped(Mask >> 2 & 3));
        return v;
    }
    static V blend(M m, V a, V b) { return _mm512_mask_blend_ps(m, a, b); }  // b where m
    static M mask(const T* signs) { return _mm512_movepi32_mask(_mm512_castps_si512(_mm512_load_ps(signs))); }
    static I index(const void* p) { return _mm512_load_si512(p); }
    static void make_index(const unsigned char* lanes, void* out) {
        for (int k = 0; k < 16; ++k) static_cast<int*>(out)[k] = lanes[k];
    }
    /// 16 complex numbers → their real parts and their imaginary parts.
    static void deinterleave(const T* p, V& re, V& im) {
        const I even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
        const I odd = _mm512_set_epi32(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
        const V a = loadu(p), b = loadu(p + 16);
        re = _mm512_permutex2var_ps(a, even, b);
        im = _mm512_permutex2var_ps(a, odd, b);
    }
    static void interleave(T* p, V re, V im) {
        const I low = _mm512_set_epi32(23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
        const I high = _mm512_set_epi32(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8);
        storeu(p, _mm512_permutex2var_ps(re, low, im));
        storeu(p + 16, _mm512_permutex2var_ps(re, high, im));
    }
};

struct Double {
    using T = double;
    using V = __m512d;
    using I = __m512i;
    using M = __mmask8;
    static constexpr int lane_bits = 3;
    static constexpr int max_group_bits = 4;

    static V load(const T* p) { return _mm512_load_pd(p); }
    static V loadu(const T* p) { return _mm512_loadu_pd(p); }
    static void store(T* p, V v) { _mm512_store_pd(p, v); }
    static void storeu(T* p, V v) { _mm512_storeu_pd(p, v); }
    /// Keeps a value that is used twice in a register: its load is not folded into each use.
    static V held(V v) {
        __asm__("" : "+v"(v));
        return v;
    }
    static V set1(T x) { return _mm512_set1_pd(x); }
    static V add(V a, V b) { return _mm512_add_pd(a, b); }
    static V sub(V a, V b) { return _mm512_sub_pd(a, b); }
    static V mul(V a, V b) { return _mm512_mul_pd(a, b); }
    static V fma(V a, V b, V c) { return _mm512_fmadd_pd(a, b, c); }
    static V fms(V a, V b, V c) { return _mm512_fmsub_pd(a, b, c); }
    static V fnma(V a, V b, V c) { return _mm512_fnmadd_pd(a, b, c); }
    static V permute(V v, I lanes) { return _mm512_maskz_permutexvar_pd(0xFF, lanes, v); }
    template <int Mask>
    static V flipped(V v) {
        if constexpr (Mask & 1) v = _mm512_permute_pd(v, 0x55);
        if constexpr (Mask & 6) v = _mm512_shuffle_f64x2(v, v, four_flipped(Mask >> 1 & 3));
        return v;
    }
    static V blend(M m, V a, V b) { return _mm512_mask_blend_pd(m, a, b); }
    static M mask(const T* signs) { return _mm512_movepi64_mask(_mm512_castpd_si512(_mm512_load_pd(signs))); }
    static I index(const void* p) { return _mm512_load_si512(p); }
    static void make_index(const unsigned char* lanes, void* out) {
        for (int k = 0; k < 8; ++k) static_cast<long long*>(out)[k] = lanes[k];
    }
    static void deinterleave(const T* p, V& re, V& im) {
        const V a = loadu(p), b = loadu(p + 8);
        re = _mm512_permutex2var_pd(a, _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0), b);
        im = _mm512_permutex2var_pd(a, _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1), b);
    }
    static void interleave(T* p, V re, V im) {
        storeu(p, _mm512_permutex2var_pd(re, _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), im));
        storeu(p + 8, _mm512_permutex2var_pd(re, _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4), im));
    }
};

}  // namespace coratrix::avx512
