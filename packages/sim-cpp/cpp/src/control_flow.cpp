#include "coratrix/control_flow.hpp"

#include <algorithm>

namespace coratrix {

bool close_finished_blocks(Frames& frames, const Clbits& clbits) {
    while (!frames.empty()) {
        Frame& frame = frames.back();
        if (frame.at < frame.body->size()) return true;
        const bool again = frame.loop != nullptr && frame.iterations_left > 0 && frame.loop->flow->condition.holds(clbits);
        if (!again) {
            frames.pop_back();
            continue;
        }
        frame.at = 0;
        --frame.iterations_left;
    }
    return false;
}

void enter_block(Frames& frames, const Clbits& clbits) {
    Frame& frame = frames.back();
    const Instruction& in = (*frame.body)[frame.at++];
    const Flow& flow = *in.flow;
    const bool holds = flow.condition.holds(clbits);
    if (in.opcode == Opcode::if_else) {
        const Body& chosen = holds ? flow.then_body : flow.else_body;
        if (!chosen.empty()) frames.push_back({&chosen, 0, nullptr, 0});
    } else if (holds && !flow.then_body.empty()) {
        frames.push_back({&flow.then_body, 0, &in, flow.max_iterations - 1});
    }
}

bool is_at_end(const Frames& frames) {
    return std::all_of(frames.begin(), frames.end(),
                       [](const Frame& f) { return f.at >= f.body->size() && f.loop == nullptr; });
}

}  // namespace coratrix
