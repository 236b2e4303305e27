// Choosing stages, time slots inside a stage, and register groups inside a slot. Every step is one scan over
// operations with three masks: an operation that cannot go yet blocks its bits for those behind it.
#include "coratrix/plan.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <stdexcept>

#include "coratrix/diagonal.hpp"

namespace coratrix {

void* Arena::allocate_bytes(std::size_t size) {
    size = (size + 63) / 64 * 64;
    if (buffers_.empty() || used_ + size > buffers_.back().size()) {
        const std::size_t wanted = buffers_.empty() ? std::size_t{16} << 10 : std::size_t{256} << 10;
        buffers_.emplace_back(std::max(size, wanted));
        used_ = 0;
    }
    void* const out = static_cast<char*>(buffers_.back().data()) + used_;
    used_ += size;
    total_ += size;
    return out;
}

template <class T>
int default_tile_bits() {
    static const int bits = [] {
        long cache = -1;
#ifdef _SC_LEVEL2_CACHE_SIZE
        cache = sysconf(_SC_LEVEL2_CACHE_SIZE);
#endif
        if (cache < (256 << 10)) cache = 1 << 20;
        int out = 0;
        while ((std::size_t{2} << out) * 2 * sizeof(T) <= static_cast<std::size_t>(cache) / 2) ++out;
        return std::min(out, 16);  // larger tiles save passes that cost little and miss the cache more often
    }();
    return bits;
}

namespace {

/// What the scan remembers of the operations it had to leave behind.
struct Blocked {
    Mask moved = 0;   // a skipped operation mixes these bits: nothing on them may pass
    Mask watched = 0; // a skipped operation is diagonal on these: nothing that mixes them may pass

    bool allows(const Op& op) const {
        return ((op.moving & (moved | watched)) | (op.diagonal & moved)) == 0;
    }
    void add(const Op& op) { moved |= op.moving, watched |= op.diagonal; }
};

using OpList = std::vector<const Op*>;

/// How many mixing operations a stage with these local bits would do.
int count_done(const OpList& ops, Mask local) {
    Blocked blocked;
    int done = 0;
    for (const Op* op : ops) {
        if ((op->moving & ~local) == 0 && blocked.allows(*op)) done += op->moving != 0;
        else blocked.add(*op);
        if ((local & ~blocked.moved) == 0) break;
    }
    return done;
}

/// Make bits local in the order in which operations ask for them.
Mask first_come(const OpList& ops, Mask local, int limit) {
    Blocked blocked;
    for (const Op* op : ops) {
        const bool fits = popcount(local | op->moving) <= limit;
        if (fits && blocked.allows(*op)) local |= op->moving;
        else blocked.add(*op);
        if (popcount(local) == limit) break;
    }
    return local;
}

/// Grow one bit at a time, each time the bit that lets most operations run.
Mask grow(const OpList& ops, Mask local, Mask all, int limit) {
    while (popcount(local) < limit) {
        Mask best = 0;
        int most = -1;
        for (Mask left = all & ~local; left; left &= left - 1) {
            const Mask candidate = left & (~left + 1);
            const int done = count_done(ops, local | candidate);
            if (done > most) most = done, best = candidate;
        }
        local |= best;
    }
    return local;
}

/// Exchange single bits as long as that lets more operations run.
Mask improve(const OpList& ops, Mask local, Mask all, Mask fixed, int& done) {
    for (int round = 0; round < 3; ++round) {
        bool better = false;
        for (Mask out = local & ~fixed; out; out &= out - 1)
            for (Mask in = all & ~local; in; in &= in - 1) {
                const Mask candidate = (local ^ (out & (~out + 1))) | (in & (~in + 1));
                const int count = count_done(ops, candidate);
                if (count <= done) continue;
                done = count, local = candidate, better = true;
                break;
            }
        if (!better) break;
    }
    return local;
}

Mask choose_local(const OpList& ops, int num_bits, int tile_bits, Mask fixed) {
    const Mask all = bit(num_bits) - 1;
    if (num_bits <= tile_bits) return all;
    Mask best = 0;
    int most = -1;
    for (Mask candidate : {first_come(ops, fixed, tile_bits), grow(ops, fixed, all, tile_bits)}) {
        for (Mask left = all; popcount(candidate) < tile_bits; left &= left - 1) candidate |= left & (~left + 1);
        int done = count_done(ops, candidate);
        candidate = improve(ops, candidate, all, fixed, done);
        if (done > most) most = done, best = candidate;
    }
    return best;
}

/// The time slots of a stage: all phases of slot k, then all mixing operations of slot k, and so on.
struct Slot {
    std::vector<Monomial> phases;
    OpList probes;
    OpList moving;
};

std::vector<Slot> time_slots(const OpList& ops) {
    std::vector<Slot> slots;
    int moved[64], watched[64];
    std::fill(std::begin(moved), std::end(moved), -1);
    std::fill(std::begin(watched), std::end(watched), 0);
    for (const Op* op : ops) {
        int slot = 0;
        for (Mask left = op->diagonal; left; left &= left - 1)
            slot = std::max(slot, moved[lowest_bit(left)] + (op->moving == 0 ? 1 : 0));
        for (Mask left = op->moving; left; left &= left - 1)
            slot = std::max({slot, moved[lowest_bit(left)], watched[lowest_bit(left)]});
        for (Mask left = op->diagonal; left; left &= left - 1)
            watched[lowest_bit(left)] = std::max(watched[lowest_bit(left)], slot);
        for (Mask left = op->moving; left; left &= left - 1) moved[lowest_bit(left)] = slot;
        if (slots.size() <= static_cast<std::size_t>(slot)) slots.resize(static_cast<std::size_t>(slot) + 1);
        Slot& at = slots[static_cast<std::size_t>(slot)];
        if (op->probe >= 0) at.probes.push_back(op);
        else if (op->moving == 0) at.phases.push_back({op->diagonal, op->factor});
        else at.moving.push_back(op);
    }
    return slots;
}

template <class T>
class Planner {
public:
    Planner(const LoweredCircuit& circuit, const Kernels<T>& kernels, const PlanOptions& options)
        : circuit_(circuit), kernels_(kernels) {
        plan_.num_bits = circuit.num_bits;
        plan_.kernels = &kernels;
        plan_.starts_at_zero = options.starts_at_zero;
        probe_flag_ = options.probe_flag;
        fixed_ = lane_mask() | (probe_flag_ >= 0 ? bit(probe_flag_) : 0);
        const int dense = widest_dense();
        plan_.padded_bits = std::max(circuit.num_bits, kernels.lane_bits + dense);
        const int wanted = options.tile_bits > 0 ? options.tile_bits : default_tile_bits<T>();
        plan_.tile_bits = std::min(plan_.padded_bits, std::max(wanted, popcount(fixed_) + std::max(dense, 2)));
    }

