// Masks by one transform for all; what a group asks is its kernel's business.
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

}  // namespace

template <class T>
void answer_probes(const Probes& probes, const Kernels<T>& kernels, const T* re, const T* im, Index index, T* scratch,
                   double* answers) {
    const auto concerned = [&](const Probes::Masked& m) { return (index & m.outer) == m.outer; };
    if (std::none_of(probes.masked.begin(), probes.masked.end(), concerned)) return;
    const ObservableKernels<T>& table = observable_kernels(kernels);
    (probes.single ? table.bit_sums : table.mask_sums)(re, im, probes.vectors, probes.lambda, scratch);
    for (const Probes::Masked& m : probes.masked)
        if (concerned(m)) answers[m.number] += probes.scale * masked_sum(scratch, m.local, kernels.lane_bits);
}

template <class T>
void run_pair(const PairGroup<T>& pair, const Kernels<T>& kernels, T* re, T* im, Index index, double* answers) {
    double found[kMaxAsked];
    observable_kernels(kernels).run_pair(pair, re, im, index, found);
    for (int k = 0; k < pair.num_asked; ++k) answers[pair.numbers[k]] += pair.scale * found[k];
}

#define CORATRIX_INSTANTIATE(T)                                                                                \
    template void answer_probes<T>(const Probes&, const Kernels<T>&, const T*, const T*, Index, T*, double*); \
    template void run_pair<T>(const PairGroup<T>&, const Kernels<T>&, T*, T*, Index, double*);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
