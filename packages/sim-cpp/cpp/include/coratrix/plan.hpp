// A scheduled circuit with its numbers filled in: an inspectable value that any executor can take.
//
//   stage   one pass over the state. Some L bits are local: the 2^L amplitudes that differ only in them make a
//           tile, which is copied into cache, worked on, and copied back. Operations mix local bits only;
//           diagonal operations and controls may be on any bit.
//   block   one pass over a tile, in parts that fit the first-level cache: all amplitudes of a tile that differ
//           only in the block's own bits are worked on by all of its operations before the next part is touched.
//   group   inside a block: one pass over it that holds 2^K vectors in registers and mixes K bits of the
//           vectors' numbers, and the bits inside a vector, by real steps.
//   diagonal, dense   the other passes over a block.
#pragma once

#include <string>
#include <vector>

#include "coratrix/cost_table.hpp"
#include "coratrix/kernel_table.hpp"
#include "coratrix/lowering.hpp"
#include "coratrix/memory.hpp"
#include "coratrix/observable_kernels.hpp"
#include "coratrix/schedule.hpp"

namespace coratrix {

/// Hands out aligned pieces of a few large buffers; all are freed together.
class Arena {
public:
    template <class U>
    U* allocate(std::size_t count) {
        return static_cast<U*>(allocate_bytes(count * sizeof(U)));
    }
    std::size_t bytes() const { return total_; }

private:
    void* allocate_bytes(std::size_t size);
    std::vector<Buffer> buffers_;
    std::size_t used_ = 0;
    std::size_t total_ = 0;
};

/// Sums to be taken over a block whose highest bit tells ψ from λ.
struct Probes {
    struct Masked {            // Σ Im(λ* ψ) where all bits of a mask are set
        Mask outer;            // bits outside the block that must be set
        std::uint32_t local;   // positions in the block
        int number;
    };
    std::vector<Masked> masked;
    bool single = true;        // no mask has two bits that choose vectors
    Blocks vectors;            // of ψ in the block
    std::uint32_t lambda = 0;  // distance from ψ to λ
    double scale = 1;          // what the amplitudes still lack, squared
};

template <class T>
struct TileOp {
    enum class Kind : std::uint8_t { group, pair, diagonal, dense, probes };
    Kind kind;
    const Group<T>* group = nullptr;
    const PairGroup<T>* pair = nullptr;  // a group on ψ and λ
    const Diagonal<T>* diagonal = nullptr;
    const Dense<T>* dense = nullptr;
    int probes = -1;              // into Plan::probes
};

template <class T>
struct TileBlock {
    Mask local = 0;
    Blocks parts;                          // where in a tile each part lies
    std::vector<TileOp<T>> ops;            // done to each part; offsets count from its start
};

template <class T>
struct Stage {
    Mask local = 0;
    Mask outer = 0;
    Mask zero_before = 0;                  // bits that no stage has yet made local: amplitudes there are zero
    std::uint32_t num_vectors = 0;         // of a tile
    const std::uint32_t* gather = nullptr; // where each vector lies, in vectors; kZeroVector: not yet in memory
    const std::uint32_t* scatter = nullptr;
    std::vector<TileBlock<T>> blocks;
    int num_moving = 0;                    // rotations, flips and turns done here
};

struct PlanOptions {
    int tile_bits = 0;           // 0: as the cost table says
    bool starts_at_zero = true;
    int probe_flag = -1;         // the bit that tells ψ from λ, the highest of all: local in every stage
    int block_bits = 0;          // 0: as the cost table says
    bool ends_at_zero = false;   // ψ becomes |0…0⟩, and only the probes' answers are wanted
    CostTable costs = {};
};

/// What a plan will cost, as far as it can be counted.
struct PlanCost {
    double bytes = 0;             // read and written in the state's memory
    double multiply_adds = 0;     // of real numbers
    int groups = 0, diagonals = 0, dense = 0;
};

template <class T>
struct Plan {
    int num_bits = 0;             // of the caller's state
    int padded_bits = 0;          // of the buffer: small states are widened to fill a vector
    int tile_bits = 0;
    const Kernels<T>* kernels = nullptr;
    bool starts_at_zero = true;
    bool measured_costs = false;  // whether its forms follow this machine's own cost table
    std::vector<Stage<T>> stages;
    Mask untouched = 0;           // bits that no stage made local: their amplitudes must still be zeroed
    std::size_t scratch_size = 0; // numbers that a tile operation needs beside the tile
    std::vector<Probes> probes;
    int num_probes = 0;
    PlanCost cost;
    Arena arena;
};

/// The schedule that a plan for this circuit follows.
template <class T>
Schedule make_schedule_for(const LoweredCircuit& circuit, const Kernels<T>& kernels, const PlanOptions& options);

/// A circuit's numbers in a schedule that fits it.
template <class T>
Plan<T> make_plan(const LoweredCircuit& circuit, const Schedule& schedule, const Kernels<T>& kernels,
                  const PlanOptions& options);

template <class T>
Plan<T> make_plan(const LoweredCircuit& circuit, const Kernels<T>& kernels, const PlanOptions& options) {
    return make_plan<T>(circuit, make_schedule_for<T>(circuit, kernels, options), kernels, options);
}

/// Stages, passes, bytes and operations in words.
template <class T>
std::string describe(const Plan<T>& plan);

}  // namespace coratrix
