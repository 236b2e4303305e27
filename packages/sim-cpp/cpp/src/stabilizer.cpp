// Where a few coins decide everything, their 2^r readings are equally likely and the shots are split among them in
// halves; else shots are drawn block by block and counted.
#include "coratrix/stabilizer.hpp"

#include <algorithm>

#include "coratrix/binomial.hpp"
#include "coratrix/reading_counter.hpp"
#include "coratrix/stabilizer_sampler.hpp"

namespace coratrix {

namespace {

constexpr std::int64_t kBlocksPerThread = 16;  // that are drawn before they are counted, where there are several threads

bool few_enough(std::size_t coins, std::int64_t shots) { return coins < kMostCoins && (std::int64_t{1} << coins) <= shots; }

bool can_be_split(const ShotModel& model, std::int64_t shots) {
    return model.errors.empty() && model.decisions.empty() && few_enough(model.coins.free.size(), shots);
}

/// All shots at once: those with coin 0 up and those with it down, then each of these by coin 1, and so on.
class Splitter {
public:
    /// `coins` rows of `words` words: the bits that each coin flips; `constant`: those that are set when all are down.
    Splitter(const Word* rows, std::size_t coins, std::size_t words, const Word* constant, std::uint64_t seed)
        : rows_(rows), coins_(coins), row_(constant, constant + words), seed_(seed) {}

    Counts run(std::int64_t shots, int num_clbits) {
        out_.num_clbits = num_clbits;
        out_.words = row_.size();
        split(0, 1, shots);
        return std::move(out_);
    }

private:
    void split(std::size_t coin, std::uint64_t node, std::int64_t shots) {
        if (shots == 0) return;
        if (coin == coins_) {
            for (const Word word : row_) out_.keys.push_back(word);
            out_.counts.push_back(shots);
            return;
        }
        const std::int64_t up = fair_binomial(shots, seed_, node);
        split(coin + 1, 2 * node, shots - up);
        flip(coin);
        split(coin + 1, 2 * node + 1, up);
        flip(coin);
    }

    void flip(std::size_t coin) {
        for (std::size_t w = 0; w < row_.size(); ++w) row_[w] ^= rows_[coin * row_.size() + w];
    }

    const Word* const rows_;
    const std::size_t coins_;
    std::vector<Word> row_;
    const std::uint64_t seed_;
    Counts out_;
};

Counts split_by(const ShotModel& model, std::int64_t shots, std::uint64_t seed) {
    BitMatrix rows = coin_rows(model.coins, static_cast<std::size_t>(model.num_slots));
    const std::size_t words = model.coins.constant.words();
    const Word none = 0;  // a row of no bits is one word
    if (words == 0) return Splitter(rows.row(0), rows.rows(), 1, &none, seed).run(shots, model.num_clbits);
    return Splitter(rows.row(0), rows.rows(), words, model.coins.constant.row(0), seed).run(shots, model.num_clbits);
}

Counts drawn(ShotModel&& model, std::int64_t shots, std::uint64_t seed, const Context& context) {
    ReadingCounter counter(model.num_clbits, shots);
    const ShotSampler sampler(std::move(model), shots);
    const auto block_shots = static_cast<std::int64_t>(sampler.block_shots());
    const std::int64_t blocks = (shots + block_shots - 1) / block_shots;
    const std::size_t block_words = sampler.block_shots() * sampler.words();
    const std::int64_t chunk = context.num_threads > 1 ? kBlocksPerThread * context.num_threads : 1;
    std::vector<Word> rows(static_cast<std::size_t>(std::min(chunk, blocks)) * block_words);
    for (std::int64_t first = 0; first < blocks; first += chunk) {
        if (first > 0) context.check();
        const std::int64_t here = std::min(chunk, blocks - first);
        parallel_for(context, here, [&](std::int64_t k, int) {
            const std::int64_t count = std::min(block_shots, shots - (first + k) * block_shots);
            sampler.fill(first + k, static_cast<std::size_t>(count), seed,
                         rows.data() + static_cast<std::size_t>(k) * block_words);
        });
        const std::int64_t count = std::min(here * block_shots, shots - first * block_shots);
        counter.add(rows.data(), static_cast<std::size_t>(count), sampler.words());
    }
    return counter.finish();
}

}  // namespace

Counts stabilizer_counts(const Program& program, std::int64_t shots, std::uint64_t seed, const Context& context) {
    ShotModel model = shot_model(stabilizer_program(program));
    if (can_be_split(model, shots)) return split_by(model, shots, seed);
    return drawn(std::move(model), shots, seed, context);
}

bool can_be_split(const FairCoins& coins, std::int64_t shots) { return few_enough(coins.count, shots); }

Counts split_shots(const FairCoins& coins, std::int64_t shots, std::uint64_t seed) {
    return Splitter(coins.flips.data(), coins.count, 1, &coins.constant, seed).run(shots, coins.num_clbits);
}

std::string explain_stabilizers(const Program& program) {
    const ShotModel model = shot_model(stabilizer_program(program));
    std::size_t sites = 0;
    for (const ErrorGroup& group : model.errors) sites += group.sites.size();
    return "stabilizers: of " + std::to_string(model.num_slots) + " bits " + std::to_string(model.coins.free.size()) +
           " are fair coins and the others follow from them; " + std::to_string(sites) +
           " places of errors that flip sets of bits, " + std::to_string(model.decisions.size()) +
           " decisions looked up shot by shot\n";
}

}  // namespace coratrix
