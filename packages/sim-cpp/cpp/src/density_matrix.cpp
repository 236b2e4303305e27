// Doubling a circuit.
#include "coratrix/density_matrix.hpp"

namespace coratrix {

DoubledCircuit::DoubledCircuit(const Instruction* first, const Instruction* last, int num_qubits)
    : num_qubits_(num_qubits) {
    for (const Instruction* at = first; at != last; ++at) {
        if (at->opcode == Opcode::reset) {
            add_map(*at, {{1, 0, 0, 0}, {0, 1, 0, 0}});
        } else if (at->opcode == Opcode::channel) {
            const std::size_t size = std::size_t{1} << (2 * at->num_qubits);
            std::vector<std::vector<Complex>> kraus;
            for (int k = 0; k < at->num_kraus; ++k)
                kraus.emplace_back(at->matrix + static_cast<std::size_t>(k) * size,
                                   at->matrix + static_cast<std::size_t>(k + 1) * size);
            add_map(*at, kraus);
        } else {
            add_gate(*at);
        }
    }
}

const std::int64_t* DoubledCircuit::qubits(std::vector<std::int64_t> list) {
    qubit_lists_.push_back(std::make_unique<std::vector<std::int64_t>>(std::move(list)));
    return qubit_lists_.back()->data();
}

void DoubledCircuit::add_gate(const Instruction& in) {
    instructions_.push_back(in);
    Instruction columns = in;
    std::vector<std::int64_t> moved(in.qubits, in.qubits + in.num_qubits);
    for (std::int64_t& q : moved) q += num_qubits_;
    columns.qubits = qubits(std::move(moved));
    columns.conjugated = true;
    instructions_.push_back(columns);
}

void DoubledCircuit::add_map(const Instruction& in, const std::vector<std::vector<Complex>>& kraus) {
    const std::size_t rows = std::size_t{1} << in.num_qubits;
    auto super = std::make_unique<std::vector<Complex>>(rows * rows * rows * rows, Complex(0));
    for (const std::vector<Complex>& k : kraus)
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t c = 0; c < rows; ++c)
                for (std::size_t r2 = 0; r2 < rows; ++r2)
                    for (std::size_t c2 = 0; c2 < rows; ++c2)
                        (*super)[(r * rows + c) * rows * rows + r2 * rows + c2] +=
                            k[r * rows + r2] * std::conj(k[c * rows + c2]);
    Instruction map;
    map.opcode = Opcode::linear_map;
    std::vector<std::int64_t> both(in.qubits, in.qubits + in.num_qubits);
    for (int q = 0; q < in.num_qubits; ++q) both.push_back(in.qubits[q] + num_qubits_);
    map.num_qubits = 2 * in.num_qubits;
    map.qubits = qubits(std::move(both));
    map.matrix = super->data();
    matrices_.push_back(std::move(super));
    instructions_.push_back(map);
}

}  // namespace coratrix
