// Channels that apply a Pauli string drawn at random.
#pragma once

#include <optional>
#include <vector>

#include "coratrix/program.hpp"

namespace coratrix {

/// ρ → Σ p_k P_k ρ P_k. Strings with p = 0 and the identity are left out.
struct PauliChannel {
    struct Error {
        double up_to;        // Σ p of the strings up to this one, over the sum of all
        std::uint32_t what;  // bit 2q: X on qubit q of the channel, bit 2q + 1: Z; both: Y
    };
    int num_qubits = 0;
    double p_any = 0;  // that any error happens
    std::vector<Error> errors;

    /// The error that a uniform number in [0, 1) picks.
    std::uint32_t pick(double u) const {
        std::size_t k = 0;
        while (k + 1 < errors.size() && u >= errors[k].up_to) ++k;
        return errors[k].what;
    }
};

/// None if the Kraus operators are no Pauli channel.
std::optional<PauliChannel> pauli_channel(const Instruction& channel);

/// X with probability p on one qubit: also the error of a reading that flips 0 and 1 alike.
PauliChannel bit_flip_channel(double p);

}  // namespace coratrix
