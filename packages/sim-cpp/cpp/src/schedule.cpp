// Stages, time slots in a stage, register groups in a slot, and blocks: the longest runs of groups and phases whose
// bits fit the first-level cache together. Every choice is one scan with masks: an operation that cannot go yet blocks
// its bits for those behind it.
#include "coratrix/schedule.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <stdexcept>
#include <tuple>

namespace coratrix {

namespace {

using Numbers = std::vector<int>;

Footprint footprint(const Op& op) { return {op.moving, op.diagonal}; }

class Scheduler {
public:
    Scheduler(const LoweredCircuit& circuit, const ScheduleOptions& options) : ops_(circuit.ops), options_(options) {
        lanes_ = bit(options.lane_bits) - 1;
        fixed_ = lanes_ | (options.probe_flag >= 0 ? bit(options.probe_flag) : 0);
        const int room = popcount(fixed_) + std::max(widest_dense(), 2);
        out_.num_bits = circuit.num_bits;
        out_.padded_bits = std::max(circuit.num_bits, options.lane_bits + widest_dense());
        out_.tile_bits = std::min(out_.padded_bits, std::max(options.tile_bits, room));
        block_bits_ = std::min(out_.tile_bits, std::max(options.block_bits, room));
    }

    Schedule run() {
        Numbers left(ops_.size());
        std::iota(left.begin(), left.end(), 0);
        if (options_.ends_at_zero) return run_backward(std::move(left));
        if (options_.starts_at_zero && left.empty()) left = add_stage(left);  // |0…0⟩ itself has to be written
        while (!left.empty()) left = add_stage(left);
        return std::move(out_);
    }

private:
    int widest_dense() const {
        int widest = 0;
        for (const Op& op : ops_)
            if (op.kind == Op::Kind::dense)
                widest = std::max(widest, popcount(op.moving) + popcount(op.diagonal));
        return widest;
    }

    // Stages and blocks

    /// The circuit undone starts at zero, and its first stages need few tiles: they are the last ones here.
    Schedule run_backward(Numbers left) {
        std::reverse(left.begin(), left.end());
        std::vector<std::pair<Mask, Numbers>> stages;
        while (!left.empty()) {
            const Mask local = choose(left, bit(out_.padded_bits) - 1, out_.tile_bits);
            auto [mine, rest] = take(left, local);
            std::reverse(mine.begin(), mine.end());
            stages.emplace_back(local, std::move(mine));
            left = std::move(rest);
        }
        for (std::size_t k = stages.size(); k-- > 0;) lay_out(stages[k].first, stages[k].second);
        return std::move(out_);
    }

    /// Schedule what runs in one pass over the state; returns the rest.
    Numbers add_stage(const Numbers& left) {
        const Mask local = choose(left, bit(out_.padded_bits) - 1, out_.tile_bits);
        auto [mine, rest] = take(left, local);
        lay_out(local, mine);
        return rest;
    }

    std::pair<Numbers, Numbers> take(const Numbers& left, Mask local) const {
        auto out = split(left, local);
        if (out.first.empty() && !left.empty()) throw std::logic_error("schedule: no operation fits a stage");
        return out;
    }

    void lay_out(Mask local, const Numbers& mine) {
        add(Entry::Kind::stage, local);
        stage_ = local;
        if (mine.empty()) return;
        open_block();
        add_slots(mine);
        close_block();
    }

    // Blocks take up bits as operations ask for them, and are closed when no more fit

    void open_block() {
        block_entry_ = out_.entries.size();
        block_ = fixed_;
        add(Entry::Kind::block, 0);
    }

    void close_block() {
        for (Mask left = stage_ & ~block_; left && popcount(block_) < block_bits_; left &= left - 1)
            block_ |= left & (~left + 1);
        out_.entries[block_entry_].bits = block_;
    }

