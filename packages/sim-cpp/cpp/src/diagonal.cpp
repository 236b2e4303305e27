// Splits each monomial into the bits of a chunk (low), the chunk's number (high) and the tile's place (outer).
//
// Low-only monomials make one table of 2^low factors, high-only ones a table of scalars, and those that span low
// and other bits a table per pattern of those other bits, multiplied in where the pattern is present. A table is
// filled with the monomials at their own index and then multiplied out: t[x] ← Π over subsets of x.
#include "coratrix/diagonal.hpp"

#include <algorithm>

namespace coratrix {

Layout::Layout(Mask tile_bits) : local(tile_bits) {
    std::fill(std::begin(position), std::end(position), -1);
    for (Mask left = tile_bits; left; left &= left - 1) {
        position[lowest_bit(left)] = num_bits();
        tile_positions.push_back(num_bits());
        state_bits.push_back(lowest_bit(left));
    }
}

Layout::Layout(Mask block_bits, const Layout& tile) : Layout(block_bits) {
    for (std::size_t at = 0; at < state_bits.size(); ++at) tile_positions[at] = tile.position[state_bits[at]];
}

std::uint32_t Layout::positions(Mask state_mask) const {
    std::uint32_t out = 0;
    for (Mask left = state_mask & local; left; left &= left - 1) out |= 1u << position[lowest_bit(left)];
    return out;
}

namespace {

constexpr int kWideLayout = 12;  // from so many bits on, longer tables cost less than more scalars

struct Split {
    std::uint32_t low, high;
    Mask outer;
    Complex factor;
};

/// t[x] ← Π_{y ⊆ x} t[y].
void multiply_out(std::vector<Complex>& table) {
    const std::size_t size = table.size();
    for (std::size_t step = 1; step < size; step *= 2)
        for (std::size_t from = 0; from < size; from += 2 * step)
            for (std::size_t x = from; x < from + step; ++x) table[x + step] *= table[x];
}

template <class T>
class Builder {
public:
    Builder(const Layout& layout, int lane_bits, int chunk_bits, Arena& arena)
        : layout_(layout), arena_(arena), lane_bits_(lane_bits),
          low_bits_(std::min(layout.num_bits(), lane_bits + chunk_bits)), high_bits_(layout.num_bits() - low_bits_) {}

    Diagonal<T>* build(const std::vector<Monomial>& monomials, std::size_t& scratch_size) {
        for (const Monomial& m : monomials) splits_.push_back(split(m));
        auto* const out = new (arena_.allocate<Diagonal<T>>(1)) Diagonal<T>;
        out->low_bits = low_bits_;
        out->high_bits = high_bits_;
        chunk_vectors(*out);
        low_table(*out);
        scalars(*out);
        choose_coupled(*out);
        modifiers(*out);
        free_assignments(*out);
        const std::size_t chunk = std::size_t{1} << low_bits_;
        scratch_size = std::max(scratch_size, (static_cast<std::size_t>(out->num_coupled) + 3) * 2 * chunk +
                                                  (std::size_t{2} << high_bits_));
        return out;
    }

private:
    Split split(const Monomial& m) const {
        const std::uint32_t positions = layout_.positions(m.mask);
        return {positions & ((1u << low_bits_) - 1), positions >> low_bits_, m.mask & ~layout_.local, m.factor};
    }

    void chunk_vectors(Diagonal<T>& out) {
        auto* const offsets = arena_.allocate<std::uint32_t>(std::size_t{1} << (low_bits_ - lane_bits_));
        offsets[0] = 0;
        std::uint32_t made = 1;
        for (int at = lane_bits_; at < low_bits_; ++at, made *= 2)
            for (std::uint32_t k = 0; k < made; ++k) offsets[made + k] = offsets[k] + layout_.template stride<T>(at);
        out.chunk_offsets = offsets;
    }

    /// The product of the chosen monomials' factors, low bits as the index.
    template <class Chosen>
    void table(Chosen chosen, const T*& re, const T*& im) {
        std::vector<Complex>& work = work_;
        work.assign(std::size_t{1} << low_bits_, Complex(1));
        for (const Split& s : splits_)
            if (chosen(s)) work[s.low] *= s.factor;
        multiply_out(work);
        store(work, re, im);
    }

    void store(const std::vector<Complex>& values, const T*& re, const T*& im) {
        T* const r = arena_.allocate<T>(values.size());
        T* const i = arena_.allocate<T>(values.size());
        for (std::size_t k = 0; k < values.size(); ++k)
            r[k] = static_cast<T>(values[k].real()), i[k] = static_cast<T>(values[k].imag());
        re = r, im = i;
    }

