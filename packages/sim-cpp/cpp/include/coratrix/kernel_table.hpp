// What the kernels of one instruction set offer, and the plain data they work on.
//
// A tile is 2^L amplitudes as two planes, all real parts and all imaginary parts. Its lowest `lane_bits` bits
// run inside a vector register ("lanes"); the others choose the vector. A plane has one cache line of padding
// after every 4 KiB, so that vectors a power of two apart do not fall on the same cache set; the offset of an
// index is therefore still a sum over its bits (`stride` of a bit).
//
// Everything here is plain data and function pointers: kernel translation units are compiled with flags for
// their own processor and must not emit shared inline functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "coratrix/types.hpp"
#include "coratrix/vector_gates.hpp"

namespace coratrix {

constexpr int kMaxGroupBits = 4;
constexpr std::uint32_t kZeroVector = 0xFFFFFFFFu;

/// One step of the register program that a group runs on each block of 2^K vectors. The planes are worked on
/// separately by the same program, because every step is real.
enum class StepCode : std::uint8_t {
    rotate,          // a' = a - t b, b' = b + t a            pairs along group bit `a`
    rotate_swapped,  // a' = t a - b, b' = t b + a
    lane_rotate,     // v' = v + c1 · v with its lanes exchanged by the mask 4 a + b
    lane_mix,        // v' = c0 · v + c1 · the same
    flip,            // swap pairs along `a`
    flip_if,         // swap pairs along `a` where bit `b` is set
    flip_lanes_if,   // swap pairs along `a` in the lanes that c0 marks by its sign
    lane_permute,    // permute the lanes of all vectors
    lane_permute_if, // permute the lanes of the vectors whose bit `a` is set
    turn,            // pairs (00, 11) by t and (a, b) by t2
    turn_lane,       // one bit in the group, one in the lanes: coefficients c0…c3
    swap_lane,       // exchange group bit `a` with a lane bit (c0 marks its lanes)
    rotate_all,      // every group bit G by t = c0[G]; 4 a + b is the mask of those that are swapped
};

/// A step's code and its group bits in one number, so that a kernel jumps once per step.
constexpr std::uint8_t step_form(StepCode code, int a = 0, int b = 0) {
    return static_cast<std::uint8_t>(static_cast<int>(code) << 4 | a << 2 | b);
}
/// With a mask in their place.
constexpr std::uint8_t masked_form(StepCode code, unsigned mask) {
    return static_cast<std::uint8_t>(static_cast<unsigned>(code) << 4 | mask);
}

template <class T>
struct Step {
    std::uint8_t form = step_form(StepCode::rotate);
    bool swapped = false, swapped_odd = false;
    Mask condition = 0;  // bits of the state's index that must be set: controls outside the group
    T t = 0, t2 = 0;
    alignas(64) T c0[kMaxLanes];
    alignas(64) T c1[kMaxLanes];
    alignas(64) T c2[kMaxLanes];
    alignas(64) T c3[kMaxLanes];
    alignas(64) unsigned char lanes[64];  // a permutation, in the instruction set's own form
};

struct Blocks {
    std::uint32_t count = 0;
    const std::uint32_t* offsets = nullptr;  // into a plane
    const Index* indices = nullptr;          // the block's bits of the state's index
};

template <class T>
struct Group {
    int bits = 0;
    std::uint32_t strides[kMaxGroupBits] = {};
    Blocks blocks;
    std::uint32_t num_steps = 0;
    const Step<T>* steps = nullptr;
};

/// A complex matrix on k bits that choose vectors, and perhaps on some inside them.
template <class T>
struct Dense {
    int bits = 0;                            // k
    int lanes = 0;                           // the mask of its bits inside the vectors, at most two of all
    bool schmidt = false;                    // of two bits outside, in the form of schmidt.hpp
    Mask condition = 0;
    const std::uint32_t* offsets = nullptr;  // of the 2^k vectors
    Blocks blocks;
    const T* re = nullptr;                   // its entries, row by row, or with bits inside the vectors a vector of
    const T* im = nullptr;                   // factors for each column, pattern and row (see dense.cpp)
};

/// A factor on a block: Π over monomials. The low 2^low_bits indices form a chunk, whose factors lie in one table.
template <class T>
struct Modifier {        // an extra factor on every chunk whose index has these bits
    Mask outer = 0;      // bits of the state's index outside the block
    std::uint32_t high = 0;  // bits of the chunk's number
    std::int32_t depth = -1; // where in the walk it joins; -1: before it
    const T* re = nullptr;
    const T* im = nullptr;
};

template <class T>
struct OuterScalar {
    Mask outer = 0;
    std::uint32_t slot = 0;
    T re = 0, im = 0;
};

template <class T>
struct Diagonal {
    int low_bits = 0;
    int high_bits = 0;
    const std::uint32_t* chunk_offsets = nullptr;  // of a chunk's vectors in a plane
    bool low_trivial = false;     // the chunk's own factors are all one
    const T* low_re = nullptr;    // 2^low_bits
    const T* low_im = nullptr;
    const T* scalar_re = nullptr;  // 2^high_bits, multiplied out
    const T* scalar_im = nullptr;
    const T* raw_re = nullptr;     // the same before multiplying out, where the outer bits matter
    const T* raw_im = nullptr;
    std::uint32_t num_modifiers = 0;
    const Modifier<T>* modifiers = nullptr;
    std::uint32_t num_outer_scalars = 0;
    const OuterScalar<T>* outer_scalars = nullptr;
    int num_coupled = 0;                     // high bits that modifiers watch; the walk branches on them
    std::uint32_t coupled_strides[24] = {};  // plane offset of each
    std::uint32_t coupled_numbers[24] = {};  // chunk-number bit of each
    std::uint32_t num_free = 0;              // assignments of the other high bits
    const std::uint32_t* free_offsets = nullptr;
    const std::uint32_t* free_numbers = nullptr;
    std::uint32_t twin = 0;  // where a second state lies that takes the same factors; 0: none
};

template <class T>
struct Kernels {
    const char* name;
    int lane_bits;
    int max_group_bits;
    void (*make_index)(const unsigned char* lanes, void* out);
    /// Vectors at base + offsets[v]·W of the interleaved state → tile planes; kZeroVector gives zeros.
    void (*gather)(const T* state, const std::uint32_t* offsets, std::uint32_t count, T* re, T* im);
    void (*scatter)(T* state, const std::uint32_t* offsets, std::uint32_t count, const T* re, const T* im);
    void (*run_group)(const Group<T>& group, T* re, T* im, Index tile_index);
    void (*apply_diagonal)(const Diagonal<T>& diagonal, T* re, T* im, Index tile_index, T* scratch);
    void (*apply_dense)(const Dense<T>& dense, T* re, T* im, Index tile_index, T* scratch);
    /// Σ |amplitude|² of `count` interleaved complex numbers, accumulated in double.
    double (*norm)(const T* amplitudes, Index count);
    /// On a state that lies vector by vector.
    void (*mix_vectors)(const VectorMix<T>& mix, T* numbers);
    void (*multiply_vectors)(const VectorFactors<T>& factors, T* numbers);
    /// Interleaved amplitudes → such a state, in place, and back, times a factor.
    void (*part_vectors)(T* numbers, std::size_t vectors);
    void (*join_vectors)(T* numbers, std::size_t vectors, T factor_re, T factor_im);
};

/// Distance in a plane from index 0 to index 2^position.
template <class T>
constexpr std::uint32_t plane_stride(int position) {
    constexpr int page_bits = sizeof(T) == 4 ? 10 : 9;  // 4 KiB
    constexpr std::uint32_t line = 64 / sizeof(T);
    return (1u << position) + (position >= page_bits ? line << (position - page_bits) : 0u);
}

/// Numbers of type T in a padded plane of 2^bits amplitudes.
template <class T>
constexpr std::uint32_t plane_size(int bits) {
    return plane_stride<T>(bits) + 64 / sizeof(T);
}

enum class InstructionSet { portable, avx2, avx512 };

/// Which sets this processor can run, the best last.
bool is_supported(InstructionSet set);
InstructionSet best_instruction_set();
const char* instruction_set_name(InstructionSet set);

template <class T>
const Kernels<T>& kernels(InstructionSet set);

}  // namespace coratrix
