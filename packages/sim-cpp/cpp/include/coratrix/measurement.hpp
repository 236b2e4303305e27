// Consecutive measurements and resets on different qubits, drawn together; and what they do to a state.
#pragma once

#include <utility>
#include <vector>

#include "coratrix/control_flow.hpp"
#include "coratrix/executor.hpp"

namespace coratrix {

/// What a split by outcome does to the state.
struct Collapse {
    Mask mask = 0;     // qubits' bits that were measured …
    Index value = 0;   // … and what they read
    Mask to_zero = 0;  // of these, the bits to be reset afterwards
};

class Measurement {
public:
    /// Takes as many instructions as can be drawn together, and steps over them.
    Measurement(Frame& frame, int num_qubits);

    Mask mask() const { return mask_; }
    Mask to_zero() const { return to_zero_; }
    bool is_misread() const { return misread_; }

    /// Numbers that each shot draws: one for the outcome, and one per instruction where readouts err.
    std::uint64_t num_draws() const { return 1 + (misread_ ? parts_.size() : 0); }

    /// Writes the bits that a shot with this outcome reports; `position` is that of its outcome's draw.
    void report(Index state, std::uint64_t seed, std::uint32_t shot, std::uint64_t position, Clbits& clbits) const;

    /// (bit of the index, clbit) of every clbit that is written, by its last writer.
    std::vector<std::pair<int, int>> places() const;

private:
    Mask bit_of(const Instruction& in) const { return bit(num_qubits_ - 1 - static_cast<int>(in.qubits[0])); }

    int num_qubits_;
    std::vector<const Instruction*> parts_;
    Mask mask_ = 0, to_zero_ = 0;
    bool misread_ = false;
};

/// Keep the amplitudes whose bits under the mask read `value`, moved to where the bits of `to_zero` are zero, and
/// normalise. A density matrix has twice the bits; both halves are treated alike.
template <class T>
void collapse(State<T>& state, const Collapse& by, bool density);

}  // namespace coratrix
