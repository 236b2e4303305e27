// A program as the stabilizer method takes it: Clifford steps, Pauli errors, measurements, resets, Pauli feed-forward.
//
// Every measurement writes a *record*. A *slot* is a bit of a shot's row: slot c < num_clbits is classical bit c as it
// is in the end; further slots keep records that are overwritten later but decide something before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coratrix/clifford.hpp"
#include "coratrix/pauli_channel.hpp"
#include "coratrix/program.hpp"

namespace coratrix {

struct StabilizerStep {
    enum class Kind : std::uint8_t {
        gate,     // `op` on qubits a and b
        measure,  // qubit a into record b
        reset,    // qubit a
        error,    // channel a on the qubits from place b of `error_qubits`
        follow,   // `op`, x or z, on qubit a if record b is 1
        decide    // decision a
    };
    Kind kind;
    CliffordOp op;
    int a, b;
};

struct Record {
    int slot = -1;             // none: nobody ever looks at it
    bool is_followed = false;  // a Pauli operator hangs on it
    int flip = -1;             // channel by which its reading flips 0 and 1 alike
};

/// X or Z on one qubit.
struct PauliFactor {
    int qubit;
    bool is_x;
};

/// Something that depends on the bits of a shot in a way that no sum of bits does: it is looked up shot by shot.
struct Decision {
    std::vector<int> records;  // that it looks at, least significant first; -1 is a bit that reads 0
    // either: these factors act if the condition holds, and those if not
    std::vector<std::uint64_t> values;
    bool negated = false;
    std::vector<PauliFactor> then_factors, else_factors;
    // or: the only record's reading flips with a probability that depends on it
    bool is_readout = false;
    double p_flip[2] = {0, 0};
};

/// The gates that need no look at their matrix, without controls and with one.
std::optional<CliffordOp> plain_clifford(Opcode opcode, std::int64_t num_controls, std::int64_t control_state);

/// Where a program is none for stabilizers: the place of the instruction in the body, and what is wrong with it, to
/// be said after its name.
struct Obstacle {
    std::size_t place;
    std::string what;
};

struct StabilizerProgram {
    int num_qubits = 0;
    int num_clbits = 0;
    int num_slots = 0;
    std::vector<StabilizerStep> steps;
    std::vector<Record> records;
    std::vector<PauliChannel> channels;
    std::vector<int> error_qubits;
    std::vector<Decision> decisions;
};

/// The first obstacle, found without writing anything down; reading stops there.
std::optional<Obstacle> stabilizer_obstacle(const Program& program);

/// Throws std::invalid_argument where `stabilizer_obstacle` finds one.
StabilizerProgram stabilizer_program(const Program& program);

}  // namespace coratrix
