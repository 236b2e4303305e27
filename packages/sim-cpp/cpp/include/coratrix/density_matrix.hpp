// A density matrix of n qubits as a state of 2n: index = row · 2^n + column. A gate U acts as U on the rows and
// as its conjugate on the columns, a channel as Σ K ⊗ K* on both.
#pragma once

#include <memory>
#include <vector>

#include "coratrix/program.hpp"

namespace coratrix {

/// A run of gates, channels and resets as gates and linear maps on twice the qubits.
class DoubledCircuit {
public:
    DoubledCircuit(const Instruction* first, const Instruction* last, int num_qubits);
    const Instruction* begin() const { return instructions_.data(); }
    const Instruction* end() const { return instructions_.data() + instructions_.size(); }

private:
    void add_gate(const Instruction& in);
    void add_map(const Instruction& in, const std::vector<std::vector<Complex>>& kraus);
    const std::int64_t* qubits(std::vector<std::int64_t> list);

    int num_qubits_;
    std::vector<Instruction> instructions_;
    std::vector<std::unique_ptr<std::vector<std::int64_t>>> qubit_lists_;
    std::vector<std::unique_ptr<std::vector<Complex>>> matrices_;
};

}  // namespace coratrix
