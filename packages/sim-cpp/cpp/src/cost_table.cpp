// The rules behind the default sizes, and a table as names and numbers.
#include "coratrix/cost_table.hpp"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <type_traits>

#if defined(__x86_64__)
#include <cpuid.h>

#include <cstring>
#endif

namespace coratrix {

namespace {

#ifdef _SC_LEVEL2_CACHE_SIZE
constexpr int kFirstLevel = _SC_LEVEL1_DCACHE_SIZE, kSecondLevel = _SC_LEVEL2_CACHE_SIZE;
#else
constexpr int kFirstLevel = -1, kSecondLevel = -1;
#endif

/// Bytes of a cache of this processor, or what nearly every one has where the system does not say.
std::size_t cache_bytes(int name, std::size_t least, std::size_t usual) {
    const long found = name < 0 ? -1 : sysconf(name);
    return found < static_cast<long>(least) ? usual : static_cast<std::size_t>(found);
}

std::size_t first_level_bytes() { return cache_bytes(kFirstLevel, 16 << 10, 32 << 10); }
std::size_t second_level_bytes() { return cache_bytes(kSecondLevel, 256 << 10, 1 << 20); }

/// How many bits of complex numbers of T fit into so many bytes.
template <class T>
int bits_in(std::size_t bytes) {
    int out = 0;
    while ((std::size_t{2} << out) * 2 * sizeof(T) <= bytes) ++out;
    return out;
}

/// Half of the second level, for states of few tiles.
template <class T>
int default_tile_bits() {
    static const int bits = std::min(16, bits_in<T>(second_level_bytes() / 2));
    return bits;
}

/// Twice the second level, for states of many: what is worked on at a time are blocks, so that tiles may come from the
/// third level, and wider ones save passes over the state.
template <class T>
int default_wide_tile_bits() {
    static const int bits = std::min(16, bits_in<T>(second_level_bytes() * 2));
    return bits;
}

/// Two thirds of the first level: tables and steps need the rest.
template <class T>
int default_block_bits() {
    static const int bits = bits_in<T>(first_level_bytes() * 2 / 3);
    return bits;
}

constexpr int kManyTiles = 4;      // 2^4 of them
constexpr int kManyChunks = 14;
constexpr int kSmallestGroup = 2;  // a turn mixes two bits
constexpr double kLongest = 1e9;  // a second: no cost is more
constexpr int kWidestTile = 24;   // offsets inside a tile are 32-bit numbers

template <class Table, class Visit>
void visit_forms(const std::string& precision, Table& forms, Visit& visit) {
    visit(precision + ".dense_pair_ns", forms.dense_pair_ns, kLongest);
    visit(precision + ".turned_pair_ns", forms.turned_pair_ns, kLongest);
    visit(precision + ".direct_gate_ns", forms.direct_gate_ns, kLongest);
    visit(precision + ".tile_bits", forms.tile_bits, kWidestTile);
    visit(precision + ".block_bits", forms.block_bits, kWidestTile);
    visit(precision + ".group_bits", forms.group_bits, 4);
    visit(precision + ".chunk_bits", forms.chunk_bits, 8);
}

/// Calls visit(name, number, the largest it may be) for every number of a table.
template <class Table, class Visit>
void visit_all(Table& costs, Visit visit) {
    visit_forms("single", costs.of_single, visit);
    visit_forms("double", costs.of_double, visit);
    visit(std::string("kak_ns"), costs.kak_ns, kLongest);
    visit(std::string("planned_gate_ns"), costs.planned_gate_ns, kLongest);
    visit(std::string("diagonal_qubits"), costs.diagonal_qubits, 10);
    visit(std::string("expanded_zeros"), costs.expanded_zeros, 10);
}

#if defined(__x86_64__)
std::string brand() {
    unsigned words[12] = {};
    if (__get_cpuid_max(0x80000000u, nullptr) < 0x80000004u) return "x86-64";
    for (unsigned k = 0; k < 3; ++k)
        __get_cpuid(0x80000002u + k, &words[4 * k], &words[4 * k + 1], &words[4 * k + 2], &words[4 * k + 3]);
    char text[sizeof words + 1] = {};
    std::memcpy(text, words, sizeof words);
    unsigned model = 0, other[3];
    __get_cpuid(1, &model, &other[0], &other[1], &other[2]);
    return std::string(text) + " model " + std::to_string(model);
}
#elif defined(__aarch64__)
std::string brand() { return "aarch64"; }
#else
std::string brand() { return "unknown"; }
#endif

}  // namespace

CostTable default_costs(InstructionSet set) {
    CostTable out;
    if (set == InstructionSet::avx2) {
        out.of_single.dense_pair_ns = 0.38, out.of_single.turned_pair_ns = 0.55;
        out.of_double.dense_pair_ns = 0.75, out.of_double.turned_pair_ns = 1.15;
    }
    return out;
}

template <class T>
Sizes sizes_for(const CostTable& costs, int num_bits, int max_group_bits) {
    const FormCosts& forms = costs.of<T>();
    const int usual = default_tile_bits<T>();
    const int wide = forms.tile_bits > 0 ? forms.tile_bits : default_wide_tile_bits<T>();
    const bool fits = wide <= usual || num_bits >= wide + kManyTiles;
    return {fits ? wide : usual,
            forms.block_bits > 0 ? forms.block_bits : default_block_bits<T>(),
            forms.group_bits > 0 ? std::clamp(forms.group_bits, kSmallestGroup, max_group_bits) : max_group_bits,
            num_bits >= kManyChunks ? forms.chunk_bits : 0};
}

template Sizes sizes_for<float>(const CostTable&, int, int);
template Sizes sizes_for<double>(const CostTable&, int, int);

NamedCosts named(const CostTable& costs) {
    NamedCosts out;
    visit_all(costs, [&](const std::string& name, auto number, double) {
        out.emplace_back(name, static_cast<double>(number));
    });
    return out;
}

CostTable table_of(const NamedCosts& named) {
    CostTable out;
    std::size_t seen = 0;
    visit_all(out, [&](const std::string& name, auto& number, double largest) {
        const auto found = std::find_if(named.begin(), named.end(), [&](const auto& it) { return it.first == name; });
        if (found == named.end()) throw std::invalid_argument("cost table: " + name + " is missing");
        const double value = found->second;
        using Number = std::decay_t<decltype(number)>;
        const bool in_range = value >= 0 && value <= largest;
        if (in_range) number = static_cast<Number>(value);
        if (!in_range || static_cast<double>(number) != value)
            throw std::invalid_argument("cost table: " + name + " is " + std::to_string(value) + "; from 0 to " +
                                        std::to_string(static_cast<long long>(largest)) +
                                        (std::is_same_v<Number, int> ? ", whole" : ""));
        ++seen;
    });
    if (seen != named.size()) throw std::invalid_argument("cost table: it has numbers that nothing asks for");
    out.measured = true;
    return out;
}

std::string processor_name() {
    return brand() + ", L1 " + std::to_string(first_level_bytes()) + ", L2 " + std::to_string(second_level_bytes());
}

}  // namespace coratrix
