// A complex matrix on bits that choose vectors, and on bits inside them. Included by kernels_impl.hpp, inside an
// instruction set's namespace.
#pragma once

#include <cstddef>

#include "coratrix/vector_ops.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

/// Calls work(re, im) with where the vectors of each block begin.
template <class T, class Work>
CORATRIX_INLINE void for_each_block(const Dense<T>& d, T* re, T* im, Index tile_index, Work work) {
    const Blocks blocks = d.blocks;
    const Mask condition = d.condition;
    for (std::uint32_t block = 0; block < blocks.count; ++block)
        if (((tile_index | blocks.indices[block]) & condition) == condition)
            work(re + blocks.offsets[block], im + blocks.offsets[block]);
}

/// The distances from there to the vectors, kept in registers.
template <class T, int Rows>
struct Offsets {
    std::ptrdiff_t of[Rows];

    CORATRIX_INLINE explicit Offsets(const Dense<T>& d) {
        for (int r = 0; r < Rows; ++r) of[r] = d.offsets[r];
    }
    CORATRIX_INLINE std::ptrdiff_t operator[](int r) const { return of[r]; }
};

/// A vector of results for each row.
template <class S, int Rows>
struct Sums {
    typename S::V re[Rows], im[Rows];

    CORATRIX_INLINE void clear(int r) { re[r] = S::set1(0), im[r] = S::set1(0); }
    CORATRIX_INLINE void clear() {
        for (int r = 0; r < Rows; ++r) clear(r);
    }
    /// Row r becomes a (x + i y).
    CORATRIX_INLINE void set(int r, typename S::V a, typename S::V x, typename S::V y) {
        re[r] = S::mul(a, x), im[r] = S::mul(a, y);
    }
    /// Row r gains (a + i b)(x + i y).
    CORATRIX_INLINE void add(int r, typename S::V a, typename S::V b, typename S::V x, typename S::V y) {
        re[r] = S::fnma(b, y, S::fma(a, x, re[r]));
        im[r] = S::fma(b, x, S::fma(a, y, im[r]));
    }
    CORATRIX_INLINE void store(typename S::T* to_re, typename S::T* to_im, const Offsets<typename S::T, Rows>& at) const {
        for (int r = 0; r < Rows; ++r) S::store(to_re + at[r], re[r]), S::store(to_im + at[r], im[r]);
    }
};

/// An entry in all lanes; it is used twice, and its load may not be.
template <class S>
CORATRIX_INLINE typename S::V entry(const typename S::T* at) {
    return S::held(S::set1(*at));
}

/// One or two bits: column by column, so that every row's sum is a chain of its own and none waits for another.
template <class S, int Rows>
void apply_narrow(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index) {
    using T = typename S::T;
    const Offsets<T, Rows> at(d);
    const T* const m_re = d.re;
    const T* const m_im = d.im;
    for_each_block(d, re, im, tile_index, [&](T* to_re, T* to_im) {
        Sums<S, Rows> sums;
        sums.clear();
        for (int c = 0; c < Rows; ++c) {
            const auto x = S::held(S::load(to_re + at[c])), y = S::held(S::load(to_im + at[c]));
            for (int r = 0; r < Rows; ++r)
                sums.add(r, entry<S>(m_re + r * Rows + c), entry<S>(m_im + r * Rows + c), x, y);
        }
        sums.store(to_re, to_im, at);
    });
}

/// Two bits, with the zeros and the real entries of the Schmidt form (see schmidt.hpp) made use of.
template <class S>
void apply_schmidt(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index) {
    using T = typename S::T;
    const Offsets<T, 4> at(d);
    const T* const m_re = d.re;
    const T* const m_im = d.im;
    for_each_block(d, re, im, tile_index, [&](T* to_re, T* to_im) {
        Sums<S, 4> sums;
        const auto x0 = S::held(S::load(to_re + at[0])), y0 = S::held(S::load(to_im + at[0]));
        sums.set(0, entry<S>(m_re), x0, y0);
        sums.set(3, entry<S>(m_re + 12), x0, y0);
        const auto x1 = S::held(S::load(to_re + at[1])), y1 = S::held(S::load(to_im + at[1]));
        sums.set(1, entry<S>(m_re + 5), x1, y1);
        sums.clear(2);
        for (const int r : {0, 2, 3}) sums.add(r, entry<S>(m_re + 4 * r + 1), entry<S>(m_im + 4 * r + 1), x1, y1);
        for (int c = 2; c < 4; ++c) {
            const auto x = S::held(S::load(to_re + at[c])), y = S::held(S::load(to_im + at[c]));
            for (int r = 0; r < 4; ++r) sums.add(r, entry<S>(m_re + 4 * r + c), entry<S>(m_im + 4 * r + c), x, y);
        }
        sums.store(to_re, to_im, at);
    });
}

