// Clifford circuits without noise on at most 64 qubits and bits: what stabilizer_model.hpp and stabilizer_coins.hpp do with
// rows of bits, where a row is one word. Nothing is allocated; the coins are the same.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "coratrix/bit_matrix.hpp"
#include "coratrix/clifford.hpp"

namespace coratrix {

constexpr std::size_t kMostCoins = 40;  // that shots are split by

/// Readings as a constant plus fair coins that each flip a set of bits.
struct FairCoins {
    int num_clbits = 0;
    std::size_t count = 0;
    Word constant = 0;
    std::array<Word, kMostCoins> flips;  // the first `count`
};

/// The walk from a circuit's end to its start: operations are told in that order.
class WordWalk {
public:
    WordWalk(int num_qubits, int num_clbits);

    void gate(CliffordOp op, std::size_t a, std::size_t b);
    void measure(std::size_t qubit, std::size_t clbit);
    /// At the start; none where there are too many of them, or of measured places that an X could reach.
    std::optional<FairCoins> coins();

private:
    void add_column(std::size_t qubit, Word z);

    static constexpr std::size_t kWidest = 64;
    const std::size_t num_qubits_, num_clbits_;
    Word sign_ = 0, read_ = 0;  // bits whose observable is negative; bits that a later measurement fills
    std::size_t columns_ = 0;
    // left as they are beyond what is used:
    std::array<Word, kWidest> x_, z_;                // by qubit, the bits whose observable has the letter there
    std::array<Word, kWidest> column_x_, column_z_;  // the same where something starts in |0⟩
};

}  // namespace coratrix
