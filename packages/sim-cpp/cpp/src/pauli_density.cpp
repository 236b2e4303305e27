// The numbers, and stages of passes over them, tile by tile.
#include "coratrix/pauli_density.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "coratrix/pauli_plan.hpp"
#include "coratrix/transfer.hpp"

namespace coratrix {

namespace {

/// Digits → bits of the index.
Mask bits_of(std::uint64_t digits) {
    Mask out = 0;
    for (; digits != 0; digits &= digits - 1) out |= Mask{3} << (2 * lowest_bit(digits));
    return out;
}

/// Where each run of neighbouring numbers of a tile lies.
struct TileShape {
    std::size_t run = 0;            // numbers in a run
    std::vector<Index> offsets;     // of the runs
    std::vector<int> place;         // digit of the array → digit of the tile

    TileShape(std::uint64_t local, int digits) : place(static_cast<std::size_t>(digits), -1) {
        int low = 0, count = 0;
        while (local >> low & 1) ++low;
        for (int d = 0; d < digits; ++d)
            if (local >> d & 1) place[static_cast<std::size_t>(d)] = count++;
        run = std::size_t{1} << (2 * low);
        const Mask high = bits_of(local >> low << low);
        const Index runs = Index{1} << (2 * (count - low));
        for (Index k = 0; k < runs; ++k) offsets.push_back(deposit_bits(k, high));
    }
};

PauliOp relabelled(const PauliOp& op, const std::vector<int>& place) {
    PauliOp out = op;
    out.pair.high = place[static_cast<std::size_t>(op.pair.high)];
    out.pair.low = place[static_cast<std::size_t>(op.pair.low)];
    for (int& d : out.wide) d = place[static_cast<std::size_t>(d)];
    if (out.pair.kind == PairStep::Kind::dense) out.pair.dense = out.matrix.data();
    return out;
}

/// Steps of one stage in the tile's own digits.
std::vector<PauliOp> local_ops(const PauliStage& stage, const TileShape& shape) {
    std::vector<PauliOp> out;
    out.reserve(stage.ops.size());  // dense pointers point into the elements
    for (const PauliOp* op : stage.ops) out.push_back(relabelled(*op, shape.place));
    for (PauliOp& op : out)
        if (op.pair.kind == PairStep::Kind::dense) op.pair.dense = op.matrix.data();
    return out;
}

void run_ops(const std::vector<PauliOp>& ops, const PauliKernels& kernels, double* tile, int digits) {
    for (const PauliOp& op : ops) {
        if (op.wide.empty()) kernels.run_pair(op.pair, tile, digits);
        else kernels.run_wide(op.matrix.data(), op.wide.data(), static_cast<int>(op.wide.size()), tile, digits);
    }
}

/// Zero there: a letter X or Y on a digit that nothing has touched.
bool has_flip(Index index, std::uint64_t untouched) {
    for (; untouched != 0; untouched &= untouched - 1) {
        const Index letter = index >> (2 * lowest_bit(untouched)) & 3;
        if (letter == 1 || letter == 2) return true;
    }
    return false;
}

/// Bit b of k → bit 2b.
Index spread(Index k) {
    Index out = 0;
    for (int b = 0; k >> b; ++b) out |= (k >> b & 1) << (2 * b);
    return out;
}

}  // namespace

bool fits_pauli_basis(const Instruction* first, const Instruction* last) {
    return std::all_of(first, last, has_transfer);
}

PauliDensity::PauliDensity(int num_qubits, InstructionSet set)
    : num_qubits_(num_qubits), digits_(std::max(num_qubits, kMinPauliDigits)),
      untouched_((std::uint64_t{1} << num_qubits) - 1), kernels_(pauli_kernels(set)),
      buffer_(sizeof(double) << (2 * std::max(num_qubits, kMinPauliDigits))) {
    start_at_zero(Context{});
}

/// Tr(Pρ) is one for strings of I and Z, zero for others; padding digits are I.
void PauliDensity::start_at_zero(const Context&) {
    std::memset(buffer_.data(), 0, sizeof(double) << (2 * digits_));
    double* const c = numbers();
    for (Index k = 0; k < Index{1} << num_qubits_; ++k) c[3 * spread(k)] = 1;
}

void PauliDensity::apply(const Instruction* first, const Instruction* last, const Context& context) {
    const std::vector<PauliOp> ops = pauli_passes(first, last, num_qubits_, digits_);
    const int tile = std::min(kPauliTileDigits, digits_);
    std::vector<Buffer> tiles(static_cast<std::size_t>(std::max(1, context.num_threads)));
    for (const PauliStage& stage : pauli_stages(ops, digits_, tile)) {
        const TileShape shape(stage.local, digits_);
        const std::vector<PauliOp> mine = local_ops(stage, shape);
        std::uint64_t touched = 0;
        for (const PauliOp* op : stage.ops) touched |= op->digits();
        const std::uint64_t still = untouched_ & ~stage.local;
        untouched_ &= ~touched;
        if (digits_ <= tile) {
            run_ops(mine, kernels_, numbers(), digits_);
            context.check();
            continue;
        }
        const Mask outer = (Index{1} << (2 * digits_)) - 1 - bits_of(stage.local);
        parallel_for(context, std::int64_t{1} << popcount(outer), [&](std::int64_t number, int thread) {
            const Index base = deposit_bits(static_cast<Index>(number), outer);
            if (has_flip(base, still)) return;
            Buffer& buffer = tiles[static_cast<std::size_t>(thread)];
            if (buffer.data() == nullptr) buffer = Buffer(sizeof(double) << (2 * tile));
            auto* const local = static_cast<double*>(buffer.data());
            const std::size_t bytes = shape.run * sizeof(double);
            double* const from = numbers() + base;
            for (std::size_t k = 0; k < shape.offsets.size(); ++k)
                std::memcpy(local + k * shape.run, from + shape.offsets[k], bytes);
            run_ops(mine, kernels_, local, tile);
            for (std::size_t k = 0; k < shape.offsets.size(); ++k)
                std::memcpy(from + shape.offsets[k], local + k * shape.run, bytes);
        });
    }
}

/// ⟨k|ρ|k⟩ = 2^-n Σ (-1)^{z·k} Tr(Z^z ρ): a Walsh–Hadamard transform of the strings of I and Z.
std::vector<double> PauliDensity::probabilities() const {
    const Index count = Index{1} << num_qubits_;
    std::vector<double> p(count);
    for (Index z = 0; z < count; ++z) p[z] = numbers()[3 * spread(z)];
    for (Index step = 1; step < count; step *= 2)
        for (Index from = 0; from < count; from += 2 * step)
            for (Index k = from; k < from + step; ++k) {
                const double a = p[k], b = p[k + step];
                p[k] = a + b, p[k + step] = a - b;
            }
    for (double& value : p) value /= static_cast<double>(count);
    return p;
}

Complex PauliDensity::expectation(const std::vector<PauliTerm>& terms) const {
    Complex total = 0;
    for (const PauliTerm& term : terms)  // the letter is x + 2y + 3z where x, z say "X alone", "Z alone"
        total += term.coefficient *
                 numbers()[spread(term.x & ~term.z) + 2 * spread(term.x & term.z) +
                           3 * spread(term.z & ~term.x)];
    return total;
}

/// With Y = -i·R, R real, ρ = 2^-n Σ (-i)^{number of Ys} Tr(Pρ) R_P: the strings with an even number of Ys make the
/// real part, which is symmetric, the odd ones the imaginary part, which is not. So one real array A holds both:
/// Re ρ = (A + Aᵀ)/2, Im ρ = (Aᵀ - A)/2.
template <class T>
State<T> PauliDensity::to_matrix(const Context& context) && {
    double* const a = numbers();
    const Index count = size();
    const double scale = std::ldexp(1.0, -num_qubits_);
    constexpr Mask kOdd = 0xAAAAAAAAAAAAAAAAull;
    for (Index k = 0; k < count; ++k) {
        const int ys = popcount(k & kOdd & ~(k << 1));  // digits 10
        a[k] *= ys & 2 ? -scale : scale;
    }
    for (Index step = 1; step < count; step *= 4)
        for (Index from = 0; from < count; from += 4 * step)
            for (Index k = from; k < from + step; ++k) {
                const double i = a[k], x = a[k + step], y = a[k + 2 * step], z = a[k + 3 * step];
                a[k] = i + z, a[k + step] = x + y, a[k + 2 * step] = x - y, a[k + 3 * step] = i - z;
            }
    State<T> out(2 * num_qubits_, std::max(2 * num_qubits_, 5));
    const Index side = Index{1} << num_qubits_;
    std::memset(out.numbers(), 0, 2 * sizeof(T) * static_cast<std::size_t>(out.padded_size()));
    parallel_for(context, static_cast<std::int64_t>(side), [&](std::int64_t row, int) {
        const auto r = static_cast<Index>(row);
        const Index odd_r = 2 * spread(r), even_r = spread(r);
        for (Index c = 0; c < side; ++c) {
            const double there = a[odd_r | spread(c)], across = a[2 * spread(c) | even_r];
            out.data()[r << num_qubits_ | c] = {static_cast<T>((there + across) / 2), static_cast<T>((across - there) / 2)};
        }
    });
    return out;
}

template State<float> PauliDensity::to_matrix<float>(const Context&) &&;
template State<double> PauliDensity::to_matrix<double>(const Context&) &&;

namespace pauli_portable { extern const PauliKernels kTable; }
#ifdef CORATRIX_X86
namespace pauli_avx2 { extern const PauliKernels kTable; }
namespace pauli_avx512 { extern const PauliKernels kTable; }
#endif

const PauliKernels& pauli_kernels(InstructionSet set) {
#ifdef CORATRIX_X86
    if (set == InstructionSet::avx512) return pauli_avx512::kTable;
    if (set == InstructionSet::avx2) return pauli_avx2::kTable;
#endif
    static_cast<void>(set);
    return pauli_portable::kTable;
}

}  // namespace coratrix
