// The kernels, written once over the small vector type S of an instruction set.
//
// Included by one translation unit per instruction set, inside that set's own namespace, so that the linker never
// mixes code for different processors. Uses no standard library function that could be emitted out of line.
#pragma once

#include <cstddef>

#include "coratrix/kernel_table.hpp"

#define CORATRIX_INLINE inline __attribute__((always_inline))

namespace coratrix::CORATRIX_ISA {

namespace {

// ---------------------------------------------------------------------------------------- groups of real steps

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

/// One jump on what the step does and to which group bits.
template <class S, int K>
CORATRIX_INLINE void run_step(typename S::V* r, const Step<typename S::T>& step, Index index) {
    switch (step.form) {
        CORATRIX_BIT_CASES(rotate, (rotate<S, K, B0>(r, S::set1(step.t))))
        CORATRIX_BIT_CASES(rotate_swapped, (rotate_swapped<S, K, B0>(r, S::set1(step.t))))
        case step_form(StepCode::lane_rotate): {
            const auto c1 = S::load(step.c1);
            const auto lanes = S::index(step.lanes);
            for (int k = 0; k < 1 << K; ++k) r[k] = S::fma(c1, S::permute(r[k], lanes), r[k]);
            break;
        }
        case step_form(StepCode::lane_mix): {
            const auto c0 = S::load(step.c0), c1 = S::load(step.c1);
            const auto lanes = S::index(step.lanes);
            for (int k = 0; k < 1 << K; ++k) r[k] = S::fma(c1, S::permute(r[k], lanes), S::mul(c0, r[k]));
            break;
        }
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
        default: __builtin_unreachable();
    }
}

/// Where the 2^K vectors of a block lie: four corners by the two highest strides, the rest by adding one of at most
/// three distances, so that every address is a register plus a register.
template <class T, int K>
struct Corners {
    static constexpr int low = K < 2 ? K : 2;
    std::ptrdiff_t near[4];
    T* corner[4];

    CORATRIX_INLINE explicit Corners(const std::uint32_t* strides)
        : near{0, K > 0 ? strides[0] : 0, K > 1 ? strides[1] : 0, K > 1 ? strides[0] + strides[1] : 0} {}

