// Depth first: a branch goes on while any of its shots does, and hands out a copy of its state at every event.
#include "coratrix/trajectories.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <tuple>

#include "coratrix/direct.hpp"
#include "coratrix/memory.hpp"
#include "coratrix/noise.hpp"
#include "coratrix/random.hpp"

namespace coratrix {

namespace {

constexpr std::size_t kDirectWork = std::size_t{1} << 15;  // gates times amplitudes

/// Counts a state as kept for later, if one is, as long as this lives.
class Keeping {
public:
    Keeping(StateBudget& budget, bool is_kept) {
        if (is_kept) kept_.emplace(budget);
    }

private:
    std::optional<StateBudget::Kept> kept_;
};

}  // namespace

int StateBudget::limit_for(std::size_t state_bytes, int in_work, int walks) {
    constexpr std::size_t kCheap = std::size_t{64} << 20, kSmall = std::size_t{1} << 20, kLeast = 8;
    const std::size_t usual = std::max(kCheap / state_bytes, kLeast);
    if (state_bytes <= kSmall) return static_cast<int>(usual);  // to ask how much there is takes longer than the run
    const std::size_t available = available_bytes() / static_cast<std::size_t>(std::max(1, walks));
    const auto needed = static_cast<std::size_t>(in_work);
    if (available / state_bytes < needed) throw OutOfMemory(needed * state_bytes, available);
    return static_cast<int>(std::min(usual, available / state_bytes - needed));
}

template <class T>
TrajectoryTree<T>::TrajectoryTree(const NoisySegment& segment, Plans<T>& plans, int num_qubits, std::uint64_t seed,
                                  std::uint64_t place, StateBudget& budget, const Context& context, Leaf leaf)
    : segment_(segment), plans_(plans), num_qubits_(num_qubits), seed_(seed), place_(place), budget_(budget),
      context_(context), leaf_(std::move(leaf)), stride_(static_cast<std::size_t>(2 * num_qubits)) {}

template <class T>
double TrajectoryTree<T>::draw(Shot& shot) const {
    return uniform(seed_, shot.number, place_ + shot.drawn++);
}

template <class T>
std::size_t TrajectoryTree<T>::first_event(const NoisySegment& segment, std::uint64_t seed, std::uint64_t place,
                                           std::uint32_t shot) {
    return segment.next_mixed(0, uniform(seed, shot, place));
}

template <class T>
void TrajectoryTree<T>::run(StatePointer state, const std::vector<std::uint32_t>& shots) {
    const bool watched = segment_.num_by_norm(0, segment_.sites().size()) > 0;
    const double norm = state && watched ? norm_of(*state) : 1;
    Shots all;
    all.reserve(shots.size());
    for (const std::uint32_t number : shots) {
        Shot shot{number, 0, 0, 0};
        shot.event = segment_.next_mixed(0, draw(shot));
        if (watched) shot.least_norm = norm * draw(shot);
        all.push_back(shot);
    }
    follow(std::move(state), 0, 0, std::move(all), norm);
}

/// From operation `op` and site `site` on, no event having happened since the last. The norm² is at least `norm`.
template <class T>
void TrajectoryTree<T>::follow(StatePointer state, std::size_t op, std::size_t site, Shots shots, double norm) {
    const std::size_t end = segment_.sites().size();
    std::sort(shots.begin(), shots.end(), [](const Shot& a, const Shot& b) {
        return std::tie(a.event, a.number) < std::tie(b.event, b.number);
    });
    while (!shots.empty()) {
        const std::size_t stop = next_stop(site, shots);
        const std::size_t to = stop == end ? segment_.num_ops() : segment_.sites()[stop].at;
        const bool look = may_fall(site, stop, shots, norm);
        StatePointer before = look ? state : nullptr;  // keeps it: evolve() copies what others hold
        evolve(state, op, to);
        if (look) {
            norm = norm_of(*state);
            const auto falls = std::stable_partition(shots.begin(), shots.end(),
                                                     [&](const Shot& s) { return s.least_norm <= norm; });
            Shots fallen(falls, shots.end());
            shots.erase(falls, shots.end());
            if (shots.empty()) state.reset();  // a chain of events holds one state, however long it is
            if (!fallen.empty() && !shots.empty() && budget_.is_spent()) give_back(std::exchange(fallen, {}));
            if (!fallen.empty()) {
                const Keeping keeping(budget_, !shots.empty());
                find_events(std::move(before), op, site, stop, std::move(fallen));
            }
            before.reset();
            if (shots.empty()) return;
        } else {
            norm *= segment_.least_factor(site, stop);
        }
        op = to;
        site = stop;
        context_.check();
        if (stop == end) break;
        const auto others = std::find_if(shots.begin(), shots.end(), [&](const Shot& s) { return s.event != stop; });
        if (others == shots.begin()) continue;
        Shots here(shots.begin(), others);
        shots.erase(shots.begin(), others);
        mixed_events(state, stop, std::move(here), norm, shots.empty());
    }
    if (shots.empty()) return;
    std::vector<std::uint32_t> numbers;
    for (const Shot& shot : shots) numbers.push_back(shot.number);
    std::sort(numbers.begin(), numbers.end());
    leaf_(std::move(state), std::move(numbers));
}

/// The next mixed event, or earlier where the norm is to be looked at: the more shots, the sooner one falls, and then
/// all since the last look is done again.
template <class T>
std::size_t TrajectoryTree<T>::next_stop(std::size_t site, const Shots& shots) const {
    constexpr double kFallsPerLook = 0.25;
    const std::size_t event = shots.front().event;
    std::size_t stop = site;
    do {
        if (segment_.num_by_norm(stop, event) <= stride_) return event;
        stop = segment_.nth_by_norm((segment_.num_by_norm(0, stop) / stride_ + 1) * stride_);  // a fixed grid: plans recur
    } while (static_cast<double>(shots.size()) * (1 - segment_.least_factor(site, stop)) < kFallsPerLook);
    return stop;
}

template <class T>
bool TrajectoryTree<T>::may_fall(std::size_t site, std::size_t stop, const Shots& shots, double norm) const {
    if (segment_.num_by_norm(site, stop) == 0) return false;
    const double least = norm * segment_.least_factor(site, stop) * (1 - 1e-6);
    return std::any_of(shots.begin(), shots.end(), [&](const Shot& s) { return s.least_norm > least; });
}

/// Mixed events of these shots at one site. `last`: nobody else needs the state.
template <class T>
void TrajectoryTree<T>::mixed_events(StatePointer& state, std::size_t site, Shots shots, double norm, bool last) {
    const Site& here = segment_.sites()[site];
    if (here.by_state) plans_.need(state);
    const Odds odds = here.by_state ? this->odds(here, *state) : Odds{here.weights, {}};
    Groups groups;
    for (Shot& shot : shots) {
        const std::size_t k = pick(odds.weights, draw(shot));
        shot.event = segment_.next_mixed(site + 1, draw(shot));
        groups[k].push_back(shot);
    }
    branch_off(state, site, odds, std::move(groups), norm, last);
}

/// Each group of shots goes on after its own event.
template <class T>
void TrajectoryTree<T>::branch_off(StatePointer& state, std::size_t site, const Odds& odds, Groups groups, double norm,
                                   bool last) {
    const Site& here = segment_.sites()[site];
    for (auto& [k, group] : groups) {
        const bool kept = !last || k != groups.rbegin()->first;
        if (kept && budget_.is_spent()) {
            give_back(group);
            continue;
        }
        const Keeping keeping(budget_, kept);
        StatePointer mine = kept ? state : std::move(state);
        const double scale = odds.scales.empty() ? 1 / std::sqrt(odds.weights[k]) : odds.scales[k];
        apply(mine, *here.channel, here.events[k], scale);
        follow(std::move(mine), here.after, site + 1, std::move(group), norm);
    }
}

/// After an event by norm the state has norm 1; a mixed event leaves the norm as it was.
template <class T>
typename TrajectoryTree<T>::Odds TrajectoryTree<T>::odds(const Site& site, const State<T>& state) const {
    const std::vector<double> all = kraus_probabilities(*site.channel, state, num_qubits_);
    const double norm = site.by_norm ? 1 : std::accumulate(all.begin(), all.end(), 0.0);
    Odds out;
    for (const int k : site.events) {
        out.weights.push_back(all[static_cast<std::size_t>(k)]);
        out.scales.push_back(std::sqrt(norm / out.weights.back()));
    }
    return out;
}

template <class T>
void TrajectoryTree<T>::give_back(const Shots& shots) {
    for (const Shot& shot : shots) budget_.give_back(shot.number);
}

/// These shots have an event by norm at one of the sites [first, last): halve until it is known at which.
template <class T>
void TrajectoryTree<T>::find_events(StatePointer before, std::size_t op, std::size_t first, std::size_t last,
                                    Shots shots) {
    std::vector<std::size_t> candidates;
    for (std::size_t s = first; s < last; ++s)
        if (segment_.sites()[s].by_norm) candidates.push_back(s);
    const std::size_t middle = candidates[candidates.size() / 2];
    const std::size_t to = segment_.sites()[middle].at;
    StatePointer state = before;
    evolve(state, op, to);
    if (candidates.size() == 1) {
        before.reset();
        return events_by_norm(std::move(state), middle, std::move(shots));
    }
    const double norm = norm_of(*state);
    const auto split = std::stable_partition(shots.begin(), shots.end(),
                                             [&](const Shot& s) { return s.least_norm > norm; });
    Shots later(split, shots.end());
    shots.erase(split, shots.end());
    if (!shots.empty()) {
        if (!later.empty() && budget_.is_spent()) give_back(std::exchange(later, {}));
        if (later.empty()) state.reset();
        const Keeping keeping(budget_, !later.empty());
        find_events(std::move(before), op, first, middle, std::move(shots));
    }
    before.reset();
    if (!later.empty()) find_events(std::move(state), to, middle, last, std::move(later));
}

/// The shots choose among the other Kraus operators by the weights these have on the state.
template <class T>
void TrajectoryTree<T>::events_by_norm(StatePointer state, std::size_t site, Shots shots) {
    const Site& here = segment_.sites()[site];
    const Odds odds = this->odds(here, *state);
    if (!(std::accumulate(odds.weights.begin(), odds.weights.end(), 0.0) > 0)) {
        evolve(state, here.at, here.after);  // the norm fell by rounding alone: nothing can happen here
        const double norm = norm_of(*state);
        for (Shot& shot : shots) shot.least_norm = norm * draw(shot);
        return follow(std::move(state), here.after, site + 1, std::move(shots), norm);
    }
    Groups groups;
    for (Shot& shot : shots) {
        const std::size_t k = pick(odds.weights, draw(shot));
        shot.least_norm = draw(shot);
        groups[k].push_back(shot);
    }
    branch_off(state, site, odds, std::move(groups), 1, true);
}

template <class T>
void TrajectoryTree<T>::apply(StatePointer& state, const Instruction& channel, int kraus, double scale) const {
    std::vector<Complex> matrix = kraus_matrix(channel, kraus);
    for (Complex& entry : matrix) entry *= scale;
    Instruction map;
    map.opcode = Opcode::linear_map;
    map.num_qubits = channel.num_qubits;
    map.qubits = channel.qubits;
    map.matrix = matrix.data();
    plans_.need(state);
    Plans<T>::own(state);
    apply_directly(&map, &map + 1, state->data(), num_qubits_);
}

/// A short stretch of a small state is worked on gate by gate: planning it would take longer.
template <class T>
void TrajectoryTree<T>::evolve(StatePointer& state, std::size_t from, std::size_t to) {
    if (state && (to - from) << num_qubits_ <= kDirectWork) {
        if (from == to) return;
        Plans<T>::own(state);
        return apply_directly(segment_.op(from), segment_.op(to), state->data(), num_qubits_);
    }
    plans_.evolve(state, segment_.op(from), segment_.op(to), context_);
}

/// Blocks are added in order, so that the number of threads does not show.
template <class T>
double TrajectoryTree<T>::norm_of(const State<T>& state) const {
    const Index block = std::min(state.size(), Index{1} << 14);
    std::vector<double> parts(static_cast<std::size_t>(state.size() / block));
    parallel_for(context_, static_cast<std::int64_t>(parts.size()), [&](std::int64_t b, int) {
        parts[static_cast<std::size_t>(b)] =
            plans_.kernel_table().norm(state.numbers() + 2 * block * static_cast<Index>(b), block);
    });
    double total = 0;
    for (const double part : parts) total += part;
    return total;
}

template class TrajectoryTree<float>;
template class TrajectoryTree<double>;

}  // namespace coratrix