    Plan<T> run() {
        OpList left;
        for (const Op& op : circuit_.ops) left.push_back(&op);
        Mask zero = plan_.starts_at_zero ? bit(plan_.padded_bits) - 1 : 0;
        bool any = plan_.starts_at_zero;  // |0…0⟩ itself has to be written by a stage
        while (!left.empty() || any) {
            any = false;
            add_stage(left, zero);
            zero &= ~plan_.stages.back().local;
        }
        apply_leftover_scale();
        plan_.untouched = zero;
        count_cost();
        return std::move(plan_);
    }

private:
    Mask lane_mask() const { return bit(kernels_.lane_bits) - 1; }

    int widest_dense() const {
        int widest = 0;
        for (const Op& op : circuit_.ops)
            if (op.kind == Op::Kind::dense)
                widest = std::max(widest, popcount(op.moving) + popcount(op.diagonal));
        return widest;
    }

    void add_stage(OpList& left, Mask zero) {
        const Mask local = choose_local(left, plan_.padded_bits, plan_.tile_bits, fixed_);
        OpList mine, rest;
        Blocked blocked;
        for (const Op* op : left) {
            if ((op->moving & ~local) == 0 && blocked.allows(*op)) mine.push_back(op);
            else blocked.add(*op), rest.push_back(op);
        }
        if (mine.empty() && !left.empty()) throw std::logic_error("plan: no operation fits a stage");
        plan_.stages.emplace_back();
        stage_ = &plan_.stages.back();
        stage_->local = local;
        stage_->outer = (bit(plan_.padded_bits) - 1) & ~local;
        stage_->zero_before = zero;
        blocks_.clear();
        const TileLayout layout(local);
        layout_ = &layout;
        vectors();
        for (Slot& slot : time_slots(mine)) add_slot(slot);
        left.swap(rest);
    }

