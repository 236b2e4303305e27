// The walk over a program's tree of outcomes, depth first. Knows nothing of how shots are shared out to threads.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coratrix/branching.hpp"
#include "coratrix/light_cones.hpp"
#include "coratrix/measurement.hpp"
#include "coratrix/pauli_density.hpp"
#include "coratrix/plans.hpp"
#include "coratrix/random.hpp"
#include "coratrix/readings.hpp"
#include "coratrix/sampling.hpp"
#include "coratrix/tally.hpp"
#include "coratrix/trajectories.hpp"

namespace coratrix {

constexpr int kTableBits = 12;  // up to this width shots look their outcome up in a table of probabilities

template <class T>
struct Branch {
    std::shared_ptr<State<T>> state;      // none: |0…0⟩, or
    std::shared_ptr<PauliDensity> pauli;  // the density matrix while only gates, channels and resets have acted
    Collapse split;                       // to be done to the shared state when the branch is taken up
    Frames frames;
    Clbits clbits;
    std::vector<std::uint32_t> shots;
    std::uint64_t draws = 0;          // how many numbers each shot has drawn
    std::uint64_t stretches = 0;      // how many stretches of noise lie behind
    std::shared_ptr<const StateBudget::Kept> kept;  // the state waits for several branches
};

/// Which part of a split a reading belongs to; a reading not seen before gets the number of the next part.
class PartsByReading {
public:
    std::size_t of(Index value, std::size_t next) { return by_value_.emplace(value, next).first->second; }
    std::size_t of(Index value, std::vector<std::uint64_t> reported, std::size_t next) {
        return by_report_.emplace(std::make_pair(value, std::move(reported)), next).first->second;
    }

private:
    std::unordered_map<Index, std::size_t> by_value_;
    std::map<std::pair<Index, std::vector<std::uint64_t>>, std::size_t> by_report_;
};

/// What the walks of one program share.
template <class T>
struct Shared {
    Shared(const Program& program_of, std::uint64_t seed_of, const RunOptions& options_of)
        : program(program_of), seed(seed_of), options(options_of), plans(program_of.num_qubits(), options_of),
          kept_states(options_of.kept_states) {}

    /// Counted before the run: a stretch of noise has two states in work at times.
    void count_states(int walks) {
        const Body& body = program.body();
        const bool noisy = !options.density && std::any_of(body.begin(), body.end(), [](const Instruction& in) {
            return in.opcode == Opcode::channel;
        });
        const std::size_t bytes = 2 * sizeof(T) << plans.state_bits();
        if (kept_states < 0) kept_states = StateBudget::limit_for(bytes, noisy ? 2 : 0, walks);
    }

    /// A stretch of gates and channels, taken apart once.
    const NoisySegment& segment(const Instruction* first, const Instruction* last) {
        const std::lock_guard<std::mutex> lock(guard);
        std::unique_ptr<NoisySegment>& slot = segments[{first, last}];
        if (!slot) slot = std::make_unique<NoisySegment>(first, last);
        return *slot;
    }

    const LightCones& cones_of(const NoisySegment& segment) {
        const std::lock_guard<std::mutex> lock(guard);
        std::unique_ptr<LightCones>& slot = cones[&segment];
        if (!slot) slot = std::make_unique<LightCones>(segment, program.num_qubits());
        return *slot;
    }

    const Program& program;
    const std::uint64_t seed;
    const RunOptions options;
    Plans<T> plans;
    int kept_states;
    std::mutex guard;
    std::map<std::pair<const Instruction*, const Instruction*>, std::unique_ptr<NoisySegment>> segments;
    std::map<const NoisySegment*, std::unique_ptr<LightCones>> cones;
};

/// Where the numbers of a branch's k-th noisy stretch lie in the stream of each shot, far from those of measurements.
std::uint64_t noise_place(std::uint64_t stretch) { return (std::uint64_t{1} << 63) | stretch << 32; }

template <class T>
class Walk {
public:
    Walk(Shared<T>& shared, const Context& context)
        : shared_(shared), program_(shared.program), seed_(shared.seed), options_(shared.options), context_(context),
          plans_(shared.plans), tally_(program_.num_clbits()), budget_(shared.kept_states) {}

