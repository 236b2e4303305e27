// Kernels on a density matrix written in the Pauli basis: an array of 4^k real numbers, two bits of the index (a
// digit: I, X, Y, Z) for each qubit.
#pragma once

#include <cstdint>

#include "coratrix/kernel_table.hpp"
#include "coratrix/types.hpp"

namespace coratrix {

constexpr int kMinPauliDigits = 4;   // narrower arrays are padded: kernels take up to eight groups of 16 at once
constexpr int kMaxWideQubits = 4;    // a transfer matrix on more qubits is larger than it is worth

/// What happens to two digits in one pass: a 4×4 matrix on each, then a map of both.
struct PairStep {
    enum class Kind : std::uint8_t { none, monomial, dense };
    int high = 0, low = 0;           // digits; k = 4·(digit high) + (digit low) numbers the pairs of letters
    bool on_high = false, on_low = false;
    Kind kind = Kind::none;
    double high_matrix[16] = {};     // row-major, row 0 being (1, 0, 0, 0): the trace stays
    double low_matrix[16] = {};
    std::uint8_t target[16] = {};    // monomial: number k goes to target[k], times scale[k]
    double scale[16] = {};
    const double* dense = nullptr;   // 16 × 16, row-major
};

struct PauliKernels {
    void (*run_pair)(const PairStep& step, double* tile, int digits);
    /// Any transfer matrix, 4^count rows, on `count` ≤ kMaxWideQubits digits, the first most significant.
    void (*run_wide)(const double* matrix, const int* which, int count, double* tile, int digits);
};

const PauliKernels& pauli_kernels(InstructionSet set);

}  // namespace coratrix
