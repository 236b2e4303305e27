// Sorted draws meet the cumulated probabilities in one scan: no vector of probabilities, no search per shot. Shots that
// need no names are shared out to blocks first, and what a block gets is drawn inside it.
#include "coratrix/sampling.hpp"

#include <algorithm>
#include <cstring>

#include "coratrix/guide_table.hpp"
#include "coratrix/random.hpp"

namespace coratrix {

namespace {

constexpr int kBlockBits = 12;  // amplitudes whose norm is taken at once
constexpr int kLineBits = 5;
constexpr std::int64_t kBlocksPerTask = 64;
constexpr Index kScanned = 16;  // amplitudes per shot from which on a scan is shorter than a table
constexpr std::uint64_t kNameless = std::uint64_t{1} << 63;  // streams that are no shot's

std::uint64_t sort_key(const Draw& draw) {  // doubles in [0, 1) sort as their bits do
    std::uint64_t bits;
    std::memcpy(&bits, &draw.u, sizeof bits);
    return bits;
}

/// Least significant digit first on the 33 bits below the sign and most of the exponent's range, then a final
/// insertion pass for the few that differ only further down.
void radix_sort(std::vector<Draw>& draws) {
    std::vector<Draw> other(draws.size());
    for (const int shift : {23, 34, 45}) {
        std::vector<std::size_t> start(2048, 0);
        const auto digit = [&](const Draw& d) {
            return static_cast<std::size_t>(static_cast<std::uint64_t>(d.u * 0x1.0p56) >> shift & 2047);
        };
        for (const Draw& d : draws) ++start[digit(d)];
        std::size_t sum = 0;
        for (std::size_t& s : start) {
            const std::size_t count = s;
            s = sum;
            sum += count;
        }
        for (const Draw& d : draws) other[start[digit(d)]++] = d;
        draws.swap(other);
    }
    for (std::size_t k = 1; k < draws.size(); ++k)
        for (std::size_t j = k; j > 0 && sort_key(draws[j]) < sort_key(draws[j - 1]); --j)
            std::swap(draws[j], draws[j - 1]);
}

template <class T>
double probability(const T* numbers, Index at) {
    const double re = static_cast<double>(numbers[2 * at]), im = static_cast<double>(numbers[2 * at + 1]);
    return re * re + im * im;
}

/// Serve the draws [first, last) that fall into amplitudes [from, to), whose cumulated norm starts at `below`.
template <class T>
void scan(const State<T>& state, const Kernels<T>& kernels, const std::vector<Draw>& draws, double total,
          std::size_t first, std::size_t last, Index from, Index to, double below, std::vector<Index>& out) {
    const T* const numbers = state.numbers();
    Index last_possible = from;
    for (Index line = from; line < to && first < last; line += Index{1} << kLineBits) {
        const Index end = std::min(to, line + (Index{1} << kLineBits));
        const double norm = kernels.norm(numbers + 2 * line, end - line);
        if (draws[first].u * total >= below + norm && end < to) {
            below += norm;
            continue;
        }
        double sum = below;
        for (Index k = line; k < end && first < last; ++k) {
            const double p = probability(numbers, k);
            if (p == 0) continue;
            last_possible = k;
            sum += p;
            while (first < last && draws[first].u * total < sum) out[first++] = k;
        }
        below += norm;
    }
    for (; first < last; ++first) out[first] = last_possible;  // rounding left a draw past the last sum
}

/// A state in blocks, their norms taken by all threads.
template <class T>
struct StateBlocks {
    StateBlocks(const State<T>& state, const Kernels<T>& kernels, const Context& context)
        : size(std::min(state.size(), Index{1} << kBlockBits)), norms(static_cast<std::size_t>(state.size() / size)) {
        for_each(context, [&](std::size_t b) { norms[b] = kernels.norm(state.numbers() + 2 * b * size, size); });
    }

    /// visit(block), a task being so many in a row.
    template <class F>
    void for_each(const Context& context, F visit) const {
        parallel_for(context, num_tasks(), [&](std::int64_t task, int) {
            const auto end = std::min(norms.size(), static_cast<std::size_t>((task + 1) * kBlocksPerTask));
            for (auto b = static_cast<std::size_t>(task * kBlocksPerTask); b < end; ++b) visit(b);
        });
    }

    std::int64_t num_tasks() const {
        return (static_cast<std::int64_t>(norms.size()) + kBlocksPerTask - 1) / kBlocksPerTask;
    }

