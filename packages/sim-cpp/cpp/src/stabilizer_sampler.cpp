// Coins first, then errors, then decisions in the order of time.
//
// Coins: a row is random words under the mask of free slots, and every other slot the parity of a few of them; or,
// where many slots follow from few coins, the sum of one table entry for every eight coins (the four Russians).
// Errors: the gap to the next event of probability p is geometric, so what does not happen costs nothing.
#include "coratrix/stabilizer_sampler.hpp"

#include <algorithm>
#include <cmath>

#include "coratrix/random.hpp"

namespace coratrix {

namespace {

constexpr std::size_t kBlockWords = std::size_t{1} << 14;  // a block of rows stays in cache
constexpr std::size_t kMinBlockShots = 64, kMaxBlockShots = 4096;
constexpr std::size_t kTableBits = 8;
enum Purpose : std::uint64_t { kCoins, kErrors, kDecisions, kNumPurposes };

std::size_t shots_per_block(std::size_t words) {
    std::size_t out = kMaxBlockShots;
    while (out > kMinBlockShots && out * words > kBlockWords) out /= 2;
    return out;
}

/// Two uniform numbers at a time, each a function of (seed, stream, how many came before).
class Draws {
public:
    Draws(std::uint64_t seed, std::uint64_t stream) : seed_(seed), stream_(stream) {}

    void next(double& u, double& v) {
        const PhiloxBlock block = philox(seed_, stream_, position_++);
        u = to_unit_interval(block[0], block[1]);
        v = to_unit_interval(block[2], block[3]);
    }

private:
    std::uint64_t seed_, stream_, position_ = 0;
};

/// Walks over the events among trials of probability p; each comes with a further uniform number.
class Events {
public:
    Events(double p, Draws& draws) : per_log_(1 / std::log1p(-p)), draws_(draws) {}

    /// The place of the next event, `end` if there is none before it.
    std::size_t next(std::size_t end) {
        double u;
        draws_.next(u, v);
        const double gap = std::floor(std::log(1 - u) * per_log_);
        if (!(gap < static_cast<double>(end - at_))) return end;
        at_ += static_cast<std::size_t>(gap) + 1;
        return at_ - 1;
    }

