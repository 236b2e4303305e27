// Times circuits that differ in one choice. Each number is the least of several CPU times, taken in turns, so that what
// else runs on the machine falls on all candidates alike.
#include "coratrix/tuning.hpp"

#include <algorithm>
#include <ctime>
#include <functional>

#include "coratrix/executor.hpp"
#include "coratrix/gates.hpp"
#include "coratrix/gatewise.hpp"

namespace coratrix {

namespace {

constexpr double kClearly = 0.97;  // a candidate must take less than this part of the default's time
constexpr int kWideBits = 22;      // wider than the last level of most caches
constexpr int kRounds = 4;

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds that each of several pieces of work takes, per call.
std::vector<double> least_times(const std::vector<std::function<void()>>& works, int rounds, int calls) {
    std::vector<double> least(works.size(), 1e9);
    for (int round = 0; round <= rounds; ++round)  // the first one only warms up
        for (std::size_t k = 0; k < works.size(); ++k) {
            const double start = cpu_seconds();
            for (int call = 0; call < calls; ++call) works[k]();
            if (round > 0) least[k] = std::min(least[k], (cpu_seconds() - start) / calls);
        }
    return least;
}

/// The same circuits on every machine.
class Angles {
public:
    double next() {
        state_ = state_ * 6364136223846793005u + 1442695040888963407u;
        return static_cast<double>(state_ >> 11) * 0x1p-53 * 6.0 - 3.0;
    }
    int below(int n) { return static_cast<int>((next() + 3.0) / 6.0 * n); }

private:
    std::uint64_t state_ = 1;
};

class Writer {
public:
    explicit Writer(int num_qubits) : n_(num_qubits), order_(static_cast<std::size_t>(num_qubits)) {
        for (int q = 0; q < n_; ++q) order_[static_cast<std::size_t>(q)] = q;
    }

    void rotations() {
        for (int q = 0; q < n_; ++q) {
            gate(Opcode::u, {q}, 0, static_cast<std::int64_t>(params_.size()));
            for (int k = 0; k < 3; ++k) params_.push_back(angles_.next());
        }
    }

    /// One gate on each pair of a random pairing.
    template <class Gate>
    void pairs(Gate each) {
        for (std::size_t k = order_.size(); k > 1; --k)
            std::swap(order_[k - 1], order_[static_cast<std::size_t>(angles_.below(static_cast<int>(k)))]);
        for (std::size_t k = 0; k + 1 < order_.size(); k += 2) each(order_[k], order_[k + 1]);
    }

    void controlled_z(std::int64_t a, std::int64_t b) { gate(Opcode::z, {a, b}, 1, 0); }

    /// (A⊗B) · exp(i(xXX + yYY + zZZ)): nothing about it is special.
    void pair_unitary(std::int64_t a, std::int64_t b) {
        gate(Opcode::unitary, {a, b}, 0, static_cast<std::int64_t>(matrices_.size()));
        const double x = angles_.next(), y = angles_.next();
        const Complex z = std::polar(1.0, angles_.next()), i(0, 1);
        const Complex even = std::cos(x - y) * z, odd = std::cos(x + y) / z;
        const Complex even_off = i * std::sin(x - y) * z, odd_off = i * std::sin(x + y) / z;
        const Complex core[16] = {even, 0, 0, even_off, 0, odd, odd_off, 0, 0, odd_off, odd, 0, even_off, 0, 0, even};
        const Matrix2 left = one_qubit(), right = one_qubit();
        const Complex l[4] = {left.a00, left.a01, left.a10, left.a11}, r[4] = {right.a00, right.a01, right.a10, right.a11};
        for (int row = 0; row < 4; ++row)
            for (int column = 0; column < 4; ++column) {
                Complex sum = 0;
                for (int k = 0; k < 4; ++k)
                    sum += l[row / 2 * 2 + k / 2] * r[row % 2 * 2 + k % 2] * core[4 * k + column];
                matrices_.push_back(sum);
            }
    }

    Program program() const { return {n_, 0, words_, params_, matrices_}; }

private:
    Matrix2 one_qubit() {
        const double angles[3] = {angles_.next(), angles_.next(), angles_.next()};
        return matrix_1q(Opcode::u, angles);
    }

    void gate(Opcode op, std::vector<std::int64_t> qubits, std::int64_t controls, std::int64_t offset) {
        words_.insert(words_.end(), {static_cast<std::int64_t>(op), controls, controls, static_cast<std::int64_t>(qubits.size())});
        words_.insert(words_.end(), qubits.begin(), qubits.end());
        words_.push_back(offset);
    }

    const int n_;
    Angles angles_;
    std::vector<std::int64_t> order_, words_;
    std::vector<double> params_;
    std::vector<Complex> matrices_;
};

/// Layers of rotations and of CZ on random pairs.
Program layered(int n, int depth) {
    Writer out(n);
    for (int layer = 0; layer < depth; ++layer) {
        out.rotations();
        out.pairs([&](std::int64_t a, std::int64_t b) { out.controlled_z(a, b); });
    }
    return out.program();
}

/// Layers of two-qubit unitaries on random pairs.
Program paired(int n, int depth) {
    Writer out(n);
    for (int layer = 0; layer < depth; ++layer)
        out.pairs([&](std::int64_t a, std::int64_t b) { out.pair_unitary(a, b); });
    return out.program();
}

template <class T>
class Tuner {
public:
    Tuner(InstructionSet set, CostTable& costs) : kernels_(kernels<T>(set)), costs_(costs) {}

