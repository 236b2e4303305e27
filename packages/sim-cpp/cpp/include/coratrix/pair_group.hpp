// A group on ψ and λ side by side: its questions are asked of a part of the tile that its steps then work on, so that
// both find it in the first-level cache. Included like kernels_impl.hpp, inside an instruction set's namespace.
//
// With λ = lr + i·li and ψ = pr + i·pi, and k ^ g for the partner of k along the bit asked about:
//   Y:  Σ ± (lr[k] pr[k^g] + li[k] pi[k^g])    plus where the bit of k is set
//   X:  Σ lr[k] pi[k^g] - li[k] pr[k^g]
// that is one multiply-add per real number and bit. Several bits of a group share the loads.
#pragma once

#include "coratrix/group_kernel.hpp"
#include "coratrix/observable_kernels.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

/// GCC leaves nests of short loops be, and arrays that they index then lie in memory.
#define CORATRIX_UNROLL _Pragma("GCC unroll 16")

/// The j-th number that has bits of `mask` only.
constexpr int spread(int j, unsigned mask) {
    int out = 0;
    for (int b = 0; mask >> b; ++b)
        if (mask >> b & 1) out |= (j & 1) << b, j >>= 1;
    return out;
}

/// Questions about the group bits `Bits`. Sums over the two planes and over the two halves that a bit tells apart are
/// kept apart where registers suffice, so that no multiply-add waits long for the one before it.
template <class S, int K, unsigned Bits, bool X>
struct Along {
    static constexpr int count = __builtin_popcount(Bits);
    static constexpr bool apart = count < 3;
    static constexpr int slot(int plane, int half) { return apart ? 2 * plane + half : X ? plane : half; }
    typename S::V sums[apart ? 4 : 2][count];

    CORATRIX_INLINE Along() {
        for (auto& each : sums)
            for (auto& sum : each) sum = S::set1(0);
    }

    /// One plane of ψ and the plane of λ that belongs to it.
    template <int Plane>
    CORATRIX_INLINE void add(const Corners<typename S::T, K>& psi, const Corners<typename S::T, K>& lambda) {
        constexpr unsigned others = ((1u << K) - 1) & ~Bits;
        CORATRIX_UNROLL
        for (int b = 0; b < 1 << (K - count); ++b) {
            typename S::V r[1 << count];
            CORATRIX_UNROLL
            for (int j = 0; j < 1 << count; ++j) r[j] = S::load(psi[spread(b, others) | spread(j, Bits)]);
            CORATRIX_UNROLL
            for (int j = 0; j < 1 << count; ++j) {
                const auto l = S::load(lambda[spread(b, others) | spread(j, Bits)]);
                CORATRIX_UNROLL
                for (int g = 0; g < count; ++g) {
                    auto& sum = sums[slot(Plane, j >> g & 1)][g];
                    sum = S::fma(l, r[j ^ 1 << g], sum);
                }
            }
        }
    }

    double answer(int g) const {
        auto total = S::set1(0);
        for (int plane = 0; plane < (apart || X ? 2 : 1); ++plane)
            for (int half = 0; half < (apart || !X ? 2 : 1); ++half) {
                const bool plus = X ? plane == 1 : half == 1;
                const auto sum = sums[slot(plane, half)][g];
                total = plus ? S::add(total, sum) : S::sub(total, sum);
            }
        return sum_of<S>(total);
    }
};

template <class S, int K, unsigned Bits, bool X>
void ask_along(const PairGroup<typename S::T>& pair, typename S::T* re, typename S::T* im, double* answers) {
    const Group<typename S::T>& group = pair.group;
    Corners<typename S::T, K> psi(group.strides), lambda(group.strides);
    Along<S, K, Bits, X> along;
    for (std::uint32_t block = 0; block < group.blocks.count; ++block) {
        const std::uint32_t offset = group.blocks.offsets[block];
        psi.base = re + offset;
        lambda.base = (X ? im : re) + offset + pair.lambda;
        along.template add<0>(psi, lambda);
        psi.base = im + offset;
        lambda.base = (X ? re : im) + offset + pair.lambda;
        along.template add<1>(psi, lambda);
    }
    for (int g = 0; g < along.count; ++g) answers[g] = along.answer(g);
}

