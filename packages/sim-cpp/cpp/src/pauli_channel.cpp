// A Kraus operator is Σ c(x, z) X^x Z^z; the channel is a Pauli channel if Σ_k c_k(a) conj c_k(b) = 0 for a ≠ b, and
// then the string a has the probability Σ_k |c_k(a)|².
#include "coratrix/pauli_channel.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace coratrix {

namespace {

constexpr double kTolerance = 1e-12;
constexpr std::size_t kMaxMixed = 256;  // strings of operators that mix several; more are not looked at

/// c(x, z) at index x · rows + z: a Walsh–Hadamard transform of each generalised diagonal K[r ^ x][r].
std::vector<Complex> coefficients(const Complex* kraus, std::size_t rows) {
    std::vector<Complex> out(rows * rows);
    for (std::size_t x = 0; x < rows; ++x) {
        Complex* const c = out.data() + x * rows;
        for (std::size_t r = 0; r < rows; ++r) c[r] = kraus[(r ^ x) * rows + r] / static_cast<double>(rows);
        for (std::size_t side = 1; side < rows; side *= 2)
            for (std::size_t r = 0; r < rows; ++r)
                if (!(r & side)) {
                    const Complex a = c[r], b = c[r | side];
                    c[r] = a + b;
                    c[r | side] = a - b;
                }
    }
    return out;
}

std::vector<std::size_t> support(const std::vector<Complex>& c) {
    std::vector<std::size_t> out;
    for (std::size_t k = 0; k < c.size(); ++k)
        if (std::abs(c[k]) > kTolerance) out.push_back(k);
    return out;
}

/// Whether the cross terms of all operators add up to nothing.
bool is_diagonal(const std::vector<std::vector<Complex>>& all) {
    std::vector<std::size_t> mixed;
    for (const std::vector<Complex>& c : all) {
        const std::vector<std::size_t> own = support(c);
        if (own.size() > 1) mixed.insert(mixed.end(), own.begin(), own.end());
    }
    std::sort(mixed.begin(), mixed.end());
    mixed.erase(std::unique(mixed.begin(), mixed.end()), mixed.end());
    if (mixed.size() > kMaxMixed) return false;
    for (std::size_t a = 0; a < mixed.size(); ++a)
        for (std::size_t b = 0; b < a; ++b) {
            Complex sum = 0;
            for (const std::vector<Complex>& c : all) sum += c[mixed[a]] * std::conj(c[mixed[b]]);
            if (std::abs(sum) > kTolerance) return false;
        }
    return true;
}

/// Index bits of x and z, the first qubit being the most significant, to a mask of two bits per qubit.
std::uint32_t interleaved(std::size_t x, std::size_t z, int qubits) {
    std::uint32_t out = 0;
    for (int q = 0; q < qubits; ++q)
        out |= static_cast<std::uint32_t>((x >> (qubits - 1 - q) & 1) | (z >> (qubits - 1 - q) & 1) << 1) << (2 * q);
    return out;
}

void normalise(PauliChannel& channel) {
    double sum = 0;
    for (PauliChannel::Error& error : channel.errors) error.up_to = (sum += error.up_to);
    channel.p_any = std::min(sum, 1.0);
    for (PauliChannel::Error& error : channel.errors) error.up_to /= sum;
}

}  // namespace

std::optional<PauliChannel> pauli_channel(const Instruction& channel) {
    const std::size_t rows = std::size_t{1} << channel.num_qubits;
    std::vector<std::vector<Complex>> all;
    for (int k = 0; k < channel.num_kraus; ++k)
        all.push_back(coefficients(channel.matrix + static_cast<std::size_t>(k) * rows * rows, rows));
    if (!is_diagonal(all)) return std::nullopt;
    PauliChannel out;
    out.num_qubits = channel.num_qubits;
    for (std::size_t at = 1; at < rows * rows; ++at) {
        double p = 0;
        for (const std::vector<Complex>& c : all) p += std::norm(c[at]);
        if (p > 1e-15) out.errors.push_back({p, interleaved(at / rows, at % rows, channel.num_qubits)});
    }
    normalise(out);
    return out;
}

PauliChannel bit_flip_channel(double p) { return {1, p, {{1.0, 1u}}}; }

}  // namespace coratrix
