// Readings of shots with errors, drawn from the state without errors: an error changes nothing outside its light cone.
//
// Let ψ be the final state without errors, and let a shot's errors be unitary. Its own final state is A ψ, where A is
// made of the operations that the errors reach, undone and done again with the errors in between. A acts on the qubits
// of that light cone S only, so the other qubits read as they would without errors. Hence: draw a reading x of ψ, keep
// what it says outside S, take the 2^|S| amplitudes of ψ that agree with it there, apply A to them, and draw the bits
// of S from what results. That is exact, and takes 2^|S| instead of 2^n numbers. (Bravyi, Gosset, Liu, "How to
// simulate quantum measurement without computing marginals", PRL 2022, draw readings gate by gate in this way.)
#pragma once

#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "coratrix/executor.hpp"
#include "coratrix/noisy_segment.hpp"

namespace coratrix {

struct Event {
    std::size_t site;
    std::size_t choice;  // into Site::events

    bool operator<(const Event& other) const { return std::tie(site, choice) < std::tie(other.site, other.choice); }
    bool operator==(const Event& other) const { return site == other.site && choice == other.choice; }
};

using History = std::vector<Event>;

/// What the errors of a history reach.
struct LightCone {
    Mask bits = 0;
    std::vector<std::size_t> ops;     // into LightCones::ops(), ascending
    std::size_t ops_after = 0;        // of the whole circuit, after the first error
};

/// Shots by the way in which they are served.
struct ConeShots {
    struct Group {
        History history;
        LightCone cone;
        std::vector<std::pair<std::uint32_t, std::uint64_t>> shots;  // each with how many numbers it has drawn
    };
    std::vector<Group> groups;          // by light cones
    std::vector<std::uint32_t> served;  // those of the groups and those without errors, ascending
    std::vector<std::uint32_t> others;  // better served by a state of their own, ascending
};

/// For one stretch of gates and channels that is followed by measurements only.
class LightCones {
public:
    LightCones(const NoisySegment& segment, int num_qubits);
    LightCones(const LightCones&) = delete;
    LightCones& operator=(const LightCones&) = delete;

    /// Whether every error is unitary and stands beside gates alone.
    bool are_known() const { return known_; }

    /// What acts without errors. Diagonal operations at the end are left out: readings do not show them.
    const std::vector<Instruction>& ops() const { return ops_; }

    /// Shots, ascending, with their errors drawn as TrajectoryTree draws them.
    ConeShots sort(const std::vector<std::uint32_t>& shots, std::uint64_t seed, std::uint64_t place) const;

private:
    template <class T>
    friend class ConeReader;

    History history(std::uint64_t seed, std::uint64_t place, std::uint32_t shot, std::uint64_t& drawn) const;
    LightCone cone_of(const History& history) const;
    bool pays(const LightCone& cone, std::size_t shots) const;
    void keep_what_readings_show();
    Instruction inverse(const Instruction& in);

    const NoisySegment& segment_;
    const int num_qubits_;
    bool known_ = true;
    std::vector<Instruction> ops_, inverse_;
    std::vector<std::size_t> kept_before_;  // by operation of the segment: how many of those before it are in ops_
    std::vector<std::unique_ptr<std::vector<double>>> params_;
    std::vector<std::unique_ptr<std::vector<Complex>>> matrices_;
};

/// Readings of all shots of one history.
template <class T>
class ConeReader {
public:
    ConeReader(const LightCones& cones, const History& history, const LightCone& cone, const Kernels<T>& kernels,
               const CostTable& costs);

    /// A reading with errors from a reading of ψ without; `u` is uniform in [0, 1).
    Index read(const State<T>& psi, Index without, double u);

private:
    void add(const Instruction& in);
    void add_event(const Event& event);
    void evolve();

    const LightCones& cones_;
    const Mask bits_;
    std::vector<std::unique_ptr<std::vector<std::int64_t>>> qubits_;
    std::vector<std::unique_ptr<std::vector<Complex>>> matrices_;
    std::vector<Instruction> ops_;  // A, on the qubits of the cone
    std::unique_ptr<Plan<T>> plan_; // none: applied directly
    State<T> state_;
};

}  // namespace coratrix
