// A circuit as the engine receives it: one flat buffer of words, parsed in one call.
//
// The buffer is a sequence of instructions, each a run of 64-bit integers:
//
//   gate        opcode, num_controls, control_state, num_qubits, qubits…, offset of its parameters
//   unitary     unitary, num_controls, control_state, num_qubits, qubits…, offset of its matrix
//   measure     opcode, qubit, clbit, offset of its readout matrix or -1
//   reset       opcode, qubit
//   channel     opcode, number of Kraus matrices, num_qubits, qubits…, offset of the first matrix
//   if_else     opcode, condition, words of the then-body, words of the else-body, then-body…, else-body…
//   while_loop  opcode, condition, max_iterations, words of the body, body…
//
// where `condition` is: number of clbits, clbits… (least significant first), number of values, values…, negated.
// Controls come first in `qubits`; the most significant bit of control_state belongs to the first control.
// Matrices lie row-major in a pool of complex numbers, the first qubit being the most significant bit of a row.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "coratrix/types.hpp"

namespace coratrix {

constexpr int kMaxProgramQubits = 1 << 20;  // what has no state may be wide; states end at kMaxQubits

enum class Opcode : std::int64_t {
    id, x, y, z, h, s, sdg, t, tdg, sx, sxdg, p, u, rx, ry, rz, phased_u,
    swap, iswap, dcx, ecr, rxx, ryy, rzz, rzx,
    unitary, global_phase,
    measure, reset, channel, if_else, while_loop,
    count,
    // made inside the engine only, never parsed:
    linear_map,  // any matrix, unitary or not
    probe        // asks for Σ Im(λ* ψ) over the indices with all its qubits set; `clbit` is its number
};

/// The Python side asks for the numbers by name.
const std::vector<std::pair<std::string, Opcode>>& opcode_names();

struct Condition {
    std::vector<int> clbits;             // least significant first
    std::vector<std::uint64_t> values;   // sorted
    bool negated = false;

    bool holds(const std::vector<std::uint8_t>& clbit_values) const;
};

struct Instruction;
using Body = std::vector<Instruction>;

/// What only control flow needs.
struct Flow {
    Condition condition;
    Body then_body;
    Body else_body;
    std::int64_t max_iterations = 0;
};

struct Instruction {
    Opcode opcode = Opcode::id;
    int num_controls = 0;
    int num_qubits = 0;
    std::uint64_t control_state = 0;
    const std::int64_t* qubits = nullptr;   // into the program's words
    const double* params = nullptr;         // into the program's parameters
    const Complex* matrix = nullptr;        // gate matrix, first Kraus matrix, or readout matrix
    int clbit = -1;
    int num_kraus = 0;
    bool conjugated = false;                // stands for the complex conjugate of the gate (density matrices)
    std::shared_ptr<const Flow> flow;

    bool is_gate() const { return opcode <= Opcode::global_phase || opcode == Opcode::linear_map; }
};

/// Owns the buffers that its instructions point into, so it is not moved after parsing, and copied by parsing again.
class Program {
public:
    /// Throws std::invalid_argument where the words make no sense; nothing is read outside the buffers.
    Program(int num_qubits, int num_clbits, std::vector<std::int64_t> words, std::vector<double> params,
            std::vector<Complex> matrices);
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    std::unique_ptr<Program> copy() const {
        return std::make_unique<Program>(num_qubits_, num_clbits_, words_, params_, matrices_);
    }

    /// Other numbers in the place of its parameters, as many as there are. Instructions point at them as before.
    void set_params(const double* params) { std::copy(params, params + params_.size(), params_.begin()); }

    int num_qubits() const { return num_qubits_; }
    int num_clbits() const { return num_clbits_; }
    const Body& body() const { return body_; }
    const std::vector<double>& params() const { return params_; }

private:
    friend class Parser;
    int num_qubits_;
    int num_clbits_;
    std::vector<std::int64_t> words_;
    std::vector<double> params_;
    std::vector<Complex> matrices_;
    Body body_;
};

/// Throws std::invalid_argument for a program that is wider than any state.
void require_state_width(const Program& program);

}  // namespace coratrix
