// Clifford gates as short sequences of H, S, CX and the like.
//
// A unitary U is a Clifford gate if U P U† is a Pauli string, up to its sign, for every Pauli string P. It is
// enough to look at X and Z on each qubit; these 2k images fix U up to a phase, and multiplying by H, S, CX and SWAP
// until every image is its own letter again spells U out.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "coratrix/program.hpp"

namespace coratrix {

constexpr int kMaxCliffordQubits = 4;  // wider matrices are not looked at

enum class CliffordOp : std::uint8_t { x, y, z, h, s, sdg, sx, sxdg, cx, cz, swap };

struct CliffordStep {
    CliffordOp op;
    int a, b;  // places among the gate's qubits; b only where there are two
};

using CliffordSteps = std::vector<CliffordStep>;

/// A matrix on `qubits` qubits as steps, up to a phase; none if it is no Clifford gate.
std::optional<CliffordSteps> clifford_steps(const std::vector<Complex>& matrix, int qubits);

/// Looks gates up, each different one once.
class CliffordTable {
public:
    /// The gate's steps, in the order of time; null if it is no Clifford gate. Valid while the table is.
    const CliffordSteps* find(const Instruction& gate);

private:
    struct Key {
        Opcode opcode;
        int num_controls;
        std::uint64_t control_state;
        std::vector<double> params;
        const Complex* matrix;
        bool operator<(const Key& other) const;
    };
    std::map<Key, std::optional<CliffordSteps>> known_;
};

}  // namespace coratrix
