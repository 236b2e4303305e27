// The register program of a group: real steps on 2^K vectors, read from and written to a tile once.
// Included by kernels_impl.hpp, inside an instruction set's namespace.
#pragma once

#include <cstddef>

#include "coratrix/vector_ops.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

/// a' = a - t b, b' = b + t a along group bit G: two multiply-adds for two amplitudes' real (or imaginary) parts.
template <class S, int K, int G>
CORATRIX_INLINE void rotate(typename S::V* r, typename S::V t) {
    for (int k = 0; k < 1 << K; ++k)
        if (!(k >> G & 1)) {
            const auto a = r[k], b = r[k | 1 << G];
            r[k] = S::fnma(t, b, a);
            r[k | 1 << G] = S::fma(t, a, b);
        }
}

/// a' = t a - b, b' = t b + a.
template <class S, int K, int G>
CORATRIX_INLINE void rotate_swapped(typename S::V* r, typename S::V t) {
    for (int k = 0; k < 1 << K; ++k)
        if (!(k >> G & 1)) {
            const auto a = r[k], b = r[k | 1 << G];
            r[k] = S::fms(t, a, b);
            r[k | 1 << G] = S::fma(t, b, a);
        }
}

/// A rotation along every bit, one after another without a jump in between; bit G of `Swapped` tells its form.
template <class S, int K, int Swapped, int G = 0>
CORATRIX_INLINE void rotate_all(typename S::V* r, const typename S::T* t) {
    if constexpr (G < K) {
        if constexpr (Swapped >> G & 1) rotate_swapped<S, K, G>(r, S::set1(t[G]));
        else rotate<S, K, G>(r, S::set1(t[G]));
        rotate_all<S, K, Swapped, G + 1>(r, t);
    }
}

/// v' = v + c1 · v with lanes exchanged by Lanes, and v' = c0 · v + c1 · that: a rotation inside the vectors.
template <class S, int K, int Lanes>
CORATRIX_INLINE void lane_rotate(typename S::V* r, const Step<typename S::T>& step) {
    const auto c1 = S::load(step.c1);
    for (int k = 0; k < 1 << K; ++k) r[k] = S::fma(c1, S::template flipped<Lanes>(r[k]), r[k]);
}

template <class S, int K, int Lanes>
CORATRIX_INLINE void lane_mix(typename S::V* r, const Step<typename S::T>& step) {
    const auto c0 = S::load(step.c0), c1 = S::load(step.c1);
    for (int k = 0; k < 1 << K; ++k) r[k] = S::fma(c1, S::template flipped<Lanes>(r[k]), S::mul(c0, r[k]));
}

/// Swap pairs along G, where bit C is set if C is not -1.
template <class S, int K, int G, int C>
CORATRIX_INLINE void flip(typename S::V* r) {
    for (int k = 0; k < 1 << K; ++k)
        if (!(k >> G & 1) && (C < 0 || (k >> (C < 0 ? 0 : C) & 1))) {
            const auto a = r[k];
            r[k] = r[k | 1 << G];
            r[k | 1 << G] = a;
        }
}

template <class S, int K, int G>
CORATRIX_INLINE void flip_where(typename S::V* r, bool on) {
    if (on) flip<S, K, G, -1>(r);
}

template <class S, int K, int G>
CORATRIX_INLINE void flip_lanes(typename S::V* r, typename S::M mask) {
    for (int k = 0; k < 1 << K; ++k)
        if (!(k >> G & 1)) {
            const auto a = r[k], b = r[k | 1 << G];
            r[k] = S::blend(mask, a, b);
            r[k | 1 << G] = S::blend(mask, b, a);
        }
}

template <class S, int K, int C>
CORATRIX_INLINE void permute_if(typename S::V* r, typename S::I lanes) {
    for (int k = 0; k < 1 << K; ++k)
        if (k >> C & 1) r[k] = S::permute(r[k], lanes);
}