    Mask choose(const Numbers& left, Mask all, int limit) {
        if (popcount(all) <= limit) return all;
        scratch_.clear();
        for (const int number : left) scratch_.push_back(footprint(op(number)));
        return choose_local(scratch_, all, fixed_ & all, limit);
    }

    /// Those that run when `local` is local, and the others, both in order.
    std::pair<Numbers, Numbers> split(const Numbers& left, Mask local) const {
        std::pair<Numbers, Numbers> out;
        Blocked blocked;
        for (const int number : left) {
            const Footprint it = footprint(op(number));
            if ((it.moving & ~local) == 0 && blocked.allows(it)) out.first.push_back(number);
            else blocked.add(it), out.second.push_back(number);
        }
        return out;
    }

    // Time slots: all phases of slot k, then all sums under masks, then all mixing operations of slot k, and so on.
    // What a rotation asks about its bit is asked by its group, before the group's steps.

    void add_slots(const Numbers& mine) {
        std::vector<Numbers> parts;
        for (const int number : mine) {
            const Op& it = op(number);
            const std::size_t phases = 3 * slot_of(it), probes = phases + 1, moving = phases + 2;
            if (parts.size() <= moving) parts.resize(moving + 1);
            if (it.probe >= 0) parts[probes].push_back(number);
            if (it.moving != 0) parts[moving].push_back(number);
            else if (it.probe < 0) parts[phases].push_back(number);
        }
        for (std::size_t part = 0; part < parts.size(); ++part) {
            if (parts[part].empty()) continue;
            if (part % 3 == 2) add_groups(std::move(parts[part]));
            else add(part % 3 == 0 ? Entry::Kind::phases : Entry::Kind::probes, 0, parts[part]);
        }
        for (const int number : mine) forget(op(number));
    }

    /// Whether a rotation asks something about its bit as it is at the beginning of the slot.
    static bool asks(const Op& it) { return it.probe_x >= 0 || it.probe_y >= 0; }

    /// The first slot behind everything that the operation does not commute with; notes it there.
    std::size_t slot_of(const Op& it) {
        int slot = 0;
        const int phase = it.moving == 0 ? 1 : 0;
        for (Mask left = it.diagonal; left; left &= left - 1)
            slot = std::max(slot, moved_[lowest_bit(left)] - 1 + phase);
        for (Mask left = it.moving; left; left &= left - 1)
            slot = std::max({slot, moved_[lowest_bit(left)] - 1, watched_[lowest_bit(left)]});
        if (asks(it)) slot = std::max({slot, moved_[lowest_bit(it.moving)], steering_[lowest_bit(it.moving)]});
        for (Mask left = it.diagonal; left; left &= left - 1) {
            watched_[lowest_bit(left)] = std::max(watched_[lowest_bit(left)], slot);
            if (it.moving) steering_[lowest_bit(left)] = std::max(steering_[lowest_bit(left)], slot + 1);
        }
        for (Mask left = it.moving; left; left &= left - 1) moved_[lowest_bit(left)] = slot + 1;
        return static_cast<std::size_t>(slot);
    }

    void forget(const Op& it) {
        for (Mask left = it.moving | it.diagonal; left; left &= left - 1)
            moved_[lowest_bit(left)] = watched_[lowest_bit(left)] = steering_[lowest_bit(left)] = 0;
    }

    // Groups: first what the open block serves, then what it can still take up, then the next block

    void add_groups(Numbers left) {
        while (!left.empty()) {
            auto [here, rest] = split(left, block_);
            if (here.empty()) {
                grow_block(left);
                std::tie(here, rest) = split(left, block_);
            }
            if (here.empty()) {
                close_block();
                open_block();
                continue;
            }
            cut_groups(std::move(here));
            left.swap(rest);
        }
    }

