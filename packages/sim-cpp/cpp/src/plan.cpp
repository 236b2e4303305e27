// Fills a schedule with numbers: tables of where vectors lie, steps, factors.
#include "coratrix/plan.hpp"

#include <algorithm>
#include <cmath>

#include "coratrix/dense.hpp"
#include "coratrix/diagonal.hpp"
#include "coratrix/steps.hpp"

namespace coratrix {

void* Arena::allocate_bytes(std::size_t size) {
    size = (size + 63) / 64 * 64;
    if (buffers_.empty() || used_ + size > buffers_.back().size()) {
        const std::size_t wanted = buffers_.empty() ? std::size_t{16} << 10 : std::size_t{256} << 10;
        buffers_.emplace_back(std::max(size, wanted));
        used_ = 0;
    }
    void* const out = static_cast<char*>(buffers_.back().data()) + used_;
    used_ += size;
    total_ += size;
    return out;
}

namespace {

/// A block of ψ and λ may leave the first-level cache: what is begun anew for every part, and the groups that a block's
/// end cuts off, cost more. From 0 to 2, 5 % of the backward run in double precision, 9 % in single.
constexpr int kPairBlockBits = 2;
constexpr double kSmallestScale = 1e-9;  // below it the kernels' growing amplitudes come near overflow

template <class T>
class Filler {
public:
    Filler(const LoweredCircuit& circuit, const Schedule& schedule, const Kernels<T>& kernels,
           const PlanOptions& options)
        : circuit_(circuit), schedule_(schedule), kernels_(kernels), ends_at_zero_(options.ends_at_zero),
          flag_(options.probe_flag >= 0 ? bit(options.probe_flag) : 0),
          sizes_(sizes_for<T>(options.costs, circuit.num_bits, kernels.max_group_bits)) {
        plan_.num_bits = schedule.num_bits;
        plan_.padded_bits = schedule.padded_bits;
        plan_.tile_bits = schedule.tile_bits;
        plan_.kernels = &kernels;
        plan_.measured_costs = options.costs.measured;
        plan_.num_probes = circuit.num_answers;
        plan_.starts_at_zero = options.starts_at_zero;
        plan_.untouched = options.starts_at_zero ? bit(schedule.padded_bits) - 1 : 0;
    }

    Plan<T> run() {
        for (const Entry& entry : schedule_.entries) {
            switch (entry.kind) {
                case Entry::Kind::stage: begin_stage(entry.bits); break;
                case Entry::Kind::block: begin_block(entry.bits); break;
                case Entry::Kind::phases: phases(entry); break;
                case Entry::Kind::probes: probes(entry); break;
                case Entry::Kind::group: group(entry); break;
                case Entry::Kind::dense: dense(op(entry.first)); break;
            }
        }
        if (scale_ != 1.0) multiply({});  // a scale that no later diagonal took along
        count_bytes();
        return std::move(plan_);
    }

private:
    const Op& op(std::uint32_t place) const {
        return circuit_.ops[static_cast<std::size_t>(schedule_.order[place])];
    }
    Mask lane_mask() const { return bit(kernels_.lane_bits) - 1; }
    Stage<T>& stage() { return plan_.stages.back(); }
    TileBlock<T>& block() { return stage().blocks.back(); }

    // Stages and blocks

    void begin_stage(Mask local) {
        plan_.stages.emplace_back();
        stage().local = local;
        stage().outer = (bit(plan_.padded_bits) - 1) & ~local;
        stage().zero_before = ends_at_zero_ ? zero_after() : plan_.untouched;
        plan_.untouched &= ~local;
        tile_ = Layout(local);
        place_vectors();
    }

    /// Bits that no later stage makes local: zero in ψ once this stage is done, and before it as far as it leaves them
    /// alone. What λ holds elsewhere is asked for no more.
    Mask zero_after() const {
        Mask out = bit(plan_.padded_bits) - 1;
        std::size_t number = 0;
        for (const Entry& entry : schedule_.entries)
            if (entry.kind == Entry::Kind::stage && ++number > plan_.stages.size()) out &= ~entry.bits;
        return out;
    }

