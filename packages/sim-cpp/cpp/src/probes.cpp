// Masks by one transform for all, pairs along single bits a few bits at a time.
#include "coratrix/probes.hpp"

#include <algorithm>

#include "coratrix/observable_kernels.hpp"

namespace coratrix {

namespace {

/// sums[v] holds every superset of v in each lane by itself; the mask's bits inside a vector choose the lanes.
template <class T>
double masked_sum(const T* sums, std::uint32_t mask, int lane_bits) {
    const std::uint32_t lanes = (1u << lane_bits) - 1, inside = mask & lanes;
    double sum = 0;
    for (std::uint32_t lane = inside; lane <= lanes; lane = (lane + 1) | inside)
        sum += static_cast<double>(sums[(mask & ~lanes) + lane]);
    return sum;
}

template <class T>
void answer_masked(const Probes& probes, const Kernels<T>& kernels, const T* re, const T* im, Index index, T* sums,
                   double* answers) {
    const auto concerned = [&](const Probes::Masked& m) { return (index & m.outer) == m.outer; };
    if (std::none_of(probes.masked.begin(), probes.masked.end(), concerned)) return;
    observable_kernels(kernels).mask_sums(re, im, probes.vectors, probes.lambda, sums);
    for (const Probes::Masked& m : probes.masked)
        if (concerned(m)) answers[m.number] += probes.scale * masked_sum(sums, m.local, kernels.lane_bits);
}

}  // namespace

template <class T>
void answer_probes(const Probes& probes, const Kernels<T>& kernels, const T* re, const T* im, Index index, T* scratch,
                   double* answers) {
    answer_masked(probes, kernels, re, im, index, scratch, answers);
    for (const Probes::Transverse& each : probes.transverse) {
        double found[kMaxTransverse];
        observable_kernels(kernels).transverse(re, im, each.pairs, each.symmetric, found);
        for (int k = 0; k < each.pairs.count; ++k) answers[each.numbers[k]] += probes.scale * found[k];
    }
}

template void answer_probes<float>(const Probes&, const Kernels<float>&, const float*, const float*, Index, float*,
                                   double*);
template void answer_probes<double>(const Probes&, const Kernels<double>&, const double*, const double*, Index, double*,
                                    double*);

}  // namespace coratrix