    /// Shots that the budget of states left over are walked again, from the beginning and by themselves.
    Tally run(std::vector<std::uint32_t> shots) {
        while (!shots.empty()) {
            Branch<T> root;
            root.frames.push_back({&program_.body(), 0, nullptr, 0});
            root.clbits.assign(static_cast<std::size_t>(program_.num_clbits()), 0);
            root.shots = std::move(shots);
            finish(std::move(root));
            shots = budget_.take_again();
            std::sort(shots.begin(), shots.end());
            many_leaves_ |= !shots.empty();
        }
        return std::move(tally_);
    }

private:
    /// A branch and all that comes of it, before anything that was waiting.
    void finish(Branch<T> branch) {
        const std::size_t others = waiting_.size();
        waiting_.push_back(std::move(branch));
        while (waiting_.size() > others) {
            Branch<T> next = std::move(waiting_.back());
            waiting_.pop_back();
            take_up(next);
            next.kept.reset();
            follow(next);
            context_.check();
        }
    }

    bool is_evolution(const Instruction& in) const {
        return in.is_gate() || in.opcode == Opcode::channel || (options_.density && in.opcode == Opcode::reset);
    }

    /// Go on until the branch ends or splits.
    void follow(Branch<T>& branch) {
        while (close_finished_blocks(branch.frames, branch.clbits)) {
            Frame& frame = branch.frames.back();
            const Body& body = *frame.body;
            const Instruction& in = body[frame.at];
            if (is_evolution(in)) {
                const std::size_t first = frame.at;
                while (frame.at < body.size() && is_evolution(body[frame.at])) ++frame.at;
                if (evolve(branch, &body[first], body.data() + frame.at)) return;
            } else if (in.flow) {
                enter_block(branch.frames, branch.clbits);
            } else {
                return measure(branch);
            }
        }
        tally_.add_bits(branch.clbits, static_cast<std::int64_t>(branch.shots.size()));
    }

    // States

    /// True if the shots' histories differ: their branches are then finished already.
    bool evolve(Branch<T>& branch, const Instruction* first, const Instruction* last) {
        if (!options_.density && std::any_of(first, last, is_channel)) return noisy(branch, first, last);
        if (plans_.is_pauli() && !branch.state && !branch.pauli && fits_pauli_basis(first, last)) {
            branch.pauli = std::make_shared<PauliDensity>(program_.num_qubits(), options_.set);
            branch.pauli->apply(first, last, context_);
            return false;
        }
        if (branch.pauli) need_state(branch);
        plans_.evolve(branch.state, first, last, context_);
        return false;
    }

    static bool is_channel(const Instruction& in) { return in.opcode == Opcode::channel; }

    bool noisy(Branch<T>& branch, const Instruction* first, const Instruction* last) {
        const NoisySegment& segment = shared_.segment(first, last);
        if (segment.sites().empty()) {
            plans_.evolve(branch.state, segment.op(0), segment.op(segment.num_ops()), context_);
            return false;
        }
        many_leaves_ = true;
        Branch<T> after = child(branch);
        after.state.reset();
        after.stretches = branch.stretches + 1;
        std::vector<std::uint32_t> shots = branch.shots;
        if (options_.cones && only_readings_follow(branch) && shared_.cones_of(segment).are_known())
            shots = read_in_cones(shared_.cones_of(segment), branch, after);
        if (shots.empty()) return true;
        TrajectoryTree<T> tree(segment, plans_, program_.num_qubits(), seed_, noise_place(branch.stretches), budget_,
                               context_,
                               [&](std::shared_ptr<State<T>> state, std::vector<std::uint32_t> shots) {
                                   Branch<T> leaf = after;
                                   leaf.state = std::move(state);
                                   leaf.shots = std::move(shots);
                                   finish(std::move(leaf));
                               });
        tree.run(std::move(branch.state), shots);
        return true;
    }