    /// Tables of where a tile's vectors lie in the state.
    void vectors() {
        const int lane_bits = kernels_.lane_bits;
        stage_->num_vectors = 1u << (plan_.tile_bits - lane_bits);
        auto* const gather = plan_.arena.template allocate<std::uint32_t>(stage_->num_vectors);
        auto* const scatter = plan_.arena.template allocate<std::uint32_t>(stage_->num_vectors);
        gather[0] = scatter[0] = 0;
        std::uint32_t made = 1;
        for (int p = lane_bits; p < plan_.tile_bits; ++p, made *= 2) {
            const int state_bit = layout_->state_bits[static_cast<std::size_t>(p)];
            const bool zero = stage_->zero_before >> state_bit & 1;
            for (std::uint32_t k = 0; k < made; ++k) {
                scatter[made + k] = scatter[k] + (1u << (state_bit - lane_bits));
                gather[made + k] = zero || gather[k] == kZeroVector ? kZeroVector : scatter[made + k];
            }
        }
        stage_->gather = gather;
        stage_->scatter = scatter;
    }

    void add_slot(Slot& slot) {
        if (!slot.phases.empty()) {
            slot.phases.push_back({0, scale_});
            scale_ = 1;
            add_diagonal(slot.phases);
        }
        if (!slot.probes.empty()) add_probes(slot.probes);
        add_groups(slot.moving);
        // amplitudes grow by what the kernels leave out; keep far from overflow in single precision
        if (std::abs(scale_) < 1e-9) {
            add_diagonal({{0, scale_}});
            scale_ = 1;
        }
    }

    void add_probes(const OpList& ops) {
        Probes probes;
        probes.scale = std::norm(scale_);
        probes.flag_position = layout_->position[probe_flag_];
        for (const Op* op : ops) {
            probes.list.push_back({op->diagonal & ~stage_->local, layout_->positions(op->diagonal), op->probe});
            plan_.num_probes = std::max(plan_.num_probes, op->probe + 1);
        }
        TileOp<T> op{TileOp<T>::Kind::probes};
        op.probes = static_cast<int>(plan_.probes.size());
        plan_.probes.push_back(std::move(probes));
        plan_.scratch_size = std::max(plan_.scratch_size, std::size_t{1} << plan_.tile_bits);
        stage_->ops.push_back(op);
    }

    void add_diagonal(const std::vector<Monomial>& monomials) {
        TileOp<T> op{TileOp<T>::Kind::diagonal};
        op.diagonal = build_diagonal<T>(monomials, *layout_, kernels_.lane_bits, plan_.arena, plan_.scratch_size);
        stage_->ops.push_back(op);
        ++plan_.cost.diagonals;
    }

    /// A scale that no later diagonal took along: once more over the last stage's tiles, if there is any need.
    void apply_leftover_scale() {
        if (scale_ == 1.0 || plan_.stages.empty()) return;
        const TileLayout layout(stage_->local);
        layout_ = &layout;
        add_diagonal({{0, scale_}});
        scale_ = 1;
    }

    /// Cut a slot's operations into register groups: bits join in the order in which they are asked for.
    void add_groups(OpList left) {
        while (!left.empty()) {
            if (left.front()->kind == Op::Kind::dense) {
                add_dense(*left.front());
                left.erase(left.begin());
                continue;
            }
            Mask bits = 0;
            OpList mine, rest;
            Blocked blocked;
            for (const Op* op : left) {
                const Mask joined = bits | (op->moving & ~lane_mask());
                const bool fits = op->kind != Op::Kind::dense && popcount(joined) <= kernels_.max_group_bits;
                if (fits && blocked.allows(*op)) mine.push_back(op), bits = joined;
                else blocked.add(*op), rest.push_back(op);
            }
            add_group(mine, bits);
            left.swap(rest);
        }
    }

    void add_group(const OpList& ops, Mask bits) {
        auto* const steps = plan_.arena.template allocate<Step<T>>(ops.size());
        std::uint32_t count = 0;
        bits = filled(bits);
        group_bits_ = bits;
        for (const Op* op : ops) {
            scale_ *= op->kind == Op::Kind::flip ? Complex(1) : op->factor;
            make_step(*op, steps[count++]);
        }
        push_group(bits, steps, count);
        stage_->num_moving += static_cast<int>(ops.size());
    }

    /// Idle bits fill a group: more registers in flight hide the latency of its steps.
    Mask filled(Mask bits) const {
        for (Mask left = stage_->local & ~lane_mask() & ~bits; left; left &= left - 1) {
            if (popcount(bits) >= kernels_.max_group_bits) break;
            bits |= left & (~left + 1);
        }
        return bits;
    }

