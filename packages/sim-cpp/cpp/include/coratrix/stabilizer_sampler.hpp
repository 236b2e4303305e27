// Shots from a model, a block at a time. A block's rows are a function of (seed, number of the block) alone.
#pragma once

#include <cstdint>
#include <vector>

#include "coratrix/stabilizer_model.hpp"

namespace coratrix {

/// How a row's coins are thrown; `cheapest` compares the words that each way touches.
enum class CoinMethod { cheapest, parity, table };

class ShotSampler {
public:
    ShotSampler(ShotModel model, std::int64_t shots, CoinMethod method = CoinMethod::cheapest);

    std::size_t words() const { return words_; }              // of a row
    std::size_t block_shots() const { return block_shots_; }  // a power of two

    /// The first `count` rows of a block. Bit k of a row is slot k; the slots beyond the classical bits read 0.
    void fill(std::int64_t block, std::size_t count, std::uint64_t seed, Word* rows) const;

private:
    struct Dependent {
        std::size_t slot;
        std::size_t first_part, last_part;  // of `parts_`: the coins that it follows from
    };

    void prepare_parities();
    void prepare_tables();
    double parity_cost() const;
    double table_cost(std::int64_t shots) const;

    void throw_coins_by_parity(std::size_t count, std::uint64_t seed, std::uint64_t stream, Word* rows) const;
    void throw_coins_by_table(std::size_t count, std::uint64_t seed, std::uint64_t stream, Word* rows) const;
    void add_errors(std::size_t count, std::uint64_t seed, std::uint64_t stream, Word* rows) const;
    void apply_error(const ErrorSite& site, double u, Word* row) const;
    void decide(std::size_t count, std::uint64_t seed, std::uint64_t stream, Word* rows) const;

    ShotModel model_;
    std::size_t words_, block_shots_;
    std::vector<Word> is_free_;
    std::vector<Dependent> dependents_;
    std::vector<FlipSets::Part> parts_;
    std::vector<Word> tables_;  // for every 8 coins, the 256 sums of the rows that they flip
    bool by_table_;
};

/// The rows that each coin flips: its own slot and those that follow from it.
BitMatrix coin_rows(const Coins& coins, std::size_t slots);

}  // namespace coratrix
