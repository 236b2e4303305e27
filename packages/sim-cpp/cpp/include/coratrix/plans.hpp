// Plans of stretches of gates, made when first needed and kept while they take little memory.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "coratrix/branching.hpp"
#include "coratrix/density_matrix.hpp"
#include "coratrix/executor.hpp"
#include "coratrix/gatewise.hpp"

namespace coratrix {

/// A state as wide as a plan wants it; states widen when a large matrix needs room, and never shrink.
template <class T>
State<T> resized(const State<T>& state, int padded) {
    State<T> out(state.num_bits(), padded);
    out.set_basis(0);
    std::copy(state.data(), state.data() + std::min(state.padded_size(), out.padded_size()), out.data());
    return out;
}

/// May be asked from several threads at once.
template <class T>
class Plans {
public:
    using StatePointer = std::shared_ptr<State<T>>;

    Plans(int num_qubits, const RunOptions& options)
        : num_qubits_(num_qubits), options_(options), kernels_(kernels<T>(options.set)) {}

    const Kernels<T>& kernel_table() const { return kernels_; }
    const CostTable& costs() const { return options_.costs; }
    int state_bits() const { return options_.density ? 2 * num_qubits_ : num_qubits_; }

    bool is_density() const { return options_.density; }
    bool is_pauli() const { return options_.density && options_.pauli; }
    bool is_direct() const { return may_be_direct() && options_.costs.direct_pays<T>(state_bits()); }
    bool is_direct_again() const { return may_be_direct() && options_.costs.direct_pays_again<T>(state_bits()); }

    /// What a plan would do, gate by gate.
    void apply(const Instruction* first, const Instruction* last, State<T>& state, bool from_zero) const {
        const GatewiseOptions options{from_zero, options_.merge};
        if (!options_.density) return apply_gatewise(first, last, state, kernels_, options);
        const DoubledCircuit doubled(first, last, num_qubits_);
        apply_gatewise(doubled.begin(), doubled.end(), state, kernels_, options);
    }

    Plan<T> make(const Instruction* first, const Instruction* last, bool from_zero) const {
        const LoweredCircuit lowered = lower_stretch(first, last, from_zero);
        PlanOptions wanted{options_.tile_bits, from_zero};
        wanted.costs = options_.costs;
        const auto schedule = [&] { return make_schedule_for<T>(lowered, kernels_, wanted); };
        if (options_.schedules == nullptr) return make_plan<T>(lowered, schedule(), kernels_, wanted);
        return make_plan<T>(lowered, *options_.schedules->get(first, last, from_zero, lowered, schedule), kernels_, wanted);
    }

    /// |0…0⟩ where there is no state yet.
    void need(StatePointer& state) const {
        if (state) return;
        state = empty();
        state->set_basis(0);
    }

    /// A state of one's own: copied where others hold it too.
    static void own(StatePointer& state) {
        if (state.use_count() > 1) state = std::make_shared<State<T>>(state->copy());
    }

    /// state ← gates(state); no state is |0…0⟩. A state that others hold too is left as it is. The same stretch is
    /// expected again.
    void evolve(StatePointer& state, const Instruction* first, const Instruction* last, const Context& context) {
        if (first == last) return need(state);
        const bool from_zero = state == nullptr;
        if (is_direct_again()) {
            if (from_zero) state = empty();
            own(state);
            return apply(first, last, *state, from_zero);
        }
        const std::shared_ptr<const Plan<T>> plan = get(first, last, from_zero);
        if (from_zero) state = std::make_shared<State<T>>(plan->num_bits, plan->padded_bits);
        else if (state->padded_bits() != plan->padded_bits)
            state = std::make_shared<State<T>>(resized(*state, plan->padded_bits));
        else own(state);
        run_plan(*plan, *state, context);
    }

private:
    bool may_be_direct() const { return options_.direct && state_bits() <= kWidestGatewise; }

    StatePointer empty() const {
        return std::make_shared<State<T>>(state_bits(), padded_bits(state_bits(), kernels_));
    }

    static constexpr std::size_t kKeptBytes = std::size_t{128} << 20;

    LoweredCircuit lower_stretch(const Instruction* first, const Instruction* last, bool from_zero) const {
        if (!options_.density) return lower(first, last, num_qubits_, lowering(from_zero));
        const DoubledCircuit doubled(first, last, num_qubits_);
        return lower(doubled.begin(), doubled.end(), 2 * num_qubits_, lowering(from_zero));
    }

    LoweringOptions lowering(bool from_zero) const {
        return lowering_for<T>(options_.costs, state_bits(), from_zero, options_.merge);
    }

    std::shared_ptr<const Plan<T>> get(const Instruction* first, const Instruction* last, bool from_zero) {
        const Key key{first, last, from_zero};
        {
            const std::lock_guard<std::mutex> lock(guard_);
            const auto found = made_.find(key);
            if (found != made_.end()) return found->second;
        }
        auto plan = std::make_shared<const Plan<T>>(make(first, last, from_zero));
        const std::lock_guard<std::mutex> lock(guard_);
        bytes_ += plan->arena.bytes();
        if (bytes_ > kKeptBytes) {
            made_.clear();
            bytes_ = plan->arena.bytes();
        }
        made_.emplace(key, plan);
        return plan;
    }

    using Key = std::tuple<const Instruction*, const Instruction*, bool>;
    int num_qubits_;
    RunOptions options_;
    const Kernels<T>& kernels_;
    std::mutex guard_;
    std::map<Key, std::shared_ptr<const Plan<T>>> made_;
    std::size_t bytes_ = 0;
};

}  // namespace coratrix