/// Exchange group bit G with the lane bit that `mask` marks: (0, lane 1) ↔ (1, lane 0).
template <class S, int K, int G>
CORATRIX_INLINE void swap_lane(typename S::V* r, typename S::M mask, typename S::I lanes) {
    for (int k = 0; k < 1 << K; ++k)
        if (!(k >> G & 1)) {
            const auto a = r[k], b = r[k | 1 << G];
            r[k] = S::blend(mask, a, S::permute(b, lanes));
            r[k | 1 << G] = S::blend(mask, S::permute(a, lanes), b);
        }
}

template <class S>
CORATRIX_INLINE void rotate_pair(typename S::V& a, typename S::V& b, typename S::V t, bool swapped) {
    const auto x = a, y = b;
    if (swapped) {
        a = S::fms(t, x, y);
        b = S::fma(t, y, x);
    } else {
        a = S::fnma(t, y, x);
        b = S::fma(t, x, y);
    }
}

/// Rotate (00, 11) by t and (A set, B set) by t2.
template <class S, int K, int A, int B>
CORATRIX_INLINE void turn(typename S::V* r, const Step<typename S::T>& step) {
    const auto t = S::set1(step.t), t2 = S::set1(step.t2);
    if (step.swapped) {
        for (int k = 0; k < 1 << K; ++k)
            if (!(k >> A & 1) && !(k >> B & 1)) rotate_pair<S>(r[k], r[k | 1 << A | 1 << B], t, true);
    } else {
        for (int k = 0; k < 1 << K; ++k)
            if (!(k >> A & 1) && !(k >> B & 1)) rotate_pair<S>(r[k], r[k | 1 << A | 1 << B], t, false);
    }
    if (step.swapped_odd) {
        for (int k = 0; k < 1 << K; ++k)
            if (!(k >> A & 1) && !(k >> B & 1)) rotate_pair<S>(r[k | 1 << A], r[k | 1 << B], t2, true);
    } else {
        for (int k = 0; k < 1 << K; ++k)
            if (!(k >> A & 1) && !(k >> B & 1)) rotate_pair<S>(r[k | 1 << A], r[k | 1 << B], t2, false);
    }
}

template <class S, int K, int G>
CORATRIX_INLINE void turn_lane(typename S::V* r, const Step<typename S::T>& step) {
    const auto lanes = S::index(step.lanes);
    const auto c0 = S::load(step.c0), c1 = S::load(step.c1), c2 = S::load(step.c2), c3 = S::load(step.c3);
    for (int k = 0; k < 1 << K; ++k)
        if (!(k >> G & 1)) {
            const auto a = r[k], b = r[k | 1 << G];
            r[k] = S::fma(c1, S::permute(b, lanes), S::mul(c0, a));
            r[k | 1 << G] = S::fma(c3, S::permute(a, lanes), S::mul(c2, b));
        }
}

/// Case labels for a step on every group bit, and on every ordered pair of them; B0 and B1 are the bits.
#define CORATRIX_BIT_CASE(CODE, G, CALL) \
    case step_form(StepCode::CODE, G): if constexpr (K > G) { constexpr int B0 = G; CALL; } break;
#define CORATRIX_BIT_CASES(CODE, CALL) \
    CORATRIX_BIT_CASE(CODE, 0, CALL) CORATRIX_BIT_CASE(CODE, 1, CALL) \
    CORATRIX_BIT_CASE(CODE, 2, CALL) CORATRIX_BIT_CASE(CODE, 3, CALL)
#define CORATRIX_PAIR_CASE(CODE, G, H, CALL)                 \
    case step_form(StepCode::CODE, G, H):                    \
        if constexpr (K > G && K > H) { constexpr int B0 = G, B1 = H; CALL; } break;
