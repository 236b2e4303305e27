// Many commuting phases → one table-driven pass over a tile.
#pragma once

#include <vector>

#include "coratrix/plan.hpp"

namespace coratrix {

struct Monomial {  // a factor on every index that has all bits of the mask
    Mask mask;
    Complex factor;
};

/// Where the bits of the state lie in a tile.
struct TileLayout {
    int tile_bits = 0;
    Mask local = 0;
    std::vector<int> state_bits;          // by tile position
    int position[64];                     // by state bit; -1 outside
    explicit TileLayout(Mask local_bits);
    std::uint32_t positions(Mask state_mask) const;  // a mask of tile positions
};

template <class T>
const Diagonal<T>* build_diagonal(const std::vector<Monomial>& monomials, const TileLayout& layout, int lane_bits,
                                  Arena& arena, std::size_t& scratch_size);

}  // namespace coratrix