    /// Reads the shots without errors and those whose errors stay in small light cones; returns the others.
    std::vector<std::uint32_t> read_in_cones(const LightCones& cones, const Branch<T>& branch, Branch<T> after) {
        const std::uint64_t place = noise_place(branch.stretches);
        ConeShots sorted = cones.sort(branch.shots, seed_, place);
        if (sorted.served.empty()) return std::move(sorted.others);
        after.shots = std::move(sorted.served);
        after.state = branch.state;
        plans_.evolve(after.state, cones.ops().data(), cones.ops().data() + cones.ops().size(), context_);
        Readings readings = read_all(after);
        std::map<std::uint32_t, Index*> reading_of;
        for (std::size_t d = 0; d < readings.states.size(); ++d)
            reading_of[after.shots[readings.order[d]]] = &readings.states[d];
        Context few = context_;
        few.num_threads = std::min(few.num_threads, 4);
        parallel_for(few, static_cast<std::int64_t>(sorted.groups.size()), [&](std::int64_t number, int) {
            const ConeShots::Group& group = sorted.groups[static_cast<std::size_t>(number)];
            ConeReader<T> reader(cones, group.history, group.cone, plans_.kernel_table(), plans_.costs());
            for (const auto& [shot, drawn] : group.shots) {
                Index& reading = *reading_of.at(shot);
                reading = reader.read(*after.state, reading, uniform(seed_, shot, place + drawn));
            }
        });
        if (readings.sorted) readings.sort();
        const Measurement measurement(after.frames.back(), program_.num_qubits());
        record(after, measurement, readings);
        return std::move(sorted.others);
    }

    /// Whether the program ends with one run of measurements here.
    bool only_readings_follow(const Branch<T>& branch) const {
        Frames frames = branch.frames;
        return Measurement(frames.back(), program_.num_qubits()).mask() != 0 && is_at_end(frames);
    }

    void need_state(Branch<T>& branch) {
        if (!branch.state && branch.pauli) {
            branch.state = std::make_shared<State<T>>(std::move(*branch.pauli).template to_matrix<T>(context_));
            branch.pauli.reset();
        }
        plans_.need(branch.state);
    }

    static void own(Branch<T>& branch) { Plans<T>::own(branch.state); }

    /// Do to the state what the split that made this branch asks for.
    void take_up(Branch<T>& branch) {
        const Collapse split = std::exchange(branch.split, {});
        if (split.mask == 0) return;
        if (!options_.density && split.mask == bit(program_.num_qubits()) - 1) {
            if (branch.state.use_count() > 1)
                branch.state = std::make_shared<State<T>>(branch.state->num_bits(), branch.state->padded_bits());
            branch.state->set_basis(split.value & ~split.to_zero);
            return;
        }
        own(branch);
        collapse(*branch.state, split, options_.density);
    }

    // Draws

    Readings read_table(const Branch<T>& branch, const std::vector<double>& p) const {
        Readings out;
        out.states = sample_table(p, branch.shots, seed_, branch.draws);
        out.order.resize(branch.shots.size());
        std::iota(out.order.begin(), out.order.end(), 0u);
        return out;
    }

    Readings read_all(Branch<T>& branch) {
        const int n = program_.num_qubits();
        Readings out;
        if (branch.pauli) return read_table(branch, branch.pauli->probabilities());
        need_state(branch);
        const bool pays = n <= kTableBits && branch.shots.size() * 4 >= std::size_t{1} << n;
        if (options_.density || pays) {
            std::vector<double> p(std::size_t{1} << n);
            const auto* const amp = branch.state->data();
            for (Index k = 0; k < p.size(); ++k)
                p[k] = options_.density ? static_cast<double>(amp[k << n | k].real()) : std::norm(Complex(amp[k]));
            return read_table(branch, p);
        }
        const std::vector<Draw> draws = sorted_draws(branch.shots, seed_, branch.draws);
        out.states = sample(*branch.state, plans_.kernel_table(), draws, context_);
        out.sorted = true;
        out.order.reserve(draws.size());
        for (const Draw& draw : draws) out.order.push_back(draw.shot);
        return out;
    }

    /// The branch ends here, or splits.
    void measure(Branch<T>& branch) {
        const Measurement measurement(branch.frames.back(), program_.num_qubits());
        const Readings readings = read_all(branch);
        if (is_at_end(branch.frames)) record(branch, measurement, readings);
        else split(branch, measurement, readings);
    }