    /// Tables of where a tile's vectors lie in the state.
    void place_vectors() {
        const int lane_bits = kernels_.lane_bits;
        stage().num_vectors = 1u << (plan_.tile_bits - lane_bits);
        auto* const gather = plan_.arena.template allocate<std::uint32_t>(stage().num_vectors);
        auto* const scatter = plan_.arena.template allocate<std::uint32_t>(stage().num_vectors);
        gather[0] = scatter[0] = 0;
        std::uint32_t made = 1;
        for (int p = lane_bits; p < plan_.tile_bits; ++p, made *= 2) {
            const int state_bit = tile_.state_bits[static_cast<std::size_t>(p)];
            const bool zero = !ends_at_zero_ && (stage().zero_before >> state_bit & 1);
            for (std::uint32_t k = 0; k < made; ++k) {
                scatter[made + k] = scatter[k] + (1u << (state_bit - lane_bits));
                gather[made + k] = zero || gather[k] == kZeroVector ? kZeroVector : scatter[made + k];
            }
        }
        stage().gather = gather;
        stage().scatter = scatter;
    }

    void begin_block(Mask local) {
        stage().blocks.emplace_back();
        block().local = local;
        block().parts = places(tile_, local);
        layout_ = Layout(local, tile_);
        known_places_.clear();
    }

    /// All values of a layout's vector-choosing bits outside `bits`, as offsets in a plane and bits of the index.
    Blocks places(const Layout& layout, Mask bits) {
        const Mask free = layout.local & ~bits & ~lane_mask();
        Blocks out;
        auto* const offsets = plan_.arena.template allocate<std::uint32_t>(std::size_t{1} << popcount(free));
        auto* const indices = plan_.arena.template allocate<Index>(std::size_t{1} << popcount(free));
        offsets[0] = 0, indices[0] = 0, out.count = 1;
        for (Mask left = free; left; left &= left - 1, out.count *= 2) {
            const std::uint32_t stride = layout.template stride<T>(layout.position[lowest_bit(left)]);
            for (std::uint32_t k = 0; k < out.count; ++k) {
                offsets[out.count + k] = offsets[k] + stride;
                indices[out.count + k] = indices[k] | (left & (~left + 1));
            }
        }
        out.offsets = offsets, out.indices = indices;
        return out;
    }

    /// The same within the present block; made once per set of bits.
    Blocks places_beside(Mask bits) {
        for (const auto& [known, made] : known_places_)
            if (known == bits) return made;
        known_places_.emplace_back(bits, places(layout_, bits));
        return known_places_.back().second;
    }

    // Diagonals

    void phases(const Entry& entry) {
        std::vector<Monomial> monomials;
        for (std::uint32_t k = entry.first; k < entry.last; ++k) monomials.push_back({op(k).diagonal, op(k).factor});
        multiply(std::move(monomials));
    }

    /// One pass for many factors, and for the scale that the kernels have left out so far.
    void multiply(std::vector<Monomial> monomials) {
        monomials.push_back({0, scale_});
        scale_ = 1;
        TileOp<T> out{TileOp<T>::Kind::diagonal};
        const Layout layout = flag_ ? Layout(block().local & ~flag_, tile_) : layout_;
        Diagonal<T>* const made = build_diagonal<T>(monomials, layout, kernels_.lane_bits, sizes_.chunk_bits, plan_.arena,
                                                    plan_.scratch_size);
        if (flag_) made->twin = layout_.template stride<T>(layout_.num_bits() - 1);
        out.diagonal = made;
        block().ops.push_back(out);
        ++plan_.cost.diagonals;
        plan_.cost.multiply_adds += std::ldexp(4.0, plan_.padded_bits);
    }

    /// The kernels leave out each operation's scale.
    void keep_scale(Complex factor) {
        scale_ *= factor;
        if (std::abs(scale_) < kSmallestScale) multiply({});
    }

    void probes(const Entry& entry) {
        Probes out;
        out.scale = std::norm(scale_);
        out.lambda = layout_.template stride<T>(layout_.num_bits() - 1);
        out.vectors = places_beside(layout_.highest());
        for (std::uint32_t k = entry.first; k < entry.last; ++k) {
            const Op& it = op(k);
            const std::uint32_t local = layout_.positions(it.diagonal);
            out.masked.push_back({it.diagonal & ~layout_.local, local, it.probe});
            out.single &= popcount(local >> kernels_.lane_bits) < 2;
        }
        TileOp<T> question{TileOp<T>::Kind::probes};
        question.probes = static_cast<int>(plan_.probes.size());
        plan_.probes.push_back(std::move(out));
        plan_.scratch_size = std::max(plan_.scratch_size, std::size_t{1} << layout_.num_bits());
        block().ops.push_back(question);
    }