    /// Take up bits in the order in which operations ask for them.
    void grow_block(const Numbers& left) {
        Blocked blocked;
        for (const int number : left) {
            const Footprint it = footprint(op(number));
            const bool fits = popcount(block_ | it.moving) <= block_bits_;
            if (fits && blocked.allows(it)) block_ |= it.moving;
            else blocked.add(it);
        }
    }

    void cut_groups(Numbers left) {
        while (!left.empty()) {
            if (op(left.front()).kind == Op::Kind::dense) {
                add(Entry::Kind::dense, 0, {left.front()});
                left.erase(left.begin());
                continue;
            }
            Mask bits = 0;
            Numbers mine, rest;
            Blocked blocked;
            for (const int number : left) {
                const Footprint it = footprint(op(number));
                const Mask joined = bits | (it.moving & ~lanes_);
                const bool fits = op(number).kind != Op::Kind::dense && popcount(joined) <= options_.max_group_bits;
                if (fits && blocked.allows(it)) mine.push_back(number), bits = joined;
                else blocked.add(it), rest.push_back(number);
            }
            const Mask group = filled(bits);
            add(Entry::Kind::group, group, mine);
            left.swap(rest);
        }
    }

    /// Idle bits fill a group: more registers in flight hide the latency of its steps.
    Mask filled(Mask bits) {
        for (Mask left = block_ & ~fixed_ & ~bits; left && popcount(bits) < options_.max_group_bits; left &= left - 1)
            bits |= left & (~left + 1);
        for (Mask left = stage_ & ~block_; left && popcount(bits) < options_.max_group_bits; left &= left - 1) {
            if (popcount(block_) >= block_bits_) break;
            bits |= left & (~left + 1);
            block_ |= left & (~left + 1);
        }
        return bits;
    }

    void add(Entry::Kind kind, Mask bits, const Numbers& numbers = {}) {
        const auto first = static_cast<std::uint32_t>(out_.order.size());
        out_.order.insert(out_.order.end(), numbers.begin(), numbers.end());
        out_.entries.push_back({kind, bits, first, static_cast<std::uint32_t>(out_.order.size())});
    }

    const Op& op(int number) const { return ops_[static_cast<std::size_t>(number)]; }

    const std::vector<Op>& ops_;
    const ScheduleOptions options_;
    Schedule out_;
    Mask lanes_ = 0;
    Mask fixed_ = 0;          // bits that every stage and block keeps local
    Mask stage_ = 0, block_ = 0;
    std::size_t block_entry_ = 0;
    int block_bits_ = 0;
    int moved_[64] = {};      // by bit: one more than the last slot that mixes it
    int watched_[64] = {};    // by bit: the last slot that looks at it
    int steering_[64] = {};   // by bit: one more than the last slot where it controls what mixes others
    std::vector<Footprint> scratch_;
};

}  // namespace

OpShape::OpShape(const Op& op)
    : diagonal(op.diagonal), moving(op.moving), dense_index(op.dense_index), probe(op.probe), probe_x(op.probe_x),
      probe_y(op.probe_y), lead(op.lead), kind(op.kind) {}

bool OpShape::operator==(const OpShape& other) const {
    return kind == other.kind && diagonal == other.diagonal && moving == other.moving && lead == other.lead &&
           dense_index == other.dense_index && probe == other.probe && probe_x == other.probe_x &&
           probe_y == other.probe_y;
}

Shape::Shape(const LoweredCircuit& circuit) : num_bits_(circuit.num_bits), ops_(circuit.ops.begin(), circuit.ops.end()) {}

bool Shape::fits(const LoweredCircuit& circuit) const {
    return num_bits_ == circuit.num_bits && ops_.size() == circuit.ops.size() &&
           std::equal(ops_.begin(), ops_.end(), circuit.ops.begin(),
                      [](const OpShape& a, const Op& b) { return a == OpShape(b); });
}

Schedule make_schedule(const LoweredCircuit& circuit, const ScheduleOptions& options) {
    return Scheduler(circuit, options).run();
}

}  // namespace coratrix
