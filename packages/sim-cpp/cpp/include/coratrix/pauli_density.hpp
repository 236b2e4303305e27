// The density matrix as 4^n real numbers Tr(Pρ), one for every Pauli string P: half the bytes of a complex matrix.
//
// Digit d of the index (two bits: I, X, Y, Z) belongs to qubit n-1-d. A one-qubit gate with whatever noise follows
// it is one real 4×4 matrix, CX and CZ with Pauli noise are permutations with factors, and all of one pair's work
// is one pass. Passes are done tile by tile: a few digits are local to a tile that fits the cache.
#pragma once

#include <vector>

#include "coratrix/executor.hpp"
#include "coratrix/expectation.hpp"
#include "coratrix/pauli_kernels.hpp"
#include "coratrix/program.hpp"

namespace coratrix {

/// Whether a run of gates, channels and resets can be followed here.
bool fits_pauli_basis(const Instruction* first, const Instruction* last);

class PauliDensity {
public:
    /// |0…0⟩⟨0…0|.
    PauliDensity(int num_qubits, InstructionSet set);

    void apply(const Instruction* first, const Instruction* last, const Context& context);

    /// ⟨k|ρ|k⟩ for every basis state k.
    std::vector<double> probabilities() const;
    Complex expectation(const std::vector<PauliTerm>& terms) const;

    /// ρ itself, row · 2^n + column. What was here is used up.
    template <class T>
    State<T> to_matrix(const Context& context) &&;

private:
    double* numbers() { return static_cast<double*>(buffer_.data()); }
    const double* numbers() const { return static_cast<const double*>(buffer_.data()); }
    Index size() const { return Index{1} << (2 * num_qubits_); }
    void start_at_zero(const Context& context);

    int num_qubits_;
    int digits_;               // num_qubits_, or more where the kernels want more
    std::uint64_t untouched_;  // digits on which nothing has acted: only I and Z occur there
    const PauliKernels& kernels_;
    Buffer buffer_;
};

}  // namespace coratrix
