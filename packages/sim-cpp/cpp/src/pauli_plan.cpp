// A one-qubit matrix waits until something else needs its qubit; a pair takes what waits on both its digits.
#include "coratrix/pauli_plan.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "coratrix/transfer.hpp"
#include "coratrix/types.hpp"

namespace coratrix {

namespace {

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

}  // namespace

std::vector<PauliOp> pauli_passes(const Instruction* first, const Instruction* last, int num_qubits, int digits) {
    TransferTable table;
    Fuser fuser(num_qubits, digits);
    for (const Instruction* in = first; in != last; ++in) fuser.add(*in, table.get(*in));
    return fuser.finish();
}

std::vector<PauliStage> pauli_stages(const std::vector<PauliOp>& ops, int digits, int tile) {
    std::vector<PauliStage> out;
    std::vector<const PauliOp*> left;
    for (const PauliOp& op : ops) left.push_back(&op);
    while (!left.empty()) {
        PauliStage stage;
        stage.local = (std::uint64_t{1} << std::min(kPauliLineDigits, digits)) - 1;
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

std::string describe_pauli(const Instruction* first, const Instruction* last, int num_qubits) {
    const int digits = std::max(num_qubits, kMinPauliDigits), tile = std::min(kPauliTileDigits, digits);
    const std::vector<PauliOp> ops = pauli_passes(first, last, num_qubits, digits);
    const std::vector<PauliStage> stages = pauli_stages(ops, digits, tile);
    const double bytes = std::ldexp(sizeof(double), 2 * digits);
    char line[256];
    std::snprintf(line, sizeof line, "density matrix of %d qubits in the Pauli basis: 4^%d real numbers, %.0f bytes\n",
                  num_qubits, digits, bytes);
    std::string out = line;
    std::snprintf(line, sizeof line, "%td gates, channels and resets in %zu passes, tiles of 4^%d numbers\n", last - first,
                  ops.size(), tile);
    out += line;
    int number = 0;
    for (const PauliStage& stage : stages) {
        const auto dense = std::count_if(stage.ops.begin(), stage.ops.end(), [](const PauliOp* op) {
            return !op->wide.empty() || op->pair.kind == PairStep::Kind::dense;
        });
        std::snprintf(line, sizeof line, "stage %d: %.0f tiles, %zu passes, %td of them with a dense map; local qubits", ++number,
                      std::ldexp(1.0, 2 * (digits - popcount(stage.local))), stage.ops.size(), dense);
        out += line;
        for (int d = num_qubits - 1; d >= 0; --d)
            if (stage.local >> d & 1) out += " " + std::to_string(num_qubits - 1 - d);
        out += "\n";
    }
    std::snprintf(line, sizeof line, "moves at most %.3g bytes of memory\n", 2 * bytes * static_cast<double>(stages.size()));
    return out + line;
}

}  // namespace coratrix
