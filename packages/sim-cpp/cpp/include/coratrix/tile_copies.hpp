// Tiles in and out: from the interleaved state to two padded planes and back. Included by kernels_impl.hpp, inside an
// instruction set's namespace.
#pragma once

#include <cstddef>

#include "coratrix/vector_ops.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

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

}  // namespace

}  // namespace coratrix::CORATRIX_ISA
