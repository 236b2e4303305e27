// The walk over a program's tree of outcomes, depth first.
#include "coratrix/branching.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <unordered_map>

#include "coratrix/pauli_density.hpp"
#include "coratrix/plans.hpp"
#include "coratrix/random.hpp"
#include "coratrix/sampling.hpp"
#include "coratrix/trajectories.hpp"

namespace coratrix {

namespace {

constexpr int kTableBits = 12;  // up to this width shots look their outcome up in a table of probabilities

/// Where in the program a branch stands: one entry per open block.
struct Frame {
    const Body* body;
    std::size_t at;
    const Instruction* loop;       // the while loop whose body this is
    std::int64_t iterations_left;
};

/// What has to be done to the shared state when a branch is taken up.
struct Split {
    Mask mask = 0;                        // qubits' bits that were measured …
    Index value = 0;                      // … and what they read
    Mask to_zero = 0;                     // of these, the bits to be reset afterwards
};

template <class T>
struct Branch {
    std::shared_ptr<State<T>> state;      // none: |0…0⟩, or
    std::shared_ptr<PauliDensity> pauli;  // the density matrix while only gates, channels and resets have acted
    Split split;
    std::vector<Frame> frames;
    std::vector<std::uint8_t> clbits;
    std::vector<std::uint32_t> shots;
    std::uint64_t draws = 0;          // how many numbers each shot has drawn
    std::uint64_t stretches = 0;      // how many stretches of noise lie behind
};

/// Key bits from a basis state's index, eight index bits at a time.
class KeyTable {
public:
    KeyTable(const std::vector<std::pair<int, int>>& index_bit_to_clbit, std::size_t words) : words_(words) {
        for (const auto& [index_bit, clbit] : index_bit_to_clbit) {
            const auto byte = static_cast<std::size_t>(index_bit / 8);
            if (tables_.size() <= byte) tables_.resize(byte + 1, std::vector<std::uint64_t>(256 * words, 0));
            for (std::size_t v = 0; v < 256; ++v)
                if (v >> (index_bit % 8) & 1)
                    tables_[byte][v * words + static_cast<std::size_t>(clbit / 64)] |= std::uint64_t{1} << (clbit % 64);
        }
    }

    void add(Index index, std::uint64_t* key) const {
        for (const std::vector<std::uint64_t>& table : tables_) {
            const std::uint64_t* const row = table.data() + (index & 255) * words_;
            for (std::size_t w = 0; w < words_; ++w) key[w] |= row[w];
            index >>= 8;
        }
    }

private:
    std::size_t words_;
    std::vector<std::vector<std::uint64_t>> tables_;
};

/// Adds readings up; sorted and unique at the end.
class Tally {
public:
    explicit Tally(int num_clbits) {
        out_.num_clbits = num_clbits;
        out_.words = static_cast<std::size_t>(std::max(1, (num_clbits + 63) / 64));
    }

    std::size_t words() const { return out_.words; }
    bool empty() const { return out_.counts.empty(); }

    void add(const std::uint64_t* key, std::int64_t count) {
        out_.keys.insert(out_.keys.end(), key, key + out_.words);
        out_.counts.push_back(count);
    }

    void add_bits(const std::vector<std::uint8_t>& clbits, std::int64_t count) {
        std::vector<std::uint64_t> key = pack(clbits);
        add(key.data(), count);
    }

    std::vector<std::uint64_t> pack(const std::vector<std::uint8_t>& clbits) const {
        std::vector<std::uint64_t> key(out_.words, 0);
        for (std::size_t b = 0; b < clbits.size(); ++b) key[b / 64] |= std::uint64_t{clbits[b]} << (b % 64);
        return key;
    }

    Counts finish() {
        const std::size_t w = out_.words, size = out_.counts.size();
        std::vector<std::size_t> order(size);
        std::iota(order.begin(), order.end(), std::size_t{0});
        const auto row = [&](std::size_t k) { return out_.keys.data() + k * w; };
        const auto less = [&](std::size_t a, std::size_t b) {
            return std::lexicographical_compare(row(a), row(a) + w, row(b), row(b) + w);
        };
        if (unique_) return std::move(out_);
        std::sort(order.begin(), order.end(), less);
        Counts merged;
        merged.num_clbits = out_.num_clbits;
        merged.words = w;
        for (const std::size_t k : order) {
            const bool same = !merged.counts.empty() && std::equal(row(k), row(k) + w, merged.keys.end() - static_cast<std::ptrdiff_t>(w));
            if (same) {
                merged.counts.back() += out_.counts[k];
            } else {
                merged.keys.insert(merged.keys.end(), row(k), row(k) + w);
                merged.counts.push_back(out_.counts[k]);
            }
        }
        return merged;
    }

