// A stretch of gates and channels, taken apart into what acts while nothing happens and the sites where something can.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "coratrix/program.hpp"

namespace coratrix {

struct Site {
    const Instruction* channel = nullptr;
    std::size_t at = 0;            // the operations before it; what acts here when nothing happens, if anything, is
    std::size_t after = 0;         // … ops[at], and the next operation is ops[after]
    bool by_norm = false;
    bool by_state = false;         // which event happens depends on the state
    std::vector<int> events;       // the other Kraus operators
    std::vector<double> weights;   // their probabilities on the mixed state
};

class NoisySegment {
public:
    NoisySegment(const Instruction* first, const Instruction* last);
    NoisySegment(const NoisySegment&) = delete;
    NoisySegment& operator=(const NoisySegment&) = delete;

    const Instruction* op(std::size_t k) const { return ops_.data() + k; }
    std::size_t num_ops() const { return ops_.size(); }
    const std::vector<Site>& sites() const { return sites_; }

    /// The first site from `site` on where a mixed channel does something, given a uniform number; sites().size()
    /// if none does.
    std::size_t next_mixed(std::size_t site, double u) const;

    std::size_t num_by_norm(std::size_t first, std::size_t last) const { return by_norm_[last] - by_norm_[first]; }

    /// The first site before which so many are by norm.
    std::size_t nth_by_norm(std::size_t count) const;

    /// The norm² falls at most by this factor while nothing happens at sites [first, last).
    double least_factor(std::size_t first, std::size_t last) const;

    /// Sites, and how many events a shot will see, in words.
    std::string describe() const;

private:
    double expected_mixed() const;
    void add_channel(const Instruction& in);
    void add_operator(const Instruction& in, const std::vector<Complex>& matrix);

    std::vector<Instruction> ops_;
    std::vector<Site> sites_;
    std::vector<std::unique_ptr<std::vector<Complex>>> matrices_;
    std::vector<double> hazard_ = {0};       // Σ -log(1 - p) over the mixed sites before
    std::vector<double> log_least_ = {0};    // Σ log of the least factor of the norm² over the sites before
    std::vector<std::size_t> by_norm_ = {0}; // how many sites before are by norm
};

}  // namespace coratrix