    /// The program ends here: write the readings down, no state is needed any more.
    void record(const Branch<T>& branch, const Measurement& measurement, const Readings& readings) {
        if (measurement.is_misread()) return record_misread(branch, measurement, readings);
        const std::vector<std::pair<int, int>> places = measurement.places();
        Clbits clbits = branch.clbits;
        for (const auto& [index_bit, clbit] : places) clbits[static_cast<std::size_t>(clbit)] = 0;
        const std::vector<std::uint64_t> base = tally_.pack(clbits);
        const bool only = tally_.empty() && waiting_.empty() && !many_leaves_;  // no other branch will record anything
        const KeyTable table(places, tally_.words());
        std::vector<std::uint64_t> key(base.size());
        readings.for_each_state(program_.num_qubits(), [&](Index state, std::int64_t count) {
            key = base;
            table.add(state, key.data());
            tally_.add(key.data(), count);
        });
        const bool whole = places.size() == static_cast<std::size_t>(program_.num_qubits());
        if (whole && only) tally_.set_unique();
    }

    void record_misread(const Branch<T>& branch, const Measurement& measurement, const Readings& readings) {
        Clbits clbits = branch.clbits;
        for (std::size_t d = 0; d < readings.states.size(); ++d) {
            measurement.report(readings.states[d], seed_, branch.shots[readings.order[d]], branch.draws, clbits);
            tally_.add_bits(clbits, 1);
        }
    }

    /// Shots that read the same and left the same state behind go on together.
    void split(Branch<T>& branch, const Measurement& measurement, const Readings& readings) {
        need_state(branch);
        PartsByReading known;
        std::vector<Branch<T>> parts;
        Clbits clbits = branch.clbits;
        for (std::size_t d = 0; d < readings.states.size(); ++d) {
            const std::uint32_t shot = branch.shots[readings.order[d]];
            const Index value = readings.states[d] & measurement.mask();
            std::size_t part;
            if (measurement.is_misread()) {
                measurement.report(readings.states[d], seed_, shot, branch.draws, clbits);
                part = known.of(value, tally_.pack(clbits), parts.size());
            } else {
                part = known.of(value, parts.size());
            }
            if (part == parts.size()) {
                if (!measurement.is_misread()) measurement.report(readings.states[d], seed_, shot, branch.draws, clbits);
                parts.push_back(child(branch));
                parts.back().draws += measurement.num_draws();
                parts.back().clbits = clbits;
                parts.back().split = {measurement.mask(), value, measurement.to_zero()};
            }
            parts[part].shots.push_back(shot);
        }
        hand_over(branch, parts);
    }

    static Branch<T> child(const Branch<T>& branch) {
        Branch<T> out;
        out.state = branch.state;
        out.frames = branch.frames;
        out.clbits = branch.clbits;
        out.draws = branch.draws;
        out.stretches = branch.stretches;
        return out;
    }

    void hand_over(Branch<T>& branch, std::vector<Branch<T>>& parts) {
        branch.state.reset();
        branch.kept.reset();
        if (parts.size() > 1 && budget_.is_spent()) {
            for (std::size_t k = 1; k < parts.size(); ++k)
                for (const std::uint32_t shot : parts[k].shots) budget_.give_back(shot);
            parts.resize(1);
            many_leaves_ = true;
        }
        if (parts.size() > 1) {
            const auto kept = std::make_shared<const StateBudget::Kept>(budget_);
            for (Branch<T>& part : parts) part.kept = kept;
        }
        for (std::size_t k = parts.size(); k-- > 0;) {
            if (!std::is_sorted(parts[k].shots.begin(), parts[k].shots.end()))
                std::sort(parts[k].shots.begin(), parts[k].shots.end());
            waiting_.push_back(std::move(parts[k]));
        }
    }

    Shared<T>& shared_;
    const Program& program_;
    const std::uint64_t seed_;
    const RunOptions options_;
    const Context& context_;
    Plans<T>& plans_;
    Tally tally_;
    StateBudget budget_;
    std::vector<Branch<T>> waiting_;
    bool many_leaves_ = false;  // the same reading may come from several of them
};

}  // namespace coratrix
