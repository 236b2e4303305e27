// What passes over a tile cost, per kernel, instruction set and precision, as fractions of what the core can do:
// of its multiply-adds and of the traffic with its cache, both measured in the same run. Each circuit is timed on a
// tile that lies in the first-level cache and on one that lies in the second. Wall time: run it on an idle core.
//   kernel_bench          the best instruction set of this machine
//   kernel_bench all      every one
//   kernel_bench best 13  on a tile of 2^13 amplitudes
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "coratrix/executor.hpp"
#include "peak.hpp"

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

template <class T>
Peak peak_of(InstructionSet set) {
#ifdef CORATRIX_X86
    if (set == InstructionSet::avx512) return peak_avx512<T>(seconds);
    if (set == InstructionSet::avx2) return peak_avx2<T>(seconds);
#endif
    (void)set;
    return peak_portable<T>(seconds);
}

constexpr int kTileBits = 16;
/// As many bits as take half of a first-level cache of 32 KiB.
template <class T>
constexpr int kSmallTileBits = sizeof(T) == 4 ? 11 : 10;

/// Times the tile operations of a circuit that fits one tile, its copies left out.
template <class T>
void time_circuit(InstructionSet set, const Peak& peak, const char* what, LoweredCircuit circuit, int bits,
                  double multiply_adds) {
    circuit.num_bits = bits;
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
            else if (op.kind == TileOp<T>::Kind::dense) k.apply_dense(*op.dense, re, im, 0, scratch);
            else k.apply_diagonal(*op.diagonal, re, im, 0, scratch);
        }
    });
    const double amplitudes = static_cast<double>(Index{1} << bits);
    const double passes = static_cast<double>(plan.stages[0].blocks[0].ops.size());
    const double gflops = 2 * multiply_adds * amplitudes / time / 1e9;
    const double gbytes = passes * 4 * sizeof(T) * amplitudes / time / 1e9;  // two planes, read and written
    const bool is_small = bits <= kSmallTileBits<T>;
    const double cache = is_small ? peak.l1_gbytes : peak.l2_gbytes;
    std::printf("  %-32s %s %3.0f passes %8.2f us %7.4f ns/amplitude %6.1f GFLOP/s %3.0f%% %6.1f GB/s %3.0f%%\n", what,
                is_small ? "L1" : "L2", passes, time * 1e6, time * 1e9 / amplitudes, gflops,
                100 * gflops / peak.gflops, gbytes, 100 * gbytes / cache);
}

template <class T>
void time_ops(InstructionSet set, const Peak& peak, const char* what, std::vector<Op> ops, int bits,
              double multiply_adds) {
    LoweredCircuit circuit;
    circuit.ops = std::move(ops);
    time_circuit<T>(set, peak, what, std::move(circuit), bits, multiply_adds);
}

/// A matrix of the size of two qubits' on the given bits: sixteen complex multiply-adds for four amplitudes.
template <class T>
void time_matrix(InstructionSet set, const Peak& peak, const char* what, int high, int low, int bits,
                 bool schmidt = false) {
    LoweredCircuit circuit;
    Op op;
    op.kind = Op::Kind::dense;
    op.moving = bit(high) | bit(low);
    op.dense_index = 0;
    circuit.ops.push_back(op);
    circuit.dense.push_back({{high, low}, std::vector<Complex>(16, Complex(0.25, 0.25))});
    std::vector<Complex>& entries = circuit.dense[0].matrix;
    if (schmidt) entries[4] = entries[8] = 0, entries[0] = entries[12] = entries[5] = 0.5;
    time_circuit<T>(set, peak, what, std::move(circuit), bits, schmidt ? 12.5 : 16);
}

std::vector<Op> rotations(int first, int count) {
    std::vector<Op> ops;
    for (int b = first; b < first + count; ++b) ops.push_back(rotation(b, 1e-9));
    return ops;
}

/// Two-bit turns on neighbouring bits.
std::vector<Op> turns(int first, int count) {
    std::vector<Op> ops;
    for (int b = first; b + 1 < first + count; b += 2) {
        Op op = rotation(b, 1e-9);
        op.kind = Op::Kind::turn;
        op.moving |= bit(b + 1);
        op.lead = static_cast<std::int8_t>(b);
        op.t_odd = 1e-9;
        ops.push_back(op);
    }
    return ops;
}

std::vector<Op> phases(int bits) {
    std::vector<Op> ops;
    for (int b = 0; b < bits; ++b) ops.push_back(phase(bit(b), 0.3));
    return ops;
}

std::vector<Op> with_pairs(std::vector<Op> ops, int bits) {
    for (int b = 0; b + 1 < bits; ++b) ops.push_back(phase(bit(b) | bit(b + 1), 3.14159));
    return ops;
}

/// What one layer of a circuit is made of.
std::vector<Op> layer(int bits) {
    std::vector<Op> ops = with_pairs(phases(bits), bits);
    for (const Op& op : rotations(0, bits)) ops.push_back(op);
    return ops;
}

template <class T>
void time_tile(InstructionSet set, const Peak& peak, int bits) {
    const int lanes = kernels<T>(set).lane_bits, k = kernels<T>(set).max_group_bits;
    time_ops<T>(set, peak, "rotations, lowest group bits", rotations(lanes, k), bits, 2 * k);
    time_ops<T>(set, peak, "rotations, highest group bits", rotations(bits - k, k), bits, 2 * k);
    time_ops<T>(set, peak, "rotations inside the vectors", rotations(0, lanes), bits, 2 * lanes);
    time_ops<T>(set, peak, "turns of two bits", turns(lanes, k), bits, 2 * (k / 2));
    time_matrix<T>(set, peak, "matrix, bits outside the vectors", bits - 1, lanes, bits);
    time_matrix<T>(set, peak, "matrix in its Schmidt form", bits - 1, lanes, bits, true);
    time_matrix<T>(set, peak, "matrix, one bit inside them", bits - 1, 0, bits);
    time_matrix<T>(set, peak, "matrix, both bits inside them", lanes > 1 ? 1 : lanes, 0, bits);
    time_ops<T>(set, peak, "diagonal, every bit", phases(bits), bits, 4);
    time_ops<T>(set, peak, "diagonal, chain of pairs", with_pairs(phases(bits), bits), bits, 4);
    time_ops<T>(set, peak, "a layer: all of these", layer(bits), bits, 4 + 2 * bits);
}

/// On a tile of 2^bits amplitudes, or if bits is 0 on one in each level of the cache.
template <class T>
void time_set(InstructionSet set, int bits) {
    const Peak peak = peak_of<T>(set);
    std::printf("%s, %s precision: peak %.1f GFLOP/s; read and written: L1 %.0f GB/s, L2 %.0f GB/s\n",
                kernels<T>(set).name, sizeof(T) == 4 ? "single" : "double", peak.gflops, peak.l1_gbytes, peak.l2_gbytes);
    if (bits) return time_tile<T>(set, peak, bits);
    time_tile<T>(set, peak, kSmallTileBits<T>);
    time_tile<T>(set, peak, kTileBits);
}

}  // namespace

int main(int argc, char** argv) {
    const bool all = argc > 1 && std::strcmp(argv[1], "all") == 0;
    const int bits = argc > 2 ? std::atoi(argv[2]) : 0;
#ifdef __SSE__
    __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040u);  // denormals count as zero, as in the executor
#endif
    for (const InstructionSet set : {InstructionSet::avx512, InstructionSet::avx2, InstructionSet::portable}) {
        if (!is_supported(set) || !(all || set == best_instruction_set())) continue;
        time_set<float>(set, bits);
        time_set<double>(set, bits);
    }
}
