// Outcomes by their weights, each found from one uniform number in about one look.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace coratrix {

/// guide[g] is the first outcome whose cumulated weight exceeds g/cells: there a search starts. There are far more cells
/// than outcomes where there are as many draws to serve, so that nearly every draw is served by its cell alone, and the
/// processor foresees it. Weights that are not positive count as zero.
class GuideTable {
public:
    GuideTable(const std::vector<double>& weights, std::size_t draws) : cumulated_(weights.size()) {
        for (std::size_t k = 0; k < weights.size(); ++k) {
            if (weights[k] > 0) total_ += weights[k], last_possible_ = k;
            cumulated_[k] = total_;
        }
        cells_ = std::max(weights.size(), std::min(draws, kMostCells));
        const double scale = total_ / static_cast<double>(cells_);
        guide_.resize(cells_ + 1);
        for (std::size_t g = 0, k = 0; g <= cells_; ++g) {
            while (k < last_possible_ && cumulated_[k] <= scale * static_cast<double>(g)) ++k;
            guide_[g] = static_cast<std::uint32_t>(k);
        }
    }

    /// The outcome of a number u in [0, 1).
    std::size_t find(double u) const {
        std::size_t k = guide_[static_cast<std::size_t>(u * static_cast<double>(cells_))];
        while (k < last_possible_ && cumulated_[k] <= u * total_) ++k;
        return k;
    }

private:
    static constexpr std::size_t kMostCells = 4096;  // fits into the first cache

    std::vector<double> cumulated_;
    std::vector<std::uint32_t> guide_;
    std::size_t cells_, last_possible_ = 0;
    double total_ = 0;
};

}  // namespace coratrix
