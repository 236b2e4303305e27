// Kernels that ask questions of states: sums over a tile that holds ψ and λ, and Pauli sums applied to ψ.
//
// Plain data and function pointers, one table per instruction set, as in kernel_table.hpp.
#pragma once

#include "coratrix/kernel_table.hpp"

namespace coratrix {

constexpr int kSumBlockBits = 3;
constexpr int kSumBlock = 1 << kSumBlockBits;  // vectors that one step of `apply_terms` holds in registers
constexpr int kFunctionBits = 10;       // amplitudes that one call of `apply_function` works on, as a power of two
constexpr int kMaxAsked = 2 * kMaxGroupBits + 2 * 4;  // X and Y on each bit of a group and on each inside a vector

/// One Pauli string times a real number, in terms of the interleaved *numbers* of a state (number 2k is the real
/// part of amplitude k, number 2k+1 the imaginary part), cut into vectors:
///   out[v] += permutation of (± coefficients · ψ[v ^ x])    the sign being the parity of z & v
/// The permutation exchanges lanes l and l ^ x_lanes. It is left out: terms that share it stand together, and their sum
/// is brought into the next terms' order of lanes, or at the end into that of the state, once for all of them.
template <class T>
struct SumTerm {
    Index x = 0, z = 0;             // masks of the numbers of blocks, kSumBlock vectors each
    Index skip = 0;                 // blocks with this bit are left out
    std::uint32_t x_inside = 0;     // x inside a block, in numbers
    std::uint32_t x_lanes = 0;      // x inside a vector
    int z_inside = 0;               // z inside a block, in vectors
    bool turns = false;             // whether the sum's lanes are permuted after this term
    alignas(64) T coefficients[2][kMaxLanes];  // [parity]
    alignas(64) unsigned char lanes[64];       // that permutation, in the instruction set's own form
};

/// A real function on the index times the permutation k → k ^ x, and i times another one.
template <class T>
struct SumFunction {
    Index x = 0;                    // mask of vector numbers
    const T* even = nullptr;        // interleaved (f, f); nullptr: zero
    const T* odd = nullptr;         // interleaved (-f, f)
    alignas(64) unsigned char even_lanes[64];
    alignas(64) unsigned char odd_lanes[64];
};

/// A group that acts on ψ and λ alike, and what it asks of them before its steps. Its blocks are those of ψ.
template <class T>
struct PairGroup {
    Group<T> group;
    std::uint32_t lambda = 0;            // distance from ψ to λ
    std::uint32_t y = 0, x = 0;          // which of the group's own bits are asked about
    std::uint32_t lane_y = 0, lane_x = 0;  // which bits inside the vectors
    int num_asked = 0;
    int numbers[kMaxAsked] = {};         // of the answers: the bits of y, x, lane_y, lane_x, each from the lowest on
    double scale = 1;                    // what the amplitudes still lack, squared
};

template <class T>
struct ObservableKernels {
    /// With w[k] = Im(λ*[k] ψ[k]), λ lying `lambda` beyond ψ: sums[v] ← Σ w[u] over all vectors u of the block whose
    /// number has all bits of v's, lane by lane; vector by vector in the order of their numbers.
    void (*mask_sums)(const T* re, const T* im, const Blocks& vectors, std::uint32_t lambda, T* sums);
    /// The same for v = 0 and the powers of two only; the others hold what is left of the work.
    void (*bit_sums)(const T* re, const T* im, const Blocks& vectors, std::uint32_t lambda, T* sums);
    /// Asks, then runs the group on both states. For each bit asked about, with (a, b) the halves it tells apart:
    ///   Y:  Im⟨λ|Y|ψ⟩ = Re Σ (λ*_b ψ_a - λ*_a ψ_b)
    ///   X:  Im⟨λ|X|ψ⟩ = Im Σ (λ*_b ψ_a + λ*_a ψ_b)
    void (*run_pair)(const PairGroup<T>& pair, T* re, T* im, Index tile_index, double* answers);
    /// Where out is nullptr, returns Re ⟨ψ|Σ terms|ψ⟩ as far as blocks [first, last) of kSumBlock vectors go; else
    /// out += Σ terms ψ there, and returns 0.
    double (*apply_terms)(const T* psi, Index first, Index last, const SumTerm<T>* terms, std::size_t count, T* out);
    /// The same for a function, on the 2^kFunctionBits amplitudes that begin at vector `first`.
    double (*apply_function)(const T* psi, Index first, const SumFunction<T>& function, T* out);
    /// Σ a[k] b[k] over blocks [first, last).
    double (*dot)(const T* a, const T* b, Index first, Index last);
    /// In place: v[k] ← Σ_z (-1)^{z·k} v[z] on 2^(kFunctionBits+1) interleaved numbers, z and k counting pairs.
    void (*walsh_hadamard)(T* numbers);
};

/// The table of the same instruction set.
template <class T>
const ObservableKernels<T>& observable_kernels(const Kernels<T>& kernels);

}  // namespace coratrix
