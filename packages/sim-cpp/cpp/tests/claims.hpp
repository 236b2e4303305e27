// What the engine's tests have in common: claims that are counted when they fail.
#pragma once

#include <cmath>
#include <cstdio>
#include <vector>

#include "coratrix/kernel_table.hpp"

inline int failures = 0;

inline void expect(bool claim, const char* what) {
    if (claim) return;
    ++failures;
    std::printf("FAILED: %s\n", what);
}

inline void expect_near(double found, double wanted, double tolerance, const char* what) {
    if (std::abs(found - wanted) <= tolerance) return;
    ++failures;
    std::printf("FAILED: %s: %.12g, wanted %.12g\n", what, found, wanted);
}

/// For main to return: says how it went.
inline int verdict() {
    std::printf(failures == 0 ? "all passed\n" : "%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}

/// The instruction sets that this processor runs.
inline std::vector<coratrix::InstructionSet> supported_sets() {
    using coratrix::InstructionSet;
    std::vector<InstructionSet> out;
    for (const InstructionSet set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512})
        if (coratrix::is_supported(set)) out.push_back(set);
    return out;
}
