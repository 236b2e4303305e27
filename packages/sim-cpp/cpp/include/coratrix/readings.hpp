// What the shots of a branch read.
#pragma once

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "coratrix/types.hpp"

namespace coratrix {

struct Readings {
    std::vector<Index> states;         // the state that each draw fell on …
    std::vector<std::uint32_t> order;  // … and the place, in the branch, of the shot that drew it
    bool sorted = false;               // by state

    void sort() {
        std::vector<std::pair<Index, std::uint32_t>> pairs;
        for (std::size_t d = 0; d < states.size(); ++d) pairs.emplace_back(states[d], order[d]);
        std::sort(pairs.begin(), pairs.end());
        for (std::size_t d = 0; d < pairs.size(); ++d) std::tie(states[d], order[d]) = pairs[d];
    }

    /// visit(state, how often it was read), every state once.
    template <class F>
    void for_each_state(int num_qubits, F visit) const {
        if (!sorted) {
            std::vector<std::int64_t> seen(std::size_t{1} << num_qubits, 0);
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
};

}  // namespace coratrix
