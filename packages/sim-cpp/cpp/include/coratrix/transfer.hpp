// Pauli transfer matrices: what a gate, channel or reset does to Tr(Pρ) for every Pauli string P.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "coratrix/program.hpp"

namespace coratrix {

/// R_ab with Tr(P_a E(ρ)) = Σ_b R_ab Tr(P_b ρ); 4^k rows, the instruction's first qubit being the slowest digit.
using Transfer = std::vector<double>;

/// Whether the instruction is one whose transfer matrix is of a sensible size.
bool has_transfer(const Instruction& in);

/// Makes each matrix once: gates without parameters and channels come again and again.
class TransferTable {
public:
    const Transfer& get(const Instruction& in);

private:
    using Key = std::tuple<Opcode, int, std::uint64_t, const void*>;
    std::map<Key, Transfer> made_;
    Transfer last_;
};

}  // namespace coratrix
