// Stage by stage, tile by tile: copy in, work in cache, copy out.
#include "coratrix/executor.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

#include "coratrix/probes.hpp"

#ifdef __SSE__
#include <xmmintrin.h>
#endif

namespace coratrix {

template <class T>
void State<T>::set_basis(Index index) {
    std::memset(buffer_.data(), 0, std::size_t{2} * sizeof(T) << padded_bits_);
    data()[index] = 1;
}

template <class T>
State<T> State<T>::copy() const {
    State out(num_bits_, padded_bits_);
    std::memcpy(out.buffer_.data(), buffer_.data(), std::size_t{2} * sizeof(T) << padded_bits_);
    return out;
}

namespace {

/// Amplitudes too small for normal numbers count as zero: they are far below rounding, and arithmetic on them
/// is a hundred times slower. Restored on leaving, because the thread is the caller's.
class FlushDenormals {
public:
#ifdef __SSE__
    FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040u); }
    ~FlushDenormals() { _mm_setcsr(before_); }

private:
    unsigned before_;
#else
    FlushDenormals() {}  // user-provided, so that a variable of this type counts as used
#endif
};

/// A thread's tile and the room that tile operations need.
template <class T>
class Workspace {
public:
    explicit Workspace(const Plan<T>& plan)
        : plane_((plane_size<T>(plan.tile_bits) + 127) / 64 * 64),
          buffer_((2 * std::size_t{plane_} + plan.scratch_size + 64) * sizeof(T)) {}

    T* re() const { return static_cast<T*>(buffer_.data()); }
    T* im() const { return re() + plane_; }
    T* scratch() const { return im() + plane_; }

private:
    std::uint32_t plane_;
    Buffer buffer_;
};

template <class T>
void start_at_zero(const Plan<T>& plan, const Workspace<T>& space) {
    const std::size_t size = plane_size<T>(plan.tile_bits) * sizeof(T);
    std::memset(space.re(), 0, size);
    std::memset(space.im(), 0, size);
    space.re()[0] = 1;
}

/// All operations on one part of a tile, then on the next: a part stays in the first-level cache.
template <class T>
void run_block(const Plan<T>& plan, const TileBlock<T>& block, Index tile_index, const Workspace<T>& space,
               double* answers) {
    const Kernels<T>& k = *plan.kernels;
    for (std::uint32_t part = 0; part < block.parts.count; ++part) {
        T* const re = space.re() + block.parts.offsets[part];
        T* const im = space.im() + block.parts.offsets[part];
        const Index index = tile_index | block.parts.indices[part];
        for (const TileOp<T>& op : block.ops) {
            switch (op.kind) {
                case TileOp<T>::Kind::group: k.run_group(*op.group, re, im, index); break;
                case TileOp<T>::Kind::pair: run_pair(*op.pair, k, re, im, index, answers); break;
                case TileOp<T>::Kind::diagonal: k.apply_diagonal(*op.diagonal, re, im, index, space.scratch()); break;
                case TileOp<T>::Kind::dense: k.apply_dense(*op.dense, re, im, index, space.scratch()); break;
                case TileOp<T>::Kind::probes:
                    answer_probes(plan.probes[static_cast<std::size_t>(op.probes)], k, re, im, index, space.scratch(),
                                  answers);
            }
        }
    }
}

template <class T>
void run_tile(const Plan<T>& plan, const Stage<T>& stage, State<T>& state, Index tile_index,
              const Workspace<T>& space, double* answers) {
    const FlushDenormals guard;
    const Kernels<T>& k = *plan.kernels;
    T* const numbers = state.numbers() + 2 * tile_index;
    const bool fresh = plan.starts_at_zero && &stage == plan.stages.data();
    if (fresh) start_at_zero(plan, space);
    else k.gather(numbers, stage.gather, stage.num_vectors, space.re(), space.im());
    for (const TileBlock<T>& block : stage.blocks) run_block(plan, block, tile_index, space, answers);
    k.scatter(numbers, stage.scatter, stage.num_vectors, space.re(), space.im());
}

/// Zeros wherever a bit of `untouched` is set.
template <class T>
void clear_untouched(State<T>& state, Mask untouched) {
    if (untouched == 0) return;
    const Index run = untouched & (~untouched + 1);
    for (Index at = run; at < state.padded_size(); at += run)
        if (at & untouched) std::memset(state.numbers() + 2 * at, 0, static_cast<std::size_t>(run) * 2 * sizeof(T));
}

}  // namespace

template <class T>
void run_plan(const Plan<T>& plan, State<T>& state, const Context& context, std::vector<double>* answers) {
    if (state.padded_bits() != plan.padded_bits) throw std::logic_error("run_plan: the state has another width");
    const auto probes = static_cast<std::size_t>(plan.num_probes);
    if (answers != nullptr) answers->assign(probes, 0.0);
    else if (probes > 0) throw std::logic_error("run_plan: nobody takes the answers of the probes");
    std::vector<Workspace<T>> spaces;
    const int threads = std::max(1, context.num_threads);
    spaces.reserve(static_cast<std::size_t>(threads));
    spaces.emplace_back(plan);
    for (const Stage<T>& stage : plan.stages) {
        const Mask moving_outer = stage.outer & ~stage.zero_before;
        const std::int64_t tiles = std::int64_t{1} << popcount(moving_outer);
        while (tiles > 1 && spaces.size() < static_cast<std::size_t>(threads)) spaces.emplace_back(plan);
        std::vector<double> found(probes * static_cast<std::size_t>(tiles), 0.0);
        parallel_for(context, tiles, [&](std::int64_t tile, int thread) {
            run_tile(plan, stage, state, deposit_bits(static_cast<Index>(tile), moving_outer),
                     spaces[static_cast<std::size_t>(thread)], found.data() + static_cast<std::size_t>(tile) * probes);
        });
        for (std::size_t k = 0; k < found.size(); ++k) (*answers)[k % probes] += found[k];
    }
    clear_untouched(state, plan.untouched);
}

template <class T>
State<T> run_from_zero(const Plan<T>& plan, const Context& context) {
    State<T> state(plan.num_bits, plan.padded_bits);
    run_plan(plan, state, context);
    return state;
}

#define CORATRIX_INSTANTIATE(T)                                                      \
    template class State<T>;                                                         \
    template void run_plan<T>(const Plan<T>&, State<T>&, const Context&, std::vector<double>*);            \
    template State<T> run_from_zero<T>(const Plan<T>&, const Context&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
