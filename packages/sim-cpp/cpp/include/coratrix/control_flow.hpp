// Where in a program a branch stands: one frame per open block.
#pragma once

#include <cstdint>
#include <vector>

#include "coratrix/program.hpp"

namespace coratrix {

struct Frame {
    const Body* body;
    std::size_t at;
    const Instruction* loop;       // the while loop whose body this is
    std::int64_t iterations_left;
};

using Frames = std::vector<Frame>;
using Clbits = std::vector<std::uint8_t>;

/// False at the program's end. A loop's body starts again while its condition holds.
bool close_finished_blocks(Frames& frames, const Clbits& clbits);

/// Steps over an if_else or while_loop and into the body that the bits choose, if there is anything in it.
void enter_block(Frames& frames, const Clbits& clbits);

/// Whether nothing can follow.
bool is_at_end(const Frames& frames);

}  // namespace coratrix
