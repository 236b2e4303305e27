// Greedy choices, each judged by one scan over the operations.
#include "coratrix/locality.hpp"

namespace coratrix {

namespace {

constexpr Mask lowest(Mask bits) { return bits & (~bits + 1); }

/// How many mixing operations could run with these local bits.
int count_done(const std::vector<Footprint>& ops, Mask local) {
    Blocked blocked;
    int done = 0;
    for (const Footprint& op : ops) {
        if ((op.moving & ~local) == 0 && blocked.allows(op)) {
            done += op.moving != 0;
        } else {
            blocked.add(op);
            if (blocked.everything(local)) break;
        }
    }
    return done;
}

/// Make bits local in the order in which operations ask for them.
Mask first_come(const std::vector<Footprint>& ops, Mask local, int limit) {
    Blocked blocked;
    for (const Footprint& op : ops) {
        const bool fits = popcount(local | op.moving) <= limit;
        if (fits && blocked.allows(op)) local |= op.moving;
        else blocked.add(op);
        if (popcount(local) == limit) break;
    }
    return local;
}

/// Grow one bit at a time, each time the bit that lets most operations run.
Mask grow(const std::vector<Footprint>& ops, Mask local, Mask all, int limit) {
    while (popcount(local) < limit) {
        Mask best = 0;
        int most = -1;
        for (Mask left = all & ~local; left; left &= left - 1) {
            const int done = count_done(ops, local | lowest(left));
            if (done > most) most = done, best = lowest(left);
        }
        local |= best;
    }
    return local;
}

/// Exchange single bits as long as that lets more operations run.
Mask improve(const std::vector<Footprint>& ops, Mask local, Mask all, Mask fixed, int& done) {
    for (int round = 0; round < 3; ++round) {
        bool better = false;
        for (Mask out = local & ~fixed; out; out &= out - 1)
            for (Mask in = all & ~local; in; in &= in - 1) {
                const Mask candidate = (local ^ lowest(out)) | lowest(in);
                const int count = count_done(ops, candidate);
                if (count <= done) continue;
                done = count, local = candidate, better = true;
                break;
            }
        if (!better) break;
    }
    return local;
}

}  // namespace

Mask choose_local(const std::vector<Footprint>& ops, Mask all, Mask fixed, int limit) {
    if (popcount(all) <= limit) return all;
    Mask best = 0;
    int most = -1;
    for (Mask candidate : {first_come(ops, fixed, limit), grow(ops, fixed, all, limit)}) {
        for (Mask left = all; popcount(candidate) < limit; left &= left - 1) candidate |= lowest(left);
        int done = count_done(ops, candidate);
        candidate = improve(ops, candidate, all, fixed, done);
        if (done > most) most = done, best = candidate;
    }
    return best;
}

}  // namespace coratrix