#define CORATRIX_PAIR_CASES(CODE, CALL)                                                                            \
    CORATRIX_PAIR_CASE(CODE, 0, 1, CALL) CORATRIX_PAIR_CASE(CODE, 0, 2, CALL) CORATRIX_PAIR_CASE(CODE, 0, 3, CALL) \
    CORATRIX_PAIR_CASE(CODE, 1, 0, CALL) CORATRIX_PAIR_CASE(CODE, 1, 2, CALL) CORATRIX_PAIR_CASE(CODE, 1, 3, CALL) \
    CORATRIX_PAIR_CASE(CODE, 2, 0, CALL) CORATRIX_PAIR_CASE(CODE, 2, 1, CALL) CORATRIX_PAIR_CASE(CODE, 2, 3, CALL) \
    CORATRIX_PAIR_CASE(CODE, 3, 0, CALL) CORATRIX_PAIR_CASE(CODE, 3, 1, CALL) CORATRIX_PAIR_CASE(CODE, 3, 2, CALL)

/// And for a step with a mask of `bits` bits in their place.
#define CORATRIX_MASK_CASE(CODE, G, H, BITS, CALL) \
    case step_form(StepCode::CODE, G, H):          \
        if constexpr ((4 * G + H) >> (BITS) == 0) { constexpr int MASK = 4 * G + H; CALL; } break;
#define CORATRIX_MASK_CASES_OF(CODE, G, BITS, CALL)                                        \
    CORATRIX_MASK_CASE(CODE, G, 0, BITS, CALL) CORATRIX_MASK_CASE(CODE, G, 1, BITS, CALL)  \
    CORATRIX_MASK_CASE(CODE, G, 2, BITS, CALL) CORATRIX_MASK_CASE(CODE, G, 3, BITS, CALL)
#define CORATRIX_MASK_CASES(CODE, BITS, CALL)                                                    \
    CORATRIX_MASK_CASES_OF(CODE, 0, BITS, CALL) CORATRIX_MASK_CASES_OF(CODE, 1, BITS, CALL)      \
    CORATRIX_MASK_CASES_OF(CODE, 2, BITS, CALL) CORATRIX_MASK_CASES_OF(CODE, 3, BITS, CALL)

/// One jump on what the step does and to which group bits.
template <class S, int K>
CORATRIX_INLINE void run_step(typename S::V* r, const Step<typename S::T>& step, Index index) {
    switch (step.form) {
        CORATRIX_BIT_CASES(rotate, (rotate<S, K, B0>(r, S::set1(step.t))))
        CORATRIX_BIT_CASES(rotate_swapped, (rotate_swapped<S, K, B0>(r, S::set1(step.t))))
        CORATRIX_MASK_CASES(lane_rotate, S::lane_bits, (lane_rotate<S, K, MASK>(r, step)))
        CORATRIX_MASK_CASES(lane_mix, S::lane_bits, (lane_mix<S, K, MASK>(r, step)))
        CORATRIX_BIT_CASES(flip, (flip_where<S, K, B0>(r, (index & step.condition) == step.condition)))
        CORATRIX_PAIR_CASES(flip_if, (flip<S, K, B0, B1>(r)))
        CORATRIX_BIT_CASES(flip_lanes_if, (flip_lanes<S, K, B0>(r, S::mask(step.c0))))
        case step_form(StepCode::lane_permute): {
            if ((index & step.condition) != step.condition) break;
            const auto lanes = S::index(step.lanes);
            for (int k = 0; k < 1 << K; ++k) r[k] = S::permute(r[k], lanes);
            break;
        }
        CORATRIX_BIT_CASES(lane_permute_if, (permute_if<S, K, B0>(r, S::index(step.lanes))))
        CORATRIX_PAIR_CASES(turn, (turn<S, K, B0, B1>(r, step)))
        CORATRIX_BIT_CASES(turn_lane, (turn_lane<S, K, B0>(r, step)))
        CORATRIX_BIT_CASES(swap_lane, (swap_lane<S, K, B0>(r, S::mask(step.c0), S::index(step.lanes))))
        CORATRIX_MASK_CASES(rotate_all, K, (rotate_all<S, K, MASK>(r, step.c0)))
        default: __builtin_unreachable();
    }
}

