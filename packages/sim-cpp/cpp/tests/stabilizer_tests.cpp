// The stabilizer method against a few lines of textbook: amplitudes, binomial coefficients, bits one by one.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <memory>
#include <random>

#include "claims.hpp"
#include "coratrix/binomial.hpp"
#include "coratrix/gates.hpp"
#include "coratrix/stabilizer.hpp"
#include "coratrix/stabilizer_sampler.hpp"

using namespace coratrix;

namespace {

std::mt19937_64 random_engine(2024);

int random_below(int n) { return static_cast<int>(random_engine() % static_cast<unsigned>(n)); }

/// out ← G out, G on the bits `at` of the index (the gate's first qubit is the first entry).
void apply(const std::vector<Complex>& gate, const std::vector<int>& at, std::vector<Complex>& psi) {
    const std::size_t rows = std::size_t{1} << at.size();
    std::vector<Complex> out(psi.size());
    for (std::size_t x = 0; x < psi.size(); ++x) {
        std::size_t row = 0;
        for (const int b : at) row = row << 1 | (x >> b & 1);
        for (std::size_t col = 0; col < rows; ++col) {
            std::size_t y = x;
            for (std::size_t k = 0; k < at.size(); ++k) {
                const std::size_t wanted = col >> (at.size() - 1 - k) & 1;
                y = (y & ~(std::size_t{1} << at[k])) | wanted << at[k];
            }
            out[x] += gate[row * rows + col] * psi[y];
        }
    }
    psi = out;
}

std::vector<Complex> matrix_of(CliffordOp op) {
    const auto one = [](Opcode code) {
        const Matrix2 m = matrix_1q(code, nullptr);
        return std::vector<Complex>{m.a00, m.a01, m.a10, m.a11};
    };
    switch (op) {
        case CliffordOp::x: return one(Opcode::x);
        case CliffordOp::y: return one(Opcode::y);
        case CliffordOp::z: return one(Opcode::z);
        case CliffordOp::h: return one(Opcode::h);
        case CliffordOp::s: return one(Opcode::s);
        case CliffordOp::sdg: return one(Opcode::sdg);
        case CliffordOp::sx: return one(Opcode::sx);
        case CliffordOp::sxdg: return one(Opcode::sxdg);
        case CliffordOp::cx: return {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0};
        case CliffordOp::cz: return {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1};
        default: return matrix_2q(Opcode::swap, nullptr);
    }
}

bool takes_two(CliffordOp op) { return op >= CliffordOp::cx; }

CliffordStep random_step(int qubits) {
    const auto op = static_cast<CliffordOp>(random_below(qubits > 1 ? 11 : 8));
    const int a = random_below(qubits);
    return {op, a, takes_two(op) ? (a + 1 + random_below(qubits - 1)) % qubits : a};
}

/// The matrix of steps, row-major, the first qubit most significant.
std::vector<Complex> product(const CliffordSteps& steps, int qubits) {
    const std::size_t rows = std::size_t{1} << qubits;
    std::vector<Complex> out(rows * rows);
    for (std::size_t col = 0; col < rows; ++col) {
        std::vector<Complex> psi(rows);
        psi[col] = 1;
        for (const CliffordStep& step : steps) {
            std::vector<int> at{qubits - 1 - step.a};
            if (takes_two(step.op)) at.push_back(qubits - 1 - step.b);
            apply(matrix_of(step.op), at, psi);
        }
        for (std::size_t row = 0; row < rows; ++row) out[row * rows + col] = psi[row];
    }
    return out;
}

bool same_up_to_phase(const std::vector<Complex>& a, const std::vector<Complex>& b) {
    Complex overlap = 0;
    double size = 0;
    for (std::size_t k = 0; k < a.size(); ++k) {
        overlap += std::conj(a[k]) * b[k];
        size += std::norm(a[k]);
    }
    return std::abs(std::abs(overlap) - size) < 1e-9;
}

void random_cliffords_are_spelled_out() {
    for (int trial = 0; trial < 300; ++trial) {
        const int qubits = 1 + trial % 4;
        CliffordSteps steps;
        for (int k = random_below(40); k > 0; --k) steps.push_back(random_step(qubits));
        const std::vector<Complex> wanted = product(steps, qubits);

        const std::optional<CliffordSteps> found = clifford_steps(wanted, qubits);

        expect(found.has_value() && same_up_to_phase(product(*found, qubits), wanted), "a Clifford matrix is spelled out");
    }
}

void other_gates_are_not() {
    const Matrix2 t = matrix_1q(Opcode::t, nullptr);
    expect(!clifford_steps({t.a00, t.a01, t.a10, t.a11}, 1), "T is no Clifford gate");
    std::vector<Complex> toffoli(64);
    for (std::size_t k = 0; k < 8; ++k) toffoli[k * 8 + (k < 6 ? k : 13 - k)] = 1;
    expect(!clifford_steps(toffoli, 3), "Toffoli is no Clifford gate");
    const double nearly[] = {1.5707963 + 1e-6};
    const Matrix2 r = matrix_1q(Opcode::ry, nearly);
    expect(!clifford_steps({r.a00, r.a01, r.a10, r.a11}, 1), "almost a quarter turn is none");
}

void columns_are_rows_of_the_transposed() {
    for (const auto& [rows, bits] : {std::pair<std::size_t, std::size_t>{1, 1}, {70, 130}, {64, 64}, {200, 3}, {5, 0}}) {
        BitMatrix m(0, bits);
        for (std::size_t r = 0; r < rows; ++r) {
            m.add_row();
            for (std::size_t b = 0; b < bits; ++b)
                if (random_below(3) == 0) set_bit(m.row(r), b);
        }

        const BitMatrix t = m.transposed();

        bool same = t.rows() == bits && t.bits() == rows;
        for (std::size_t r = 0; r < rows; ++r)
            for (std::size_t b = 0; b < bits; ++b) same &= test_bit(m.row(r), b) == test_bit(t.row(b), r);
        expect(same, "a matrix of bits is transposed");
    }
}

/// χ² over bins that each expect at least ten draws; five standard deviations of χ² are let pass.
void binomial_draws_follow_their_law(std::int64_t n) {
    const int draws = 200'000;
    std::map<std::int64_t, double> seen;
    for (int k = 0; k < draws; ++k) seen[fair_binomial(n, 5, static_cast<std::uint64_t>(k))] += 1;
    const auto expected = [&](std::int64_t k) {
        const auto dn = static_cast<double>(n), dk = static_cast<double>(k);
        return draws * std::exp(std::lgamma(dn + 1) - std::lgamma(dk + 1) - std::lgamma(dn - dk + 1) - dn * std::log(2.0));
    };
    const std::int64_t width = 1 + static_cast<std::int64_t>(std::sqrt(static_cast<double>(n)) / 20);
    double chi = 0;
    int bins = 0;
    for (std::int64_t first = n / 2 - 40 * width; first < n / 2 + 40 * width; first += width) {
        double wanted = 0, found = 0;
        for (std::int64_t k = std::max<std::int64_t>(0, first); k < std::min(n + 1, first + width); ++k) {
            wanted += expected(k);
            if (const auto at = seen.find(k); at != seen.end()) found += at->second;
        }
        if (wanted < 10) continue;
        chi += (found - wanted) * (found - wanted) / wanted;
        ++bins;
    }
    expect(std::abs(chi - bins) < 5 * std::sqrt(2.0 * bins), "Binomial(n, 1/2) follows its law");
}

/// Random gates on `qubits` qubits, all measured; and the probabilities of the readings, bit q being qubit q.
struct RandomCircuit {
    explicit RandomCircuit(int qubits) : psi(std::size_t{1} << qubits) {
        psi[0] = 1;
        const Opcode codes[] = {Opcode::x, Opcode::y, Opcode::z, Opcode::h, Opcode::s, Opcode::sdg, Opcode::sx, Opcode::sxdg,
                                Opcode::x, Opcode::z, Opcode::swap};
        for (int k = 5 * qubits; k > 0; --k) {
            const CliffordStep step = random_step(qubits);
            const bool controlled = step.op == CliffordOp::cx || step.op == CliffordOp::cz;
            words.insert(words.end(), {static_cast<std::int64_t>(codes[static_cast<int>(step.op)]), controlled, controlled});
            words.push_back(takes_two(step.op) ? 2 : 1);
            words.push_back(step.a);
            if (takes_two(step.op)) words.push_back(step.b);
            words.push_back(0);
            std::vector<int> at{step.a};
            if (takes_two(step.op)) at.push_back(step.b);
            apply(matrix_of(step.op), at, psi);
        }
        for (int q = 0; q < qubits; ++q) words.insert(words.end(), {static_cast<std::int64_t>(Opcode::measure), q, q, -1});
        program = std::make_unique<Program>(qubits, qubits, words, std::vector<double>{}, std::vector<Complex>{});
    }

