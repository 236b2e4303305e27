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
    std::uint32_t place = 0;
    for (Mask left = mask & ~lanes; left; left &= left - 1) place += plane_stride<T>(lowest_bit(left));
    double sum = 0;
    for (std::uint32_t lane = inside; lane <= lanes; ++lane)
        if ((lane & inside) == inside) sum += static_cast<double>(sums[place + lane]);
    return sum;
}

template <class T>
void answer_masked(const Probes& probes, const Kernels<T>& kernels, int tile_bits, const T* re, const T* im,
                   Index tile_index, T* sums, double* answers) {
    const auto concerned = [&](const Probes::Masked& m) { return (tile_index & m.outer) == m.outer; };
    if (std::none_of(probes.masked.begin(), probes.masked.end(), concerned)) return;
    observable_kernels(kernels).mask_sums(re, im, tile_bits, sums);
    for (const Probes::Masked& m : probes.masked)
        if (concerned(m)) answers[m.number] += probes.scale * masked_sum(sums, m.local, kernels.lane_bits);
}

/// Positions inside a vector come first, and no call mixes them with others.
template <class T>
void answer_transverse(const std::vector<Probes::Transverse>& list, bool symmetric, double scale,
                       const Kernels<T>& kernels, int tile_bits, const T* re, const T* im, double* answers) {
    const auto inside = [&](const Probes::Transverse& p) { return p.position < kernels.lane_bits; };
    std::vector<Probes::Transverse> sorted = list;
    std::stable_partition(sorted.begin(), sorted.end(), inside);
    for (std::size_t first = 0; first < sorted.size();) {
        int positions[kMaxTransverse], count = 0;
        double found[kMaxTransverse];
        for (std::size_t k = first; k < sorted.size() && count < kMaxTransverse; ++k)
            if (inside(sorted[k]) == inside(sorted[first])) positions[count++] = sorted[k].position;
        observable_kernels(kernels).transverse(re, im, tile_bits, positions, count, symmetric, found);
        for (int k = 0; k < count; ++k) answers[sorted[first + static_cast<std::size_t>(k)].number] += scale * found[k];
        first += static_cast<std::size_t>(count);
    }
}

}  // namespace

template <class T>
void answer_probes(const Probes& probes, const Kernels<T>& kernels, int tile_bits, const T* re, const T* im,
                   Index tile_index, T* scratch, double* answers) {
    answer_masked(probes, kernels, tile_bits, re, im, tile_index, scratch, answers);
    answer_transverse(probes.x, true, probes.scale, kernels, tile_bits, re, im, answers);
    answer_transverse(probes.y, false, probes.scale, kernels, tile_bits, re, im, answers);
}

template void answer_probes<float>(const Probes&, const Kernels<float>&, int, const float*, const float*, Index, float*,
                                   double*);
template void answer_probes<double>(const Probes&, const Kernels<double>&, int, const double*, const double*, Index,
                                    double*, double*);

}  // namespace coratrix