/// Where the 2^K vectors of a block lie: four corners by the two highest strides, the rest by adding one of at most
/// three distances, so that every address is a register plus a register.
template <class T, int K>
struct Corners {
    static constexpr int low = K < 2 ? K : 2;
    std::ptrdiff_t near[4], far[4];
    T* base;

    CORATRIX_INLINE explicit Corners(const std::uint32_t* strides)
        : near{0, K > 0 ? strides[0] : 0, K > 1 ? strides[1] : 0, K > 1 ? strides[0] + strides[1] : 0},
          far{0, K > 2 ? strides[2] : 0, K > 3 ? strides[3] : 0, K > 3 ? strides[2] + strides[3] : 0} {}

    CORATRIX_INLINE T* operator[](int k) const { return base + far[k >> low] + near[k & ((1 << low) - 1)]; }
};

/// For each block: load 2^K vectors into registers, work(vectors, index) on them, store; for both planes.
template <class S, int K, class Work>
CORATRIX_INLINE void for_each_block(const Group<typename S::T>& group, typename S::T* re, typename S::T* im,
                                    Index tile_index, Work work) {
    Corners<typename S::T, K> place(group.strides);
    const Blocks blocks = group.blocks;
    for (std::uint32_t block = 0; block < blocks.count; ++block) {
        const Index index = tile_index | blocks.indices[block];
        typename S::T* plane = re;
        for (;;) {
            place.base = plane + blocks.offsets[block];
            typename S::V r[1 << K];
            for (int k = 0; k < 1 << K; ++k) r[k] = S::load(place[k]);
            work(r, index);
            for (int k = 0; k < 1 << K; ++k) S::store(place[k], r[k]);
            if (plane == im) break;
            plane = im;
        }
    }
}

/// A program that is one rotation along every bit: no jump inside the loop.
template <class S, int K>
void run_rotations(const Group<typename S::T>& group, typename S::T* re, typename S::T* im, Index tile_index) {
    typename S::T t[K > 0 ? K : 1];
    for (int g = 0; g < K; ++g) t[g] = group.steps[0].c0[g];
#define CORATRIX_ROTATIONS                                                                                            \
    (for_each_block<S, K>(group, re, im, tile_index, [&](typename S::V* r, Index) { rotate_all<S, K, MASK>(r, t); }))
    switch (group.steps[0].form) {
        CORATRIX_MASK_CASES(rotate_all, K, CORATRIX_ROTATIONS)
        default: __builtin_unreachable();
    }
}

template <class S, int K>
void run_group_of(const Group<typename S::T>& group, typename S::T* re, typename S::T* im, Index tile_index) {
    const Step<typename S::T>* const first = group.steps;
    const Step<typename S::T>* const last = group.steps + group.num_steps;
    if (group.num_steps == 1 && first->form >> 4 == static_cast<int>(StepCode::rotate_all))
        return run_rotations<S, K>(group, re, im, tile_index);
    for_each_block<S, K>(group, re, im, tile_index, [&](typename S::V* r, Index index) {
        for (const Step<typename S::T>* step = first; step != last; ++step) run_step<S, K>(r, *step, index);
    });
}

template <class S>
void run_group(const Group<typename S::T>& group, typename S::T* re, typename S::T* im, Index tile_index) {
    switch (group.bits) {
        case 0: run_group_of<S, 0>(group, re, im, tile_index); break;
        case 1: run_group_of<S, 1>(group, re, im, tile_index); break;
        case 2: run_group_of<S, 2>(group, re, im, tile_index); break;
        case 3: run_group_of<S, 3>(group, re, im, tile_index); break;
        default:
            if constexpr (S::max_group_bits > 3) run_group_of<S, 4>(group, re, im, tile_index);
    }
}

}  // namespace

}  // namespace coratrix::CORATRIX_ISA
