// The engine against a few lines of textbook: apply each gate's matrix to the full vector.
#include <cmath>
#include <cstdio>
#include <random>

#include "claims.hpp"
#include "coratrix/executor.hpp"
#include "coratrix/gates.hpp"
#include "coratrix/schmidt.hpp"

using namespace coratrix;

namespace {

/// The whole matrix of a gate without its controls.
std::vector<Complex> base_matrix(const Instruction& in) {
    if (in.opcode == Opcode::unitary) {
        const std::size_t size = std::size_t{1} << (in.num_qubits - in.num_controls);
        return {in.matrix, in.matrix + size * size};
    }
    if (in.opcode == Opcode::global_phase) return {std::polar(1.0, in.params[0])};
    if (base_qubits(in.opcode) == 2) return matrix_2q(in.opcode, in.params);
    const Matrix2 m = matrix_1q(in.opcode, in.params);
    return {m.a00, m.a01, m.a10, m.a11};
}

void textbook_apply(std::vector<Complex>& psi, const Instruction& in, int n) {
    const std::vector<Complex> m = base_matrix(in);
    const int k = in.num_qubits - in.num_controls;
    const std::size_t rows = std::size_t{1} << k;
    std::vector<Complex> out = psi;
    for (std::size_t x = 0; x < psi.size(); ++x) {
        bool on = true;
        for (int c = 0; c < in.num_controls; ++c)
            on &= (x >> (n - 1 - in.qubits[c]) & 1) == (in.control_state >> (in.num_controls - 1 - c) & 1);
        if (!on) continue;
        std::size_t row = 0, base = x;
        for (int t = 0; t < k; ++t) {
            const auto position = static_cast<int>(n - 1 - in.qubits[in.num_controls + t]);
            row = row << 1 | (x >> position & 1);
            base &= ~(std::size_t{1} << position);
        }
        Complex sum = 0;
        for (std::size_t col = 0; col < rows; ++col) {
            std::size_t y = base;
            for (int t = 0; t < k; ++t)
                if (col >> (k - 1 - t) & 1) y |= std::size_t{1} << (n - 1 - in.qubits[in.num_controls + t]);
            sum += m[row * rows + col] * psi[y];
        }
        out[x] = sum;
    }
    psi = out;
}

std::vector<Complex> textbook(const Program& program) {
    std::vector<Complex> psi(std::size_t{1} << program.num_qubits());
    psi[0] = 1;
    for (const Instruction& in : program.body()) textbook_apply(psi, in, program.num_qubits());
    return psi;
}

enum class Forms { each_gate_by_itself, matrices, kak };

struct Variant {
    InstructionSet set;
    int tile_bits, block_bits;
    Forms forms;
    bool from_zero;
    int threads;
};

template <class T>
double deviation(const Program& program, const Variant& v, const std::vector<Complex>& wanted) {
    const Body& body = program.body();
    const LoweredCircuit lowered =
        lower(body.data(), body.data() + body.size(), program.num_qubits(),
              {v.from_zero, v.forms == Forms::kak, v.forms != Forms::each_gate_by_itself});
    const Plan<T> plan = make_plan<T>(lowered, kernels<T>(v.set), {v.tile_bits, v.from_zero, -1, v.block_bits});
    Context context;
    context.num_threads = v.threads;
    State<T> state(plan.num_bits, plan.padded_bits);
    if (!v.from_zero) state.set_basis(0);
    run_plan(plan, state, context);
    double worst = 0;
    for (Index x = 0; x < state.size(); ++x) worst = std::max(worst, std::abs(Complex(state.data()[x]) - wanted[x]));
    return worst;
}

class CircuitWriter {
public:
    explicit CircuitWriter(int n) : n_(n) {}

    void add(Opcode op, std::vector<std::int64_t> qubits, std::vector<double> params = {}, int controls = 0,
             std::int64_t state = -1) {
        words.insert(words.end(), {static_cast<std::int64_t>(op), controls,
                                   state < 0 ? (std::int64_t{1} << controls) - 1 : state,
                                   static_cast<std::int64_t>(qubits.size())});
        words.insert(words.end(), qubits.begin(), qubits.end());
        words.push_back(static_cast<std::int64_t>(op == Opcode::unitary ? matrices.size() : this->params.size()));
        this->params.insert(this->params.end(), params.begin(), params.end());
    }

