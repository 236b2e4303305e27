// Which operation runs where: the structure of a plan, without numbers.
//
// It depends on which bits operations touch and not on their angles, so that a circuit with other angles takes the
// schedule that is there. A short list of entries, read from front to back:
//
//   stage    one pass over the state; its bits are local, 2^tile_bits amplitudes come into the second-level cache
//   block    one pass over a tile; its bits are a choice of the stage's, 2^block_bits amplitudes come into the
//            first-level cache
//   phases, probes, group, dense
//            what is done to each block, in order; a group's bits are those by which it chooses vectors
#pragma once

#include <cstdint>
#include <vector>

#include "coratrix/locality.hpp"
#include "coratrix/lowering.hpp"

namespace coratrix {

struct ScheduleOptions {
    int lane_bits = 0;           // bits inside a vector
    int max_group_bits = 0;
    int tile_bits = 0;
    int block_bits = 0;
    bool starts_at_zero = true;
    int probe_flag = -1;         // the bit that tells ψ from λ, local in every stage
    bool ends_at_zero = false;   // stages as for the circuit undone, the last one first
};

struct Entry {
    enum class Kind : std::uint8_t { stage, block, phases, probes, group, dense };
    Kind kind;
    Mask bits = 0;
    std::uint32_t first = 0, last = 0;  // its operations: Schedule::order[first … last)
};

struct Schedule {
    int num_bits = 0;             // of the circuit
    int padded_bits = 0;          // widened so that vectors and dense matrices have room
    int tile_bits = 0;
    std::vector<Entry> entries;
    std::vector<int> order;       // numbers of operations
};

/// What a schedule depends on of an operation …
struct OpShape {
    explicit OpShape(const Op& op);
    bool operator==(const OpShape& other) const;

    Mask diagonal, moving;
    int dense_index, probe, probe_x, probe_y;
    std::int8_t lead;
    Op::Kind kind;
};

/// … and of a circuit.
class Shape {
public:
    explicit Shape(const LoweredCircuit& circuit);

    /// Whether another circuit differs from the one this is of in numbers only.
    bool fits(const LoweredCircuit& circuit) const;

private:
    int num_bits_;
    std::vector<OpShape> ops_;
};

Schedule make_schedule(const LoweredCircuit& circuit, const ScheduleOptions& options);

}  // namespace coratrix
