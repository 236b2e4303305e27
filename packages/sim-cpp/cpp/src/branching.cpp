// Shots in parts that threads take, and one walk for each part.
#include "coratrix/branching.hpp"

#include <algorithm>
#include <atomic>
#include <numeric>

#include "coratrix/walk.hpp"

namespace coratrix {

namespace {

constexpr int kSharedBits = 17;            // wider states use the threads by themselves
constexpr std::size_t kHistoriesPerTask = 64;
constexpr std::size_t kMaxTasks = 16;

/// The first stretch of gates and channels of a program.
template <class T>
const NoisySegment* first_noise(Shared<T>& shared) {
    const Body& body = shared.program.body();
    std::size_t last = 0;
    bool noisy = false;
    for (; last < body.size() && (body[last].is_gate() || body[last].opcode == Opcode::channel); ++last)
        noisy |= body[last].opcode == Opcode::channel;
    if (!noisy || shared.options.density) return nullptr;
    return &shared.segment(body.data(), body.data() + last);
}

/// The shots in parts that different threads can take. How many depends on the histories and not on the threads, and
/// shots with long common beginnings stay together.
template <class T>
std::vector<std::vector<std::uint32_t>> parts_of(Shared<T>& shared, std::vector<std::uint32_t> shots) {
    const NoisySegment* const noise = shared.program.num_qubits() <= kSharedBits ? first_noise(shared) : nullptr;
    if (noise == nullptr || noise->sites().empty()) return {std::move(shots)};
    const std::size_t end = noise->sites().size();
    std::vector<std::size_t> event(shots.size());
    std::size_t work = 0;  // sites that shots with events go through by themselves
    for (const std::uint32_t shot : shots) {
        event[shot] = TrajectoryTree<T>::first_event(*noise, shared.seed, noise_place(0), shot);
        work += end - event[shot];
    }
    const std::size_t count = std::clamp<std::size_t>(work / std::max<std::size_t>(end * kHistoriesPerTask, 1), 1, kMaxTasks);
    std::stable_sort(shots.begin(), shots.end(), [&](std::uint32_t a, std::uint32_t b) { return event[a] < event[b]; });
    std::vector<std::vector<std::uint32_t>> parts(1);
    std::size_t done = 0;
    for (const std::uint32_t shot : shots) {
        if (done * count >= work * parts.size() && parts.size() < count && event[shot] < end) parts.emplace_back();
        parts.back().push_back(shot);
        done += end - event[shot];
    }
    return parts;
}

}  // namespace

template <class T>
Counts run_counts(const Program& program, std::int64_t shots, std::uint64_t seed, const RunOptions& options,
                  const Context& context) {
    require_state_width(program);
    if (std::optional<Counts> found = counts_at_end<T>(program, shots, seed, options, context)) return *std::move(found);
    std::vector<std::uint32_t> all(static_cast<std::size_t>(shots));
    std::iota(all.begin(), all.end(), 0u);
    Shared<T> shared(program, seed, options);
    std::vector<std::vector<std::uint32_t>> parts = parts_of(shared, std::move(all));
    shared.count_states(parts.size() == 1 ? 1 : context.num_threads);
    if (parts.size() == 1) return Walk<T>(shared, context).run(std::move(parts[0])).finish();
    std::vector<Tally> tallies(parts.size(), Tally(program.num_clbits()));
    std::atomic<bool> stopped{false};
    parallel_for(context, static_cast<std::int64_t>(parts.size()), [&](std::int64_t k, int thread) {
        Context inner;
        inner.should_stop = [&, thread] {
            if (thread == 0 && context.should_stop && context.should_stop()) stopped = true;
            return stopped.load();
        };
        const auto at = static_cast<std::size_t>(k);
        tallies[at] = Walk<T>(shared, inner).run(std::move(parts[at]));
    });
    for (std::size_t k = 1; k < tallies.size(); ++k) tallies[0].add_all(tallies[k]);
    return tallies[0].finish();
}

template Counts run_counts<float>(const Program&, std::int64_t, std::uint64_t, const RunOptions&, const Context&);
template Counts run_counts<double>(const Program&, std::int64_t, std::uint64_t, const RunOptions&, const Context&);

}  // namespace coratrix
