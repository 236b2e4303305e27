#include "coratrix/measurement.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "coratrix/random.hpp"

namespace coratrix {

Measurement::Measurement(Frame& frame, int num_qubits) : num_qubits_(num_qubits) {
    for (; frame.at < frame.body->size(); ++frame.at) {
        const Instruction& in = (*frame.body)[frame.at];
        if (in.opcode != Opcode::measure && in.opcode != Opcode::reset) break;
        const Mask here = bit_of(in);
        if (mask_ & here) break;
        mask_ |= here;
        if (in.opcode == Opcode::reset) to_zero_ |= here;
        misread_ |= in.matrix != nullptr;
        parts_.push_back(&in);
    }
}

/// The true outcome, then what the readout makes of it.
void Measurement::report(Index state, std::uint64_t seed, std::uint32_t shot, std::uint64_t position,
                         Clbits& clbits) const {
    for (std::size_t k = 0; k < parts_.size(); ++k) {
        const Instruction& in = *parts_[k];
        if (in.opcode != Opcode::measure) continue;
        bool read = (state & bit_of(in)) != 0;
        if (in.matrix != nullptr) read = uniform(seed, shot, position + 1 + k) < in.matrix[read ? 3 : 1].real();
        clbits[static_cast<std::size_t>(in.clbit)] = read;
    }
}

std::vector<std::pair<int, int>> Measurement::places() const {
    std::map<int, int> bit_of_clbit;
    for (const Instruction* in : parts_)
        if (in->opcode == Opcode::measure) bit_of_clbit[in->clbit] = lowest_bit(bit_of(*in));
    std::vector<std::pair<int, int>> out;
    for (const auto& [clbit, index_bit] : bit_of_clbit) out.emplace_back(index_bit, clbit);
    return out;
}

namespace {

template <class F>
void for_each_index(Mask bits, F visit) {
    Index index = 0;
    do {
        visit(index);
        index = (index - bits) & bits;
    } while (index != 0);
}

/// What an entry adds to the probability: |amplitude|², or the diagonal of a density matrix.
template <class T>
double weight_of(const State<T>& state, Index index, bool density) {
    const std::complex<T> a = state.data()[index];
    if (!density) return std::norm(Complex(a));
    const int n = state.num_bits() / 2;
    return (index >> n) == (index & (bit(n) - 1)) ? static_cast<double>(a.real()) : 0.0;
}

}  // namespace

template <class T>
void collapse(State<T>& state, const Collapse& by, bool density) {
    const int n = state.num_bits() / 2;
    const auto doubled = [&](Mask bits) { return density ? bits | bits << n : bits; };
    const Mask mask = doubled(by.mask), rest = (state.size() - 1) & ~mask;
    const Index value = doubled(by.value), moved = value & ~doubled(by.to_zero);
    double weight = 0;
    for_each_index(rest, [&](Index base) { weight += weight_of(state, base | value, density); });
    if (!(weight > 0)) throw std::runtime_error("a measurement outcome of probability zero was drawn");
    const T scale = static_cast<T>(density ? 1 / weight : 1 / std::sqrt(weight));
    State<T> out(state.num_bits(), state.padded_bits());
    std::fill(out.data(), out.data() + out.padded_size(), std::complex<T>(0));
    for_each_index(rest, [&](Index base) { out.data()[base | moved] = state.data()[base | value] * scale; });
    state = std::move(out);
}

template void collapse<float>(State<float>&, const Collapse&, bool);
template void collapse<double>(State<double>&, const Collapse&, bool);

}  // namespace coratrix
