// Instructions → steps on one pair of digits each → stages of steps that share a tile.
#include "coratrix/pauli_density.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "coratrix/transfer.hpp"

namespace coratrix {

namespace {

constexpr int kTileDigits = 7;    // 4^7 numbers are 128 KiB: a tile and its neighbours stay in the second-level cache
constexpr int kLineDigits = 2;    // 4^2 numbers are two cache lines: these digits are local to every tile

/// One pass: either a pair step or a matrix on up to kMaxWideQubits digits.
struct PauliOp {
    PairStep pair;
    std::vector<int> wide;     // digits, first most significant; empty for a pair
    std::vector<double> matrix;  // of a wide step, or behind pair.dense

    std::uint64_t digits() const {
        if (wide.empty()) return std::uint64_t{1} << pair.high | std::uint64_t{1} << pair.low;
        std::uint64_t out = 0;
        for (const int d : wide) out |= std::uint64_t{1} << d;
        return out;
    }
};

struct Matrix4 {
    double at[16] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};

    bool is_diagonal() const {
        for (int k = 0; k < 16; ++k)
            if (k % 5 != 0 && at[k] != 0) return false;
        return true;
    }
};

Matrix4 product(const double* left, const double* right) {
    Matrix4 out;
    for (int r = 0; r < 4; ++r)
        for (int c = 0; c < 4; ++c) {
            out.at[4 * r + c] = 0;
            for (int k = 0; k < 4; ++k) out.at[4 * r + c] += left[4 * r + k] * right[4 * k + c];
        }
    return out;
}

/// Gates and their noise gathered into as few passes as the order allows.
class Fuser {
public:
    explicit Fuser(int num_qubits, int digits)
        : num_qubits_(num_qubits), digits_(digits), waiting_(static_cast<std::size_t>(digits)),
          is_waiting_(static_cast<std::size_t>(digits), false), last_(static_cast<std::size_t>(digits), -1) {}

    void add(const Instruction& in, const Transfer& transfer) {
        if (in.num_qubits == 0) return;  // a global phase
        if (in.num_qubits == 1) return one_qubit(digit(in, 0), transfer);
        if (in.num_qubits == 2) return two_qubits(digit(in, 0), digit(in, 1), transfer);
        PauliOp op;
        for (int q = 0; q < in.num_qubits; ++q) op.wide.push_back(digit(in, q));
        flush(op.wide);
        op.matrix = transfer;
        push(std::move(op));
    }

    std::vector<PauliOp> finish() {
        std::vector<int> all;
        for (int d = 0; d < digits_; ++d) all.push_back(d);
        flush(all);
        return std::move(ops_);
    }

private:
    static std::size_t at(int d) { return static_cast<std::size_t>(d); }
    int digit(const Instruction& in, int q) const { return num_qubits_ - 1 - static_cast<int>(in.qubits[q]); }

    void one_qubit(int d, const Transfer& m) {
        waiting_[at(d)] = is_waiting_[at(d)] ? product(m.data(), waiting_[at(d)].at) : waiting_[at(d)];
        if (!is_waiting_[at(d)]) std::copy(m.begin(), m.end(), waiting_[at(d)].at);
        is_waiting_[at(d)] = true;
    }

    void two_qubits(int high, int low, const Transfer& m) {
        PauliOp op;
        op.pair.high = high;
        op.pair.low = low;
        if (!as_monomial(m, op.pair)) {
            op.pair.kind = PairStep::Kind::dense;
            op.matrix = m;
        }
        if (joins_last(op)) return;
        take_waiting(op.pair);
        push(std::move(op));
    }

    /// Same pair as the pass before, with nothing or only Pauli noise in between: one pass for both.
    bool joins_last(const PauliOp& op) {
        const int open = last_[at(op.pair.high)];
        if (open < 0 || open != last_[at(op.pair.low)]) return false;
        PauliOp& before = ops_[static_cast<std::size_t>(open)];
        if (!before.wide.empty() || before.pair.kind != PairStep::Kind::monomial) return false;
        if (op.pair.kind != PairStep::Kind::monomial || before.pair.high != op.pair.high) return false;
        const Matrix4 none;
        const Matrix4& on_high = is_waiting_[at(op.pair.high)] ? waiting_[at(op.pair.high)] : none;
        const Matrix4& on_low = is_waiting_[at(op.pair.low)] ? waiting_[at(op.pair.low)] : none;
        if (!on_high.is_diagonal() || !on_low.is_diagonal()) return false;
        for (int k = 0; k < 16; ++k) {
            const int middle = before.pair.target[k];
            before.pair.scale[k] *= on_high.at[5 * (middle >> 2)] * on_low.at[5 * (middle & 3)] * op.pair.scale[middle];
            before.pair.target[k] = op.pair.target[middle];
        }
        is_waiting_[at(op.pair.high)] = is_waiting_[at(op.pair.low)] = false;
        return true;
    }

