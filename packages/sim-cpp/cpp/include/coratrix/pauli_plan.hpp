// Gates, channels and resets → passes over the real numbers of a density matrix in the Pauli basis.
//
//   pass    what happens to one pair of digits (qubits): a one-qubit gate with whatever noise follows it is one 4×4
//           matrix, and a matrix on each of two digits and then a map of both are one pass
//   stage   passes whose digits are all local to one choice of tile, so that they share a trip to memory
//
// Knows nothing of the numbers themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coratrix/pauli_kernels.hpp"
#include "coratrix/program.hpp"

namespace coratrix {

constexpr int kPauliTileDigits = 7;    // 4^7 numbers are 128 KiB: a tile and its neighbours stay in the second-level cache
constexpr int kPauliLineDigits = 2;    // 4^2 numbers are two cache lines: these digits are local to every tile

/// One pass: either a pair step or a matrix on up to kMaxWideQubits digits.
struct PauliOp {
    PairStep pair;
    std::vector<int> wide;     // digits, first most significant; empty for a pair
    std::vector<double> matrix;  // of a wide step, or behind pair.dense

    std::uint64_t digits() const {
        if (wide.empty()) return std::uint64_t{1} << pair.high | std::uint64_t{1} << pair.low;
        std::uint64_t out = 0;
        for (const int d : wide) out |= std::uint64_t{1} << d;
        return out;
    }
};

/// Steps whose digits are all local to one choice of tile.
struct PauliStage {
    std::uint64_t local = 0;  // digits
    std::vector<const PauliOp*> ops;
};

/// As few passes as the order allows; `digits` is the number of qubits or more.
std::vector<PauliOp> pauli_passes(const Instruction* first, const Instruction* last, int num_qubits, int digits);

/// The passes of `ops`, which must outlive the stages, in stages of at most `tile` local digits.
std::vector<PauliStage> pauli_stages(const std::vector<PauliOp>& ops, int digits, int tile);

/// Passes, stages and bytes in words.
std::string describe_pauli(const Instruction* first, const Instruction* last, int num_qubits);

}  // namespace coratrix
