// Kernels on observables, Pauli sums and gradients against their definitions.
#include <cmath>
#include <cstdio>
#include <random>

#include "claims.hpp"
#include "coratrix/gradient.hpp"
#include "coratrix/observable_kernels.hpp"

using namespace coratrix;

namespace {

std::mt19937 random_bits(11);

template <class T>
double tolerance() {
    return sizeof(T) == 4 ? 2e-5 : 1e-12;
}

// -------------------------------------------------------------------------------------------------------- tiles

/// A tile whose lower half is ψ and whose upper half is λ, and the two as plain vectors.
template <class T>
struct Tile {
    explicit Tile(int bits_of) : bits(bits_of), buffer(3 * plane() * sizeof(T)) {
        std::normal_distribution<double> normal(0, std::pow(2.0, -0.5 * bits));
        psi.resize(std::size_t{1} << (bits - 1)), lambda.resize(psi.size());
        for (std::size_t k = 0; k < psi.size(); ++k) {
            psi[k] = {normal(random_bits), normal(random_bits)};
            lambda[k] = {normal(random_bits), normal(random_bits)};
            put(k, psi[k]), put(k | psi.size(), lambda[k]);
        }
    }
    std::size_t plane() const { return (plane_size<T>(bits) + 63) / 64 * 64; }
    T* re() { return static_cast<T*>(buffer.data()); }
    T* im() { return re() + plane(); }
    T* scratch() { return im() + plane(); }
    static std::size_t offset(std::size_t index) {
        std::size_t out = 0;
        for (; index; index &= index - 1) out += plane_stride<T>(lowest_bit(index));
        return out;
    }
    void put(std::size_t k, Complex a) {
        re()[offset(k)] = static_cast<T>(a.real());
        im()[offset(k)] = static_cast<T>(a.imag());
    }

