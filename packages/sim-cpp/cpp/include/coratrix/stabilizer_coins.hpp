// Which bits of a shot are fair coins, and how the others follow from them.
//
// The bit of slot m is the outcome of the observable P_m = ± i^{a·b} X^a Z^b on |0…0⟩, carried back to the start of the
// circuit; a and b are bits over its *columns*, the places that start in |0⟩. On |0⟩ the Z do nothing, so the outcome
// of a product of observables is certain where the X parts cancel. Hence: go through the slots, reduce each X part
// by those before it; what is left over makes the slot a coin of its own, and what vanishes makes it the sum of the
// coins that were used, plus the sign of the product.
#pragma once

#include <vector>

#include "coratrix/bit_matrix.hpp"

namespace coratrix {

/// The observables, one row per column (a qubit's start, a measurement, a reset), one bit per slot.
struct Observables {
    explicit Observables(std::size_t slots) : x(0, slots), z(0, slots), sign(1, slots) {}
    BitMatrix x, z;
    BitMatrix sign;  // its only row: which observables are negative
};

struct Coins {
    explicit Coins(std::size_t slots) : constant(1, slots), follows(0, slots) {}
    std::vector<std::size_t> free;       // slots that are coins, ascending
    std::vector<std::size_t> dependent;  // slots that follow from coins …
    BitMatrix constant;                  // (its only row: the value of every slot when all coins read 0)
    BitMatrix follows;                   // … one row each: the slots whose coins add up to it, with the constant
};

Coins coins_of(const Observables& observables);

}  // namespace coratrix
