// The two engines of noise against the textbook: ρ ← Σ K ρ K† with every K written out on all qubits.
//
// Pauli-basis density matrix: entry by entry. Trajectories: every reading within five standard errors; counts that
// depend neither on threads nor on how many states may be kept.
#include <cmath>
#include <cstdio>
#include <map>
#include <random>

#include "claims.hpp"
#include "coratrix/branching.hpp"
#include "coratrix/light_cones.hpp"
#include "coratrix/pauli_density.hpp"
#include "coratrix/trajectories.hpp"

using namespace coratrix;

namespace {

using Matrix = std::vector<Complex>;

std::mt19937_64 random_bits(20261128);

double random_number() { return std::uniform_real_distribution<double>(0, 1)(random_bits); }

// The textbook

/// A matrix on some qubits, the first most significant, as one on all n.
Matrix on_all(const Matrix& m, const std::vector<int>& qubits, int n) {
    const std::size_t size = std::size_t{1} << n;
    Matrix out(size * size, Complex(0));
    for (std::size_t r = 0; r < size; ++r)
        for (std::size_t c = 0; c < size; ++c) {
            std::size_t row = 0, column = 0, rest = r ^ c;
            for (const int q : qubits) {
                row = row << 1 | (r >> (n - 1 - q) & 1);
                column = column << 1 | (c >> (n - 1 - q) & 1);
                rest &= ~(std::size_t{1} << (n - 1 - q));
            }
            if (rest == 0) out[r * size + c] = m[row * (std::size_t{1} << qubits.size()) + column];
        }
    return out;
}

Matrix product(const Matrix& a, const Matrix& b, std::size_t size, bool dagger) {
    Matrix out(size * size, Complex(0));
    for (std::size_t r = 0; r < size; ++r)
        for (std::size_t k = 0; k < size; ++k)
            for (std::size_t c = 0; c < size; ++c)
                out[r * size + c] += a[r * size + k] * (dagger ? std::conj(b[c * size + k]) : b[k * size + c]);
    return out;
}

/// A circuit written at once for the engine and as what it does to ρ.
class NoisyCircuit {
public:
    explicit NoisyCircuit(int n) : n_(n), size_(std::size_t{1} << n), rho_(size_ * size_, Complex(0)) { rho_[0] = 1; }

    void gate(const Matrix& unitary, const std::vector<int>& qubits) {
        head({static_cast<std::int64_t>(Opcode::unitary), 0, 0}, qubits, {unitary});
        apply({unitary}, qubits);
    }

    void channel(const std::vector<Matrix>& kraus, const std::vector<int>& qubits) {
        head({static_cast<std::int64_t>(Opcode::channel), static_cast<std::int64_t>(kraus.size())}, qubits, kraus);
        apply(kraus, qubits);
    }

    void measure_all() {
        for (int q = 0; q < n_; ++q) words_.insert(words_.end(), {static_cast<std::int64_t>(Opcode::measure), q, q, -1});
    }

    std::unique_ptr<Program> program() const {
        return std::make_unique<Program>(n_, n_, words_, std::vector<double>{}, pool_);
    }
    const Matrix& rho() const { return rho_; }

private:
    void head(const std::vector<std::int64_t>& first, const std::vector<int>& qubits, const std::vector<Matrix>& matrices) {
        words_.insert(words_.end(), first.begin(), first.end());
        words_.push_back(static_cast<std::int64_t>(qubits.size()));
        words_.insert(words_.end(), qubits.begin(), qubits.end());
        words_.push_back(static_cast<std::int64_t>(pool_.size()));
        for (const Matrix& m : matrices) pool_.insert(pool_.end(), m.begin(), m.end());
    }

    void apply(const std::vector<Matrix>& kraus, const std::vector<int>& qubits) {
        Matrix after(rho_.size(), Complex(0));
        for (const Matrix& k : kraus) {
            const Matrix whole = on_all(k, qubits, n_);
            const Matrix part = product(product(whole, rho_, size_, false), whole, size_, true);
            for (std::size_t at = 0; at < after.size(); ++at) after[at] += part[at];
        }
        rho_ = std::move(after);
    }