    void add_all(const Tally& other) {
        out_.keys.insert(out_.keys.end(), other.out_.keys.begin(), other.out_.keys.end());
        out_.counts.insert(out_.counts.end(), other.out_.counts.begin(), other.out_.counts.end());
        unique_ = false;
    }

    /// The caller knows that no reading was added twice.
    void set_unique() { unique_ = true; }

private:
    Counts out_;
    bool unique_ = false;
};

/// What the walks of one program share.
template <class T>
struct Shared {
    Shared(const Program& program_of, std::uint64_t seed_of, const RunOptions& options_of)
        : program(program_of), seed(seed_of), options(options_of), plans(program_of.num_qubits(), options_of) {}

    /// A stretch of gates and channels, taken apart once.
    const NoisySegment& segment(const Instruction* first, const Instruction* last) {
        const std::lock_guard<std::mutex> lock(guard);
        std::unique_ptr<NoisySegment>& slot = segments[{first, last}];
        if (!slot) slot = std::make_unique<NoisySegment>(first, last);
        return *slot;
    }

    const Program& program;
    const std::uint64_t seed;
    const RunOptions options;
    Plans<T> plans;
    std::mutex guard;
    std::map<std::pair<const Instruction*, const Instruction*>, std::unique_ptr<NoisySegment>> segments;
};

/// Where the numbers of a branch's k-th noisy stretch lie in the stream of each shot, far from those of measurements.
std::uint64_t noise_place(std::uint64_t stretch) { return (std::uint64_t{1} << 63) | stretch << 32; }

template <class T>
class Walk {
public:
    Walk(Shared<T>& shared, const Context& context)
        : shared_(shared), program_(shared.program), seed_(shared.seed), options_(shared.options), context_(context),
          plans_(shared.plans), tally_(program_.num_clbits()) {}

    Tally run(std::vector<std::uint32_t> shots) {
        Branch<T> root;
        root.frames.push_back({&program_.body(), 0, nullptr, 0});
        root.clbits.assign(static_cast<std::size_t>(program_.num_clbits()), 0);
        root.shots = std::move(shots);
        finish(std::move(root));
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
            follow(next);
            context_.check();
        }
    }

    bool is_evolution(const Instruction& in) const {
        return in.is_gate() || in.opcode == Opcode::channel || (options_.density && in.opcode == Opcode::reset);
    }

    /// Go on until the branch ends or splits.
    void follow(Branch<T>& branch) {
        while (close_finished_blocks(branch)) {
            Frame& frame = branch.frames.back();
            const Body& body = *frame.body;
            const Instruction& in = body[frame.at];
            if (is_evolution(in)) {
                const std::size_t first = frame.at;
                while (frame.at < body.size() && is_evolution(body[frame.at])) ++frame.at;
                if (evolve(branch, &body[first], body.data() + frame.at)) return;
            } else if (in.opcode == Opcode::if_else) {
                ++frame.at;
                const Flow& flow = *in.flow;
                const Body& chosen = flow.condition.holds(branch.clbits) ? flow.then_body : flow.else_body;
                if (!chosen.empty()) branch.frames.push_back({&chosen, 0, nullptr, 0});
            } else if (in.opcode == Opcode::while_loop) {
                ++frame.at;
                if (in.flow->condition.holds(branch.clbits) && !in.flow->then_body.empty())
                    branch.frames.push_back({&in.flow->then_body, 0, &in, in.flow->max_iterations - 1});
            } else {
                if (measure_run(branch)) return;
            }
        }
        tally_.add_bits(branch.clbits, static_cast<std::int64_t>(branch.shots.size()));
    }

