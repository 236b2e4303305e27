// Gaussian elimination on the X parts, the Z parts and the signs coming along.
#include "coratrix/stabilizer_coins.hpp"

#include <algorithm>

namespace coratrix {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

std::size_t first_bit(const Word* row, std::size_t words, std::size_t from_word) {
    for (std::size_t w = from_word; w < words; ++w)
        if (row[w] != 0) return w * 64 + static_cast<std::size_t>(lowest_bit(row[w]));
    return kNone;
}

void add(Word* to, const Word* from, std::size_t words) {
    for (std::size_t w = 0; w < words; ++w) to[w] ^= from[w];
}

class Elimination {
public:
    explicit Elimination(const Observables& given)
        : x_(given.x.transposed()), z_(given.z.transposed()), used_(0, given.x.bits()),
          row_with_lead_(given.x.rows(), kNone), powers_(x_.rows()), coins_(x_.rows()) {
        for (std::size_t m = 0; m < x_.rows(); ++m) {
            int power = test_bit(given.sign.row(0), m) ? 2 : 0;
            for (std::size_t w = 0; w < x_.words(); ++w) power += popcount(x_.row(m)[w] & z_.row(m)[w]);
            powers_[m] = power & 3;
        }
    }

    Coins run() {
        std::vector<Word> sum(used_.words());
        for (std::size_t m = 0; m < x_.rows(); ++m) reduce(m, sum);
        return std::move(coins_);
    }

private:
    void reduce(std::size_t m, std::vector<Word>& sum) {
        std::fill(sum.begin(), sum.end(), 0);
        for (std::size_t w = 0;;) {
            const std::size_t lead = first_bit(x_.row(m), x_.words(), w);
            if (lead == kNone) return settle(m, sum);
            if (row_with_lead_[lead] == kNone) {
                row_with_lead_[lead] = coins_.free.size();
                coins_.free.push_back(m);
                std::copy(sum.begin(), sum.end(), used_.add_row());
                set_bit(used_.row(used_.rows() - 1), m);
                return;
            }
            multiply(m, row_with_lead_[lead]);
            add(sum.data(), used_.row(row_with_lead_[lead]), sum.size());
            w = lead / 64;
        }
    }

    /// P_m ← P_m P_k: X^a Z^b X^c Z^d = (-1)^{b·c} X^{a+c} Z^{b+d}.
    void multiply(std::size_t m, std::size_t coin) {
        const std::size_t k = coins_.free[coin];
        Word *const a = x_.row(m), *const b = z_.row(m);
        const Word *const c = x_.row(k), *const d = z_.row(k);
        Word swaps = 0;
        for (std::size_t w = 0; w < x_.words(); ++w) {
            swaps ^= b[w] & c[w];
            a[w] ^= c[w];
            b[w] ^= d[w];
        }
        powers_[m] = (powers_[m] + powers_[k] + (parity(swaps) ? 2 : 0)) & 3;
    }

    /// The X part is gone: the slot reads the sign of the product, plus the coins in it.
    void settle(std::size_t m, const std::vector<Word>& sum) {
        if (powers_[m] == 2) set_bit(coins_.constant.row(0), m);
        Word* const row = coins_.follows.add_row();
        std::copy(sum.begin(), sum.end(), row);
        coins_.dependent.push_back(m);
    }

    BitMatrix x_, z_;   // one row per slot
    BitMatrix used_;    // by coin, the slots whose observables its reduced row is the product of
    std::vector<std::size_t> row_with_lead_;  // by column, the coin whose reduced row starts there
    std::vector<int> powers_;                 // of i, in front of X^a Z^b
    Coins coins_;
};

}  // namespace

Coins coins_of(const Observables& observables) { return Elimination(observables).run(); }

}  // namespace coratrix