    void push_group(Mask bits, const Step<T>* steps, std::uint32_t count) {
        auto* const group = new (plan_.arena.template allocate<Group<T>>(1)) Group<T>;
        for (Mask left = bits; left; left &= left - 1)
            group->strides[group->bits++] = plane_stride<T>(layout_->position[lowest_bit(left)]);
        group->blocks = blocks(bits);
        group->steps = steps;
        group->num_steps = count;
        TileOp<T> op{TileOp<T>::Kind::group};
        op.group = group;
        stage_->ops.push_back(op);
        ++plan_.cost.groups;
        plan_.cost.multiply_adds += std::ldexp(2.0 * count, plan_.padded_bits);
    }

    /// All values of the vector-choosing bits outside `bits`; made once per set of bits.
    Blocks blocks(Mask bits) {
        for (const auto& [known, made] : blocks_)
            if (known == bits) return made;
        Blocks out;
        const int free_bits = plan_.tile_bits - kernels_.lane_bits - popcount(bits);
        auto* const offsets = plan_.arena.template allocate<std::uint32_t>(std::size_t{1} << free_bits);
        auto* const indices = plan_.arena.template allocate<Index>(std::size_t{1} << free_bits);
        offsets[0] = 0, indices[0] = 0, out.count = 1;
        for (int p = kernels_.lane_bits; p < plan_.tile_bits; ++p) {
            const Mask state_bit = bit(layout_->state_bits[static_cast<std::size_t>(p)]);
            if (state_bit & bits) continue;
            for (std::uint32_t k = 0; k < out.count; ++k) {
                offsets[out.count + k] = offsets[k] + plane_stride<T>(p);
                indices[out.count + k] = indices[k] | state_bit;
            }
            out.count *= 2;
        }
        out.offsets = offsets, out.indices = indices;
        blocks_.emplace_back(bits, out);
        return out;
    }

    // Steps

    bool in_lanes(int state_bit) const { return state_bit < kernels_.lane_bits; }
    int group_index(int state_bit) const {
        return popcount(group_bits_ & (bit(state_bit) - 1));
    }

    template <class F>
    void lane_permutation(Step<T>& step, F target) const {
        unsigned char lanes[kMaxLanes];
        for (unsigned l = 0; l < 1u << kernels_.lane_bits; ++l) lanes[l] = static_cast<unsigned char>(target(l));
        kernels_.make_index(lanes, step.lanes);
    }

    void make_step(const Op& op, Step<T>& step) const {
        new (&step) Step<T>;
        switch (op.kind) {
            case Op::Kind::rotation: rotation_step(op, step); break;
            case Op::Kind::flip: flip_step(op, step); break;
            default: turn_step(op, step);
        }
    }

    void rotation_step(const Op& op, Step<T>& step) const {
        const int target = lowest_bit(op.moving);
        const T t = static_cast<T>(op.t);
        step.t = t;
        if (!in_lanes(target)) {
            step.form = step_form(op.swapped ? StepCode::rotate_swapped : StepCode::rotate, group_index(target));
            return;
        }
        step.form = step_form(op.swapped ? StepCode::lane_mix : StepCode::lane_rotate);
        lane_permutation(step, [&](unsigned l) { return l ^ 1u << target; });
        for (unsigned l = 0; l < 1u << kernels_.lane_bits; ++l) {
            const T sign = l >> target & 1 ? T(1) : T(-1);
            step.c0[l] = op.swapped ? t : T(1);
            step.c1[l] = op.swapped ? sign : sign * t;
        }
    }

