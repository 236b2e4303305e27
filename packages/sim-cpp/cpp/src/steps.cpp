// Which code a step takes depends on where its bits lie: among those that choose vectors, or inside a vector.
#include "coratrix/steps.hpp"

#include <algorithm>

namespace coratrix {

template <class T>
Step<T> StepMaker<T>::step(const Op& op) const {
    switch (op.kind) {
        case Op::Kind::rotation: return rotation(op);
        case Op::Kind::flip: return flip(op);
        default: return turn(op);
    }
}

template <class T>
Step<T> StepMaker<T>::exchange(int lane_bit, int group_bit) const {
    Step<T> step;
    step.form = step_form(StepCode::swap_lane, group_index(group_bit));
    permute_lanes(step, [&](unsigned l) { return l ^ 1u << lane_bit; });
    mark_lanes(step, lane_bit);
    return step;
}

template <class T>
template <class F>
void StepMaker<T>::permute_lanes(Step<T>& step, F target) const {
    unsigned char lanes[kMaxLanes];
    for (unsigned l = 0; l < 1u << kernels_.lane_bits; ++l) lanes[l] = static_cast<unsigned char>(target(l));
    kernels_.make_index(lanes, step.lanes);
}

template <class T>
void StepMaker<T>::mark_lanes(Step<T>& step, int lane_bit) const {
    for (unsigned l = 0; l < 1u << kernels_.lane_bits; ++l) step.c0[l] = l >> lane_bit & 1 ? T(-1) : T(0);
}

template <class T>
Step<T> StepMaker<T>::rotation(const Op& op) const {
    Step<T> step;
    const int target = lowest_bit(op.moving);
    const T t = static_cast<T>(op.t);
    step.t = t;
    if (!in_lanes(target)) {
        step.form = step_form(op.swapped ? StepCode::rotate_swapped : StepCode::rotate, group_index(target));
        return step;
    }
    step.form = masked_form(op.swapped ? StepCode::lane_mix : StepCode::lane_rotate, 1u << target);
    for (unsigned l = 0; l < 1u << kernels_.lane_bits; ++l) {
        const T sign = l >> target & 1 ? T(1) : T(-1);
        step.c0[l] = op.swapped ? t : T(1);
        step.c1[l] = op.swapped ? sign : sign * t;
    }
    return step;
}

template <class T>
Step<T> StepMaker<T>::flip(const Op& op) const {
    Step<T> step;
    const int control = lowest_bit(op.diagonal), target = lowest_bit(op.moving);
    const bool grouped = (group_bits_ & bit(control)) != 0;
    if (!grouped && !in_lanes(control)) step.condition = bit(control);
    if (in_lanes(target)) {
        const bool both = in_lanes(control);
        permute_lanes(step, [&](unsigned l) { return both && !(l >> control & 1) ? l : l ^ 1u << target; });
        step.form = grouped ? step_form(StepCode::lane_permute_if, group_index(control))
                            : step_form(StepCode::lane_permute);
        return step;
    }
    const int a = group_index(target);
    if (grouped) {
        step.form = step_form(StepCode::flip_if, a, group_index(control));
    } else if (in_lanes(control)) {
        step.form = step_form(StepCode::flip_lanes_if, a);
        mark_lanes(step, control);
    } else {
        step.form = step_form(StepCode::flip, a);
    }
    return step;
}

template <class T>
Step<T> StepMaker<T>::turn(const Op& op) const {
    Step<T> step;
    const int lead = op.lead, other = lowest_bit(op.moving & ~bit(lead));
    step.t = static_cast<T>(op.t), step.t2 = static_cast<T>(op.t_odd);
    step.swapped = op.swapped, step.swapped_odd = op.swapped_odd;
    if (!in_lanes(lead) && !in_lanes(other)) {
        step.form = step_form(StepCode::turn, group_index(lead), group_index(other));
        return step;
    }
    const int group_bit = in_lanes(lead) ? other : lead;
    if (in_lanes(group_bit)) {
        step.form = masked_form(StepCode::lane_mix, static_cast<unsigned>(op.moving));
    } else {
        step.form = step_form(StepCode::turn_lane, group_index(group_bit));
        permute_lanes(step, [&](unsigned l) { return l ^ static_cast<unsigned>(op.moving & ~bit(group_bit)); });
    }
    turn_coefficients(op, step);
    return step;
}

/// a' = p a - q b, b' = q a + p b: each lane's own coefficient and its partner's, c0 and c1 where the group's bit is
/// clear, c2 and c3 where it is set.
template <class T>
void StepMaker<T>::turn_coefficients(const Op& op, Step<T>& step) const {
    const int lead = op.lead, other = lowest_bit(op.moving & ~bit(lead));
    for (unsigned l = 0; l < 1u << kernels_.lane_bits; ++l)
        for (const bool set : {false, true}) {
            const bool x = in_lanes(lead) ? (l >> lead & 1) != 0 : set;
            const bool y = in_lanes(other) ? (l >> other & 1) != 0 : set;
            const bool even = x == y;
            const bool swapped = even ? op.swapped : op.swapped_odd;
            const double t = even ? op.t : op.t_odd;
            const bool first = even ? !x : x;  // 00, or the one with the lead set
            const double partner = swapped ? 1.0 : t;
            (set ? step.c2 : step.c0)[l] = static_cast<T>(swapped ? t : 1.0);
            (set ? step.c3 : step.c1)[l] = static_cast<T>(first ? -partner : partner);
        }
}

namespace {

template <class T>
StepCode code_of(const Step<T>& step) {
    return static_cast<StepCode>(step.form >> 4);
}

template <class T>
bool is_rotation(const Step<T>& step) {
    return code_of(step) == StepCode::rotate || code_of(step) == StepCode::rotate_swapped;
}

/// Steps that stay inside the vectors commute with rotations along the group's bits.
template <class T>
bool stays_in_lanes(const Step<T>& step) {
    return code_of(step) == StepCode::lane_rotate || code_of(step) == StepCode::lane_mix;
}

}  // namespace

template <class T>
std::uint32_t join_rotations(Step<T>* steps, std::uint32_t count, int group_bits) {
    Step<T> joined;
    unsigned seen = 0, swapped = 0;
    std::uint32_t last = 0;
    for (; last < count && (is_rotation(steps[last]) || stays_in_lanes(steps[last])); ++last) {
        if (!is_rotation(steps[last])) continue;
        const unsigned along = steps[last].form >> 2 & 3;
        if (seen >> along & 1) break;
        seen |= 1u << along;
        swapped |= static_cast<unsigned>(code_of(steps[last]) == StepCode::rotate_swapped) << along;
        joined.c0[along] = steps[last].t;
    }
    if (group_bits < 2 || seen + 1 != 1u << group_bits) return count;
    joined.form = masked_form(StepCode::rotate_all, swapped);
    std::uint32_t kept = 0;
    for (std::uint32_t k = 0; k < count; ++k)
        if (k >= last || !is_rotation(steps[k])) steps[kept++] = steps[k];
    std::copy_backward(steps, steps + kept, steps + kept + 1);
    steps[0] = joined;
    return kept + 1;
}

template class StepMaker<float>;
template class StepMaker<double>;
template std::uint32_t join_rotations<float>(Step<float>*, std::uint32_t, int);
template std::uint32_t join_rotations<double>(Step<double>*, std::uint32_t, int);

}  // namespace coratrix