    int n_;
    std::size_t size_;
    Matrix rho_;
    std::vector<std::int64_t> words_;
    Matrix pool_;
};

// Gates and channels

Matrix random_rotation() {
    const double a = 3 * random_number(), b = 6 * random_number(), c = 6 * random_number();
    return {std::cos(a), -std::polar(std::sin(a), b), std::polar(std::sin(a), c), std::polar(std::cos(a), b + c)};
}

const Matrix kControlledZ = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1};

std::vector<Matrix> depolarizing(double p) {
    const double stay = std::sqrt(1 - p), turn = std::sqrt(p / 3);
    return {{stay, 0, 0, stay}, {0, turn, turn, 0}, {0, Complex(0, -turn), Complex(0, turn), 0}, {turn, 0, 0, -turn}};
}

std::vector<Matrix> damping(double gamma) { return {{1, 0, 0, std::sqrt(1 - gamma)}, {0, std::sqrt(gamma), 0, 0}}; }

/// To |0⟩ with probability p, whatever the state.
std::vector<Matrix> resetting(double p) {
    const double stay = std::sqrt(1 - p), go = std::sqrt(p);
    return {{stay, 0, 0, stay}, {go, 0, 0, 0}, {0, go, 0, 0}};
}

std::vector<Matrix> correlated(double p) {
    const double stay = std::sqrt(1 - p), turn = std::sqrt(p);
    return {{stay, 0, 0, 0, 0, stay, 0, 0, 0, 0, stay, 0, 0, 0, 0, stay},
            {0, 0, turn, 0, 0, 0, 0, -turn, turn, 0, 0, 0, 0, -turn, 0, 0}};  // X ⊗ Z
}

NoisyCircuit brickwork(int n, int layers, const std::vector<std::vector<Matrix>>& channels) {
    NoisyCircuit out(n);
    for (int layer = 0; layer < layers; ++layer) {
        for (int q = 0; q < n; ++q) {
            out.gate(random_rotation(), {q});
            for (const auto& kraus : channels)
                if (kraus[0].size() == 4) out.channel(kraus, {q});
        }
        for (int q = layer % 2; q + 1 < n; q += 2) {
            out.gate(kControlledZ, {q + 1, q});
            for (const auto& kraus : channels)
                if (kraus[0].size() == 16) out.channel(kraus, {q, q + 1});
        }
    }
    return out;
}

// Tests

void the_pauli_basis_agrees() {
    for (int n = 1; n <= 6; ++n) {
        const NoisyCircuit circuit =
            brickwork(n, 3, {depolarizing(0.1), damping(0.2), resetting(0.1), correlated(0.05)});
        const auto program = circuit.program();
        const Body& body = program->body();
        for (const InstructionSet set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512}) {
            if (!is_supported(set)) continue;
            Context context;
            context.num_threads = 1 + n % 2;
            PauliDensity rho(n, set);
            rho.apply(body.data(), body.data() + body.size(), context);
            const std::size_t size = std::size_t{1} << n;
            const std::vector<double> p = rho.probabilities();
            double worst = 0;
            for (std::size_t k = 0; k < size; ++k) worst = std::max(worst, std::abs(p[k] - circuit.rho()[k * size + k].real()));
            const double purity_like = rho.expectation({{0, 1, Complex(1)}}).real();  // Z on the last qubit
            double wanted = 0;
            for (std::size_t k = 0; k < size; ++k) wanted += (k & 1 ? -1 : 1) * circuit.rho()[k * size + k].real();
            worst = std::max(worst, std::abs(purity_like - wanted));
            const State<double> matrix = std::move(rho).to_matrix<double>(context);
            for (std::size_t k = 0; k < size * size; ++k) worst = std::max(worst, std::abs(matrix.data()[k] - circuit.rho()[k]));
            expect(worst < 1e-13, "the density matrix in the Pauli basis is the textbook's");
        }
    }
}