    double v = 0;

private:
    double per_log_;
    Draws& draws_;
    std::size_t at_ = 0;
};

void fill_random(Word* out, std::size_t count, std::uint64_t seed, std::uint64_t stream) {
    for (std::size_t k = 0; k < count; k += 2) {
        const PhiloxBlock block = philox(seed, stream, k / 2);
        out[k] = std::uint64_t{block[0]} << 32 | block[1];
        if (k + 1 < count) out[k + 1] = std::uint64_t{block[2]} << 32 | block[3];
    }
}

void add(Word* to, const Word* from, std::size_t words) {
    for (std::size_t w = 0; w < words; ++w) to[w] ^= from[w];
}

}  // namespace

BitMatrix coin_rows(const Coins& coins, std::size_t slots) {
    BitMatrix out(coins.free.size(), slots);
    std::vector<std::size_t> coin_at(slots);
    for (std::size_t k = 0; k < coins.free.size(); ++k) {
        set_bit(out.row(k), coins.free[k]);
        coin_at[coins.free[k]] = k;
    }
    for (std::size_t k = 0; k < coins.dependent.size(); ++k)
        for_each_bit(coins.follows.row(k), coins.follows.words(),
                     [&](std::size_t slot) { set_bit(out.row(coin_at[slot]), coins.dependent[k]); });
    return out;
}

ShotSampler::ShotSampler(ShotModel model, std::int64_t shots, CoinMethod method)
    : model_(std::move(model)), words_(std::max<std::size_t>(1, words_for(static_cast<std::size_t>(model_.num_slots)))),
      block_shots_(shots_per_block(words_)) {
    prepare_parities();
    by_table_ = method == CoinMethod::cheapest ? table_cost(shots) < parity_cost() : method == CoinMethod::table;
    if (by_table_) prepare_tables();
}

void ShotSampler::prepare_parities() {
    is_free_.assign(words_, 0);
    for (const std::size_t slot : model_.coins.free) set_bit(is_free_.data(), slot);
    for (std::size_t k = 0; k < model_.coins.dependent.size(); ++k) {
        const Word* const row = model_.coins.follows.row(k);
        const std::size_t first = parts_.size();
        for (std::size_t w = 0; w < model_.coins.follows.words(); ++w)
            if (row[w] != 0) parts_.push_back({static_cast<std::uint32_t>(w), row[w]});
        if (parts_.size() > first) dependents_.push_back({model_.coins.dependent[k], first, parts_.size()});
    }
}

void ShotSampler::prepare_tables() {
    const BitMatrix rows = coin_rows(model_.coins, static_cast<std::size_t>(model_.num_slots));
    const std::size_t groups = (rows.rows() + kTableBits - 1) / kTableBits;
    tables_.assign(groups * 256 * words_, 0);
    for (std::size_t k = 0; k < groups * kTableBits; ++k) {  // with coin k, entries double
        Word* const table = tables_.data() + k / kTableBits * 256 * words_;
        const std::size_t half = std::size_t{1} << (k % kTableBits);
        for (std::size_t entry = 0; entry < half; ++entry) {
            std::copy_n(table + entry * words_, words_, table + (half + entry) * words_);
            if (k < rows.rows()) add(table + (half + entry) * words_, rows.row(k), words_);
        }
    }
}

/// In words touched per shot, about.
double ShotSampler::parity_cost() const {
    return static_cast<double>(2 * words_ + 2 * dependents_.size() + parts_.size());
}

double ShotSampler::table_cost(std::int64_t shots) const {
    const auto groups = static_cast<double>((model_.coins.free.size() + kTableBits - 1) / kTableBits);
    const double entry = 3 + static_cast<double>(words_) / 2;
    return groups * entry * (1 + 256 / static_cast<double>(shots)) + static_cast<double>(words_);
}

void ShotSampler::fill(std::int64_t block, std::size_t count, std::uint64_t seed, Word* rows) const {
    const std::uint64_t stream = static_cast<std::uint64_t>(block) * kNumPurposes;
    if (by_table_) throw_coins_by_table(count, seed, stream + kCoins, rows);
    else throw_coins_by_parity(count, seed, stream + kCoins, rows);
    add_errors(count, seed, stream + kErrors, rows);
    decide(count, seed, stream + kDecisions, rows);
    if (model_.num_slots == model_.num_clbits) return;
    for (std::size_t shot = 0; shot < count; ++shot)
        for (std::size_t w = static_cast<std::size_t>(model_.num_clbits) / 64; w < words_; ++w) {
            const int left = model_.num_clbits - static_cast<int>(64 * w);
            rows[shot * words_ + w] &= left <= 0 ? 0 : (Word{1} << left) - 1;
        }
}

void ShotSampler::throw_coins_by_parity(std::size_t count, std::uint64_t seed, std::uint64_t stream, Word* rows) const {
    fill_random(rows, count * words_, seed, stream);
    const Word* const constant = model_.coins.constant.row(0);
    for (std::size_t shot = 0; shot < count; ++shot) {
        Word* const row = rows + shot * words_;
        for (std::size_t w = 0; w < words_; ++w) row[w] &= is_free_[w];
        for (const Dependent& each : dependents_) {
            Word sum = 0;
            for (std::size_t k = each.first_part; k < each.last_part; ++k) sum ^= row[parts_[k].word] & parts_[k].bits;
            row[each.slot / 64] |= Word{parity(sum)} << (each.slot % 64);
        }
        for (std::size_t w = 0; w < model_.coins.constant.words(); ++w) row[w] ^= constant[w];
    }
}

void ShotSampler::throw_coins_by_table(std::size_t count, std::uint64_t seed, std::uint64_t stream, Word* rows) const {
    const std::size_t groups = tables_.size() / (256 * words_);
    const std::size_t coin_words = (groups + 7) / 8;
    std::vector<Word> coins(count * coin_words);
    fill_random(coins.data(), coins.size(), seed, stream);
    for (std::size_t shot = 0; shot < count; ++shot) {
        Word* const row = rows + shot * words_;
        std::copy_n(model_.coins.constant.row(0), words_, row);
        for (std::size_t g = 0; g < groups; ++g) {
            const std::size_t entry = coins[shot * coin_words + g / 8] >> (g % 8 * 8) & 255;
            add(row, tables_.data() + (g * 256 + entry) * words_, words_);
        }
    }
}

void ShotSampler::add_errors(std::size_t count, std::uint64_t seed, std::uint64_t stream, Word* rows) const {
    Draws draws(seed, stream);
    for (const ErrorGroup& group : model_.errors) {
        Events events(group.p_any, draws);
        const std::size_t end = group.sites.size() * block_shots_;
        for (std::size_t at = events.next(end); at < end; at = events.next(end)) {
            const std::size_t shot = at % block_shots_;
            if (shot < count) apply_error(group.sites[at / block_shots_], events.v, rows + shot * words_);
        }
    }
}

void ShotSampler::apply_error(const ErrorSite& site, double u, Word* row) const {
    std::uint32_t what = model_.channels[static_cast<std::size_t>(site.channel)].pick(u);
    for (const int* set = model_.site_sets.data() + site.first_set; what != 0; what >>= 1, ++set)
        if (what & 1) model_.sets.flip(*set, row);
}

void ShotSampler::decide(std::size_t count, std::uint64_t seed, std::uint64_t stream, Word* rows) const {
    Draws draws(seed, stream);
    for (const DecidedFlip& each : model_.decisions) {
        const auto value = [&](const Word* row) {
            std::uint64_t out = 0;
            for (std::size_t k = 0; k < each.slots.size(); ++k)
                if (each.slots[k] >= 0) out |= std::uint64_t{test_bit(row, static_cast<std::size_t>(each.slots[k]))} << k;
            return out;
        };
        if (each.is_readout) {
            const double p_most = std::max(each.p_flip[0], each.p_flip[1]);
            Events events(p_most, draws);
            for (std::size_t at = events.next(count); at < count; at = events.next(count)) {
                Word* const row = rows + at * words_;
                if (events.v * p_most < each.p_flip[value(row)]) model_.sets.flip(each.then_set, row);
            }
            continue;
        }
        for (Word* row = rows; row != rows + count * words_; row += words_) {
            const bool holds = std::binary_search(each.values.begin(), each.values.end(), value(row)) != each.negated;
            model_.sets.flip(holds ? each.then_set : each.else_set, row);
        }
    }
}

}  // namespace coratrix