    /// False at the program's end. A loop's body starts again while its condition holds.
    static bool close_finished_blocks(Branch<T>& branch) {
        while (!branch.frames.empty()) {
            Frame& frame = branch.frames.back();
            if (frame.at < frame.body->size()) return true;
            if (frame.loop != nullptr && frame.iterations_left > 0 &&
                frame.loop->flow->condition.holds(branch.clbits)) {
                frame.at = 0;
                --frame.iterations_left;
                continue;
            }
            branch.frames.pop_back();
        }
        return false;
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
        TrajectoryTree<T> tree(segment, plans_, program_.num_qubits(), seed_, noise_place(branch.stretches), context_,
                               [&](std::shared_ptr<State<T>> state, std::vector<std::uint32_t> shots) {
                                   Branch<T> leaf = after;
                                   leaf.state = std::move(state);
                                   leaf.shots = std::move(shots);
                                   finish(std::move(leaf));
                               });
        tree.run(std::move(branch.state), branch.shots);
        return true;
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
        Split& split = branch.split;
        if (split.mask != 0) collapse(branch, split);
        split = Split{};
    }

    void collapse(Branch<T>& branch, const Split& split) {
        const int n = program_.num_qubits();
        if (!options_.density && split.mask == bit(n) - 1) {
            if (branch.state.use_count() > 1)
                branch.state = std::make_shared<State<T>>(branch.state->num_bits(), branch.state->padded_bits());
            branch.state->set_basis(split.value & ~split.to_zero);
            return;
        }
        own(branch);
        const Mask mask = options_.density ? split.mask | split.mask << n : split.mask;
        const Index value = options_.density ? split.value | split.value << n : split.value;
        const Mask cleared = options_.density ? split.to_zero | split.to_zero << n : split.to_zero;
        project(*branch.state, mask, value, cleared);
    }

    /// Keep the amplitudes whose bits under `mask` read `value`, moved to where the bits of `cleared` are zero,
    /// and normalise.
    void project(State<T>& state, Mask mask, Index value, Mask cleared) const {
        const Mask rest = (state.size() - 1) & ~mask;
        double weight = 0;
        for_each_index(rest, [&](Index base) { weight += weight_of(state, base | value); });
        if (!(weight > 0)) throw std::runtime_error("a measurement outcome of probability zero was drawn");
        const T scale = static_cast<T>(options_.density ? 1 / weight : 1 / std::sqrt(weight));
        State<T> out(state.num_bits(), state.padded_bits());
        std::fill(out.data(), out.data() + out.padded_size(), std::complex<T>(0));
        for_each_index(rest, [&](Index base) {
            out.data()[base | (value & ~cleared)] = state.data()[base | value] * scale;
        });
        state = std::move(out);
    }

    double weight_of(const State<T>& state, Index index) const {
        const std::complex<T> a = state.data()[index];
        if (!options_.density) return std::norm(Complex(a));
        const int n = program_.num_qubits();
        return (index >> n) == (index & (bit(n) - 1)) ? static_cast<double>(a.real()) : 0.0;
    }

    template <class F>
    static void for_each_index(Mask bits, F visit) {
        Index index = 0;
        do {
            visit(index);
            index = (index - bits) & bits;
        } while (index != 0);
    }

    // Draws

    /// What the shots of a branch read: states[k] is that of shot number order[k] of the branch.
    struct Readings {
        std::vector<Index> states;
        std::vector<std::uint32_t> order;
        bool sorted = false;  // by state
    };

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

    /// Consecutive measurements and resets on different qubits, drawn together. True: the branch has ended
    /// or split; false: all shots agree and the branch goes on.
    bool measure_run(Branch<T>& branch) {
        Frame& frame = branch.frames.back();
        std::vector<const Instruction*> run;
        Mask mask = 0, to_zero = 0;
        for (; frame.at < frame.body->size(); ++frame.at) {
            const Instruction& in = (*frame.body)[frame.at];
            const bool stops = in.opcode != Opcode::measure && in.opcode != Opcode::reset;
            const Mask here = stops ? 0 : qubit_bit(in);
            if (stops || (mask & here)) break;
            mask |= here;
            if (in.opcode == Opcode::reset) to_zero |= here;
            run.push_back(&in);
        }
        const Readings readings = read_all(branch);
        const bool misread = std::any_of(run.begin(), run.end(), [](const Instruction* in) { return in->matrix != nullptr; });
        branch.draws += 1 + (misread ? run.size() : 0);
        if (at_end(branch)) {
            record(branch, run, readings, misread);
            return true;
        }
        split(branch, run, readings, misread, mask, to_zero);
        return true;
    }

