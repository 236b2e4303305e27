// The rules are those of stabilizer_model.cpp and stabilizer_coins.cpp, word for row.
#include "coratrix/word_stabilizers.hpp"

#include <cassert>
#include <utility>

namespace coratrix {

WordWalk::WordWalk(int num_qubits, int num_clbits)
    : num_qubits_(static_cast<std::size_t>(num_qubits)), num_clbits_(static_cast<std::size_t>(num_clbits)) {
    assert(num_qubits_ <= kWidest && num_clbits_ <= kWidest);
    for (std::size_t q = 0; q < num_qubits_; ++q) x_[q] = z_[q] = 0;
}

void WordWalk::gate(CliffordOp op, std::size_t a, std::size_t b) {
    assert(a < num_qubits_ && b < num_qubits_);
    Word &x = x_[a], &z = z_[a];
    switch (op) {
        case CliffordOp::x: sign_ ^= z; break;
        case CliffordOp::z: sign_ ^= x; break;
        case CliffordOp::y: sign_ ^= x ^ z; break;
        case CliffordOp::h: sign_ ^= x & z, std::swap(x, z); break;
        case CliffordOp::s: sign_ ^= x & ~z, z ^= x; break;
        case CliffordOp::sdg: sign_ ^= x & z, z ^= x; break;
        case CliffordOp::sx: sign_ ^= x & z, x ^= z; break;
        case CliffordOp::sxdg: sign_ ^= z & ~x, x ^= z; break;
        case CliffordOp::cx: sign_ ^= x & z_[b] & ~(x_[b] ^ z), x_[b] ^= x, z ^= z_[b]; break;
        case CliffordOp::cz: sign_ ^= x & x_[b] & (z ^ z_[b]), z ^= x_[b], z_[b] ^= x; break;
        case CliffordOp::swap: std::swap(x, x_[b]), std::swap(z, z_[b]);
    }
}

/// A CX onto a fresh bit in |0⟩ that is read at the very end, unless a later measurement has its place.
void WordWalk::measure(std::size_t qubit, std::size_t clbit) {
    assert(qubit < num_qubits_ && clbit < num_clbits_);
    const Word read = Word{1} << clbit & ~read_;
    read_ |= read;
    sign_ ^= x_[qubit] & read & ~z_[qubit];
    add_column(qubit, read);
    z_[qubit] ^= read;
}

void WordWalk::add_column(std::size_t qubit, Word z) {
    if (x_[qubit] == 0) return;
    if (columns_ < kWidest) column_x_[columns_] = x_[qubit], column_z_[columns_] = z;
    ++columns_;
}

std::optional<FairCoins> WordWalk::coins() {
    for (std::size_t q = 0; q < num_qubits_; ++q) add_column(q, z_[q]);
    if (columns_ > kWidest) return std::nullopt;
    FairCoins out;
    out.num_clbits = static_cast<int>(num_clbits_);
    std::array<Word, kMostCoins> lead_x, lead_z, used;  // by coin: its reduced row, and the bits it is the product of
    std::array<int, kMostCoins> power;                  // of i, in front of the row
    std::array<std::size_t, kWidest> coin_at;           // by bit
    Word leads = 0;
    std::array<std::size_t, kWidest> coin_with_lead;
    for (std::size_t m = 0; m < num_clbits_; ++m) {
        Word x = 0, z = 0, sum = 0;
        for (std::size_t k = 0; k < columns_; ++k) x |= (column_x_[k] >> m & 1) << k, z |= (column_z_[k] >> m & 1) << k;
        int of_i = (popcount(x & z) + (sign_ >> m & 1 ? 2 : 0)) & 3;
        while (x != 0 && (leads & x & (~x + 1)) != 0) {
            const std::size_t k = coin_with_lead[static_cast<std::size_t>(lowest_bit(x))];
            of_i = (of_i + power[k] + (parity(z & lead_x[k]) ? 2 : 0)) & 3;
            x ^= lead_x[k], z ^= lead_z[k], sum ^= used[k];
        }
        if (x == 0) {  // a constant and the coins in `sum`
            if (of_i == 2) out.constant |= Word{1} << m;
            for (Word left = sum; left; left &= left - 1)
                out.flips[coin_at[static_cast<std::size_t>(lowest_bit(left))]] |= Word{1} << m;
            continue;
        }
        if (out.count == kMostCoins) return std::nullopt;
        leads |= x & (~x + 1);
        coin_with_lead[static_cast<std::size_t>(lowest_bit(x))] = coin_at[m] = out.count;
        lead_x[out.count] = x, lead_z[out.count] = z, power[out.count] = of_i;
        used[out.count] = sum | Word{1} << m, out.flips[out.count] = Word{1} << m;
        ++out.count;
    }
    return out;
}

}  // namespace coratrix
