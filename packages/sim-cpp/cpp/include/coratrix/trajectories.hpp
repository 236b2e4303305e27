// Noise on a pure state, shot by shot in meaning: every shot has its own history of events, and shots that share a
// history share the state.
//
// A stretch of gates and channels is taken apart into what acts while nothing happens (the gates, and of each
// channel its weightiest Kraus operator) and the sites where something else can happen:
//
//   mixed   the weightiest Kraus operator is a multiple of a unitary (Pauli noise, resets): when the next event comes
//           does not depend on the state and is drawn beforehand; nor, if all are, does which it is
//   by norm any other channel (damping): the state is not normalised while nothing happens, its norm² is the
//           probability of that, and a shot has its event where the norm² falls below a number drawn beforehand
//           (the waiting-time method; Dum, Zoller, Ritsch, "Monte Carlo simulation of the atomic master equation",
//           1992). All shots of a branch watch the same norm.
//
// The tree of histories is walked depth first. Where shots part, those that come later need a state that is kept for
// them; no more states are kept than a budget allows. Shots beyond it are given back, to be followed again from the
// beginning: that costs time and no memory, and changes nothing else. A number that a shot draws depends on (seed, shot, place) only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "coratrix/noisy_segment.hpp"
#include "coratrix/plans.hpp"

namespace coratrix {

/// How many states may be kept for later at any time, and who has to wait for another walk because of it.
class StateBudget {
public:
    explicit StateBudget(int limit) : limit_(limit) {}

    /// As many as take 64 MiB, at least 8, and never more than there is room for beside those in work. Where these
    /// do not fit, OutOfMemory is thrown: nothing has been taken yet.
    static int limit_for(std::size_t state_bytes, int in_work, int walks);

    /// One kept state, while it lives.
    class Kept {
    public:
        explicit Kept(StateBudget& budget) : budget_(budget) { ++budget_.kept_; }
        ~Kept() { --budget_.kept_; }
        Kept(const Kept&) = delete;
        Kept& operator=(const Kept&) = delete;

    private:
        StateBudget& budget_;
    };

    bool is_spent() const { return kept_ >= limit_; }
    void give_back(std::uint32_t shot) { again_.push_back(shot); }
    std::vector<std::uint32_t> take_again() { return std::exchange(again_, {}); }
    bool gave_back() const { return !again_.empty(); }

private:
    const int limit_;
    int kept_ = 0;
    std::vector<std::uint32_t> again_;
};

template <class T>
class TrajectoryTree {
public:
    using StatePointer = std::shared_ptr<State<T>>;
    /// A state after the segment, not normalised, and the shots that have it.
    using Leaf = std::function<void(StatePointer, std::vector<std::uint32_t>)>;

    /// `place` is where this segment's numbers begin in the stream of each shot.
    TrajectoryTree(const NoisySegment& segment, Plans<T>& plans, int num_qubits, std::uint64_t seed,
                   std::uint64_t place, StateBudget& budget, const Context& context, Leaf leaf);

    void run(StatePointer state, const std::vector<std::uint32_t>& shots);

    /// The first mixed event of a shot, as `run` will draw it.
    static std::size_t first_event(const NoisySegment& segment, std::uint64_t seed, std::uint64_t place,
                                   std::uint32_t shot);

private:
    struct Shot {
        std::uint32_t number;
        std::uint32_t drawn;    // how many numbers so far
        std::size_t event;      // the site of its next mixed event
        double least_norm;      // it has its next event by norm where the norm² falls below this
    };
    using Shots = std::vector<Shot>;
    using Groups = std::map<std::size_t, Shots>;

    /// The events of a site on a state: how likely each is, and what makes the state that comes of it as long as it
    /// should be.
    struct Odds {
        std::vector<double> weights, scales;
    };

    double draw(Shot& shot) const;
    void follow(StatePointer state, std::size_t op, std::size_t site, Shots shots, double norm);
    std::size_t next_stop(std::size_t site, const Shots& shots) const;
    bool may_fall(std::size_t site, std::size_t stop, const Shots& shots, double norm) const;
    void mixed_events(StatePointer& state, std::size_t site, Shots shots, double norm, bool last);
    void find_events(StatePointer before, std::size_t op, std::size_t first, std::size_t last, Shots shots);
    void events_by_norm(StatePointer state, std::size_t site, Shots shots);
    Odds odds(const Site& site, const State<T>& state) const;
    void branch_off(StatePointer& state, std::size_t site, const Odds& odds, Groups groups, double norm, bool last);
    void give_back(const Shots& shots);
    void apply(StatePointer& state, const Instruction& channel, int kraus, double scale) const;
    double norm_of(const State<T>& state) const;
    void evolve(StatePointer& state, std::size_t from, std::size_t to);

    const NoisySegment& segment_;
    Plans<T>& plans_;
    const int num_qubits_;
    const std::uint64_t seed_, place_;
    StateBudget& budget_;
    const Context& context_;
    const Leaf leaf_;
    const std::size_t stride_;  // sites by norm between looks at the norm
};

}  // namespace coratrix