    Mask qubit_bit(const Instruction& in) const { return bit(program_.num_qubits() - 1 - static_cast<int>(in.qubits[0])); }

    static bool at_end(const Branch<T>& branch) {
        return std::all_of(branch.frames.begin(), branch.frames.end(), [](const Frame& f) {
            return f.at >= f.body->size() && f.loop == nullptr;
        });
    }

    /// The true outcome, then what the readout makes of it: draws 1 … of the shot, one per measurement.
    bool reported(const Branch<T>& branch, const std::vector<const Instruction*>& run, std::size_t k, Index state,
                  std::uint32_t shot) const {
        const Instruction& in = *run[k];
        const bool truth = (state & qubit_bit(in)) != 0;
        if (in.matrix == nullptr) return truth;
        const double p_one = in.matrix[truth ? 3 : 1].real();
        return uniform(seed_, shot, branch.draws - run.size() + k) < p_one;
    }

    /// The program ends here: write the readings down, no state is needed any more.
    void record(const Branch<T>& branch, const std::vector<const Instruction*>& run, const Readings& readings,
                bool misread) {
        std::vector<std::pair<int, int>> places;
        std::vector<std::uint8_t> clbits = branch.clbits;
        std::vector<int> last_writer(clbits.size(), -1);
        for (std::size_t k = 0; k < run.size(); ++k)
            if (run[k]->opcode == Opcode::measure) last_writer[static_cast<std::size_t>(run[k]->clbit)] = static_cast<int>(k);
        for (std::size_t k = 0; k < run.size(); ++k)
            if (run[k]->opcode == Opcode::measure &&
                last_writer[static_cast<std::size_t>(run[k]->clbit)] == static_cast<int>(k)) {
                places.emplace_back(lowest_bit(qubit_bit(*run[k])), run[k]->clbit);
                clbits[static_cast<std::size_t>(run[k]->clbit)] = 0;
            }
        if (misread) return record_misread(branch, run, readings, clbits);
        const std::vector<std::uint64_t> base = tally_.pack(clbits);
        const bool only = tally_.empty() && waiting_.empty() && !many_leaves_;  // no other branch will record anything
        const KeyTable table(places, tally_.words());
        std::vector<std::uint64_t> key(base.size());
        for_each_state(readings, [&](Index state, std::int64_t count) {
            key = base;
            table.add(state, key.data());
            tally_.add(key.data(), count);
        });
        const bool whole = places.size() == static_cast<std::size_t>(program_.num_qubits());
        if (whole && only) tally_.set_unique();
    }

    /// Each state that was read and how often, every state once.
    template <class F>
    void for_each_state(const Readings& readings, F visit) const {
        const std::vector<Index>& states = readings.states;
        if (!readings.sorted) {
            std::vector<std::int64_t> seen(std::size_t{1} << program_.num_qubits(), 0);
            for (const Index state : states) ++seen[state];
            for (Index state = 0; state < seen.size(); ++state)
                if (seen[state] > 0) visit(state, seen[state]);
            return;
        }
        for (std::size_t first = 0; first < states.size();) {
            std::size_t last = first + 1;
            while (last < states.size() && states[last] == states[first]) ++last;
            visit(states[first], static_cast<std::int64_t>(last - first));
            first = last;
        }
    }

    void record_misread(const Branch<T>& branch, const std::vector<const Instruction*>& run,
                        const Readings& readings, std::vector<std::uint8_t> clbits) {
        for (std::size_t d = 0; d < readings.states.size(); ++d) {
            write_reported(branch, run, readings.states[d], branch.shots[readings.order[d]], clbits);
            tally_.add_bits(clbits, 1);
        }
    }

    void write_reported(const Branch<T>& branch, const std::vector<const Instruction*>& run, Index state,
                        std::uint32_t shot, std::vector<std::uint8_t>& clbits) const {
        for (std::size_t k = 0; k < run.size(); ++k)
            if (run[k]->opcode == Opcode::measure)
                clbits[static_cast<std::size_t>(run[k]->clbit)] = reported(branch, run, k, state, shot);
    }