    std::vector<std::int64_t> words;
    std::vector<Complex> psi;
    std::unique_ptr<Program> program;
};

void readings_are_those_of_the_amplitudes() {
    for (int trial = 0; trial < 60; ++trial) {
        const RandomCircuit circuit(1 + trial % 7);
        std::size_t possible = 0;
        for (const Complex& a : circuit.psi) possible += std::norm(a) > 1e-9;
        const auto shots = static_cast<std::int64_t>(possible) * 400;

        for (const CoinMethod method : {CoinMethod::parity, CoinMethod::table}) {
            const ShotSampler sampler(shot_model(stabilizer_program(*circuit.program)), shots, method);
            std::map<Word, double> seen;
            std::vector<Word> rows(sampler.block_shots());
            for (std::int64_t done = 0; done < shots; done += static_cast<std::int64_t>(rows.size())) {
                const auto count = std::min(rows.size(), static_cast<std::size_t>(shots - done));
                sampler.fill(done / static_cast<std::int64_t>(rows.size()), count, 9, rows.data());
                for (std::size_t k = 0; k < count; ++k) seen[rows[k]] += 1;
            }
            bool fits = seen.size() == possible;
            for (const auto& [reading, count] : seen)
                fits &= std::norm(circuit.psi[reading]) > 1e-9 && std::abs(count - 400) < 5.5 * 20;
            expect(fits, "readings are those that the amplitudes allow, equally often");
        }
    }
}

void counts_do_not_depend_on_threads() {
    RandomCircuit circuit(7);
    circuit.words.insert(circuit.words.end(), {static_cast<std::int64_t>(Opcode::channel), 2, 1, 3, 0});
    circuit.words.insert(circuit.words.end(), {static_cast<std::int64_t>(Opcode::measure), 3, 3, -1});
    const Complex kept = std::sqrt(0.7), flipped = std::sqrt(0.3);
    const Program program(7, 7, circuit.words, {}, {kept, 0, 0, kept, 0, flipped, flipped, 0});
    std::vector<Counts> all;
    for (const int threads : {1, 2, 4}) {
        Context context;
        context.num_threads = threads;
        all.push_back(stabilizer_counts(program, 30'000, 3, context));
    }
    expect(all[0].keys == all[1].keys && all[0].counts == all[1].counts, "two threads count like one");
    expect(all[0].keys == all[2].keys && all[0].counts == all[2].counts, "four threads count like one");
}

Opcode opcode_of(CliffordOp op) {
    switch (op) {
        case CliffordOp::x: case CliffordOp::cx: return Opcode::x;
        case CliffordOp::y: return Opcode::y;
        case CliffordOp::z: case CliffordOp::cz: return Opcode::z;
        case CliffordOp::h: return Opcode::h;
        case CliffordOp::s: return Opcode::s;
        case CliffordOp::sdg: return Opcode::sdg;
        case CliffordOp::sx: return Opcode::sx;
        case CliffordOp::sxdg: return Opcode::sxdg;
        default: return Opcode::swap;
    }
}

/// A random circuit that measures in between and at the end, some bits more than once and some never.
std::vector<std::pair<bool, CliffordStep>> random_measured_circuit(int qubits, int clbits) {
    std::vector<std::pair<bool, CliffordStep>> out;  // whether it is a measurement, of a into b
    for (int k = 0; k < 40; ++k) {
        if (random_below(6) > 0) out.emplace_back(false, random_step(qubits));
        else out.emplace_back(true, CliffordStep{CliffordOp::x, random_below(qubits), random_below(clbits)});
    }
    return out;
}

void words_give_the_counts_that_rows_give() {
    int split = 0;
    for (int trial = 0; trial < 400; ++trial) {
        const int qubits = 1 + random_below(trial % 8 == 0 ? 64 : 7), clbits = 1 + random_below(trial % 9 == 0 ? 64 : 7);
        const auto circuit = random_measured_circuit(qubits, clbits);
        std::vector<std::int64_t> words;
        for (const auto& [measured, step] : circuit) {
            if (measured) {
                words.insert(words.end(), {static_cast<std::int64_t>(Opcode::measure), step.a, step.b, -1});
                continue;
            }
            const int controls = step.op == CliffordOp::cx || step.op == CliffordOp::cz;
            words.insert(words.end(), {static_cast<std::int64_t>(opcode_of(step.op)), controls, controls,
                                       takes_two(step.op) ? 2 : 1, step.a});
            if (takes_two(step.op)) words.push_back(step.b);
            words.push_back(0);
        }
        WordWalk walk(qubits, clbits);
        for (auto at = circuit.rbegin(); at != circuit.rend(); ++at) {
            const auto a = static_cast<std::size_t>(at->second.a), b = static_cast<std::size_t>(at->second.b);
            if (at->first) walk.measure(a, b);
            else walk.gate(at->second.op, a, b);
        }
        const std::optional<FairCoins> coins = walk.coins();
        expect(coins.has_value(), "few columns");
        if (!coins || !can_be_split(*coins, 3000)) continue;
        ++split;
        const Counts found = split_shots(*coins, 3000, 5);
        const Counts wanted = stabilizer_counts(Program(qubits, clbits, words, {}, {}), 3000, 5, Context{});
        expect(found.keys == wanted.keys && found.counts == wanted.counts && found.words == wanted.words &&
                   found.num_clbits == wanted.num_clbits, "words and rows");
    }
    expect(split > 200, "most of them are split");
}

}  // namespace

int main() {
    random_cliffords_are_spelled_out();
    other_gates_are_not();
    columns_are_rows_of_the_transposed();
    for (const std::int64_t n : {7, 1000, 1025, 1'000'000}) binomial_draws_follow_their_law(n);
    readings_are_those_of_the_amplitudes();
    counts_do_not_depend_on_threads();
    words_give_the_counts_that_rows_give();
    return verdict();
}