    Index size;  // amplitudes of a block
    std::vector<double> norms;
};

/// The sightings of one block, whose numbers are a stream of their own.
template <class T>
Sightings in_block(const State<T>& state, const Kernels<T>& kernels, Index from, Index size, double norm,
                   std::int64_t shots, Stream random) {
    Sightings out;
    if (static_cast<Index>(shots) * kScanned >= size) {
        std::vector<double> weights(static_cast<std::size_t>(size));
        for (Index k = 0; k < size; ++k) weights[k] = probability(state.numbers(), from + k);
        draw_sightings(weights, shots, random, from, out);
        return out;
    }
    std::vector<Draw> draws(static_cast<std::size_t>(shots));
    for (Draw& draw : draws) draw.u = random.uniform();
    std::sort(draws.begin(), draws.end(), [](const Draw& a, const Draw& b) { return a.u < b.u; });
    std::vector<Index> found(draws.size());
    scan(state, kernels, draws, norm, 0, draws.size(), from, from + size, 0.0, found);
    for (std::size_t first = 0, last; first < found.size(); first = last) {
        for (last = first + 1; last < found.size() && found[last] == found[first];) ++last;
        out.add(found[first], static_cast<std::int64_t>(last - first));
    }
    return out;
}

}  // namespace

std::vector<Draw> sorted_draws(const std::vector<std::uint32_t>& shots, std::uint64_t seed, std::uint64_t position) {
    std::vector<Draw> draws(shots.size());
    for (std::size_t k = 0; k < shots.size(); ++k)
        draws[k] = {uniform(seed, shots[k], position), static_cast<std::uint32_t>(k)};
    if (draws.size() > 2000) radix_sort(draws);
    else std::sort(draws.begin(), draws.end(), [](const Draw& a, const Draw& b) { return a.u < b.u; });
    return draws;
}

template <class T>
std::vector<Index> sample(const State<T>& state, const Kernels<T>& kernels, const std::vector<Draw>& draws,
                          const Context& context) {
    const StateBlocks<T> blocks(state, kernels, context);
    std::vector<double> below(blocks.norms.size() + 1, 0.0);
    for (std::size_t b = 0; b < blocks.norms.size(); ++b) below[b + 1] = below[b] + blocks.norms[b];
    const double total = below.back();
    std::vector<Index> out(draws.size());
    const auto first_draw = [&](std::size_t b) {
        if (b == blocks.norms.size()) return draws.size();
        if (b == 0) return std::size_t{0};
        const auto reaches = [&](const Draw& d, double limit) { return d.u * total < limit; };
        return static_cast<std::size_t>(std::lower_bound(draws.begin(), draws.end(), below[b], reaches) - draws.begin());
    };
    blocks.for_each(context, [&](std::size_t b) {
        const std::size_t first = first_draw(b), last = first_draw(b + 1);
        if (first < last)
            scan(state, kernels, draws, total, first, last, b * blocks.size, (b + 1) * blocks.size, below[b], out);
    });
    return out;
}

template <class T>
Sightings sightings(const State<T>& state, const Kernels<T>& kernels, std::int64_t shots, std::uint64_t seed,
                    const Context& context) {
    const StateBlocks<T> blocks(state, kernels, context);
    const auto drawn = [&](std::size_t b, std::int64_t share) {
        return in_block(state, kernels, b * blocks.size, blocks.size, blocks.norms[b], share, Stream(seed, kNameless, b + 1));
    };
    if (blocks.norms.size() == 1) return drawn(0, shots);
    Stream random(seed, kNameless, 0);
    const std::vector<std::int64_t> shares = shared_out(blocks.norms, shots, random);
    std::vector<Sightings> parts(shares.size());
    blocks.for_each(context, [&](std::size_t b) {
        if (shares[b] > 0) parts[b] = drawn(b, shares[b]);
    });
    Sightings out;
    for (const Sightings& part : parts) {
        out.states.insert(out.states.end(), part.states.begin(), part.states.end());
        out.counts.insert(out.counts.end(), part.counts.begin(), part.counts.end());
    }
    return out;
}

Sightings sightings(const std::vector<double>& probabilities, std::int64_t shots, std::uint64_t seed) {
    Sightings out;
    Stream random(seed, kNameless, 1);
    draw_sightings(probabilities, shots, random, 0, out);
    return out;
}

std::vector<Index> sample_table(const std::vector<double>& probabilities, const std::vector<std::uint32_t>& shots,
                                std::uint64_t seed, std::uint64_t position) {
    const GuideTable table(probabilities, shots.size());
    std::vector<Index> out(shots.size());
    for (std::size_t s = 0; s < shots.size(); ++s) out[s] = table.find(uniform(seed, shots[s], position));
    return out;
}

#define CORATRIX_INSTANTIATE(T)                                                                                \
    template std::vector<Index> sample<T>(const State<T>&, const Kernels<T>&, const std::vector<Draw>&, \
                                          const Context&);                                                      \
    template Sightings sightings<T>(const State<T>&, const Kernels<T>&, std::int64_t, std::uint64_t, const Context&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
