// Which bits to bring close: the choice that stages and blocks have in common. Knows masks only.
#pragma once

#include <vector>

#include "coratrix/types.hpp"

namespace coratrix {

/// What an operation does to which bits of an index.
struct Footprint {
    Mask moving;    // it mixes these
    Mask diagonal;  // it looks at these
};

/// What a scan remembers of the operations it had to leave behind.
class Blocked {
public:
    bool allows(const Footprint& op) const {
        return ((op.moving & (moved_ | watched_)) | (op.diagonal & moved_)) == 0;
    }
    void add(const Footprint& op) { moved_ |= op.moving, watched_ |= op.diagonal; }
    bool everything(Mask bits) const { return (bits & ~moved_) == 0; }

private:
    Mask moved_ = 0;    // a skipped operation mixes these: nothing on them may pass
    Mask watched_ = 0;  // a skipped operation looks at these: nothing that mixes them may pass
};

/// `limit` of the bits `all`, among them `fixed`, such that many of the first operations mix no others: grown bit by
/// bit and in the order of asking, whichever does more, then improved by exchanging single bits.
Mask choose_local(const std::vector<Footprint>& ops, Mask all, Mask fixed, int limit);

}  // namespace coratrix