    void run() {
        const Sizes usual = sizes_for<T>(CostTable(), kWideBits, kernels_.max_group_bits);
        FormCosts& forms = costs_.of<T>();
        const int one_tile = sizes_for<T>(CostTable(), 0, kernels_.max_group_bits).tile_bits;
        const Program small = layered(one_tile, 6), wide = layered(kWideBits, 4);
        forms.group_bits = choose(&FormCosts::group_bits, around(usual.group_bits, -1, 0), small);
        forms.chunk_bits = choose(&FormCosts::chunk_bits, {2, 3, 4, 5}, small);
        forms.block_bits = choose(&FormCosts::block_bits, around(usual.block_bits, -2, 2), small);
        forms.tile_bits = choose(&FormCosts::tile_bits, around(usual.tile_bits, -3, 2), wide);
        pair_costs();
        small_costs();
    }

    double kak_ns() const { return kak_ns_; }
    double planned_gate_ns() const { return planned_gate_ns_; }

private:
    static std::vector<int> around(int middle, int from, int to) {
        std::vector<int> out;
        for (int k = from; k <= to; ++k) out.push_back(middle + k);
        return out;
    }

    Plan<T> plan(const Program& program, const CostTable& costs, bool kak) const {
        const Body& body = program.body();
        PlanOptions options;
        options.costs = costs;
        const LoweredCircuit lowered =
            lower(body.data(), body.data() + body.size(), program.num_qubits(), {true, kak, true});
        return make_plan<T>(lowered, kernels_, options);
    }

    static void run_once(const Plan<T>& plan, State<T>& state) { run_plan(plan, state, Context{}); }

    /// The value of one size with which a circuit runs fastest; 0, the default, unless another is clearly faster.
    int choose(int FormCosts::*size, const std::vector<int>& values, const Program& program) {
        std::vector<Plan<T>> plans;
        for (std::size_t k = 0; k <= values.size(); ++k) {
            CostTable candidate = costs_;
            candidate.of<T>().*size = k == 0 ? 0 : values[k - 1];
            plans.push_back(plan(program, candidate, false));
        }
        State<T> state(plans[0].num_bits, plans[0].padded_bits);
        std::vector<std::function<void()>> works;
        for (const Plan<T>& each : plans) works.emplace_back([&state, &each] { run_once(each, state); });
        const bool is_wide = plans[0].num_bits == kWideBits;
        const std::vector<double> times = least_times(works, is_wide ? kRounds : 5 * kRounds, 1);
        const std::size_t best = static_cast<std::size_t>(std::min_element(times.begin(), times.end()) - times.begin());
        return best > 0 && times[best] < kClearly * times[0] ? values[best - 1] : 0;
    }

    /// Both forms of a pair on a tile, and what finding and planning the longer form takes.
    void pair_costs() {
        constexpr int n = 14, depth = 6;
        const Program program = paired(n, depth);
        const double gates = depth * (n / 2);
        const Plan<T> dense = plan(program, costs_, false), turned = plan(program, costs_, true);
        State<T> state(dense.num_bits, dense.padded_bits);
        const std::vector<double> runs = least_times(
            {[&] { run_once(dense, state); }, [&] { run_once(turned, state); }}, 5 * kRounds, 1);
        const double share = 1e9 / gates / std::ldexp(1.0, n);
        costs_.of<T>().dense_pair_ns = runs[0] * share;
        costs_.of<T>().turned_pair_ns = runs[1] * share;
        constexpr int crossing = 13;  // near the width from which the form pays, whole runs are compared
        const Program near = paired(crossing, depth);
        const std::vector<double> whole = least_times({[&] { run_from_zero(plan(near, costs_, false), Context{}); },
                                                       [&] { run_from_zero(plan(near, costs_, true), Context{}); }},
                                                      5 * kRounds, 1);
        const double saved = costs_.of<T>().dense_pair_ns - costs_.of<T>().turned_pair_ns;
        kak_ns_ = std::max(0.0, (whole[1] - whole[0]) * 1e9 / (depth * (crossing / 2)) + std::ldexp(saved, crossing));
    }

    /// The two ways of a state of a few qubits, compared near the width where they cross.
    void small_costs() {
        constexpr int n = 11, depth = 5;
        const Program program = layered(n, depth);
        const Body& body = program.body();
        State<T> state(n, padded_bits(n, kernels_));
        const std::vector<double> times = least_times(
            {[&] { apply_gatewise(body.data(), body.data() + body.size(), state, kernels_, {}); },
             [&] { run_from_zero(plan(program, costs_, false), Context{}); }}, 5 * kRounds, 10);
        const double gates = static_cast<double>(body.size());
        costs_.of<T>().direct_gate_ns = times[0] * 1e9 / gates / std::ldexp(1.0, n);
        planned_gate_ns_ = times[1] * 1e9 / gates;
    }

    const Kernels<T>& kernels_;
    CostTable& costs_;
    double kak_ns_ = 0, planned_gate_ns_ = 0;
};

}  // namespace

CostTable measure_costs(InstructionSet set) {
    CostTable out;
    out.measured = true;
    Tuner<float> in_single(set, out);
    Tuner<double> in_double(set, out);
    in_single.run();
    in_double.run();
    out.kak_ns = (in_single.kak_ns() + in_double.kak_ns()) / 2;
    out.planned_gate_ns = (in_single.planned_gate_ns() + in_double.planned_gate_ns()) / 2;
    return out;
}

}  // namespace coratrix
