// Few heads are found by inversion; for many, transformed rejection (BTRS): Hörmann, J. Stat. Comput. Simul. 46, 101
// (1993).
#include "coratrix/binomial.hpp"

#include <cmath>

#include "coratrix/types.hpp"

namespace coratrix {

namespace {

constexpr std::int64_t kThrown = 1024;
constexpr double kFewHeads = 10;

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

/// `next(u, v)` gives two uniform numbers in [0, 1) at a time; p ≤ 1/2 and np ≥ 10.
template <class Next>
std::int64_t rejected(double n, double p, Next next) {
    const double deviation = std::sqrt(n * p * (1 - p)), odds = p / (1 - p);
    const double b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double c = n * p + 0.5, v_sure = 0.92 - 4.2 / b;
    for (;;) {
        double u, v;
        next(u, v);
        u -= 0.5, v = 1 - v;
        const double us = 0.5 - std::abs(u);
        const double k = std::floor((2 * a / us + b) * u + c);
        if (us >= 0.07 && v <= v_sure) return static_cast<std::int64_t>(k);
        if (k < 0 || k > n) continue;
        const double alpha = (2.83 + 5.1 / b) * deviation, mode = std::floor((n + 1) * p);
        const double bound = (mode + 0.5) * std::log((mode + 1) / (odds * (n - mode + 1))) +
                             (n + 1) * std::log((n - mode + 1) / (n - k + 1)) +
                             (k + 0.5) * std::log(odds * (n - k + 1) / (k + 1)) + stirling_tail(mode) +
                             stirling_tail(n - mode) - stirling_tail(k) - stirling_tail(n - k);
        if (std::log(v * alpha / (a / (us * us) + b)) <= bound) return static_cast<std::int64_t>(k);
    }
}

/// The number whose cumulated probability passes a uniform number: P(k + 1) = P(k)·(n - k)/(k + 1)·p/(1 - p).
std::int64_t inverted(double n, double p, double u) {
    const double odds = p / (1 - p);
    double probability = std::exp(n * std::log1p(-p)), k = 0;
    while (u >= probability && k < n) {
        u -= probability;
        probability *= (n - k) / (k + 1) * odds;
        ++k;
    }
    return static_cast<std::int64_t>(k);
}

}  // namespace

std::int64_t fair_binomial(std::int64_t n, std::uint64_t seed, std::uint64_t stream) {
    if (n <= kThrown) return thrown(n, seed, stream);
    std::uint64_t position = 0;
    return rejected(static_cast<double>(n), 0.5, [&](double& u, double& v) {
        const PhiloxBlock block = philox(seed, stream, position++);
        u = to_unit_interval(block[0], block[1]);
        v = to_unit_interval(block[2], block[3]);
    });
}

std::int64_t binomial(std::int64_t n, double p, Stream& random) {
    if (n <= 0 || !(p > 0)) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - binomial(n, 1 - p, random);
    const auto coins = static_cast<double>(n);
    if (coins * p < kFewHeads) return inverted(coins, p, random.uniform());
    return rejected(coins, p, [&](double& u, double& v) {
        u = random.uniform();
        v = random.uniform();
    });
}

}  // namespace coratrix
