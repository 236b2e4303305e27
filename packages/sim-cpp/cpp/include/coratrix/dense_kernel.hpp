// A complex matrix on bits that choose vectors, and on bits inside them. Included by kernels_impl.hpp, inside an instruction set's namespace.
#pragma once

#include <cstddef>

#include "coratrix/vector_ops.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

/// One or two bits: column by column, so that every row's sum is a chain of its own and none waits for another.
template <class S, int Rows>
void apply_narrow(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index) {
    using T = typename S::T;
    for (std::uint32_t block = 0; block < d.blocks.count; ++block) {
        if (((tile_index | d.blocks.indices[block]) & d.condition) != d.condition) continue;
        T* const base_re = re + d.blocks.offsets[block];
        T* const base_im = im + d.blocks.offsets[block];
        typename S::V sum_re[Rows], sum_im[Rows];
        for (int r = 0; r < Rows; ++r) sum_re[r] = S::set1(0), sum_im[r] = S::set1(0);
        for (int c = 0; c < Rows; ++c) {
            const auto x = S::held(S::load(base_re + d.offsets[c])), y = S::held(S::load(base_im + d.offsets[c]));
            for (int r = 0; r < Rows; ++r) {
                const auto a = S::held(S::set1(d.re[r * Rows + c])), b = S::held(S::set1(d.im[r * Rows + c]));
                sum_re[r] = S::fnma(b, y, S::fma(a, x, sum_re[r]));
                sum_im[r] = S::fma(b, x, S::fma(a, y, sum_im[r]));
            }
        }
        for (int r = 0; r < Rows; ++r) {
            S::store(base_re + d.offsets[r], sum_re[r]);
            S::store(base_im + d.offsets[r], sum_im[r]);
        }
    }
}

/// Some bits inside the vectors: every pattern of theirs makes one more column of what a vector with lanes exchanged
/// adds, lane by lane.
template <class S, int Rows, int Patterns>
void apply_in_lanes(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index) {
    using T = typename S::T;
    constexpr std::size_t width = std::size_t{1} << S::lane_bits;
    typename S::I lanes[Patterns];
    for (int p = 0; p < Patterns; ++p) lanes[p] = S::index(d.lanes + p * kLaneTableBytes);
    for (std::uint32_t block = 0; block < d.blocks.count; ++block) {
        if (((tile_index | d.blocks.indices[block]) & d.condition) != d.condition) continue;
        T* const base_re = re + d.blocks.offsets[block];
        T* const base_im = im + d.blocks.offsets[block];
        const T* factor_re = d.re;
        const T* factor_im = d.im;
        typename S::V sum_re[Rows], sum_im[Rows];
        for (int r = 0; r < Rows; ++r) sum_re[r] = S::set1(0), sum_im[r] = S::set1(0);
        for (int c = 0; c < Rows; ++c) {
            const auto own_re = S::load(base_re + d.offsets[c]), own_im = S::load(base_im + d.offsets[c]);
            for (int p = 0; p < Patterns; ++p) {
                const auto x = p > 0 ? S::permute(own_re, lanes[p]) : own_re;
                const auto y = p > 0 ? S::permute(own_im, lanes[p]) : own_im;
                for (int r = 0; r < Rows; ++r, factor_re += width, factor_im += width) {
                    const auto a = S::held(S::load(factor_re)), b = S::held(S::load(factor_im));
                    sum_re[r] = S::fnma(b, y, S::fma(a, x, sum_re[r]));
                    sum_im[r] = S::fma(b, x, S::fma(a, y, sum_im[r]));
                }
            }
        }
        for (int r = 0; r < Rows; ++r) {
            S::store(base_re + d.offsets[r], sum_re[r]);
            S::store(base_im + d.offsets[r], sum_im[r]);
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
    if (d.lane_patterns == 4) return apply_in_lanes<S, 1, 4>(d, re, im, tile_index);
    if (d.lane_patterns == 2 && d.bits == 1) return apply_in_lanes<S, 2, 2>(d, re, im, tile_index);
    if (d.lane_patterns == 2) return apply_in_lanes<S, 1, 2>(d, re, im, tile_index);
    if (d.bits == 1) return apply_narrow<S, 2>(d, re, im, tile_index);
    if (d.bits == 2) return apply_narrow<S, 4>(d, re, im, tile_index);
    apply_wide<S>(d, re, im, tile_index, scratch);
}

}  // namespace

}  // namespace coratrix::CORATRIX_ISA