constexpr int lowest_of(int mask) { return mask & -mask; }
constexpr int bits_of(int mask) { return mask ? 1 + bits_of(mask ^ lowest_of(mask)) : 0; }
/// The mask of those of its (at most two) bits that `pattern` numbers, the lowest being number 0.
constexpr int chosen(int mask, int pattern) {
    return (pattern & 1 ? lowest_of(mask) : 0) | (pattern & 2 ? mask ^ lowest_of(mask) : 0);
}

/// Column c with its lanes exchanged by each pattern of `Lanes`, from pattern P on.
template <class S, int Rows, int Lanes, int P = 0>
CORATRIX_INLINE void add_patterns(Sums<S, Rows>& sums, const Dense<typename S::T>& d, int c, typename S::V x,
                                  typename S::V y) {
    if constexpr (P < 1 << bits_of(Lanes)) {
        const auto from_x = S::template flipped<chosen(Lanes, P)>(x), from_y = S::template flipped<chosen(Lanes, P)>(y);
        for (int r = 0; r < Rows; ++r) {
            const auto factor = static_cast<std::size_t>(((c << bits_of(Lanes) | P) * Rows + r) << S::lane_bits);
            sums.add(r, S::held(S::load(d.re + factor)), S::held(S::load(d.im + factor)), from_x, from_y);
        }
        add_patterns<S, Rows, Lanes, P + 1>(sums, d, c, x, y);
    }
}

/// Some bits inside the vectors: each pattern of theirs is one more column, the vector with its lanes exchanged, and
/// its factors differ from lane to lane (see dense.cpp).
template <class S, int Rows, int Lanes>
void apply_in_lanes(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index) {
    using T = typename S::T;
    const Offsets<T, Rows> at(d);
    const Dense<T> own = d;
    for_each_block(own, re, im, tile_index, [&](T* to_re, T* to_im) {
        Sums<S, Rows> sums;
        sums.clear();
        for (int c = 0; c < Rows; ++c)
            add_patterns<S, Rows, Lanes>(sums, own, c, S::load(to_re + at[c]), S::load(to_im + at[c]));
        sums.store(to_re, to_im, at);
    });
}

/// The one of them for the matrix's lanes.
template <class S, int Lanes = 1>
void apply_to_lanes(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index) {
    if constexpr (Lanes < 1 << S::lane_bits) {
        if (d.lanes != Lanes) return apply_to_lanes<S, Lanes + 1>(d, re, im, tile_index);
        if constexpr (bits_of(Lanes) == 2) apply_in_lanes<S, 1, Lanes>(d, re, im, tile_index);
        if constexpr (bits_of(Lanes) == 1) {
            if (d.bits == 1) apply_in_lanes<S, 2, Lanes>(d, re, im, tile_index);
            else apply_in_lanes<S, 1, Lanes>(d, re, im, tile_index);
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
    for_each_block(d, re, im, tile_index, [&](T* to_re, T* to_im) {
        for (std::uint32_t c = 0; c < rows; ++c) {
            S::store(in_re + c * width, S::load(to_re + d.offsets[c]));
            S::store(in_im + c * width, S::load(to_im + d.offsets[c]));
        }
        for (std::uint32_t r = 0; r < rows; ++r) {
            Sums<S, 1> sum;
            sum.clear();
            const T* const row_re = d.re + static_cast<std::size_t>(r) * rows;
            const T* const row_im = d.im + static_cast<std::size_t>(r) * rows;
            for (std::uint32_t c = 0; c < rows; ++c)
                sum.add(0, S::set1(row_re[c]), S::set1(row_im[c]), S::load(in_re + c * width), S::load(in_im + c * width));
            S::store(to_re + d.offsets[r], sum.re[0]);
            S::store(to_im + d.offsets[r], sum.im[0]);
        }
    });
}

template <class S>
void apply_dense(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index,
                 typename S::T* scratch) {
    if (d.lanes != 0) return apply_to_lanes<S>(d, re, im, tile_index);
    if (d.schmidt) return apply_schmidt<S>(d, re, im, tile_index);
    if (d.bits == 1) return apply_narrow<S, 2>(d, re, im, tile_index);
    if (d.bits == 2) return apply_narrow<S, 4>(d, re, im, tile_index);
    apply_wide<S>(d, re, im, tile_index, scratch);
}

}  // namespace

}  // namespace coratrix::CORATRIX_ISA