    void low_table(Diagonal<T>& out) {
        const auto chosen = [](const Split& s) { return s.low != 0 && s.high == 0 && s.outer == 0; };
        out.low_trivial = std::none_of(splits_.begin(), splits_.end(), chosen);
        if (!out.low_trivial) table(chosen, out.low_re, out.low_im);
    }

    void scalars(Diagonal<T>& out) {
        std::vector<Complex> raw(std::size_t{1} << high_bits_, Complex(1));
        std::vector<OuterScalar<T>> outer;
        for (const Split& s : splits_) {
            if (s.low != 0) continue;
            if (s.outer == 0) raw[s.high] *= s.factor;
            else outer.push_back({s.outer, s.high, static_cast<T>(s.factor.real()), static_cast<T>(s.factor.imag())});
        }
        if (!outer.empty()) {
            store(raw, out.raw_re, out.raw_im);
            auto* const copy = arena_.allocate<OuterScalar<T>>(outer.size());
            std::copy(outer.begin(), outer.end(), copy);
            out.outer_scalars = copy;
            out.num_outer_scalars = static_cast<std::uint32_t>(outer.size());
        }
        multiply_out(raw);
        store(raw, out.scalar_re, out.scalar_im);
    }

    void choose_coupled(Diagonal<T>& out) {
        std::uint32_t coupled = 0;
        for (const Split& s : splits_)
            if (s.low != 0) coupled |= s.high;
        for (int b = high_bits_ - 1; b >= 0; --b) {
            if (!(coupled >> b & 1)) continue;
            out.coupled_strides[out.num_coupled] = layout_.template stride<T>(low_bits_ + b);
            out.coupled_numbers[out.num_coupled] = 1u << b;
            ++out.num_coupled;
        }
        coupled_ = coupled;
    }

    void modifiers(Diagonal<T>& out) {
        std::vector<Modifier<T>> made;
        for (const Split& first : splits_) {
            if (first.low == 0 || (first.high == 0 && first.outer == 0)) continue;
            const auto same = [&](const Modifier<T>& m) { return m.high == first.high && m.outer == first.outer; };
            if (std::any_of(made.begin(), made.end(), same)) continue;
            Modifier<T> m;
            m.high = first.high;
            m.outer = first.outer;
            for (int depth = 0; depth < out.num_coupled; ++depth)
                if (m.high & out.coupled_numbers[depth]) m.depth = depth;
            table([&](const Split& s) { return s.low != 0 && s.high == first.high && s.outer == first.outer; },
                  m.re, m.im);
            made.push_back(m);
        }
        auto* const copy = arena_.allocate<Modifier<T>>(made.size());
        std::copy(made.begin(), made.end(), copy);
        out.modifiers = copy;
        out.num_modifiers = static_cast<std::uint32_t>(made.size());
    }

    void free_assignments(Diagonal<T>& out) {
        const int free_bits = high_bits_ - popcount(coupled_);
        out.num_free = 1u << free_bits;
        auto* const offsets = arena_.allocate<std::uint32_t>(out.num_free);
        auto* const numbers = arena_.allocate<std::uint32_t>(out.num_free);
        offsets[0] = numbers[0] = 0;
        std::uint32_t made = 1;
        for (int b = 0; b < high_bits_; ++b) {
            if (coupled_ >> b & 1) continue;
            for (std::uint32_t k = 0; k < made; ++k) {
                offsets[made + k] = offsets[k] + layout_.template stride<T>(low_bits_ + b);
                numbers[made + k] = numbers[k] | 1u << b;
            }
            made *= 2;
        }
        out.free_offsets = offsets;
        out.free_numbers = numbers;
    }

    const Layout& layout_;
    Arena& arena_;
    const int lane_bits_;
    const int low_bits_;
    const int high_bits_;
    std::uint32_t coupled_ = 0;
    std::vector<Split> splits_;
    std::vector<Complex> work_;
};

}  // namespace

template <class T>
Diagonal<T>* build_diagonal(const std::vector<Monomial>& monomials, const Layout& layout, int lane_bits,
                                  int chunk_bits, Arena& arena, std::size_t& scratch_size) {
    if (chunk_bits == 0) chunk_bits = layout.num_bits() < kWideLayout ? 2 : 3;
    return Builder<T>(layout, lane_bits, chunk_bits, arena).build(monomials, scratch_size);
}

template Diagonal<float>* build_diagonal<float>(const std::vector<Monomial>&, const Layout&, int, int, Arena&,
                                                      std::size_t&);
template Diagonal<double>* build_diagonal<double>(const std::vector<Monomial>&, const Layout&, int, int, Arena&,
                                                        std::size_t&);

}  // namespace coratrix