    /// Shots that read the same and left the same state behind go on together.
    void split(Branch<T>& branch, const std::vector<const Instruction*>& run, const Readings& readings, bool misread,
               Mask mask, Mask to_zero) {
        need_state(branch);
        std::map<std::pair<Index, std::vector<std::uint64_t>>, std::size_t> known;
        std::unordered_map<Index, std::size_t> known_states;
        std::vector<Branch<T>> parts;
        std::vector<std::uint8_t> clbits = branch.clbits;
        for (std::size_t d = 0; d < readings.states.size(); ++d) {
            const std::uint32_t shot = branch.shots[readings.order[d]];
            const Index value = readings.states[d] & mask;
            std::size_t part = parts.size();
            if (misread) {
                write_reported(branch, run, readings.states[d], shot, clbits);
                part = known.emplace(std::make_pair(value, tally_.pack(clbits)), part).first->second;
            } else {
                part = known_states.emplace(value, part).first->second;
            }
            if (part == parts.size()) {
                if (!misread) write_reported(branch, run, readings.states[d], shot, clbits);
                parts.push_back(child(branch));
                parts.back().clbits = clbits;
                parts.back().split.mask = mask;
                parts.back().split.value = value;
                parts.back().split.to_zero = to_zero;
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
    std::vector<Branch<T>> waiting_;
    bool many_leaves_ = false;  // the same reading may come from several of them
};

bool evolves(const Instruction& in, bool density) {
    return in.is_gate() || (density && (in.opcode == Opcode::channel || in.opcode == Opcode::reset));
}

}  // namespace

namespace {

constexpr int kSharedBits = 17;            // wider states use the threads by themselves
constexpr std::size_t kHistoriesPerTask = 64;
constexpr std::size_t kMaxTasks = 16;

/// The first stretch of gates and channels of a program.
template <class T>
const NoisySegment* first_noise(Shared<T>& shared) {
    const Body& body = shared.program.body();
    std::size_t last = 0;
    bool noisy = false;
    for (; last < body.size() && (body[last].is_gate() || body[last].opcode == Opcode::channel); ++last)
        noisy |= body[last].opcode == Opcode::channel;
    if (!noisy || shared.options.density) return nullptr;
    return &shared.segment(body.data(), body.data() + last);
}

/// The shots in parts that different threads can take. How many depends on the histories and not on the threads, and
/// shots with long common beginnings stay together.
template <class T>
std::vector<std::vector<std::uint32_t>> parts_of(Shared<T>& shared, std::vector<std::uint32_t> shots) {
    const NoisySegment* const noise = shared.program.num_qubits() <= kSharedBits ? first_noise(shared) : nullptr;
    if (noise == nullptr || noise->sites().empty()) return {std::move(shots)};
    const std::size_t end = noise->sites().size();
    std::vector<std::size_t> event(shots.size());
    std::size_t work = 0;  // sites that shots with events go through by themselves
    for (const std::uint32_t shot : shots) {
        event[shot] = TrajectoryTree<T>::first_event(*noise, shared.seed, noise_place(0), shot);
        work += end - event[shot];
    }
    const std::size_t count = std::clamp<std::size_t>(work / std::max<std::size_t>(end * kHistoriesPerTask, 1), 1, kMaxTasks);
    std::stable_sort(shots.begin(), shots.end(), [&](std::uint32_t a, std::uint32_t b) { return event[a] < event[b]; });
    std::vector<std::vector<std::uint32_t>> parts(1);
    std::size_t done = 0;
    for (const std::uint32_t shot : shots) {
        if (done * count >= work * parts.size() && parts.size() < count && event[shot] < end) parts.emplace_back();
        parts.back().push_back(shot);
        done += end - event[shot];
    }
    return parts;
}

}  // namespace

template <class T>
Counts run_counts(const Program& program, std::int64_t shots, std::uint64_t seed, const RunOptions& options,
                  const Context& context) {
    require_state_width(program);
    std::vector<std::uint32_t> all(static_cast<std::size_t>(shots));
    std::iota(all.begin(), all.end(), 0u);
    Shared<T> shared(program, seed, options);
    std::vector<std::vector<std::uint32_t>> parts = parts_of(shared, std::move(all));
    if (parts.size() == 1) return Walk<T>(shared, context).run(std::move(parts[0])).finish();
    std::vector<Tally> tallies(parts.size(), Tally(program.num_clbits()));
    std::atomic<bool> stopped{false};
    parallel_for(context, static_cast<std::int64_t>(parts.size()), [&](std::int64_t k, int thread) {
        Context inner;
        inner.should_stop = [&, thread] {
            if (thread == 0 && context.should_stop && context.should_stop()) stopped = true;
            return stopped.load();
        };
        const auto at = static_cast<std::size_t>(k);
        tallies[at] = Walk<T>(shared, inner).run(std::move(parts[at]));
    });
    for (std::size_t k = 1; k < tallies.size(); ++k) tallies[0].add_all(tallies[k]);
    return tallies[0].finish();
}

namespace {

void require_single_state(const Program& program, bool density) {
    require_state_width(program);
    for (const Instruction& in : program.body())
        if (!evolves(in, density))
            throw std::invalid_argument("the circuit measures, resets or branches; it has no single final state");
}

/// The density matrix after the whole program, where it can be followed in the Pauli basis.
std::unique_ptr<PauliDensity> pauli_state(const Program& program, const RunOptions& options, const Context& context) {
    const Instruction* const first = program.body().data();
    const Instruction* const last = first + program.body().size();
    if (!options.density || !options.pauli || !fits_pauli_basis(first, last)) return nullptr;
    auto rho = std::make_unique<PauliDensity>(program.num_qubits(), options.set);
    rho->apply(first, last, context);
    return rho;
}

}  // namespace

template <class T>
State<T> run_state(const Program& program, const RunOptions& options, const Context& context) {
    require_single_state(program, options.density);
    if (const auto rho = pauli_state(program, options, context)) return std::move(*rho).template to_matrix<T>(context);
    const Plans<T> plans(program.num_qubits(), options);
    const Instruction* const first = program.body().data();
    if (plans.is_direct()) {
        State<T> state(plans.state_bits(), padded_bits(plans.state_bits(), plans.kernel_table()));
        state.set_basis(0);
        plans.apply(first, first + program.body().size(), state);
        return state;
    }
    return run_from_zero(plans.make(first, first + program.body().size(), true), context);
}

template <class T>
std::vector<double> run_probabilities(const Program& program, const RunOptions& options, const Context& context) {
    require_single_state(program, options.density);
    if (const auto rho = pauli_state(program, options, context)) return rho->probabilities();
    const State<T> state = run_state<T>(program, options, context);
    const int n = program.num_qubits();
    std::vector<double> out(std::size_t{1} << n);
    for (Index k = 0; k < out.size(); ++k)
        out[k] = options.density ? static_cast<double>(state.data()[k << n | k].real())
                                 : std::norm(Complex(state.data()[k]));
    return out;
}

template <class T>
Complex run_expectation(const Program& program, const std::vector<PauliTerm>& terms, const RunOptions& options,
                        const Context& context) {
    require_single_state(program, options.density);
    if (const auto rho = pauli_state(program, options, context)) return rho->expectation(terms);
    const State<T> state = run_state<T>(program, options, context);
    if (options.density) return expectation_density(state, terms);
    return expectation(state, kernels<T>(options.set), terms, context);
}

template <class T>
std::string explain(const Program& program, const RunOptions& options) {
    require_state_width(program);
    const Plans<T> plans(program.num_qubits(), options);
    const Body& body = program.body();
    std::string out;
    for (std::size_t at = 0; at < body.size();) {
        std::size_t last = at;
        while (last < body.size() && evolves(body[last], options.density)) ++last;
        if (last > at) out += describe(plans.make(&body[at], body.data() + last, at == 0));
        std::size_t others = 0;
        for (at = last; at < body.size() && !evolves(body[at], options.density); ++at) ++others;
        if (others > 0) out += std::to_string(others) + " measurements, resets or blocks: shots split by outcome\n";
    }
    return out;
}

#define CORATRIX_INSTANTIATE(T)                                                                              \
    template Counts run_counts<T>(const Program&, std::int64_t, std::uint64_t, const RunOptions&, const Context&); \
    template State<T> run_state<T>(const Program&, const RunOptions&, const Context&);                       \
    template std::vector<double> run_probabilities<T>(const Program&, const RunOptions&, const Context&);     \
    template Complex run_expectation<T>(const Program&, const std::vector<PauliTerm>&, const RunOptions&,    \
                                        const Context&);                                                     \
    template std::string explain<T>(const Program&, const RunOptions&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
