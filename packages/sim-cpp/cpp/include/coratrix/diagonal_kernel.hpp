// A time slot's phases in one pass over a tile: chunk by chunk, a table of factors times a scalar of the chunk.
// Included by kernels_impl.hpp, inside an instruction set's namespace.
#pragma once

#include <cstddef>

#include "coratrix/vector_ops.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

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

    static CORATRIX_INLINE void multiply_at(T* at_re, T* at_im, typename S::V fr, typename S::V fi) {
        auto x = S::held(S::load(at_re)), y = S::held(S::load(at_im));
        complex_multiply<S>(x, y, fr, fi);
        S::store(at_re, x), S::store(at_im, y);
    }

    /// All chunks with the same table, `Vectors` vectors each, times it and times their scalars; a twin takes the factors
    /// that are made already.
    template <std::uint32_t Vectors, bool Twin>
    CORATRIX_INLINE void leaves_of(const T* table_re, const T* table_im, std::uint32_t offset, std::uint32_t number) {
        constexpr std::uint32_t width = 1u << S::lane_bits;
        std::uint32_t at[Vectors];
        for (std::uint32_t v = 0; v < Vectors; ++v) at[v] = d.chunk_offsets[v];
        const std::uint32_t* const offsets = d.free_offsets;
        const std::uint32_t* const numbers = d.free_numbers;
        const std::uint32_t count = d.num_free, twin = d.twin;
        for (std::uint32_t f = 0; f < count; ++f) {
            const auto sr = S::held(S::set1(scalar_re[number | numbers[f]]));
            const auto si = S::held(S::set1(scalar_im[number | numbers[f]]));
            T* const r = re + (offset + offsets[f]);
            T* const i = im + (offset + offsets[f]);
            for (std::uint32_t v = 0; v < Vectors; ++v) {
                auto fr = S::held(S::load(table_re + v * width)), fi = S::held(S::load(table_im + v * width));
                complex_multiply<S>(fr, fi, sr, si);
                multiply_at(r + at[v], i + at[v], fr, fi);
                if constexpr (Twin) multiply_at(r + twin + at[v], i + twin + at[v], fr, fi);
            }
        }
    }

    void leaves(const T* table_re, const T* table_im, bool trivial, std::uint32_t offset, std::uint32_t number) {
        if (!trivial && chunk == 4u << S::lane_bits)
            return d.twin ? leaves_of<4, true>(table_re, table_im, offset, number)
                          : leaves_of<4, false>(table_re, table_im, offset, number);
        if (!trivial && chunk == 8u << S::lane_bits)
            return d.twin ? leaves_of<8, true>(table_re, table_im, offset, number)
                          : leaves_of<8, false>(table_re, table_im, offset, number);
        for (std::uint32_t f = 0; f < d.num_free; ++f)
            leaf(table_re, table_im, trivial, offset + d.free_offsets[f], number | d.free_numbers[f]);
    }

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
            auto fr = vr, fi = vi;
            if (!trivial) {
                fr = S::load(table_re + v * width), fi = S::load(table_im + v * width);
                if (scaled) complex_multiply<S>(fr, fi, vr, vi);
            }
            multiply_at(r + d.chunk_offsets[v], i + d.chunk_offsets[v], fr, fi);
            if (d.twin) multiply_at(r + d.twin + d.chunk_offsets[v], i + d.twin + d.chunk_offsets[v], fr, fi);
        }
    }

    /// Branch on the coupled bits, most significant first; the table of a branch is made once for all below it.
    void walk(int depth, const T* table_re, const T* table_im, bool trivial, std::uint32_t offset,
              std::uint32_t number) {
        if (depth == d.num_coupled) return leaves(table_re, table_im, trivial, offset, number);
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

}  // namespace

}  // namespace coratrix::CORATRIX_ISA
