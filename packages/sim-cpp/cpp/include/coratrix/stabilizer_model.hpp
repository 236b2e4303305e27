// What decides the bits of a shot: fair coins, errors that flip sets of bits, and decisions looked up shot by shot.
//
// Found in one pass over the circuit from its end to its start, with two rows of bits for every qubit: the slots whose
// observable, carried back to this moment, has an X, and those whose has a Z on the qubit. An X error here flips the
// slots of the Z row, a Z error those of the X row. Gates act on rows, 64 slots at once.
// After Stim's error analyser (Gidney, Quantum 5, 497, 2021) and SymPhase (Fang, Ying, arXiv:2311.03906).
#pragma once

#include <vector>

#include "coratrix/stabilizer_coins.hpp"
#include "coratrix/stabilizer_program.hpp"

namespace coratrix {

/// Sets of slots, as the words of a row that are not zero.
class FlipSets {
public:
    struct Part {
        std::uint32_t word;
        Word bits;
    };

    /// The set's number; -1 for the empty one.
    int add(const Word* row, std::size_t first_word, std::size_t last_word);

    void flip(int set, Word* row) const {
        if (set < 0) return;
        const std::size_t end = ends_[static_cast<std::size_t>(set)];
        for (std::size_t k = set == 0 ? 0 : ends_[static_cast<std::size_t>(set) - 1]; k < end; ++k)
            row[parts_[k].word] ^= parts_[k].bits;
    }

private:
    std::vector<std::size_t> ends_;
    std::vector<Part> parts_;
};

/// One place where a Pauli channel acts: the sets that its X and Z on each of its qubits flip.
struct ErrorSite {
    int channel;
    std::size_t first_set;  // among `site_sets`: X on its first qubit, Z on it, X on the second, …
};

/// Sites with the same probability of an error.
struct ErrorGroup {
    double p_any;
    std::vector<ErrorSite> sites;
};

/// A decision of the program, its effects as sets.
struct DecidedFlip {
    std::vector<int> slots;  // that it looks at, least significant first; -1 reads 0
    std::vector<std::uint64_t> values;
    bool negated;
    int then_set, else_set;
    bool is_readout;
    double p_flip[2];  // readout: by the bit's value
};

struct ShotModel {
    explicit ShotModel(std::size_t slots) : coins(slots) {}

    int num_clbits = 0;
    int num_slots = 0;
    Coins coins;
    std::vector<PauliChannel> channels;
    std::vector<ErrorGroup> errors;
    std::vector<int> site_sets;
    std::vector<DecidedFlip> decisions;  // in the order of time: each may look at what those before it did
    FlipSets sets;
};

ShotModel shot_model(StabilizerProgram program);

}  // namespace coratrix