    void flip_step(const Op& op, Step<T>& step) const {
        const int control = lowest_bit(op.diagonal), target = lowest_bit(op.moving);
        const bool grouped = (group_bits_ & bit(control)) != 0;
        if (!grouped && !in_lanes(control)) step.condition = bit(control);
        if (in_lanes(target)) {
            const bool both = in_lanes(control);
            lane_permutation(step, [&](unsigned l) {
                return both && !(l >> control & 1) ? l : l ^ 1u << target;
            });
            step.form = grouped ? step_form(StepCode::lane_permute_if, group_index(control))
                                : step_form(StepCode::lane_permute);
            return;
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
    }

    void mark_lanes(Step<T>& step, int lane_bit) const {
        for (unsigned l = 0; l < 1u << kernels_.lane_bits; ++l) step.c0[l] = l >> lane_bit & 1 ? T(-1) : T(0);
    }

    void turn_step(const Op& op, Step<T>& step) const {
        const int lead = op.lead, other = lowest_bit(op.moving & ~bit(lead));
        step.t = static_cast<T>(op.t), step.t2 = static_cast<T>(op.t_odd);
        step.swapped = op.swapped, step.swapped_odd = op.swapped_odd;
        if (!in_lanes(lead) && !in_lanes(other)) {
            step.form = step_form(StepCode::turn, group_index(lead), group_index(other));
            return;
        }
        // a' = p a - q b, b' = q a + p b: own coefficient and partner's, by the two bits' values
        const auto own = [&](bool l, bool o) {
            const bool even = l == o;
            const bool swapped = even ? op.swapped : op.swapped_odd;
            return static_cast<T>(swapped ? (even ? op.t : op.t_odd) : 1.0);
        };
        const auto partner = [&](bool l, bool o) {
            const bool even = l == o;
            const bool swapped = even ? op.swapped : op.swapped_odd;
            const double q = swapped ? 1.0 : (even ? op.t : op.t_odd);
            const bool first = even ? !l : l;  // 00, or the one with the lead set
            return static_cast<T>(first ? -q : q);
        };
        const Mask lanes = op.moving & lane_mask();
        lane_permutation(step, [&](unsigned l) { return l ^ static_cast<unsigned>(lanes); });
        const int group_bit = in_lanes(lead) ? other : lead;
        const bool both = in_lanes(group_bit);
        step.form = both ? step_form(StepCode::lane_mix) : step_form(StepCode::turn_lane, group_index(group_bit));
        for (unsigned l = 0; l < 1u << kernels_.lane_bits; ++l) {
            const auto value = [&](int b, bool grouped_value) { return in_lanes(b) ? (l >> b & 1) != 0 : grouped_value; };
            step.c0[l] = own(value(lead, false), value(other, false));
            step.c1[l] = partner(value(lead, false), value(other, false));
            step.c2[l] = own(value(lead, true), value(other, true));
            step.c3[l] = partner(value(lead, true), value(other, true));
        }
    }

    // Dense matrices: bits inside the vectors are first exchanged with bits outside

    void add_dense(const Op& op) {
        DenseMatrix dense = circuit_.dense[static_cast<std::size_t>(op.dense_index)];
        Mask controls = op.diagonal;
        for (Mask left = controls & lane_mask(); left; left &= left - 1) absorb_control(dense, lowest_bit(left));
        controls &= ~lane_mask();
        Mask taken = controls;
        for (const int b : dense.bits) taken |= bit(b);
        std::vector<std::pair<int, int>> exchanged;  // lane bit, group bit
        for (int& b : dense.bits) {
            if (!in_lanes(b)) continue;
            const Mask free = layout_->local & ~lane_mask() & ~taken;
            exchanged.emplace_back(b, lowest_bit(free));
            b = lowest_bit(free);
            taken |= bit(b);
        }
        exchange(exchanged);
        push_dense(dense, controls);
        exchange(exchanged);
        ++stage_->num_moving;
    }

    /// The matrix under one more control, as a matrix twice as large.
    static void absorb_control(DenseMatrix& dense, int control) {
        const std::size_t size = std::size_t{1} << dense.bits.size();
        std::vector<Complex> wide(4 * size * size, Complex(0));
        for (std::size_t r = 0; r < size; ++r) {
            wide[r * 2 * size + r] = 1;
            for (std::size_t c = 0; c < size; ++c) wide[(size + r) * 2 * size + size + c] = dense.matrix[r * size + c];
        }
        dense.matrix = std::move(wide);
        dense.bits.insert(dense.bits.begin(), control);
    }

    void exchange(const std::vector<std::pair<int, int>>& pairs) {
        for (const auto& [lane, group] : pairs) {
            auto* const step = new (plan_.arena.template allocate<Step<T>>(1)) Step<T>;
            const int lane_bit = lane;
            step->form = step_form(StepCode::swap_lane);
            lane_permutation(*step, [&](unsigned l) { return l ^ 1u << lane_bit; });
            mark_lanes(*step, lane_bit);
            push_group(bit(group), step, 1);
        }
    }

    void push_dense(const DenseMatrix& dense, Mask controls) {
        const std::size_t rows = std::size_t{1} << dense.bits.size();
        auto* const out = new (plan_.arena.template allocate<Dense<T>>(1)) Dense<T>;
        out->bits = static_cast<int>(dense.bits.size());
        out->condition = controls;
        Mask bits = 0;
        auto* const offsets = plan_.arena.template allocate<std::uint32_t>(rows);
        for (std::size_t row = 0; row < rows; ++row) {
            offsets[row] = 0;
            for (std::size_t k = 0; k < dense.bits.size(); ++k)
                if (row >> (dense.bits.size() - 1 - k) & 1)
                    offsets[row] += plane_stride<T>(layout_->position[dense.bits[k]]);
        }
        for (const int b : dense.bits) bits |= bit(b);
        out->offsets = offsets;
        out->blocks = blocks(bits);
        auto* const re = plan_.arena.template allocate<T>(rows * rows);
        auto* const im = plan_.arena.template allocate<T>(rows * rows);
        for (std::size_t k = 0; k < rows * rows; ++k) {
            re[k] = static_cast<T>(dense.matrix[k].real());
            im[k] = static_cast<T>(dense.matrix[k].imag());
        }
        out->re = re, out->im = im;
        plan_.scratch_size = std::max(plan_.scratch_size, rows * 2 << kernels_.lane_bits);
        TileOp<T> op{TileOp<T>::Kind::dense};
        op.dense = out;
        stage_->ops.push_back(op);
        ++plan_.cost.dense;
        plan_.cost.multiply_adds += std::ldexp(4.0 * static_cast<double>(rows), plan_.padded_bits);
    }

    void count_cost() {
        plan_.cost.stages = static_cast<int>(plan_.stages.size());
        plan_.cost.multiply_adds += std::ldexp(4.0 * plan_.cost.diagonals, plan_.padded_bits);
        for (const Stage<T>& stage : plan_.stages) {
            const double written = std::ldexp(2.0 * sizeof(T), plan_.padded_bits - popcount(stage.outer & stage.zero_before));
            const double read = std::ldexp(2.0 * sizeof(T), plan_.padded_bits - popcount(stage.zero_before));
            plan_.cost.bytes += written + (stage.zero_before + 1 == bit(plan_.padded_bits) ? 0.0 : read);
        }
    }

    const LoweredCircuit& circuit_;
    const Kernels<T>& kernels_;
    Plan<T> plan_;
    Stage<T>* stage_ = nullptr;
    const TileLayout* layout_ = nullptr;
    std::vector<std::pair<Mask, Blocks>> blocks_;
    Mask group_bits_ = 0;
    Mask fixed_ = 0;      // bits that every stage keeps local
    int probe_flag_ = -1;
    Complex scale_{1, 0};
};

std::string bit_list(Mask mask, int num_bits) {
    std::string out;
    for (int q = 0; q < num_bits; ++q)
        if (mask >> (num_bits - 1 - q) & 1) out += (out.empty() ? "" : " ") + std::to_string(q);
    return out;
}

}  // namespace

template <class T>
Plan<T> make_plan(const LoweredCircuit& circuit, const Kernels<T>& kernels, const PlanOptions& options) {
    return Planner<T>(circuit, kernels, options).run();
}

template <class T>
std::string describe(const Plan<T>& plan) {
    char line[256];
    std::string out;
    std::snprintf(line, sizeof line, "%d qubits, %s precision, %s kernels, tiles of 2^%d amplitudes\n", plan.num_bits,
                  sizeof(T) == 4 ? "single" : "double", plan.kernels->name, plan.tile_bits);
    out += line;
    int number = 0;
    for (const Stage<T>& stage : plan.stages) {
        int groups = 0, diagonals = 0, dense = 0;
        for (const TileOp<T>& op : stage.ops) {
            groups += op.kind == TileOp<T>::Kind::group;
            diagonals += op.kind == TileOp<T>::Kind::diagonal;
            dense += op.kind == TileOp<T>::Kind::dense;
        }
        const double tiles = std::ldexp(1.0, popcount(stage.outer & ~stage.zero_before));
        std::snprintf(line, sizeof line,
                      "stage %d: %.0f tiles, %d mixing operations in %d register groups, %d diagonals, %d dense; "
                      "local qubits %s\n",
                      ++number, tiles, stage.num_moving, groups, diagonals, dense,
                      bit_list(stage.local, plan.num_bits).c_str());
        out += line;
    }
    std::snprintf(line, sizeof line, "moves %.3g bytes of memory, %.3g real multiply-adds, tables of %zu bytes\n",
                  plan.cost.bytes, plan.cost.multiply_adds, plan.arena.bytes());
    return out + line;
}

#define CORATRIX_INSTANTIATE(T)                                                                   \
    template Plan<T> make_plan<T>(const LoweredCircuit&, const Kernels<T>&, const PlanOptions&);  \
    template std::string describe<T>(const Plan<T>&);                                             \
    template int default_tile_bits<T>();
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
