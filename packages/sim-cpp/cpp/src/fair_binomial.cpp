// Few coins are thrown; for many, transformed rejection (BTRS): Hörmann, J. Stat. Comput. Simul. 46, 101 (1993).
#include "coratrix/fair_binomial.hpp"

#include <cmath>

#include "coratrix/random.hpp"
#include "coratrix/types.hpp"

namespace coratrix {

namespace {

constexpr std::int64_t kThrown = 1024;

std::int64_t thrown(std::int64_t n, std::uint64_t seed, std::uint64_t stream) {
    std::int64_t heads = 0;
    for (std::uint64_t position = 0; n > 0; ++position) {
        const PhiloxBlock block = philox(seed, stream, position);
        for (std::size_t k = 0; k < 4 && n > 0; ++k, n -= 32)
            heads += popcount(n >= 32 ? block[k] : block[k] & ((1u << n) - 1));
    }
    return heads;
}

/// ln k! less Stirling's formula for it.
double stirling_tail(double k) {
    static const double exact[] = {0.0810614667953272,  0.0413406959554092,  0.0276779256849983,  0.02079067210376509,
                                   0.0166446911898211,  0.0138761288230707,  0.0118967099458917,  0.0104112652619720,
                                   0.00925546218271273, 0.00833056343336287};
    if (k <= 9) return exact[static_cast<int>(k)];
    const double square = (k + 1) * (k + 1);
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

std::int64_t rejected(double n, std::uint64_t seed, std::uint64_t stream) {
    const double deviation = std::sqrt(n) / 2;
    const double b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * 0.5;
    const double c = n / 2 + 0.5, v_sure = 0.92 - 4.2 / b;
    const double alpha = (2.83 + 5.1 / b) * deviation, mode = std::floor((n + 1) / 2);
    for (std::uint64_t position = 0;; ++position) {
        const PhiloxBlock block = philox(seed, stream, position);
        const double u = to_unit_interval(block[0], block[1]) - 0.5;
        const double v = 1 - to_unit_interval(block[2], block[3]);
        const double us = 0.5 - std::abs(u);
        const double k = std::floor((2 * a / us + b) * u + c);
        if (us >= 0.07 && v <= v_sure) return static_cast<std::int64_t>(k);
        if (k < 0 || k > n) continue;
        const double bound = (mode + 0.5) * std::log((mode + 1) / (n - mode + 1)) +
                             (n + 1) * std::log((n - mode + 1) / (n - k + 1)) +
                             (k + 0.5) * std::log((n - k + 1) / (k + 1)) + stirling_tail(mode) +
                             stirling_tail(n - mode) - stirling_tail(k) - stirling_tail(n - k);
        if (std::log(v * alpha / (a / (us * us) + b)) <= bound) return static_cast<std::int64_t>(k);
    }
}

}  // namespace

std::int64_t fair_binomial(std::int64_t n, std::uint64_t seed, std::uint64_t stream) {
    return n <= kThrown ? thrown(n, seed, stream) : rejected(static_cast<double>(n), seed, stream);
}

}  // namespace coratrix
