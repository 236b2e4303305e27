// Which operator of a channel is the one that acts when nothing happens, and what that costs in norm.
#include "coratrix/noisy_segment.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "coratrix/noise.hpp"

namespace coratrix {

namespace {

constexpr double kUnitary = 1e-12;

using Matrix = std::vector<Complex>;

double weight_of(const Matrix& m) {
    double sum = 0;
    for (const Complex& entry : m) sum += std::norm(entry);
    return sum;
}

/// p with K†K = p·1, or -1.
double unitary_weight(const Matrix& m, std::size_t rows) {
    const double p = weight_of(m) / static_cast<double>(rows);
    for (std::size_t a = 0; a < rows; ++a)
        for (std::size_t b = 0; b < rows; ++b) {
            Complex sum = 0;
            for (std::size_t r = 0; r < rows; ++r) sum += std::conj(m[r * rows + a]) * m[r * rows + b];
            if (std::abs(sum - (a == b ? p : 0.0)) > kUnitary) return -1;
        }
    return p;
}

bool is_identity(const Matrix& m, std::size_t rows) {
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < rows; ++c)
            if (std::abs(m[r * rows + c] - (r == c ? m[0] : Complex(0))) > 1e-14) return false;
    return true;
}

}  // namespace

NoisySegment::NoisySegment(const Instruction* first, const Instruction* last) {
    for (const Instruction* in = first; in != last; ++in) {
        if (in->opcode == Opcode::channel) add_channel(*in);
        else ops_.push_back(*in);
    }
}

void NoisySegment::add_channel(const Instruction& in) {
    const std::size_t rows = std::size_t{1} << in.num_qubits;
    Site site;
    site.channel = &in;
    std::size_t base = 0;
    std::vector<double> weights, unitary;
    for (int k = 0; k < in.num_kraus; ++k) {
        const Matrix m = kraus_matrix(in, k);
        weights.push_back(weight_of(m) / static_cast<double>(rows));
        unitary.push_back(unitary_weight(m, rows));
        if (weights.back() > weights[base]) base = weights.size() - 1;
    }
    site.by_norm = unitary[base] < 0;
    double elsewhere = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
        if (k == base || !(weights[k] > 0)) continue;
        site.by_state |= unitary[k] < 0;
        site.events.push_back(static_cast<int>(k));
        site.weights.push_back(weights[k]);
        elsewhere += weights[k];
    }
    Matrix m = kraus_matrix(in, static_cast<int>(base));
    if (!site.by_norm || site.events.empty())
        for (Complex& entry : m) entry /= std::sqrt(weights[base]);
    site.at = ops_.size();
    const bool loses_norm = site.by_norm && std::abs(std::abs(m[0]) - 1) > 1e-14;
    if (loses_norm || !is_identity(m, rows)) add_operator(in, m);
    site.after = ops_.size();
    if (site.events.empty()) return;
    // K†K of the base is 1 - ΣK†K of the others, so the norm² keeps at least 1 - Σ|K|² of them
    const double least = 1 - elsewhere * static_cast<double>(rows);
    const double hazard = site.by_norm ? 0 : -std::log1p(-std::min(elsewhere, 1 - 1e-15));
    hazard_.push_back(hazard_.back() + hazard);
    log_least_.push_back(log_least_.back() + (site.by_norm ? std::log(std::max(least, 1e-300)) : 0));
    by_norm_.push_back(by_norm_.back() + (site.by_norm ? 1 : 0));
    sites_.push_back(std::move(site));
}

void NoisySegment::add_operator(const Instruction& in, const Matrix& matrix) {
    matrices_.push_back(std::make_unique<Matrix>(matrix));
    Instruction map;
    map.opcode = Opcode::linear_map;
    map.num_qubits = in.num_qubits;
    map.qubits = in.qubits;
    map.matrix = matrices_.back()->data();
    ops_.push_back(map);
}

std::size_t NoisySegment::next_mixed(std::size_t site, double u) const {
    const double reached = hazard_[site] - std::log1p(-u);
    // hazard_[s + 1] is the first to exceed it where site s has the event
    const auto after = hazard_.begin() + static_cast<std::ptrdiff_t>(site) + 1;
    return static_cast<std::size_t>(std::upper_bound(after, hazard_.end(), reached) - hazard_.begin()) - 1;
}

std::size_t NoisySegment::nth_by_norm(std::size_t count) const {
    return static_cast<std::size_t>(std::lower_bound(by_norm_.begin(), by_norm_.end(), count) - by_norm_.begin());
}

double NoisySegment::least_factor(std::size_t first, std::size_t last) const {
    return std::exp(log_least_[last] - log_least_[first]);
}

/// The events by norm of a site are as likely as its other operators are on the mixed state; on others, more or less.
std::string NoisySegment::describe() const {
    double by_norm = 0;
    for (const Site& site : sites_)
        if (site.by_norm) by_norm += std::accumulate(site.weights.begin(), site.weights.end(), 0.0);
    char line[320];
    std::snprintf(line, sizeof line,
                  "trajectories: %zu operations, %zu sites where noise may act\n"
                  "drawn beforehand: %zu sites, %.3g events a shot, none in %.3g %% of the shots\n"
                  "by the norm of the state: %zu sites, about %.3g events a shot\n"
                  "while nothing happens:\n",
                  ops_.size(), sites_.size(), sites_.size() - by_norm_.back(), expected_mixed(),
                  100 * std::exp(-hazard_.back()), by_norm_.back(), by_norm);
    return line;
}

double NoisySegment::expected_mixed() const {
    double events = 0;
    for (std::size_t k = 1; k < hazard_.size(); ++k) events -= std::expm1(hazard_[k - 1] - hazard_[k]);
    return events;
}

}  // namespace coratrix
