// One operation → one step of a register program.
#pragma once

#include "coratrix/kernel_table.hpp"
#include "coratrix/lowering.hpp"

namespace coratrix {

/// Makes the steps of one group, which chooses vectors by `group_bits` of the state's index.
template <class T>
class StepMaker {
public:
    StepMaker(const Kernels<T>& kernels, Mask group_bits) : kernels_(kernels), group_bits_(group_bits) {}

    /// A rotation, flip or turn.
    Step<T> step(const Op& op) const;
    /// Exchanges one of the group's bits with a lane bit.
    Step<T> exchange(int lane_bit, int group_bit) const;

private:
    bool in_lanes(int state_bit) const { return state_bit < kernels_.lane_bits; }
    int group_index(int state_bit) const { return popcount(group_bits_ & (bit(state_bit) - 1)); }
    template <class F>
    void permute_lanes(Step<T>& step, F target) const;
    void mark_lanes(Step<T>& step, int lane_bit) const;
    Step<T> rotation(const Op& op) const;
    Step<T> flip(const Op& op) const;
    Step<T> turn(const Op& op) const;
    void turn_coefficients(const Op& op, Step<T>& step) const;

    const Kernels<T>& kernels_;
    const Mask group_bits_;
};

/// Rotations along all of a group's bits, one next to the other, become one step; returns how many steps are left.
template <class T>
std::uint32_t join_rotations(Step<T>* steps, std::uint32_t count, int group_bits);

}  // namespace coratrix