    // Groups

    void group(const Entry& entry) {
        const StepMaker<T> maker(kernels_, entry.bits);
        const std::uint32_t count = entry.last - entry.first;
        auto* const steps = plan_.arena.template allocate<Step<T>>(count);
        Complex scale = 1;
        for (std::uint32_t k = 0; k < count; ++k) {
            const Op& it = op(entry.first + k);
            new (&steps[k]) Step<T>(maker.step(it));
            if (it.kind != Op::Kind::flip) scale *= it.factor;
        }
        push_group(entry.bits, steps, join_rotations(steps, count, popcount(entry.bits)), count, &entry);
        stage().num_moving += static_cast<int>(count);
        keep_scale(scale);
    }

    /// `asking`: the entry whose rotations may ask about their bits.
    void push_group(Mask bits, const Step<T>* steps, std::uint32_t count, std::uint32_t num_moving,
                    const Entry* asking = nullptr) {
        Group<T> made;
        for (Mask left = bits; left; left &= left - 1)
            made.strides[made.bits++] = layout_.template stride<T>(layout_.position[lowest_bit(left)]);
        made.steps = steps;
        made.num_steps = count;
        const bool is_pair = (flag_ & ~bits) != 0;
        made.blocks = places_beside(is_pair ? bits | flag_ : bits);
        TileOp<T> pass{is_pair ? TileOp<T>::Kind::pair : TileOp<T>::Kind::group};
        if (is_pair) pass.pair = pair(made, bits, asking);
        else pass.group = new (plan_.arena.template allocate<Group<T>>(1)) Group<T>(made);
        block().ops.push_back(pass);
        ++plan_.cost.groups;
        plan_.cost.multiply_adds += std::ldexp(2.0 * num_moving, plan_.padded_bits);
    }

    /// The group on ψ and λ, and the questions in the order of `PairGroup::numbers`.
    const PairGroup<T>* pair(const Group<T>& group, Mask bits, const Entry* asking) {
        auto* const out = new (plan_.arena.template allocate<PairGroup<T>>(1)) PairGroup<T>;
        out->group = group;
        out->lambda = layout_.template stride<T>(layout_.num_bits() - 1);
        out->scale = std::norm(scale_);
        std::vector<std::pair<int, int>> y, x;  // bit, answer
        for (std::uint32_t k = asking ? asking->first : 0; asking && k < asking->last; ++k) {
            if (op(k).probe_y >= 0) y.emplace_back(lowest_bit(op(k).moving), op(k).probe_y);
            if (op(k).probe_x >= 0) x.emplace_back(lowest_bit(op(k).moving), op(k).probe_x);
        }
        std::sort(y.begin(), y.end()), std::sort(x.begin(), x.end());
        const auto ask = [&](const auto& questions, bool inside, std::uint32_t& mask) {
            for (const auto& [at, number] : questions) {
                if ((at < kernels_.lane_bits) != inside) continue;
                mask |= 1u << (inside ? at : popcount(bits & (bit(at) - 1)));
                out->numbers[out->num_asked++] = number;
            }
        };
        ask(y, false, out->y), ask(x, false, out->x);
        ask(y, true, out->lane_y), ask(x, true, out->lane_x);
        return out;
    }

    // Dense matrices: of larger ones, bits inside the vectors are first exchanged with bits outside

    void dense(const Op& it) {
        DenseMatrix matrix = circuit_.dense[static_cast<std::size_t>(it.dense_index)];
        for (Mask left = it.diagonal & lane_mask(); left; left &= left - 1)
            matrix = under_control(matrix, lowest_bit(left));
        const Mask controls = it.diagonal & ~lane_mask();
        std::vector<std::pair<int, int>> exchanged;
        if (!fits_lanes(matrix)) exchanged = leave_lanes(matrix, controls);
        exchange(exchanged);
        push_dense(matrix, controls);
        exchange(exchanged);
        ++stage().num_moving;
    }

    /// Moves the matrix to bits outside the vectors; returns which (lane bit, group bit) have to be exchanged for it.
    std::vector<std::pair<int, int>> leave_lanes(DenseMatrix& matrix, Mask controls) {
        std::vector<std::pair<int, int>> out;
        Mask taken = controls;
        for (const int b : matrix.bits) taken |= bit(b);
        for (int& b : matrix.bits) {
            if (b >= kernels_.lane_bits) continue;
            const int free = lowest_bit(layout_.local & ~lane_mask() & ~taken);
            out.emplace_back(b, free);
            b = free;
            taken |= bit(b);
        }
        return out;
    }

