// |K ψ|² = tr(K ρ K†) with ρ the state of the channel's own qubits: one pass, whatever the number of operators.
#include "coratrix/noise.hpp"

namespace coratrix {

namespace {

/// ρ of the given qubits, row-major, the first being the most significant.
template <class T>
std::vector<Complex> reduced(const State<T>& state, const std::int64_t* qubits, int count, int num_qubits) {
    const std::size_t rows = std::size_t{1} << count;
    std::vector<Index> place(rows, 0);
    Mask mask = 0;
    for (int k = 0; k < count; ++k) {
        const Mask here = bit(num_qubits - 1 - static_cast<int>(qubits[k]));
        mask |= here;
        for (std::size_t row = 0; row < rows; ++row)
            if (row >> (count - 1 - k) & 1) place[row] |= here;
    }
    std::vector<Complex> rho(rows * rows, Complex(0));
    std::vector<Complex> column(rows);
    const Mask rest = (bit(num_qubits) - 1) & ~mask;
    Index base = 0;
    do {
        for (std::size_t r = 0; r < rows; ++r) column[r] = Complex(state.data()[base | place[r]]);
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t c = 0; c < rows; ++c) rho[r * rows + c] += column[r] * std::conj(column[c]);
        base = (base - rest) & rest;  // the next index with bits under `rest` only
    } while (base != 0);
    return rho;
}

double weight(const Complex* k, const std::vector<Complex>& rho, std::size_t rows) {
    double total = 0;
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t a = 0; a < rows; ++a)
            for (std::size_t b = 0; b < rows; ++b)
                total += (k[r * rows + a] * rho[a * rows + b] * std::conj(k[r * rows + b])).real();
    return total;
}

}  // namespace

std::size_t pick(const std::vector<double>& weights, double u) {
    double total = 0;
    for (const double w : weights) total += w;
    u *= total;
    std::size_t last = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
        if (!(weights[k] > 0)) continue;
        last = k;
        if (u < weights[k]) break;
        u -= weights[k];
    }
    return last;
}

std::vector<Complex> kraus_matrix(const Instruction& channel, int k) {
    const std::size_t size = std::size_t{1} << (2 * channel.num_qubits);
    const Complex* const from = channel.matrix + static_cast<std::size_t>(k) * size;
    return {from, from + size};
}

template <class T>
std::vector<double> kraus_probabilities(const Instruction& channel, const State<T>& state, int num_qubits) {
    const std::size_t rows = std::size_t{1} << channel.num_qubits;
    const std::vector<Complex> rho = reduced(state, channel.qubits, channel.num_qubits, num_qubits);
    std::vector<double> out;
    for (int k = 0; k < channel.num_kraus; ++k)
        out.push_back(weight(channel.matrix + static_cast<std::size_t>(k) * rows * rows, rho, rows));
    return out;
}

template std::vector<double> kraus_probabilities<float>(const Instruction&, const State<float>&, int);
template std::vector<double> kraus_probabilities<double>(const Instruction&, const State<double>&, int);

}  // namespace coratrix
