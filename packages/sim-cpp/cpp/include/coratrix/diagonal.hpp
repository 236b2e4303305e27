// Many commuting phases → one table-driven pass over a tile.
#pragma once

#include <vector>

#include "coratrix/plan.hpp"

namespace coratrix {

struct Monomial {  // a factor on every index that has all bits of the mask
    Mask mask;
    Complex factor;
};

/// Where bits of the state lie in a tile, or in a block of one: bits by position, lowest first.
struct Layout {
    Mask local = 0;
    std::vector<int> state_bits;      // by position
    std::vector<int> tile_positions;  // by position: where in the whole tile
    int position[64];                 // by state bit; -1 outside

    explicit Layout(Mask tile_bits);
    Layout(Mask block_bits, const Layout& tile);

    int num_bits() const { return static_cast<int>(state_bits.size()); }
    Mask highest() const { return bit(state_bits.back()); }
    std::uint32_t positions(Mask state_mask) const;  // a mask of positions

    /// Distance in a plane from index 0 to index 2^position.
    template <class T>
    std::uint32_t stride(int at) const {
        return plane_stride<T>(tile_positions[static_cast<std::size_t>(at)]);
    }
};

/// A table of factors spans 2^chunk_bits vectors; 0 leaves that to the width of the layout.
template <class T>
Diagonal<T>* build_diagonal(const std::vector<Monomial>& monomials, const Layout& layout, int lane_bits,
                                  int chunk_bits, Arena& arena, std::size_t& scratch_size);

}  // namespace coratrix