    int bits;
    Buffer buffer;
    std::vector<Complex> psi, lambda;
    std::vector<std::uint32_t> offsets;
    /// All values of the bits that choose vectors of ψ, but for `taken`.
    Blocks vectors(int lane_bits, std::size_t taken = 0) {
        offsets.clear();
        const std::size_t lanes = (std::size_t{1} << lane_bits) - 1;
        for (std::size_t k = 0; k < psi.size(); ++k)
            if ((k & (lanes | taken)) == 0) offsets.push_back(static_cast<std::uint32_t>(offset(k)));
        return {static_cast<std::uint32_t>(offsets.size()), offsets.data(), nullptr};
    }
    std::uint32_t half() const { return plane_stride<T>(bits - 1); }
};

template <class T>
void masks_of_a_tile(InstructionSet set, int bits) {
    const Kernels<T>& table = kernels<T>(set);
    if (bits <= table.lane_bits) return;
    Tile<T> tile(bits);

    const std::size_t lanes = (std::size_t{1} << table.lane_bits) - 1;
    const auto check = [&](std::size_t mask, const char* what) {
        double wanted = 0;  // supersets outside the lanes, the same lane
        for (std::size_t k = 0; k < tile.psi.size(); ++k)
            if ((k & lanes) == (mask & lanes) && (k & mask & ~lanes) == (mask & ~lanes))
                wanted += (std::conj(tile.lambda[k]) * tile.psi[k]).imag();
        expect_near(static_cast<double>(tile.scratch()[mask]), wanted, tolerance<T>(), what);
    };
    const Blocks vectors = tile.vectors(table.lane_bits);
    observable_kernels(table).mask_sums(tile.re(), tile.im(), vectors, tile.half(), tile.scratch());
    for (std::size_t mask = 0; mask < tile.psi.size(); ++mask) check(mask, "mask_sums");
    observable_kernels(table).bit_sums(tile.re(), tile.im(), vectors, tile.half(), tile.scratch());
    for (std::size_t mask = 0; mask < tile.psi.size(); ++mask)
        if (popcount(mask & ~lanes) < 2) check(mask, "bit_sums");
}

/// Im⟨λ|X or Y|ψ⟩ on one bit.
template <class T>
double transverse(const Tile<T>& tile, int at, bool symmetric) {
    Complex sum = 0;
    for (std::size_t k = 0; k < tile.psi.size(); ++k) {
        const Complex factor = symmetric ? Complex(1) : k >> at & 1 ? Complex(0, 1) : Complex(0, -1);
        sum += std::conj(tile.lambda[k]) * factor * tile.psi[k ^ std::size_t{1} << at];
    }
    return sum.imag();
}

/// Every choice of questions on a group's bits, two different ones inside the vectors; then its one rotation.
template <class T>
void pair_of_a_tile(InstructionSet set, int bits, int group_bits) {
    const Kernels<T>& table = kernels<T>(set);
    if (group_bits > table.max_group_bits || bits < table.lane_bits + group_bits + 1) return;
    const int first = bits - 1 - group_bits;
    for (std::uint32_t mask = 0; mask < 1u << group_bits; ++mask) {
        Tile<T> tile(bits);
        PairGroup<T> pair;
        pair.group.bits = group_bits;
        Mask taken = 0;
        for (int g = 0; g < group_bits; ++g)
            pair.group.strides[g] = plane_stride<T>(first + g), taken |= bit(first + g);
        const Blocks vectors = tile.vectors(table.lane_bits, taken);
        std::vector<Index> indices(vectors.count, 0);  // no step looks at them
        pair.group.blocks = {vectors.count, vectors.offsets, indices.data()};
        pair.lambda = tile.half();
        pair.y = mask, pair.x = ((1u << group_bits) - 1) ^ mask >> 1;
        pair.lane_y = mask & ((1u << table.lane_bits) - 1);
        pair.lane_x = (1u << table.lane_bits) - 1;
        std::vector<double> wanted;
        const auto ask = [&](std::uint32_t asked, int from, bool symmetric) {
            for (; asked; asked &= asked - 1) wanted.push_back(transverse(tile, from + lowest_bit(asked), symmetric));
        };
        ask(pair.y, first, false), ask(pair.x, first, true), ask(pair.lane_y, 0, false), ask(pair.lane_x, 0, true);
        pair.num_asked = static_cast<int>(wanted.size());

        alignas(64) Step<T> step{};
        step.form = step_form(StepCode::rotate, 0);
        step.t = static_cast<T>(0.5);
        pair.group.steps = &step;
        pair.group.num_steps = group_bits > 0 ? 1 : 0;
        double found[kMaxAsked];
        observable_kernels(table).run_pair(pair, tile.re(), tile.im(), 0, found);
        for (std::size_t k = 0; k < wanted.size(); ++k) expect_near(found[k], wanted[k], tolerance<T>(), "run_pair, answer");
        for (std::size_t k = 0; group_bits > 0 && k < 2 * tile.psi.size(); ++k) {
            const auto at = [&](std::size_t i) { return i < tile.psi.size() ? tile.psi[i] : tile.lambda[i - tile.psi.size()]; };
            const Complex turned = at(k) + (k >> first & 1 ? 0.5 : -0.5) * at(k ^ std::size_t{1} << first);
            const std::size_t place = Tile<T>::offset(k);
            expect_near(std::abs(Complex(tile.re()[place], tile.im()[place]) - turned), 0, tolerance<T>(), "run_pair, step");
        }
    }
}

// --------------------------------------------------------------------------------------------------- Pauli sums

std::vector<PauliTerm> random_terms(int n, int groups, int per_group) {
    std::vector<PauliTerm> out;
    std::normal_distribution<double> normal;
    for (int g = 0; g < groups; ++g) {
        const Mask x = g == 0 ? 0 : random_bits() & (bit(n) - 1);
        for (int t = 0; t < per_group; ++t) out.push_back({x, random_bits() & (bit(n) - 1), normal(random_bits)});
    }
    return out;
}

std::vector<Complex> product(const std::vector<PauliTerm>& terms, const std::vector<Complex>& psi) {
    const Complex powers[4] = {1, {0, 1}, -1, {0, -1}};
    std::vector<Complex> out(psi.size());
    for (const PauliTerm& term : terms)
        for (Index k = 0; k < psi.size(); ++k)
            out[k ^ term.x] += term.coefficient * powers[popcount(term.x & term.z) & 3] *
                               (parity(term.z & k) ? -1.0 : 1.0) * psi[k];
    return out;
}

template <class T>
void pauli_sum(InstructionSet set, int n, int groups, int per_group) {
    const Kernels<T>& table = kernels<T>(set);
    const int padded = std::max(n, table.lane_bits);
    State<T> psi(n, padded), lambda(n, padded);
    psi.set_basis(0);
    std::vector<Complex> plain(psi.size());
    std::normal_distribution<double> normal(0, std::pow(2.0, -0.5 * n));
    for (Index k = 0; k < psi.size(); ++k) {
        plain[k] = {normal(random_bits), normal(random_bits)};
        psi.data()[k] = std::complex<T>(plain[k]);
    }
    const std::vector<PauliTerm> terms = random_terms(n, groups, per_group);
    const std::vector<Complex> wanted = product(terms, plain);
    double value = 0;
    for (Index k = 0; k < psi.size(); ++k) value += (std::conj(plain[k]) * wanted[k]).real();
    Context two;
    two.num_threads = 2;

    const PauliSum<T> for_value(terms, padded, table, PauliSum<T>::Use::value);
    const PauliSum<T> for_product(terms, padded, table, PauliSum<T>::Use::product);
    const double found = for_value.apply(psi.numbers(), nullptr, {});

    const double room = tolerance<T>() * groups * per_group;
    expect_near(found, value, room, "PauliSum, value");
    expect_near(for_value.apply(psi.numbers(), nullptr, two), found, 0, "PauliSum, two threads");
    expect_near(for_product.apply(psi.numbers(), lambda.numbers(), two), value, room, "PauliSum, value of the product");
    double worst = 0;
    for (Index k = 0; k < psi.size(); ++k) worst = std::max(worst, std::abs(Complex(lambda.data()[k]) - wanted[k]));
    expect_near(worst, 0, room, "PauliSum, product");
}

template <class T>
void all_of(InstructionSet set) {
    for (int bits = 2; bits <= 12; ++bits) masks_of_a_tile<T>(set, bits);
    for (int bits = 2; bits <= 10; ++bits)
        for (int group_bits = 0; group_bits <= kMaxGroupBits; ++group_bits) pair_of_a_tile<T>(set, bits, group_bits);
    for (int n = 1; n <= 12; ++n) pauli_sum<T>(set, n, 5, 3);
    for (const int n : {5, 10, 11, 12}) pauli_sum<T>(set, n, 3, 40);
    pauli_sum<T>(set, 17, 4, 2);  // more than one chunk
}

}  // namespace

int main() {
    for (const InstructionSet set : supported_sets()) all_of<float>(set), all_of<double>(set);
    return verdict();
}