    CORATRIX_INLINE void at(T* base, const std::uint32_t* strides) {
        corner[0] = base;
        if constexpr (K > 2) corner[1] = base + strides[2];
        if constexpr (K > 3) corner[2] = base + strides[3], corner[3] = corner[2] + strides[2];
    }
    CORATRIX_INLINE T* operator[](int k) const { return corner[k >> low] + near[k & ((1 << low) - 1)]; }
};

/// Load 2^K vectors into registers, run the group's program on them, store; for both planes.
template <class S, int K>
void run_group_of(const Group<typename S::T>& group, typename S::T* re, typename S::T* im, Index tile_index) {
    Corners<typename S::T, K> place(group.strides);
    const Step<typename S::T>* const first = group.steps;
    const Step<typename S::T>* const last = group.steps + group.num_steps;
    for (std::uint32_t block = 0; block < group.blocks.count; ++block) {
        const Index index = tile_index | group.blocks.indices[block];
        typename S::T* plane = re;
        for (;;) {
            place.at(plane + group.blocks.offsets[block], group.strides);
            typename S::V r[1 << K];
            for (int k = 0; k < 1 << K; ++k) r[k] = S::load(place[k]);
            for (const Step<typename S::T>* step = first; step != last; ++step) run_step<S, K>(r, *step, index);
            for (int k = 0; k < 1 << K; ++k) S::store(place[k], r[k]);
            if (plane == im) break;
            plane = im;
        }
    }
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

// ---------------------------------------------------------------------------------------------------- diagonals

template <class S>
CORATRIX_INLINE void complex_multiply(typename S::V& re, typename S::V& im, typename S::V fr, typename S::V fi) {
    const auto r = S::fnma(im, fi, S::mul(re, fr));
    im = S::fma(im, fr, S::mul(re, fi));
    re = r;
}

/// out ← a · b, tables of `count` numbers (a whole number of vectors).
template <class S>
void multiply_tables(const typename S::T* ar, const typename S::T* ai, const typename S::T* br,
                     const typename S::T* bi, typename S::T* out_re, typename S::T* out_im, std::uint32_t count) {
    for (std::uint32_t k = 0; k < count; k += 1u << S::lane_bits) {
        auto re = S::load(ar + k), im = S::load(ai + k);
        complex_multiply<S>(re, im, S::load(br + k), S::load(bi + k));
        S::store(out_re + k, re);
        S::store(out_im + k, im);
    }
}

template <class S>
struct DiagonalWalk {
    using T = typename S::T;
    const Diagonal<T>& d;
    T* re;
    T* im;
    Index tile_index;
    const T* scalar_re;
    const T* scalar_im;
    T* tables;  // one pair of tables per level
    std::uint32_t chunk;

    /// The chunk at `offset` times the table times the chunk's scalar.
    void leaf(const T* table_re, const T* table_im, bool trivial, std::uint32_t offset, std::uint32_t number) {
        const T sr = scalar_re[number], si = scalar_im[number];
        const bool scaled = !(sr == T(1) && si == T(0));
        T* const r = re + offset;
        T* const i = im + offset;
        if (trivial && !scaled) return;
        const auto vr = S::set1(sr), vi = S::set1(si);
        constexpr std::uint32_t width = 1u << S::lane_bits;
        for (std::uint32_t v = 0; v < chunk / width; ++v) {
            T* const at_re = r + d.chunk_offsets[v];
            T* const at_im = i + d.chunk_offsets[v];
            auto x = S::load(at_re), y = S::load(at_im);
            if (trivial) {
                complex_multiply<S>(x, y, vr, vi);
            } else {
                auto fr = S::load(table_re + v * width), fi = S::load(table_im + v * width);
                if (scaled) complex_multiply<S>(fr, fi, vr, vi);
                complex_multiply<S>(x, y, fr, fi);
            }
            S::store(at_re, x), S::store(at_im, y);
        }
    }

    /// Branch on the coupled bits, most significant first; the table of a branch is made once for all below it.
    void walk(int depth, const T* table_re, const T* table_im, bool trivial, std::uint32_t offset,
              std::uint32_t number) {
        if (depth == d.num_coupled) {
            for (std::uint32_t f = 0; f < d.num_free; ++f)
                leaf(table_re, table_im, trivial, offset + d.free_offsets[f], number | d.free_numbers[f]);
            return;
        }
        walk(depth + 1, table_re, table_im, trivial, offset, number);
        offset += d.coupled_strides[depth];
        number |= d.coupled_numbers[depth];
        extend(depth, number, table_re, table_im, trivial, tables + static_cast<std::size_t>(depth + 1) * 2 * chunk);
        walk(depth + 1, table_re, table_im, trivial, offset, number);
    }

    /// Multiply in every modifier that joins at `depth` and whose bits are all set.
    void extend(int depth, std::uint32_t number, const T*& table_re, const T*& table_im, bool& trivial, T* out) {
        for (std::uint32_t m = 0; m < d.num_modifiers; ++m) {
            const Modifier<T>& mod = d.modifiers[m];
            if (mod.depth != depth || (number & mod.high) != mod.high || (tile_index & mod.outer) != mod.outer)
                continue;
            if (trivial) {
                table_re = mod.re, table_im = mod.im;
            } else {
                multiply_tables<S>(table_re, table_im, mod.re, mod.im, out, out + chunk, chunk);
                table_re = out, table_im = out + chunk;
            }
            trivial = false;
        }
    }
};

/// The scalars of the chunks when the outer bits matter: monomials first, then products over subsets.
template <class T>
void outer_scalars(const Diagonal<T>& d, Index tile_index, T* re, T* im) {
    const std::uint32_t count = 1u << d.high_bits;
    for (std::uint32_t k = 0; k < count; ++k) re[k] = d.raw_re[k], im[k] = d.raw_im[k];
    for (std::uint32_t m = 0; m < d.num_outer_scalars; ++m) {
        const OuterScalar<T>& s = d.outer_scalars[m];
        if ((tile_index & s.outer) != s.outer) continue;
        const T r = re[s.slot] * s.re - im[s.slot] * s.im;
        im[s.slot] = re[s.slot] * s.im + im[s.slot] * s.re;
        re[s.slot] = r;
    }
    for (std::uint32_t step = 1; step < count; step *= 2)
        for (std::uint32_t from = 0; from < count; from += 2 * step)
            for (std::uint32_t k = from; k < from + step; ++k) {
                const T r = re[k + step] * re[k] - im[k + step] * im[k];
                im[k + step] = re[k + step] * im[k] + im[k + step] * re[k];
                re[k + step] = r;
            }
}

template <class S>
void apply_diagonal(const Diagonal<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index,
                    typename S::T* scratch) {
    using T = typename S::T;
    DiagonalWalk<S> walk{d, re, im, tile_index, d.scalar_re, d.scalar_im, scratch, 1u << d.low_bits};
    if (d.num_outer_scalars > 0) {
        T* const scalars = scratch + static_cast<std::size_t>(d.num_coupled + 2) * 2 * walk.chunk;
        outer_scalars(d, tile_index, scalars, scalars + (1u << d.high_bits));
        walk.scalar_re = scalars, walk.scalar_im = scalars + (1u << d.high_bits);
    }
    const T* table_re = d.low_re;
    const T* table_im = d.low_im;
    bool trivial = d.low_trivial;
    walk.extend(-1, 0, table_re, table_im, trivial, scratch);
    walk.walk(0, table_re, table_im, trivial, 0, 0);
}

// ------------------------------------------------------------------------------------------------ dense matrices

/// One or two bits: rows, columns and vectors all stay in registers.
template <class S, int Rows>
void apply_narrow(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index) {
    using T = typename S::T;
    T mr[Rows * Rows], mi[Rows * Rows];
    for (int k = 0; k < Rows * Rows; ++k) mr[k] = d.re[k], mi[k] = d.im[k];
    for (std::uint32_t block = 0; block < d.blocks.count; ++block) {
        if (((tile_index | d.blocks.indices[block]) & d.condition) != d.condition) continue;
        T* const base_re = re + d.blocks.offsets[block];
        T* const base_im = im + d.blocks.offsets[block];
        typename S::V x[Rows], y[Rows];
        for (int c = 0; c < Rows; ++c) x[c] = S::load(base_re + d.offsets[c]), y[c] = S::load(base_im + d.offsets[c]);
        for (int r = 0; r < Rows; ++r) {
            auto sum_re = S::set1(0), sum_im = S::set1(0);
            for (int c = 0; c < Rows; ++c) {
                const auto a = S::set1(mr[r * Rows + c]), b = S::set1(mi[r * Rows + c]);
                sum_re = S::fnma(b, y[c], S::fma(a, x[c], sum_re));
                sum_im = S::fma(b, x[c], S::fma(a, y[c], sum_im));
            }
            S::store(base_re + d.offsets[r], sum_re);
            S::store(base_im + d.offsets[r], sum_im);
        }
    }
}

/// 2^k complex vectors in, a (2^k × 2^k) matrix times them out.
template <class S>
void apply_wide(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index,
                 typename S::T* scratch) {
    using T = typename S::T;
    const std::uint32_t rows = 1u << d.bits;
    constexpr std::uint32_t width = 1u << S::lane_bits;
    T* const in_re = scratch;
    T* const in_im = scratch + static_cast<std::size_t>(rows) * width;
    for (std::uint32_t block = 0; block < d.blocks.count; ++block) {
        if (((tile_index | d.blocks.indices[block]) & d.condition) != d.condition) continue;
        T* const base_re = re + d.blocks.offsets[block];
        T* const base_im = im + d.blocks.offsets[block];
        for (std::uint32_t c = 0; c < rows; ++c) {
            S::store(in_re + c * width, S::load(base_re + d.offsets[c]));
            S::store(in_im + c * width, S::load(base_im + d.offsets[c]));
        }
        for (std::uint32_t r = 0; r < rows; ++r) {
            auto sum_re = S::set1(0), sum_im = S::set1(0);
            const T* const row_re = d.re + static_cast<std::size_t>(r) * rows;
            const T* const row_im = d.im + static_cast<std::size_t>(r) * rows;
            for (std::uint32_t c = 0; c < rows; ++c) {
                const auto mr = S::set1(row_re[c]), mi = S::set1(row_im[c]);
                const auto x = S::load(in_re + c * width), y = S::load(in_im + c * width);
                sum_re = S::fnma(mi, y, S::fma(mr, x, sum_re));
                sum_im = S::fma(mi, x, S::fma(mr, y, sum_im));
            }
            S::store(base_re + d.offsets[r], sum_re);
            S::store(base_im + d.offsets[r], sum_im);
        }
    }
}

template <class S>
void apply_dense(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index,
                 typename S::T* scratch) {
    if (d.bits == 1) return apply_narrow<S, 2>(d, re, im, tile_index);
    if (d.bits == 2) return apply_narrow<S, 4>(d, re, im, tile_index);
    apply_wide<S>(d, re, im, tile_index, scratch);
}

// ------------------------------------------------------------------------------------------- tiles in and out

template <class S>
void gather(const typename S::T* state, const std::uint32_t* offsets, std::uint32_t count, typename S::T* re,
            typename S::T* im) {
    constexpr std::uint32_t width = 1u << S::lane_bits, line = 64 / sizeof(typename S::T);
    constexpr std::uint32_t per_page = 4096 / sizeof(typename S::T) / width;
    std::uint32_t place = 0;
    for (std::uint32_t v = 0; v < count; ++v) {
        auto x = S::set1(0), y = S::set1(0);
        if (offsets[v] != kZeroVector) S::deinterleave(state + static_cast<std::size_t>(offsets[v]) * 2 * width, x, y);
        S::store(re + place, x);
        S::store(im + place, y);
        place += (v + 1) % per_page == 0 ? width + line : width;
    }
}

template <class S>
void scatter(typename S::T* state, const std::uint32_t* offsets, std::uint32_t count, const typename S::T* re,
             const typename S::T* im) {
    constexpr std::uint32_t width = 1u << S::lane_bits, line = 64 / sizeof(typename S::T);
    constexpr std::uint32_t per_page = 4096 / sizeof(typename S::T) / width;
    std::uint32_t place = 0;
    for (std::uint32_t v = 0; v < count; ++v) {
        S::interleave(state + static_cast<std::size_t>(offsets[v]) * 2 * width, S::load(re + place),
                      S::load(im + place));
        place += (v + 1) % per_page == 0 ? width + line : width;
    }
}

// ------------------------------------------------------------------------------------- whole interleaved states

template <class S>
CORATRIX_INLINE double sum_lanes(typename S::V v) {
    alignas(64) typename S::T lanes[1 << S::lane_bits];
    S::store(lanes, v);
    double sum = 0;
    for (int k = 0; k < 1 << S::lane_bits; ++k) sum += static_cast<double>(lanes[k]);
    return sum;
}

/// Partial sums of at most 64 vectors stay in T; they are added in double.
template <class S>
double norm(const typename S::T* p, Index count) {
    constexpr Index width = Index{1} << S::lane_bits;
    double total = 0;
    const Index numbers = 2 * count;
    Index k = 0;
    while (k + 4 * width <= numbers) {
        auto s0 = S::set1(0), s1 = s0, s2 = s0, s3 = s0;
        const Index end = k + 64 * width < numbers ? k + 64 * width : numbers;
        for (; k + 4 * width <= end; k += 4 * width) {
            const auto a = S::loadu(p + k), b = S::loadu(p + k + width), c = S::loadu(p + k + 2 * width),
                       e = S::loadu(p + k + 3 * width);
            s0 = S::fma(a, a, s0), s1 = S::fma(b, b, s1), s2 = S::fma(c, c, s2), s3 = S::fma(e, e, s3);
        }
        total += sum_lanes<S>(S::add(S::add(s0, s1), S::add(s2, s3)));
    }
    for (; k < numbers; ++k) total += static_cast<double>(p[k]) * static_cast<double>(p[k]);
    return total;
}

}  // namespace

template <class S>
Kernels<typename S::T> make_kernels(const char* name) {
    return {name, S::lane_bits, S::max_group_bits, S::make_index, gather<S>, scatter<S>, run_group<S>,
            apply_diagonal<S>, apply_dense<S>, norm<S>};
}

}  // namespace coratrix::CORATRIX_ISA
