// The kernels, written once over the small vector type S of an instruction set.
//
// Included by one translation unit per instruction set, inside that set's own namespace, so that the linker never
// mixes code for different processors. Uses no standard library function that could be emitted out of line.
#pragma once

#include "coratrix/dense_kernel.hpp"
#include "coratrix/diagonal_kernel.hpp"
#include "coratrix/group_kernel.hpp"
#include "coratrix/tile_copies.hpp"
#include "coratrix/vector_gate_kernel.hpp"

namespace coratrix::CORATRIX_ISA {

namespace {

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
        total += sum_of<S>(S::add(S::add(s0, s1), S::add(s2, s3)));
    }
    for (; k < numbers; ++k) total += static_cast<double>(p[k]) * static_cast<double>(p[k]);
    return total;
}

}  // namespace

/// A constant: a table that were filled when the program starts would be filled by instructions of the set.
template <class S>
constexpr Kernels<typename S::T> make_kernels(const char* name) {
    return {name, S::lane_bits, S::max_group_bits, S::make_index, gather<S>, scatter<S>, run_group<S>,
            apply_diagonal<S>, apply_dense<S>, norm<S>, mix_vectors<S>, multiply_vectors<S>, part_vectors<S>,
            join_vectors<S>};
}

}  // namespace coratrix::CORATRIX_ISA
