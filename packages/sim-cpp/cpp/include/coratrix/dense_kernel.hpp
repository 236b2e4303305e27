// A complex matrix on the bits that choose vectors. Included by kernels_impl.hpp, inside an instruction set's namespace.
#pragma once

#include <cstddef>

#include "coratrix/vector_ops.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

/// One or two bits: column by column, so that every row's sum is a chain of its own and none waits for another.
template <class S, int Rows>
void apply_narrow(const Dense<typename S::T>& d, typename S::T* re, typename S::T* im, Index tile_index) {
    using T = typename S::T;
    T mr[Rows * Rows], mi[Rows * Rows];
    for (int k = 0; k < Rows * Rows; ++k) mr[k] = d.re[k], mi[k] = d.im[k];
    for (std::uint32_t block = 0; block < d.blocks.count; ++block) {
        if (((tile_index | d.blocks.indices[block]) & d.condition) != d.condition) continue;
        T* const base_re = re + d.blocks.offsets[block];
        T* const base_im = im + d.blocks.offsets[block];
        typename S::V sum_re[Rows], sum_im[Rows];
        for (int r = 0; r < Rows; ++r) sum_re[r] = S::set1(0), sum_im[r] = S::set1(0);
        for (int c = 0; c < Rows; ++c) {
            const auto x = S::load(base_re + d.offsets[c]), y = S::load(base_im + d.offsets[c]);
            for (int r = 0; r < Rows; ++r) {
                const auto a = S::set1(mr[r * Rows + c]), b = S::set1(mi[r * Rows + c]);
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

}  // namespace

}  // namespace coratrix::CORATRIX_ISA