std::map<std::uint64_t, std::int64_t> counts_of(const Program& program, std::int64_t shots, const RunOptions& options, int threads,
                                               bool single) {
    Context context;
    context.num_threads = threads;
    const Counts counts = single ? run_counts<float>(program, shots, 3, options, context)
                                 : run_counts<double>(program, shots, 3, options, context);
    std::map<std::uint64_t, std::int64_t> out;
    for (std::size_t k = 0; k < counts.counts.size(); ++k) out[counts.keys[k]] += counts.counts[k];
    return out;
}

/// Bit q of a key is qubit q, the most significant bit of an index.
std::uint64_t key_of(std::size_t index, int n) {
    std::uint64_t key = 0;
    for (int q = 0; q < n; ++q) key |= (index >> (n - 1 - q) & 1) << q;
    return key;
}

void readings_agree(NoisyCircuit circuit, int n, const char* what) {
    constexpr std::int64_t shots = 20000;
    circuit.measure_all();
    const auto program = circuit.program();
    for (const bool direct : {true, false})
        for (const bool single : {true, false}) {
            RunOptions options;
            options.direct = direct;
            auto counts = counts_of(*program, shots, options, 1, single);
            for (std::size_t k = 0; k < std::size_t{1} << n; ++k) {
                const double p = circuit.rho()[k << n | k].real(), mean = p * shots;
                const double sigma = std::sqrt(mean * (1 - p)) + 1;  // + 1: few counts are not normally distributed
                expect(std::abs(static_cast<double>(counts[key_of(k, n)]) - mean) < 5 * sigma, what);
            }
        }
}

void trajectories_agree() {
    for (const int n : {2, 4, 5}) {
        readings_agree(brickwork(n, 3, {depolarizing(0.05), correlated(0.1)}), n, "Pauli noise by trajectories");
        readings_agree(brickwork(n, 3, {damping(0.1)}), n, "damping by trajectories");
        readings_agree(brickwork(n, 3, {resetting(0.1), depolarizing(0.05)}), n, "resets by trajectories");
        readings_agree(brickwork(n, 3, {depolarizing(0.05), damping(0.2), resetting(0.05)}), n, "all by trajectories");
    }
}

/// A chain in which more than half of the shots have an event at every site: as many levels as shots allow.
NoisyCircuit deep_chain(int n, int length) {
    NoisyCircuit out(n);
    for (int q = 0; q < n; ++q) out.gate(random_rotation(), {q});
    const Matrix flip = {0, 1, 1, 0};
    for (int k = 0; k < length; ++k) {
        out.channel(damping(0.6), {k % n});
        out.gate(flip, {k % n});
        out.channel(depolarizing(0.3), {(k + 1) % n});
    }
    out.measure_all();
    return out;
}

void no_budget_changes_a_count() {
    const auto program = deep_chain(4, 20).program();
    RunOptions options;
    options.kept_states = 1000;
    const auto wanted = counts_of(*program, 3000, options, 1, false);
    for (const int kept : {-1, 0, 1, 2, 8})
        for (const int threads : {1, 2}) {
            options.kept_states = kept;
            expect(counts_of(*program, 3000, options, threads, false) == wanted, "counts do not depend on what is kept");
        }
}

/// Errors in the middle and near the end of a wider circuit, most of them inside light cones of a few qubits.
void light_cones_agree() {
    constexpr int n = 6;
    for (const int layers : {1, 2, 3}) {
        const NoisyCircuit circuit = brickwork(n, layers, {depolarizing(0.03), correlated(0.02)});
        const auto program = circuit.program();
        const Body& body = program->body();
        const NoisySegment segment(body.data(), body.data() + body.size());
        const LightCones cones(segment, n);
        std::vector<std::uint32_t> shots(500);
        for (std::uint32_t shot = 0; shot < shots.size(); ++shot) shots[shot] = shot;
        const ConeShots sorted = cones.sort(shots, 1, 0);
        expect(cones.are_known() && sorted.groups.size() > 10, "errors are followed in light cones");
        expect(sorted.served.size() + sorted.others.size() == shots.size(), "every shot is served once");
        readings_agree(circuit, n, "errors in light cones");
    }
}