    /// One entry in each row and column at most. Columns of zeros go to the targets that are left.
    static bool as_monomial(const Transfer& m, PairStep& step) {
        unsigned taken = 0;
        int entries[16];
        for (int c = 0; c < 16; ++c) {
            entries[c] = -1;
            for (int r = 0; r < 16; ++r) {
                if (m[static_cast<std::size_t>(16 * r + c)] == 0) continue;
                if (entries[c] >= 0 || taken >> r & 1) return false;
                entries[c] = r;
                taken |= 1u << r;
            }
        }
        for (int c = 0; c < 16; ++c) {
            int r = entries[c];
            if (r < 0)
                for (r = 0; taken >> r & 1;) ++r;
            taken |= 1u << r;
            step.target[c] = static_cast<std::uint8_t>(r);
            step.scale[c] = m[static_cast<std::size_t>(16 * r + c)];
        }
        step.kind = PairStep::Kind::monomial;
        return true;
    }

    void take_waiting(PairStep& step) {
        step.on_high = take(step.high, step.high_matrix);
        step.on_low = take(step.low, step.low_matrix);
    }

    bool take(int d, double* matrix) {
        if (!is_waiting_[at(d)]) return false;
        std::copy(waiting_[at(d)].at, waiting_[at(d)].at + 16, matrix);
        is_waiting_[at(d)] = false;
        return true;
    }

    /// Emit what waits on these digits, two at a time.
    void flush(const std::vector<int>& which) {
        std::vector<int> open;
        for (const int d : which)
            if (is_waiting_[at(d)]) open.push_back(d);
        for (std::size_t k = 0; k < open.size(); k += 2) {
            PauliOp op;
            op.pair.high = open[k];
            op.pair.low = k + 1 < open.size() ? open[k + 1] : (open[k] == 0 ? 1 : open[k] - 1);
            op.pair.on_high = take(op.pair.high, op.pair.high_matrix);
            if (k + 1 < open.size()) op.pair.on_low = take(op.pair.low, op.pair.low_matrix);
            push(std::move(op));
        }
    }

    void push(PauliOp op) {
        const int number = static_cast<int>(ops_.size());
        for (int d = 0; d < digits_; ++d)
            if (op.digits() >> d & 1) last_[at(d)] = number;
        ops_.push_back(std::move(op));
    }

    int num_qubits_;
    int digits_;
    std::vector<Matrix4> waiting_;
    std::vector<bool> is_waiting_;
    std::vector<int> last_;
    std::vector<PauliOp> ops_;
};

/// Steps whose digits are all local to one choice of tile.
struct PauliStage {
    std::uint64_t local = 0;  // digits
    std::vector<const PauliOp*> ops;
};

std::vector<PauliStage> stages_of(const std::vector<PauliOp>& ops, int digits, int tile) {
    std::vector<PauliStage> out;
    std::vector<const PauliOp*> left;
    for (const PauliOp& op : ops) left.push_back(&op);
    while (!left.empty()) {
        PauliStage stage;
        stage.local = (std::uint64_t{1} << std::min(kLineDigits, digits)) - 1;
        std::uint64_t blocked = 0;
        std::vector<const PauliOp*> later;
        for (const PauliOp* op : left) {
            const std::uint64_t mine = op->digits();
            if (!(mine & blocked) && popcount(stage.local | mine) <= tile) {
                stage.local |= mine;
                stage.ops.push_back(op);
            } else {
                blocked |= mine;
                later.push_back(op);
            }
        }
        for (int d = 0; d < digits && popcount(stage.local) < tile; ++d) stage.local |= std::uint64_t{1} << d;
        left.swap(later);
        out.push_back(std::move(stage));
    }
    return out;
}

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
    TransferTable table;
    Fuser fuser(num_qubits_, digits_);
    for (const Instruction* in = first; in != last; ++in) fuser.add(*in, table.get(*in));
    const std::vector<PauliOp> ops = fuser.finish();
    const int tile = std::min(kTileDigits, digits_);
    std::vector<Buffer> tiles(static_cast<std::size_t>(std::max(1, context.num_threads)));
    for (const PauliStage& stage : stages_of(ops, digits_, tile)) {
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