/// The variant for these bits; returns how many answers it gave.
template <class S, int K, bool X, unsigned Bits = (1u << K) - 1>
int ask_bits(std::uint32_t bits, const PairGroup<typename S::T>& pair, typename S::T* re, typename S::T* im,
             double* answers) {
    if constexpr (Bits > 0) {
        if (bits != Bits) return ask_bits<S, K, X, Bits - 1>(bits, pair, re, im, answers);
        ask_along<S, K, Bits, X>(pair, re, im, answers);
    }
    return __builtin_popcount(Bits);
}

/// A bit inside the vectors: λ times ψ with its lanes exchanged.
template <class S, int K, int Bit, bool X>
double ask_lane(const PairGroup<typename S::T>& pair, typename S::T* re, typename S::T* im) {
    using T = typename S::T;
    const Group<T>& group = pair.group;
    Corners<T, K> psi(group.strides), lambda(group.strides);
    typename S::V sums[2][2];
    for (auto& each : sums) each[0] = each[1] = S::set1(0);
    for (std::uint32_t block = 0; block < group.blocks.count; ++block)
        for (const bool imaginary : {false, true}) {
            const std::uint32_t offset = group.blocks.offsets[block];
            psi.base = (imaginary ? im : re) + offset;
            lambda.base = (imaginary != X ? im : re) + offset + pair.lambda;
            CORATRIX_UNROLL
            for (int k = 0; k < 1 << K; ++k) {
                auto& sum = sums[imaginary][k & 1];
                sum = S::fma(S::load(lambda[k]), S::template flipped<1 << Bit>(S::load(psi[k])), sum);
            }
        }
    alignas(64) T signs[1 << S::lane_bits];
    for (int l = 0; l < 1 << S::lane_bits; ++l) signs[l] = X || (l >> Bit & 1) ? T(1) : T(-1);
    const auto real = S::add(sums[0][0], sums[0][1]), imag = S::add(sums[1][0], sums[1][1]);
    return sum_of<S>(S::mul(S::load(signs), X ? S::sub(imag, real) : S::add(imag, real)));
}

/// Those of the bits `lanes`, from bit `Bit` on; returns how many answers it gave.
template <class S, int K, bool X, int Bit = 0>
int ask_lanes(std::uint32_t lanes, const PairGroup<typename S::T>& pair, typename S::T* re, typename S::T* im,
              double* answers) {
    if constexpr (Bit == S::lane_bits) return 0;
    else {
        if (lanes >> Bit == 0) return 0;
        const int asked = lanes >> Bit & 1;
        if (asked) *answers = ask_lane<S, K, Bit, X>(pair, re, im);
        return asked + ask_lanes<S, K, X, Bit + 1>(lanes, pair, re, im, answers + asked);
    }
}

template <class S, int K>
void ask(const PairGroup<typename S::T>& pair, typename S::T* re, typename S::T* im, double* answers) {
    if (pair.y) answers += ask_bits<S, K, false>(pair.y, pair, re, im, answers);
    if (pair.x) answers += ask_bits<S, K, true>(pair.x, pair, re, im, answers);
    answers += ask_lanes<S, K, false>(pair.lane_y, pair, re, im, answers);
    ask_lanes<S, K, true>(pair.lane_x, pair, re, im, answers);
}

template <class S, int K>
void run_pair_of(const PairGroup<typename S::T>& pair, typename S::T* re, typename S::T* im, Index tile_index,
                 double* answers) {
    if (pair.num_asked > 0) ask<S, K>(pair, re, im, answers);
    run_group_of<S, K>(pair.group, re, im, tile_index);
    run_group_of<S, K>(pair.group, re + pair.lambda, im + pair.lambda, tile_index);
}

template <class S>
void run_pair(const PairGroup<typename S::T>& pair, typename S::T* re, typename S::T* im, Index tile_index,
              double* answers) {
    switch (pair.group.bits) {
        case 0: run_pair_of<S, 0>(pair, re, im, tile_index, answers); break;
        case 1: run_pair_of<S, 1>(pair, re, im, tile_index, answers); break;
        case 2: run_pair_of<S, 2>(pair, re, im, tile_index, answers); break;
        case 3: run_pair_of<S, 3>(pair, re, im, tile_index, answers); break;
        default:
            if constexpr (S::max_group_bits > 3) run_pair_of<S, 4>(pair, re, im, tile_index, answers);
    }
}

}  // namespace

}  // namespace coratrix::CORATRIX_ISA
