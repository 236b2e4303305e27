// Gates on a whole state that lies vector by vector (vector_gates.hpp). Included by kernels_impl.hpp, inside an
// instruction set's namespace.
#pragma once

#include <cstddef>

#include "coratrix/vector_ops.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

template <class S, int High, int Low, bool Real>
void mix_of(const VectorMix<typename S::T>& m, typename S::T* __restrict numbers) {
    using T = typename S::T;
    constexpr std::size_t rows = 1u << High, orders = 1u << Low, terms = rows * orders, width = 1u << S::lane_bits;
    typename S::I order[orders];
    for (std::size_t k = 1; k < orders; ++k) order[k] = S::index(m.orders[k]);
    std::uint32_t vector = 0;
    do {
        T* const at = numbers + (vector | m.walk.fixed) * 2 * width;
        typename S::V x[terms], y[terms];
        for (std::size_t c = 0; c < rows; ++c) {
            x[c * orders] = S::load(at + m.steps[c]), y[c * orders] = S::load(at + m.steps[c] + width);
            for (std::size_t k = 1; k < orders; ++k) {
                x[c * orders + k] = S::permute(x[c * orders], order[k]);
                y[c * orders + k] = S::permute(y[c * orders], order[k]);
            }
        }
        for (std::size_t r = 0; r < rows; ++r) {
            const T *const row_re = m.re + r * terms * width, *const row_im = m.im + r * terms * width;
            auto a = S::load(row_re);
            auto sum_re = S::mul(a, x[0]), sum_im = S::mul(a, y[0]);
            for (std::size_t k = 0; k < terms; ++k) {
                if (k > 0) {
                    a = S::load(row_re + k * width);
                    sum_re = S::fma(a, x[k], sum_re), sum_im = S::fma(a, y[k], sum_im);
                }
                if (Real) continue;
                const auto b = S::load(row_im + k * width);
                sum_re = S::fnma(b, y[k], sum_re), sum_im = S::fma(b, x[k], sum_im);
            }
            S::store(at + m.steps[r], sum_re), S::store(at + m.steps[r] + width, sum_im);
        }
        vector = (vector - m.walk.free) & m.walk.free;
    } while (vector != 0);
}

template <class S, bool Real>
void mix_by_bits(const VectorMix<typename S::T>& m, typename S::T* numbers) {
    switch (3 * m.high_bits + m.low_bits) {
        case 3: return mix_of<S, 1, 0, Real>(m, numbers);
        case 1: return mix_of<S, 0, 1, Real>(m, numbers);
        case 6: return mix_of<S, 2, 0, Real>(m, numbers);
        case 4: return mix_of<S, 1, 1, Real>(m, numbers);
        default: return mix_of<S, 0, 2, Real>(m, numbers);
    }
}

template <class S>
void mix_vectors(const VectorMix<typename S::T>& m, typename S::T* numbers) {
    if (m.is_real) mix_by_bits<S, true>(m, numbers);
    else mix_by_bits<S, false>(m, numbers);
}

template <class S>
void multiply_vectors(const VectorFactors<typename S::T>& f, typename S::T* numbers) {
    constexpr std::size_t width = 1u << S::lane_bits;
    const auto re = S::load(f.re), im = S::load(f.im);
    std::uint32_t vector = 0;
    do {
        typename S::T* const at = numbers + (vector | f.walk.fixed) * 2 * width;
        auto x = S::load(at), y = S::load(at + width);
        complex_multiply<S>(x, y, re, im);
        S::store(at, x), S::store(at + width, y);
        vector = (vector - f.walk.free) & f.walk.free;
    } while (vector != 0);
}

/// From interleaved amplitudes, in place.
template <class S>
void part_vectors(typename S::T* numbers, std::size_t vectors) {
    constexpr std::size_t width = 1u << S::lane_bits;
    for (std::size_t v = 0; v < vectors; ++v, numbers += 2 * width) {
        auto re = S::set1(0), im = re;
        S::deinterleave(numbers, re, im);
        S::store(numbers, re), S::store(numbers + width, im);
    }
}

/// To interleaved amplitudes, in place, times a factor.
template <class S>
void join_vectors(typename S::T* numbers, std::size_t vectors, typename S::T factor_re, typename S::T factor_im) {
    constexpr std::size_t width = 1u << S::lane_bits;
    const auto fr = S::set1(factor_re), fi = S::set1(factor_im);
    for (std::size_t v = 0; v < vectors; ++v, numbers += 2 * width) {
        auto re = S::load(numbers), im = S::load(numbers + width);
        complex_multiply<S>(re, im, fr, fi);
        S::interleave(numbers, re, im);
    }
}

}  // namespace

}  // namespace coratrix::CORATRIX_ISA
