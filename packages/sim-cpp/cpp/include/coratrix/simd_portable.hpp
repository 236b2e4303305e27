// 128-bit vectors in the compilers' own vector notation: any processor, no intrinsic.
#pragma once

#include <cstdint>
#include <cstring>

namespace coratrix::portable {

template <class Real, class Integer, int LaneBits>
struct Vector128 {
    using T = Real;
    typedef Real V __attribute__((vector_size(16)));
    typedef Integer I __attribute__((vector_size(16)));
    using M = I;
    static constexpr int lane_bits = LaneBits;
    static constexpr int max_group_bits = 3;
    static constexpr int lanes = 1 << LaneBits;

    static V load(const T* p) { return loadu(p); }
    static V loadu(const T* p) {
        V v;
        std::memcpy(&v, p, sizeof v);
        return v;
    }
    static void store(T* p, V v) { std::memcpy(p, &v, sizeof v); }
    static void storeu(T* p, V v) { std::memcpy(p, &v, sizeof v); }
    static V held(V v) { return v; }
    static V set1(T x) { return x - V{}; }
    static V add(V a, V b) { return a + b; }
    static V sub(V a, V b) { return a - b; }
    static V mul(V a, V b) { return a * b; }
    static V fma(V a, V b, V c) { return a * b + c; }
    static V fms(V a, V b, V c) { return a * b - c; }
    static V fnma(V a, V b, V c) { return c - a * b; }
    static V permute(V v, I order) {
        V out{};
        for (int k = 0; k < lanes; ++k) out[k] = v[order[k]];
        return out;
    }
    /// Lane l takes what lane l ⊕ Mask holds: cheaper than a permutation that is not known beforehand.
    template <int Mask>
    static V flipped(V v) {
        V out{};
        for (int k = 0; k < lanes; ++k) out[k] = v[k ^ Mask];
        return out;
    }
    static V blend(M m, V a, V b) { return m < 0 ? b : a; }
    static M mask(const T* signs) {
        M m;
        std::memcpy(&m, signs, sizeof m);
        return m;
    }
    static I index(const void* p) {
        I i;
        std::memcpy(&i, p, sizeof i);
        return i;
    }
    static void make_index(const unsigned char* order, void* out) {
        for (int k = 0; k < lanes; ++k) static_cast<Integer*>(out)[k] = order[k];
    }
    static void deinterleave(const T* p, V& re, V& im) {
        for (int k = 0; k < lanes; ++k) re[k] = p[2 * k], im[k] = p[2 * k + 1];
    }
    static void interleave(T* p, V re, V im) {
        for (int k = 0; k < lanes; ++k) p[2 * k] = re[k], p[2 * k + 1] = im[k];
    }
};

using Single = Vector128<float, std::int32_t, 2>;
using Double = Vector128<double, std::int64_t, 1>;

}  // namespace coratrix::portable
