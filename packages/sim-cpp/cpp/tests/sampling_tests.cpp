// Draws follow their laws: binomial ones, and how often basis states are read. Seeds are fixed; every claim is one of
// chi-square within 5 standard deviations, so that it holds for all but one seed in a million.
#include <cmath>
#include <functional>
#include <map>
#include <numeric>

#include "claims.hpp"
#include "coratrix/binomial.hpp"
#include "coratrix/sampling.hpp"

using namespace coratrix;

namespace {

/// Chi-square over cells whose expectation is at least 10; the rest is one cell.
void expect_law(const std::vector<double>& found, const std::vector<double>& wanted, const char* what) {
    double chi = 0, rest_found = 0, rest_wanted = 0;
    int cells = -1;
    const auto add = [&](double f, double w) {
        chi += (f - w) * (f - w) / w;
        ++cells;
    };
    for (std::size_t k = 0; k < wanted.size(); ++k) {
        if (wanted[k] >= 10) {
            add(found[k], wanted[k]);
        } else {
            rest_found += found[k];
            rest_wanted += wanted[k];
        }
    }
    if (rest_wanted >= 10) add(rest_found, rest_wanted);
    expect(chi - cells < 5 * std::sqrt(2.0 * cells) + 5, what);
    expect(rest_wanted > 0 || rest_found == 0, "what cannot happen does not");
}

double binomial_probability(double n, double k, double p) {
    if (p == 0 || p == 1) return k == n * p ? 1 : 0;
    return std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) + k * std::log(p) +
                    (n - k) * std::log1p(-p));
}

void binomials_follow_their_law(std::int64_t n, double p) {
    const int draws = 300'000;
    Stream random(17, static_cast<std::uint64_t>(n), static_cast<std::uint64_t>(p * 1e6));
    std::map<std::int64_t, double> seen;
    for (int k = 0; k < draws; ++k) seen[binomial(n, p, random)] += 1;
    expect(seen.begin()->first >= 0 && seen.rbegin()->first <= n, "between none and all");
    const double mean = static_cast<double>(n) * p, deviation = std::sqrt(mean * (1 - p));
    const auto width = 1 + static_cast<std::int64_t>(deviation / 20);  // bins of neighbours where there are many
    const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>(mean - 6 * deviation) - 1);
    const auto last = std::min(n, static_cast<std::int64_t>(mean + 6 * deviation) + 30);
    std::vector<double> found, wanted;
    for (std::int64_t from = first; from <= last; from += width) {
        found.push_back(0);
        wanted.push_back(0);
        for (std::int64_t k = from; k < std::min(from + width, n + 1); ++k) {
            wanted.back() += draws * binomial_probability(static_cast<double>(n), static_cast<double>(k), p);
            if (const auto at = seen.find(k); at != seen.end()) found.back() += at->second;
        }
    }
    expect_law(found, wanted, "Binomial(n, p) follows its law");
}

void streams_differ_and_repeat_themselves() {
    Stream a(1, 2, 3), same(1, 2, 3), other(1, 2, 4);
    const std::uint64_t first = a.bits();
    expect(first == same.bits(), "a stream is a function of its names");
    expect(first != other.bits(), "the next stream is another");
    double sum = 0, squares = 0;
    const int draws = 1'000'000;
    for (int k = 0; k < draws; ++k) {
        const double u = a.uniform();
        expect(u >= 0 && u < 1, "in [0, 1)");
        sum += u;
        squares += u * u;
    }
    expect_near(sum / draws, 0.5, 5 * std::sqrt(1.0 / 12 / draws), "the mean of uniform numbers");
    expect_near(squares / draws, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / draws), "the mean of their squares");
}

/// Weights with zeros, tiny ones and large ones, of any number.
std::vector<double> uneven(std::size_t size) {
    std::vector<double> out(size);
    for (std::size_t k = 0; k < size; ++k) out[k] = k % 5 == 3 ? 0 : std::exp(-static_cast<double>((k * 7) % 11) / 2);
    return out;
}