/// One error of one history, exactly: readings without errors weighted by their probability, and a fine grid of the
/// number that is drawn, against the state that the history leads to.
void a_reading_in_a_light_cone_is_drawn_from_the_right_state() {
    constexpr int n = 5, grid = 2000;
    NoisyCircuit without(n), with(n);
    const Matrix y = {0, Complex(0, -1), Complex(0, 1), 0};
    const Matrix turn = random_rotation(), other = random_rotation(), last = random_rotation();
    const auto both = [&](const Matrix& m, const std::vector<int>& qubits) { without.gate(m, qubits), with.gate(m, qubits); };
    for (int q = 0; q < n; ++q) both(random_rotation(), {q});
    both(kControlledZ, {1, 2});
    without.channel({{std::sqrt(0.75), 0, 0, std::sqrt(0.75)}, {0, Complex(0, -0.5), Complex(0, 0.5), 0}}, {2});
    with.gate(y, {2});
    both(turn, {2});
    both(kControlledZ, {2, 3});
    both(other, {3});
    both(last, {0});
    both(kControlledZ, {0, 1});

    const auto program = without.program();
    const NoisySegment segment(program->body().data(), program->body().data() + program->body().size());
    const LightCones cones(segment, n);
    ConeShots sorted;
    for (std::uint32_t shot = 0; sorted.groups.empty() && shot < 100; ++shot) sorted = cones.sort({shot}, 1, 0);
    if (sorted.groups.empty()) return expect(false, "one shot in four has the error");
    expect(sorted.groups[0].cone.bits == (bit(n - 1 - 2) | bit(n - 1 - 3)),
           "the error reaches qubits 2 and 3");
    Plans<double> plans(n, RunOptions{});
    std::shared_ptr<State<double>> psi;
    plans.evolve(psi, cones.ops().data(), cones.ops().data() + cones.ops().size(), Context{});
    ConeReader<double> reader(cones, sorted.groups[0].history, sorted.groups[0].cone, plans.kernel_table(),
                              plans.costs());
    std::vector<double> found(std::size_t{1} << n, 0.0);
    for (Index x = 0; x < found.size(); ++x)
        for (int k = 0; k < grid; ++k)
            found[reader.read(*psi, x, (k + 0.5) / grid)] += std::norm(psi->data()[x]) / grid;
    double worst = 0;
    for (Index x = 0; x < found.size(); ++x) worst = std::max(worst, std::abs(found[x] - with.rho()[x << n | x].real()));
    expect(worst < 1.0 / grid, "readings in a light cone have the probabilities of the state with the error");
}

/// Of all sites only those whose base is no multiple of a unitary need the norm.
void sites_are_told_apart() {
    NoisyCircuit circuit(1);
    for (const auto& kraus : {depolarizing(0.1), resetting(0.1), damping(0.1)}) circuit.channel(kraus, {0});
    const auto program = circuit.program();
    const NoisySegment segment(program->body().data(), program->body().data() + program->body().size());

    expect(segment.sites().size() == 3 && segment.num_by_norm(0, 3) == 1, "damping alone is by norm");
    expect(!segment.sites()[0].by_state && segment.sites()[1].by_state, "which reset it is depends on the state");
    expect(segment.num_ops() == 1, "only damping acts while nothing happens");
}

void what_does_not_fit_is_refused_before() {
    bool refused = false;
    try {
        StateBudget::limit_for(std::size_t{1} << 60, 2, 1);
    } catch (const OutOfMemory& error) {
        refused = error.needed == std::size_t{1} << 61 && error.available < error.needed;
    }
    expect(refused, "two states that do not fit are refused with both numbers");
    expect(StateBudget::limit_for(std::size_t{1} << 20, 2, 1) == 64, "64 MiB are taken where states are small");
}

}  // namespace

int main() {
    the_pauli_basis_agrees();
    trajectories_agree();
    light_cones_agree();
    a_reading_in_a_light_cone_is_drawn_from_the_right_state();
    no_budget_changes_a_count();
    sites_are_told_apart();
    what_does_not_fit_is_refused_before();
    return verdict();
}
