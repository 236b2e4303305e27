// The forms that a plan takes under a cost table: those of the default, and those that doctored numbers ask for.
#include <algorithm>
#include <complex>
#include <stdexcept>

#include "claims.hpp"
#include "coratrix/direct.hpp"
#include "coratrix/executor.hpp"
#include "coratrix/plans.hpp"

using namespace coratrix;

namespace {

/// A rotation on every qubit, then exp(i(0.3 XX + 0.2 YY)), no diagonal, on each pair of neighbours.
Program pairs(int n) {
    std::vector<std::int64_t> words;
    for (int q = 0; q < n; ++q)
        words.insert(words.end(), {static_cast<std::int64_t>(Opcode::ry), 0, 0, 1, q, 0});
    for (int q = 0; q + 1 < n; ++q)
        words.insert(words.end(), {static_cast<std::int64_t>(Opcode::unitary), 0, 0, 2, q, q + 1, 0});
    const Complex i(0, 1);
    const double even = 0.3 - 0.2, odd = 0.3 + 0.2;
    return {n, 0, words, {0.7},
            {std::cos(even), 0, 0, i * std::sin(even), 0, std::cos(odd), i * std::sin(odd), 0,
             0, i * std::sin(odd), std::cos(odd), 0, i * std::sin(even), 0, 0, std::cos(even)}};
}

/// A diagonal of all-different signs on `k` qubits.
Program diagonal(int n, int k) {
    std::vector<std::int64_t> words{static_cast<std::int64_t>(Opcode::unitary), 0, 0, k};
    for (int q = 0; q < k; ++q) words.push_back(q);
    words.push_back(0);
    const std::size_t size = std::size_t{1} << k;
    std::vector<Complex> matrix(size * size);
    for (std::size_t x = 0; x < size; ++x) matrix[x * size + x] = std::polar(1.0, 0.1 * static_cast<double>(x * x));
    return {n, 0, words, {}, matrix};
}

template <class T>
Plan<T> plan_of(const Program& program, const CostTable& costs) {
    RunOptions options;
    options.costs = costs;
    const Plans<T> plans(program.num_qubits(), options);
    return plans.make(program.body().data(), program.body().data() + program.body().size(), true);
}

template <class T>
bool is_direct(int n, const CostTable& costs) {
    RunOptions options;
    options.costs = costs;
    return Plans<T>(n, options).is_direct();
}

template <class T>
State<T> state_of(const Program& program, const CostTable& costs) {
    return run_from_zero(plan_of<T>(program, costs), Context{});
}

template <class T>
double distance(const State<T>& a, const State<T>& b) {
    double worst = 0;
    for (Index k = 0; k < a.size(); ++k) worst = std::max(worst, std::abs(Complex(a.data()[k]) - Complex(b.data()[k])));
    return worst;
}

/// 0.18 ns · 2^15 = 5.9 us is more than 4 us, · 2^14 = 2.9 us is less; in double precision twice that.
void the_default_finds_kak_forms_from_14_and_15_qubits_on() {
    const CostTable costs;
    expect(!costs.kak_pays<float>(14) && costs.kak_pays<float>(15), "KAK in single precision from 15 qubits on");
    expect(!costs.kak_pays<double>(13) && costs.kak_pays<double>(14), "KAK in double precision from 14 qubits on");
    expect(plan_of<double>(pairs(13), costs).cost.dense == 12, "13 qubits: every pair a matrix");
    expect(plan_of<double>(pairs(14), costs).cost.dense == 0, "14 qubits: every pair a turn");
    expect(plan_of<float>(pairs(14), costs).cost.dense == 13, "14 qubits, single: every pair a matrix");
}

void the_default_finds_no_kak_forms_with_avx2() {
    const CostTable costs = default_costs(InstructionSet::avx2);
    expect(!costs.kak_pays<float>(30) && !costs.kak_pays<double>(30), "AVX2: matrices, however wide the state");
    const CostTable wider = default_costs(InstructionSet::avx512);
    expect(wider.kak_pays<double>(14) && !wider.kak_pays<double>(13), "AVX-512: KAK from 14 qubits on");
}

void the_default_works_without_a_plan_up_to_11_qubits() {
    const CostTable costs;
    expect(is_direct<double>(11, costs) && !is_direct<double>(12, costs), "direct up to 11 qubits");
    expect(is_direct<float>(11, costs) && !is_direct<float>(12, costs), "direct up to 11 qubits, single");
}

/// With 1 ns saved per amplitude and 1,000 ns to find the form, 2^10 = 1,024 amplitudes are enough.
void a_doctored_cost_moves_the_choice_where_a_pencil_says() {
    CostTable costs;
    costs.of_double.dense_pair_ns = 1.5, costs.of_double.turned_pair_ns = 0.5, costs.kak_ns = 1000;
    costs.of_double.direct_gate_ns = 2, costs.planned_gate_ns = 1024;

    expect(plan_of<double>(pairs(9), costs).cost.dense == 8, "9 qubits save 512 ns: not worth 1,000");
    expect(plan_of<double>(pairs(10), costs).cost.dense == 0, "10 qubits save 1,024 ns: worth 1,000");
    expect(is_direct<double>(9, costs), "2 ns · 2^9 = 1,024 ns: no more than a planned gate");
    expect(!is_direct<double>(10, costs), "2 ns · 2^10 = 2,048 ns: more than a planned gate");

    costs.of_double.dense_pair_ns = 0.4;
    expect(plan_of<double>(pairs(20), costs).cost.dense == 19, "a matrix that costs less is kept at any width");
}

void sizes_are_the_tables() {
    CostTable costs;
    costs.of_double.tile_bits = 9, costs.of_double.block_bits = 7, costs.of_double.group_bits = 2;
    costs.of_double.chunk_bits = 1, costs.diagonal_qubits = 2;

    const Plan<double> plan = plan_of<double>(pairs(14), costs);
    expect(plan.tile_bits == 9, "tiles of 2^9 amplitudes");
    for (const Stage<double>& stage : plan.stages)
        for (const TileBlock<double>& block : stage.blocks) {
            expect(popcount(block.local) <= 7, "blocks of 2^7 amplitudes");
            for (const TileOp<double>& op : block.ops) {
                expect(op.group == nullptr || op.group->bits <= 2, "groups of 2^2 vectors");
                expect(op.diagonal == nullptr || op.diagonal->low_bits == plan.kernels->lane_bits + 1,
                       "tables of 2 vectors");
            }
        }
    expect(plan_of<double>(diagonal(12, 3), costs).cost.dense == 1, "a diagonal on three qubits stays a matrix");
    expect(plan_of<double>(diagonal(12, 3), CostTable()).cost.dense == 0, "by default it becomes phases");
}

/// The caches' size is what a table without one gives; 2 bits more are for states of 2^4 such tiles.
void a_larger_tile_is_for_states_of_many_tiles() {
    const int usual = sizes_for<double>(CostTable(), 13, 4).tile_bits;
    const int wide = sizes_for<double>(CostTable(), 30, 4).tile_bits;
    expect(wide >= usual && wide <= std::min(16, usual + 2), "by default four times as large for wide states");
    expect(sizes_for<double>(CostTable(), wide + 4, 4).tile_bits == wide, "16 wide tiles: that size");
    expect(sizes_for<double>(CostTable(), wide + 3, 4).tile_bits == usual, "8 of them: the usual one");
    CostTable costs;
    costs.of_double.tile_bits = usual + 2;

    costs.of_double.chunk_bits = 5;
    expect(sizes_for<double>(costs, 13, 4).chunk_bits == 0, "13 qubits: the usual tables");
    expect(sizes_for<double>(costs, 14, 4).chunk_bits == 5, "14 qubits: tables of 2^5 vectors");
    expect(sizes_for<double>(costs, usual + 5, 4).tile_bits == usual, "8 tiles: the usual size");
    expect(sizes_for<double>(costs, usual + 6, 4).tile_bits == usual + 2, "16 tiles: the table's size");
}

/// Direct application knows nothing of tables or plans.
template <class T>
void any_table_gives_the_same_amplitudes(double tolerance) {
    for (const Program& program : {pairs(11), diagonal(11, 4)}) {
        State<T> wanted(11, 11);
        wanted.set_basis(0);
        apply_directly(program.body().data(), program.body().data() + program.body().size(), wanted.data(), 11);
        for (const int tile : {0, 1, 8, 24})
            for (const int block : {0, 1, 7, 24})
                for (const int group : {0, 1, 2, 3, 4})
                    for (const int chunk : {0, 1, 8})
                        for (const double kak : {0.0, 1e9}) {
                            CostTable costs;
                            costs.of<T>().tile_bits = tile, costs.of<T>().block_bits = block;
                            costs.of<T>().group_bits = group, costs.of<T>().chunk_bits = chunk;
                            costs.kak_ns = kak, costs.diagonal_qubits = kak > 0 ? 0 : 8;
                            expect(distance(state_of<T>(program, costs), wanted) < tolerance, "any table");
                        }
    }
}

bool refuses(NamedCosts numbers) {
    try {
        table_of(numbers);
    } catch (const std::invalid_argument&) {
        return true;
    }
    return false;
}

void names_and_numbers_are_checked() {
    CostTable costs;
    costs.of_single.tile_bits = 13, costs.kak_ns = 1234.5;
    const NamedCosts numbers = named(costs);
    const CostTable back = table_of(numbers);
    expect(back.of_single.tile_bits == 13 && back.kak_ns == 1234.5 && back.measured, "a table comes back as it was");

    NamedCosts missing = numbers, unknown = numbers, negative = numbers, broken = numbers, endless = numbers;
    missing.pop_back();
    unknown.emplace_back("triple.tile_bits", 3);
    for (auto& [name, number] : negative) number = name == "kak_ns" ? -1 : number;
    for (auto& [name, number] : broken) number = name == "single.tile_bits" ? 12.5 : number;
    for (auto& [name, number] : endless) number = name == "kak_ns" ? std::nan("") : number;
    expect(refuses(missing) && refuses(unknown) && refuses(negative) && refuses(broken) && refuses(endless),
           "what makes no sense is refused");
}

}  // namespace

int main() {
    the_default_finds_kak_forms_from_14_and_15_qubits_on();
    the_default_finds_no_kak_forms_with_avx2();
    the_default_works_without_a_plan_up_to_11_qubits();
    a_doctored_cost_moves_the_choice_where_a_pencil_says();
    sizes_are_the_tables();
    a_larger_tile_is_for_states_of_many_tiles();
    any_table_gives_the_same_amplitudes<double>(1e-12);
    any_table_gives_the_same_amplitudes<float>(1e-5);
    names_and_numbers_are_checked();
    return verdict();
}
