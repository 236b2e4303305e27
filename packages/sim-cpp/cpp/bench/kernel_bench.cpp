// What a pass over a tile costs, per kernel, instruction set and precision, beside the machine's peak.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "coratrix/executor.hpp"

using namespace coratrix;

namespace {

double seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Best of several bursts, in seconds per call.
template <class F>
double best(F work) {
    double least = 1e9;
    for (int burst = 0; burst < 200; ++burst) {
        const double start = seconds();
        for (int k = 0; k < 4; ++k) work();
        least = std::min(least, (seconds() - start) / 4);
    }
    return least;
}

Op rotation(int target, double t) {
    Op op;
    op.kind = Op::Kind::rotation;
    op.moving = bit(target);
    op.t = t;
    return op;
}

Op phase(Mask mask, double angle) {
    Op op;
    op.diagonal = mask;
    op.factor = std::polar(1.0, angle);
    return op;
}

/// Times the tile operations of a circuit that fits one tile, its copies left out.
template <class T>
void time_ops(InstructionSet set, const char* what, std::vector<Op> ops, int bits, double multiply_adds) {
    LoweredCircuit circuit;
    circuit.num_bits = bits;
    circuit.ops = std::move(ops);
    const Plan<T> plan = make_plan<T>(circuit, kernels<T>(set), {bits, false, -1, bits});
    std::vector<T> memory(2 * plane_size<T>(bits) + plan.scratch_size + 1024, T(0));
    T* const re = reinterpret_cast<T*>((reinterpret_cast<std::uintptr_t>(memory.data()) + 63) / 64 * 64);
    T* const im = re + (plane_size<T>(bits) + 63) / 64 * 64;
    T* const scratch = im + (plane_size<T>(bits) + 63) / 64 * 64;
    re[0] = 1;
    const Kernels<T>& k = *plan.kernels;
    const double time = best([&] {
        for (const TileOp<T>& op : plan.stages[0].blocks[0].ops) {
            if (op.kind == TileOp<T>::Kind::group) k.run_group(*op.group, re, im, 0);
            else k.apply_diagonal(*op.diagonal, re, im, 0, scratch);
        }
    });
    const double amplitudes = static_cast<double>(Index{1} << bits);
    std::printf("%-9s %-6s %-34s %2zu passes  %8.2f us  %.4f ns/amplitude  %6.1f GFLOP/s\n", k.name,
                sizeof(T) == 4 ? "single" : "double", what, plan.stages[0].blocks[0].ops.size(), time * 1e6,
                time * 1e9 / amplitudes, 2 * multiply_adds * amplitudes / time / 1e9);
}

template <class T>
void time_set(InstructionSet set, int bits) {
    const int lanes = kernels<T>(set).lane_bits;
    const int k = kernels<T>(set).max_group_bits;
    std::vector<Op> low, high, inside, turns, phases, pairs;
    for (int b = 0; b < k; ++b) low.push_back(rotation(lanes + b, 1e-9));
    for (int b = 0; b < k; ++b) high.push_back(rotation(bits - 1 - b, 1e-9));
    for (int b = 0; b < lanes; ++b) inside.push_back(rotation(b, 1e-9));
    for (int b = 0; b + 1 < k; b += 2) {
        Op op = rotation(lanes + b, 1e-9);
        op.kind = Op::Kind::turn;
        op.moving |= bit(lanes + b + 1);
        op.lead = static_cast<std::int8_t>(lanes + b);
        op.t_odd = 1e-9;
        turns.push_back(op);
    }
    for (int b = 0; b < bits; ++b) phases.push_back(phase(bit(b), 0.3));
    pairs = phases;
    for (int b = 0; b + 1 < bits; ++b) pairs.push_back(phase(bit(b) | bit(b + 1), 3.14159));
    time_ops<T>(set, "rotations on the lowest group bits", low, bits, 2 * k);
    time_ops<T>(set, "rotations on the highest group bits", high, bits, 2 * k);
    time_ops<T>(set, "rotations inside the vectors", inside, bits, 2 * lanes);
    time_ops<T>(set, "turns of two bits", turns, bits, 2 * static_cast<double>(turns.size()));
    time_ops<T>(set, "diagonal, every bit", phases, bits, 4);
    time_ops<T>(set, "diagonal, chain of pairs", pairs, bits, 4);
    std::vector<Op> layer = pairs;
    for (int b = 0; b < bits; ++b) layer.push_back(rotation(b, 1e-9));
    time_ops<T>(set, "a layer: all of these", layer, bits, 4 + 2 * bits);
}

}  // namespace

int main(int argc, char** argv) {
    const int bits = argc > 2 ? std::atoi(argv[2]) : 16;
#ifdef __SSE__
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040u);  // denormals count as zero, as in the executor
#endif
    for (const InstructionSet set : {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::portable}) {
        if (!is_supported(set) || (argc > 1 && set != best_instruction_set())) continue;
        time_set<float>(set, bits);
        time_set<double>(set, bits);
    }
}