/// The sum of many runs, each with its own seed, against the law.
void runs_follow(const std::vector<double>& weights, std::int64_t shots, int runs,
                 const std::function<Sightings(std::uint64_t)>& run) {
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    std::vector<double> found(weights.size(), 0), wanted(weights.size());
    for (int seed = 0; seed < runs; ++seed) {
        const Sightings seen = run(static_cast<std::uint64_t>(seed));
        for (std::size_t k = 0; k < seen.states.size(); ++k) {
            found[seen.states[k]] += static_cast<double>(seen.counts[k]);
            expect(k == 0 || seen.states[k] > seen.states[k - 1], "ascending, each once");
        }
        expect(std::accumulate(seen.counts.begin(), seen.counts.end(), std::int64_t{0}) == shots, "every shot is there");
    }
    for (std::size_t k = 0; k < wanted.size(); ++k)
        wanted[k] = weights[k] / total * static_cast<double>(shots) * runs;
    expect_law(found, wanted, "sightings follow the weights");
}

/// One share of the shots, over many runs: its spread is that of a binomial, and shares are not drawn independently.
void shares_spread_as_they_should(std::int64_t shots) {
    const std::vector<double> weights = {3, 0, 1, 4, 2};
    const int runs = 40'000;
    double mean = 0, squares = 0, product = 0;
    for (int seed = 0; seed < runs; ++seed) {
        Stream random(static_cast<std::uint64_t>(seed), 0, 0);
        Sightings seen;
        draw_sightings(weights, shots, random, 0, seen);
        std::vector<double> of(5, 0);
        for (std::size_t k = 0; k < seen.states.size(); ++k) of[seen.states[k]] = static_cast<double>(seen.counts[k]);
        mean += of[0], squares += of[0] * of[0], product += of[0] * of[3];
    }
    const auto n = static_cast<double>(shots);
    mean /= runs, squares /= runs, product /= runs;
    const double variance = n * 0.3 * 0.7;
    expect_near(mean, 0.3 * n, 5 * std::sqrt(variance / runs), "the mean of a share");
    expect_near(squares - mean * mean, variance, 5 * variance * std::sqrt(2.2 / runs), "its variance");
    expect_near(product - 0.3 * 0.4 * n * n, -0.12 * n, 5 * n * (0.3 + 0.4) * std::sqrt(n * 0.25 / runs),
                "the covariance of two");
}

template <class T>
void states_are_read_as_often_as_they_should_be(int bits, std::int64_t shots, int runs) {
    const std::vector<double> weights = uneven(std::size_t{1} << bits);
    for (const InstructionSet set : supported_sets()) {
        const Kernels<T>& table = kernels<T>(set);
        State<T> state(bits, padded_bits(bits, table));
        state.set_basis(0);
        const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
        for (std::size_t k = 0; k < weights.size(); ++k)
            state.data()[k] = std::polar(static_cast<T>(std::sqrt(weights[k] / total)), static_cast<T>(k));
        Context one, three;
        one.num_threads = 1;
        three.num_threads = 3;
        runs_follow(weights, shots, runs, [&](std::uint64_t seed) { return sightings(state, table, shots, seed, one); });
        const Sightings a = sightings(state, table, shots, 3, one), b = sightings(state, table, shots, 3, three);
        expect(a.states == b.states && a.counts == b.counts, "the same on any number of threads");
    }
}

}  // namespace

int main() {
    streams_differ_and_repeat_themselves();
    for (const std::int64_t n : {1, 2, 7, 30, 1000, 100'000, 50'000'000})
        for (const double p : {0.0, 1e-6, 0.003, 0.2, 0.4999, 0.5, 0.83, 0.9999, 1.0}) binomials_follow_their_law(n, p);
    for (const std::int64_t shots : {1, 10, 1000, 1'000'000}) {
        const std::vector<double> weights = uneven(16);
        runs_follow(weights, shots, 300, [&](std::uint64_t seed) { return sightings(weights, shots, seed); });
    }
    for (const std::int64_t shots : {6, 1000}) shares_spread_as_they_should(shots);
    states_are_read_as_often_as_they_should_be<double>(1, 50, 100);
    states_are_read_as_often_as_they_should_be<double>(6, 3, 2000);
    states_are_read_as_often_as_they_should_be<float>(10, 1000, 300);
    states_are_read_as_often_as_they_should_be<double>(14, 100, 300);
    states_are_read_as_often_as_they_should_be<double>(14, 200'000, 3);
    return verdict();
}
