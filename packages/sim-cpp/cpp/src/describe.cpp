// A plan in words.
#include <cmath>
#include <cstdio>

#include "coratrix/plan.hpp"

namespace coratrix {

namespace {

std::string qubit_list(Mask mask, int num_bits) {
    std::string out;
    for (int q = 0; q < num_bits; ++q)
        if (mask >> (num_bits - 1 - q) & 1) out += (out.empty() ? "" : " ") + std::to_string(q);
    return out;
}

template <class... Values>
std::string line(const char* form, Values... values) {
    char out[256];
    std::snprintf(out, sizeof out, form, values...);
    return out;
}

template <class T>
std::string stage_words(const Stage<T>& stage, int number, int num_bits) {
    int groups = 0, diagonals = 0, dense = 0;
    for (const TileBlock<T>& block : stage.blocks)
        for (const TileOp<T>& op : block.ops) {
            groups += op.kind == TileOp<T>::Kind::group || op.kind == TileOp<T>::Kind::pair;
            diagonals += op.kind == TileOp<T>::Kind::diagonal;
            dense += op.kind == TileOp<T>::Kind::dense;
        }
    return line("stage %d: %.0f tiles, %d mixing operations in %zu blocks of %d register groups, %d diagonals, %d dense; ",
                number, std::ldexp(1.0, popcount(stage.outer & ~stage.zero_before)), stage.num_moving,
                stage.blocks.size(), groups, diagonals, dense) +
           "local qubits " + qubit_list(stage.local, num_bits) + "\n";
}

}  // namespace

template <class T>
std::string describe(const Plan<T>& plan) {
    std::string out = line("%d qubits, %s precision, %s kernels, tiles of 2^%d amplitudes, %s cost table\n", plan.num_bits,
                           sizeof(T) == 4 ? "single" : "double", plan.kernels->name, plan.tile_bits,
                           plan.measured_costs ? "measured" : "default");
    int number = 0;
    for (const Stage<T>& stage : plan.stages) out += stage_words(stage, ++number, plan.num_bits);
    return out + line("moves %.3g bytes of memory, %.3g real multiply-adds, tables of %zu bytes\n", plan.cost.bytes,
                      plan.cost.multiply_adds, plan.arena.bytes());
}

template std::string describe<float>(const Plan<float>&);
template std::string describe<double>(const Plan<double>&);

}  // namespace coratrix