    /// One pass for all pairs, over as many vectors at once as registers hold.
    void exchange(const std::vector<std::pair<int, int>>& pairs) {
        std::size_t done = 0;
        while (done < pairs.size()) {
            const std::size_t count = std::min(pairs.size() - done, static_cast<std::size_t>(sizes_.group_bits));
            Mask bits = 0;
            for (std::size_t k = 0; k < count; ++k) bits |= bit(pairs[done + k].second);
            for (Mask left = layout_.local & ~lane_mask() & ~bits; left && popcount(bits) < sizes_.group_bits; left &= left - 1)
                bits |= left & (~left + 1);
            const StepMaker<T> maker(kernels_, bits);
            auto* const steps = plan_.arena.template allocate<Step<T>>(count);
            for (std::size_t k = 0; k < count; ++k)
                new (&steps[k]) Step<T>(maker.exchange(pairs[done + k].first, pairs[done + k].second));
            push_group(bits, steps, static_cast<std::uint32_t>(count), 0);
            done += count;
        }
    }

    void push_dense(const DenseMatrix& matrix, Mask controls) {
        Mask bits = 0;
        for (const int b : matrix.bits) bits |= bit(b);
        TileOp<T> pass{TileOp<T>::Kind::dense};
        pass.dense = build_dense<T>(matrix, controls, layout_, kernels_, places_beside(bits), plan_.arena);
        block().ops.push_back(pass);
        const std::size_t rows = std::size_t{1} << matrix.bits.size();
        plan_.scratch_size = std::max(plan_.scratch_size, rows * 2 << kernels_.lane_bits);
        ++plan_.cost.dense;
        plan_.cost.multiply_adds += std::ldexp(4.0 * static_cast<double>(rows), plan_.padded_bits);
    }

    void count_bytes() {
        for (const Stage<T>& it : plan_.stages) {
            const double written =
                std::ldexp(2.0 * sizeof(T), plan_.padded_bits - popcount(it.outer & it.zero_before));
            const double read = std::ldexp(2.0 * sizeof(T), plan_.padded_bits - popcount(it.zero_before));
            plan_.cost.bytes += written + (it.zero_before + 1 == bit(plan_.padded_bits) ? 0.0 : read);
        }
    }

    const LoweredCircuit& circuit_;
    const Schedule& schedule_;
    const Kernels<T>& kernels_;
    const bool ends_at_zero_;
    const Mask flag_;                                // the bit that tells ψ from λ, if there is one
    const Sizes sizes_;
    Plan<T> plan_;
    Layout tile_{0};
    Layout layout_{0};                               // of the present block
    std::vector<std::pair<Mask, Blocks>> known_places_;
    Complex scale_{1, 0};
};

}  // namespace

template <class T>
Schedule make_schedule_for(const LoweredCircuit& circuit, const Kernels<T>& kernels, const PlanOptions& options) {
    const Sizes sizes = sizes_for<T>(options.costs, circuit.num_bits, kernels.max_group_bits);
    ScheduleOptions out;
    out.lane_bits = kernels.lane_bits;
    out.max_group_bits = sizes.group_bits;
    out.tile_bits = options.tile_bits > 0 ? options.tile_bits : sizes.tile_bits;
    out.block_bits = options.block_bits > 0 ? options.block_bits : sizes.block_bits;
    if (options.probe_flag >= 0) {
        ++out.tile_bits;  // as many bits of ψ as of a state by itself
        if (options.block_bits == 0) out.block_bits += kPairBlockBits;
    }
    out.starts_at_zero = options.starts_at_zero;
    out.probe_flag = options.probe_flag;
    out.ends_at_zero = options.ends_at_zero;
    return make_schedule(circuit, out);
}

template <class T>
Plan<T> make_plan(const LoweredCircuit& circuit, const Schedule& schedule, const Kernels<T>& kernels,
                  const PlanOptions& options) {
    return Filler<T>(circuit, schedule, kernels, options).run();
}

#define CORATRIX_INSTANTIATE(T)                                                                              \
    template Schedule make_schedule_for<T>(const LoweredCircuit&, const Kernels<T>&, const PlanOptions&);    \
    template Plan<T> make_plan<T>(const LoweredCircuit&, const Schedule&, const Kernels<T>&, const PlanOptions&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