    void add_matrix(std::vector<Complex> m, std::vector<std::int64_t> qubits, int controls = 0) {
        add(Opcode::unitary, std::move(qubits), {}, controls);
        matrices.insert(matrices.end(), m.begin(), m.end());
    }

    Program program() const { return {n_, 0, words, params, matrices}; }

    std::vector<std::int64_t> words;
    std::vector<double> params;
    std::vector<Complex> matrices;

private:
    int n_;
};

std::mt19937 random_bits(7);
double random_angle() { return std::uniform_real_distribution<double>(-3, 3)(random_bits); }
int random_below(int n) { return std::uniform_int_distribution<int>(0, n - 1)(random_bits); }

std::vector<std::int64_t> random_qubits(int n, int k) {
    std::vector<std::int64_t> all(static_cast<std::size_t>(n));
    for (int q = 0; q < n; ++q) all[static_cast<std::size_t>(q)] = q;
    std::shuffle(all.begin(), all.end(), random_bits);
    all.resize(static_cast<std::size_t>(k));
    return all;
}

std::vector<Complex> random_unitary(int k) {
    const std::size_t size = std::size_t{1} << k;
    std::normal_distribution<double> normal;
    std::vector<Complex> m(size * size);
    for (Complex& entry : m) entry = {normal(random_bits), normal(random_bits)};
    for (std::size_t r = 0; r < size; ++r) {  // Gram and Schmidt, twice for good measure
        for (int twice = 0; twice < 2; ++twice)
            for (std::size_t p = 0; p < r; ++p) {
                Complex overlap = 0;
                for (std::size_t c = 0; c < size; ++c) overlap += std::conj(m[p * size + c]) * m[r * size + c];
                for (std::size_t c = 0; c < size; ++c) m[r * size + c] -= overlap * m[p * size + c];
            }
        double norm = 0;
        for (std::size_t c = 0; c < size; ++c) norm += std::norm(m[r * size + c]);
        for (std::size_t c = 0; c < size; ++c) m[r * size + c] /= std::sqrt(norm);
    }
    return m;
}

void random_gate(CircuitWriter& out, int n) {
    const int kind = random_below(12);
    const auto op = static_cast<Opcode>(random_below(static_cast<int>(Opcode::rzx) + 1));
    std::vector<double> params;
    for (int p = 0; p < num_params(op); ++p) params.push_back(random_angle());
    if (kind < 8) {
        const int controls = std::min(random_below(6) < 3 ? 0 : random_below(4), n - base_qubits(op));
        if (controls < 0) return;
        out.add(op, random_qubits(n, base_qubits(op) + controls), params, controls, random_below(1 << controls));
    } else if (kind < 10 && n >= 2) {
        out.add_matrix(random_unitary(2), random_qubits(n, 2));
    } else if (kind == 10 && n >= 4) {
        out.add_matrix(random_unitary(2), random_qubits(n, 4), 2);
    } else if (n >= 3) {
        out.add_matrix(random_unitary(3), random_qubits(n, 3));
    }
}

void check_program(const Program& program, const char* what) {
    const std::vector<Complex> wanted = textbook(program);
    for (const InstructionSet set : supported_sets())
        for (const auto& [tile_bits, block_bits] : {std::pair{0, 0}, {0, 6}, {5, 0}, {7, 0}, {8, 6}})
            for (const Forms forms : {Forms::each_gate_by_itself, Forms::matrices, Forms::kak})
                for (const bool from_zero : {true, false}) {
                    const Variant v{set, tile_bits, block_bits, forms, from_zero, tile_bits == 5 ? 2 : 1};
                    const double d = deviation<double>(program, v, wanted);
                    const double s = deviation<float>(program, v, wanted);
                    if (!(d < 1e-12) || !(s < 2e-5)) {
                        std::printf("%s tile %d block %d forms %d zero %d: %.2e double %.2e single; ",
                                    instruction_set_name(set), tile_bits, block_bits, static_cast<int>(forms), from_zero, d, s);
                        expect(false, what);
                    }
                }
}

/// Every gate on every ordered placement of its qubits, after a layer that makes all amplitudes differ.
void every_gate_everywhere(int n) {
    for (int number = 0; number <= static_cast<int>(Opcode::rzx); ++number) {
        const auto op = static_cast<Opcode>(number);
        for (int a = 0; a < n; ++a)
            for (int b = 0; b < (base_qubits(op) == 2 ? n : 1); ++b) {
                if (base_qubits(op) == 2 && a == b) continue;
                CircuitWriter out(n);
                for (int q = 0; q < n; ++q) out.add(Opcode::u, {q}, {0.3 + q, 0.2 * q, 0.7 - q});
                std::vector<double> params;
                for (int p = 0; p < num_params(op); ++p) params.push_back(0.4 + p);
                std::vector<std::int64_t> qubits{a};
                if (base_qubits(op) == 2) qubits.push_back(b);
                out.add(op, qubits, params);
                check_program(out.program(), opcode_names()[static_cast<std::size_t>(number)].first.c_str());
            }
    }
}

void random_circuits() {
    for (int trial = 0; trial < 120; ++trial) {
        const int n = 1 + random_below(trial % 10 == 0 ? 11 : 8);
        CircuitWriter out(n);
        const int gates = 1 + random_below(40);
        for (int g = 0; g < gates; ++g) random_gate(out, n);
        check_program(out.program(), "random circuit");
    }
}

/// Every kind of step at every pair of positions: entangling layers of each two-qubit form.
void every_pair(int n) {
    for (int a = 0; a < n; ++a)
        for (int b = 0; b < n; ++b) {
            if (a == b) continue;
            CircuitWriter out(n);
            for (int q = 0; q < n; ++q) out.add(Opcode::u, {q}, {1.1 * q + 0.3, 0.5 * q, 0.1 + q});
            out.add(Opcode::x, {a, b}, {}, 1);
            out.add_matrix(random_unitary(2), {b, a});
            out.add(Opcode::x, {b, a}, {}, 1, 0);
            out.add(Opcode::h, {b});
            out.add(Opcode::x, {a, b}, {}, 1);
            out.add_matrix(random_unitary(2), {a, b});
            out.add_matrix(random_unitary(2), {b, a});
            out.add_matrix(random_unitary(1), {b}, 0);
            check_program(out.program(), "every pair");
        }
}

std::vector<Complex> kron(const Matrix2& a, const Matrix2& b) {
    return {a.a00 * b.a00, a.a00 * b.a01, a.a01 * b.a00, a.a01 * b.a01, a.a00 * b.a10, a.a00 * b.a11,
            a.a01 * b.a10, a.a01 * b.a11, a.a10 * b.a00, a.a10 * b.a01, a.a11 * b.a00, a.a11 * b.a01,
            a.a10 * b.a10, a.a10 * b.a11, a.a11 * b.a10, a.a11 * b.a11};
}

void schmidt_form_of(const std::vector<Complex>& unitary, const char* what) {
    const SchmidtForm form = schmidt_form(unitary.data());
    const std::vector<Complex> local = kron(form.k1a, form.k1b);
    double worst = 0;
    for (std::size_t r = 0; r < 4; ++r)
        for (std::size_t c = 0; c < 4; ++c) {
            Complex product = 0;
            for (std::size_t k = 0; k < 4; ++k) product += local[4 * r + k] * form.matrix[4 * k + c];
            worst = std::max(worst, std::abs(product - unitary[4 * r + c]));
        }
    expect(worst < 1e-14, what);
    expect(form.matrix[4] == 0.0 && form.matrix[8] == 0.0, "the Schmidt form has its zeros");
    for (const int k : {0, 5, 12}) expect(form.matrix[k].imag() == 0, "and its real entries");
}

void schmidt_forms() {
    for (int trial = 0; trial < 2000; ++trial) schmidt_form_of(random_unitary(2), "of a random unitary");
    for (const Opcode op : {Opcode::swap, Opcode::iswap, Opcode::dcx, Opcode::ecr})
        schmidt_form_of(matrix_2q(op, nullptr), "of a gate whose first column is a product or maximally entangled");
    for (const double angle : {0.0, 1e-17, 1e-9, 0.3, 1.57079632679489661923})
        for (const Opcode op : {Opcode::rxx, Opcode::ryy, Opcode::rzz, Opcode::rzx})
            schmidt_form_of(matrix_2q(op, &angle), "of a rotation");
}

}  // namespace

int main() {
    schmidt_forms();
    every_gate_everywhere(5);
    every_pair(9);
    random_circuits();
    return verdict();
}
