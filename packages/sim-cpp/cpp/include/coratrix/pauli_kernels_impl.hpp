// One source, compiled once per instruction set. Groups that differ in other digits go side by side in a vector, as many
// as the set's registers hold (CORATRIX_PAULI_LANE_BITS): GCC splits longer ones badly.
#include <cstring>

#include "coratrix/pauli_kernels.hpp"

namespace coratrix {
namespace CORATRIX_PAULI_SET {
namespace {

constexpr int kLaneBits = CORATRIX_PAULI_LANE_BITS, kLanes = 1 << kLaneBits;
typedef double Lanes __attribute__((vector_size(8 << kLaneBits)));

/// Walks the groups: index bits of `rest`, whose lowest are the lanes of one vector.
struct Groups {
    Index lane_offset[kLanes];
    Index bits;       // the other bits of rest
    bool contiguous;  // the lanes are neighbours in memory

    explicit Groups(Index rest) {
        for (int lane = 0; lane < kLanes; ++lane) lane_offset[lane] = deposit_bits(static_cast<Index>(lane), rest);
        contiguous = lane_offset[kLanes - 1] == kLanes - 1;
        for (int k = 0; k < kLaneBits; ++k) rest &= rest - 1;
        bits = rest;
    }

    template <class F>
    void for_each(F visit) const {
        Index base = 0;
        do {
            visit(base);
            base = (base - bits) & bits;
        } while (base != 0);
    }
};

template <bool Contiguous>
inline void load(Lanes& v, const double* at, const Groups& groups) {
    if (Contiguous) {
        std::memcpy(&v, at, sizeof v);
    } else {
        Lanes read{};  // every lane is set below, which GCC does not see of an array of vectors
        for (int lane = 0; lane < kLanes; ++lane) read[lane] = at[groups.lane_offset[lane]];
        v = read;
    }
}

template <bool Contiguous>
inline void store(double* at, const Lanes& v, const Groups& groups) {
    if (Contiguous) {
        std::memcpy(at, &v, sizeof v);
    } else {
        for (int lane = 0; lane < kLanes; ++lane) at[groups.lane_offset[lane]] = v[lane];
    }
}

/// Rows 1 … 3 of a transfer matrix on four vectors `apart` places from one another.
template <int Apart>
inline void turn(const double* m, Lanes* v) {
    const Lanes i = v[0], x = v[Apart], y = v[2 * Apart], z = v[3 * Apart];
    v[Apart] = m[4] * i + m[5] * x + m[6] * y + m[7] * z;
    v[2 * Apart] = m[8] * i + m[9] * x + m[10] * y + m[11] * z;
    v[3 * Apart] = m[12] * i + m[13] * x + m[14] * y + m[15] * z;
}

template <bool Contiguous, bool OnHigh, bool OnLow, PairStep::Kind kKind>
void pair_loop(const PairStep& step, double* tile, const Groups& groups, const Index* offset) {
    Index to[16];
    for (int k = 0; k < 16; ++k) to[k] = offset[kKind == PairStep::Kind::monomial ? step.target[k] : k];
    groups.for_each([&](Index base) {
        double* const at = tile + base;
        Lanes v[16];
        for (int k = 0; k < 16; ++k) load<Contiguous>(v[k], at + offset[k], groups);
        if (OnHigh)
            for (int k = 0; k < 4; ++k) turn<4>(step.high_matrix, v + k);
        if (OnLow)
            for (int k = 0; k < 16; k += 4) turn<1>(step.low_matrix, v + k);
        if (kKind == PairStep::Kind::dense) {
            for (int row = 0; row < 16; ++row) {
                const double* const m = step.dense + 16 * row;
                Lanes sum = m[0] * v[0];
                for (int k = 1; k < 16; ++k) sum += m[k] * v[k];
                store<Contiguous>(at + to[row], sum, groups);
            }
        } else {
            for (int k = 0; k < 16; ++k) {
                if (kKind == PairStep::Kind::monomial) v[k] *= step.scale[k];
                store<Contiguous>(at + to[k], v[k], groups);
            }
        }
    });
}

template <bool Contiguous, bool OnHigh, bool OnLow>
void pair_of_kind(const PairStep& step, double* tile, const Groups& groups, const Index* offset) {
    switch (step.kind) {
        case PairStep::Kind::none:
            return pair_loop<Contiguous, OnHigh, OnLow, PairStep::Kind::none>(step, tile, groups, offset);
        case PairStep::Kind::monomial:
            return pair_loop<Contiguous, OnHigh, OnLow, PairStep::Kind::monomial>(step, tile, groups, offset);
        case PairStep::Kind::dense:
            return pair_loop<Contiguous, OnHigh, OnLow, PairStep::Kind::dense>(step, tile, groups, offset);
    }
}

template <bool Contiguous>
void pair_any(const PairStep& step, double* tile, const Groups& groups, const Index* offset) {
    if (step.on_high && step.on_low) return pair_of_kind<Contiguous, true, true>(step, tile, groups, offset);
    if (step.on_high) return pair_of_kind<Contiguous, true, false>(step, tile, groups, offset);
    if (step.on_low) return pair_of_kind<Contiguous, false, true>(step, tile, groups, offset);
    pair_of_kind<Contiguous, false, false>(step, tile, groups, offset);
}

void run_pair(const PairStep& step, double* tile, int digits) {
    const Index size = Index{1} << (2 * digits);
    const Groups groups((size - 1) & ~(Index{3} << (2 * step.high)) & ~(Index{3} << (2 * step.low)));
    Index offset[16];
    for (Index k = 0; k < 16; ++k) offset[k] = (k >> 2) << (2 * step.high) | (k & 3) << (2 * step.low);
    if (groups.contiguous) pair_any<true>(step, tile, groups, offset);
    else pair_any<false>(step, tile, groups, offset);
}

void run_wide(const double* matrix, const int* which, int count, double* tile, int digits) {
    Index rest = (Index{1} << (2 * digits)) - 1;
    for (int q = 0; q < count; ++q) rest &= ~(Index{3} << (2 * which[q]));
    const int rows = 1 << (2 * count);
    Index offset[1 << (2 * kMaxWideQubits)];
    for (int row = 0; row < rows; ++row) {
        offset[row] = 0;
        for (int q = 0; q < count; ++q)
            offset[row] |= static_cast<Index>(row >> (2 * (count - 1 - q)) & 3) << (2 * which[q]);
    }
    const Groups groups(rest);
    Lanes v[1 << (2 * kMaxWideQubits)];
    groups.for_each([&](Index base) {
        for (int row = 0; row < rows; ++row) load<false>(v[row], tile + base + offset[row], groups);
        for (int row = 0; row < rows; ++row) {
            const double* const m = matrix + static_cast<std::size_t>(row) * static_cast<std::size_t>(rows);
            Lanes sum = m[0] * v[0];
            for (int k = 1; k < rows; ++k) sum += m[k] * v[k];
            store<false>(tile + base + offset[row], sum, groups);
        }
    });
}

}  // namespace

extern const PauliKernels kTable;
const PauliKernels kTable = {run_pair, run_wide};

}  // namespace CORATRIX_PAULI_SET
}  // namespace coratrix
