// Programs with a single final state: the state itself, what can be read off it, counts included, and the plan in words.
#include <algorithm>
#include <stdexcept>

#include "coratrix/branching.hpp"
#include "coratrix/measurement.hpp"
#include "coratrix/noisy_segment.hpp"
#include "coratrix/pauli_density.hpp"
#include "coratrix/pauli_plan.hpp"
#include "coratrix/plans.hpp"
#include "coratrix/sampling.hpp"
#include "coratrix/tally.hpp"

namespace coratrix {

namespace {

bool evolves(const Instruction& in, bool density) {
    return in.is_gate() || (density && (in.opcode == Opcode::channel || in.opcode == Opcode::reset));
}

void require_single_state(const Program& program, bool density) {
    require_state_width(program);
    for (const Instruction& in : program.body())
        if (!evolves(in, density))
            throw std::invalid_argument("the circuit measures, resets or branches; it has no single final state");
}

/// The density matrix after a stretch from |0…0⟩, where it can be followed in the Pauli basis.
std::unique_ptr<PauliDensity> pauli_state(const Instruction* first, const Instruction* last, int num_qubits,
                                          const RunOptions& options, const Context& context) {
    if (!options.density || !options.pauli || !fits_pauli_basis(first, last)) return nullptr;
    auto rho = std::make_unique<PauliDensity>(num_qubits, options.set);
    rho->apply(first, last, context);
    return rho;
}

std::unique_ptr<PauliDensity> pauli_state(const Program& program, const RunOptions& options, const Context& context) {
    const Body& body = program.body();
    return pauli_state(body.data(), body.data() + body.size(), program.num_qubits(), options, context);
}

/// The state after a stretch from |0…0⟩.
template <class T>
State<T> state_after(const Instruction* first, const Instruction* last, const Plans<T>& plans, const Context& context) {
    if (!plans.is_direct()) return run_from_zero(plans.make(first, last, true), context);
    State<T> state(plans.state_bits(), padded_bits(plans.state_bits(), plans.kernel_table()));
    plans.apply(first, last, state, true);
    return state;
}

/// Of the basis states.
template <class T>
std::vector<double> probabilities_in(const State<T>& state, int num_qubits, bool density) {
    std::vector<double> out(std::size_t{1} << num_qubits);
    for (Index k = 0; k < out.size(); ++k)
        out[k] = density ? static_cast<double>(state.data()[k << num_qubits | k].real())
                         : std::norm(Complex(state.data()[k]));
    return out;
}

/// Sightings of basis states as readings of the classical bits.
Counts readings_of(const Sightings& seen, const Measurement& measurement, const Program& program) {
    const std::vector<std::pair<int, int>> places = measurement.places();
    Tally tally(program.num_clbits());
    const KeyTable table(places, tally.words());
    std::vector<std::uint64_t> key(tally.words());
    tally.reserve(seen.states.size());
    for (std::size_t k = 0; k < seen.states.size(); ++k) {
        std::fill(key.begin(), key.end(), 0);
        table.add(seen.states[k], key.data());
        tally.add(key.data(), seen.counts[k]);
    }
    if (places.size() == static_cast<std::size_t>(program.num_qubits())) tally.set_unique();
    return tally.finish();
}

}  // namespace

template <class T>
State<T> run_state(const Program& program, const RunOptions& options, const Context& context) {
    require_single_state(program, options.density);
    if (const auto rho = pauli_state(program, options, context)) return std::move(*rho).template to_matrix<T>(context);
    const Body& body = program.body();
    return state_after(body.data(), body.data() + body.size(), Plans<T>(program.num_qubits(), options), context);
}

template <class T>
std::vector<double> run_probabilities(const Program& program, const RunOptions& options, const Context& context) {
    require_single_state(program, options.density);
    if (const auto rho = pauli_state(program, options, context)) return rho->probabilities();
    return probabilities_in(run_state<T>(program, options, context), program.num_qubits(), options.density);
}

template <class T>
std::optional<Counts> counts_at_end(const Program& program, std::int64_t shots, std::uint64_t seed,
                                    const RunOptions& options, const Context& context) {
    const int n = program.num_qubits();
    const Body& body = program.body();
    Frame frame{&body, 0, nullptr, 0};
    bool noisy = false;
    for (; frame.at < body.size(); ++frame.at) {
        const bool is_noise = body[frame.at].opcode == Opcode::channel;
        if (!is_noise && !evolves(body[frame.at], options.density)) break;
        noisy |= is_noise && !options.density;
    }
    const Instruction *first = body.data(), *last = first + frame.at;
    const Measurement measurement(frame, n);
    if (measurement.mask() == 0 || measurement.is_misread() || frame.at < body.size()) return std::nullopt;
    std::optional<NoisySegment> segment;
    if (noisy) {  // channels that do nothing are left out
        segment.emplace(first, last);
        if (!segment->sites().empty()) return std::nullopt;
        first = segment->op(0), last = segment->op(segment->num_ops());
    }
    const auto seen = [&] {
        if (const auto rho = pauli_state(first, last, n, options, context))
            return sightings(rho->probabilities(), shots, seed);
        const Plans<T> plans(n, options);
        const State<T> state = state_after(first, last, plans, context);
        if (options.density) return sightings(probabilities_in(state, n, true), shots, seed);
        return sightings(state, plans.kernel_table(), shots, seed, context);
    };
    return readings_of(seen(), measurement, program);
}

template <class T>
Complex run_expectation(const Program& program, const std::vector<PauliTerm>& terms, const RunOptions& options,
                        const Context& context) {
    require_single_state(program, options.density);
    if (const auto rho = pauli_state(program, options, context)) return rho->expectation(terms);
    const State<T> state = run_state<T>(program, options, context);
    if (options.density) return expectation_density(state, terms);
    return expectation(state, kernels<T>(options.set), terms, context);
}

namespace {

/// A stretch of gates, channels and resets as the walk would follow it.
template <class T>
std::string describe_stretch(const Plans<T>& plans, int num_qubits, const Instruction* first, const Instruction* last,
                             bool from_zero) {
    if (plans.is_pauli() && from_zero && fits_pauli_basis(first, last)) return describe_pauli(first, last, num_qubits);
    const bool noisy = std::any_of(first, last, [](const Instruction& in) { return in.opcode == Opcode::channel; });
    if (plans.is_density() || !noisy) return describe(plans.make(first, last, from_zero));
    const NoisySegment segment(first, last);
    return segment.describe() + describe(plans.make(segment.op(0), segment.op(segment.num_ops()), from_zero));
}

}  // namespace

template <class T>
std::string explain(const Program& program, const RunOptions& options) {
    require_state_width(program);
    const Plans<T> plans(program.num_qubits(), options);
    const auto goes_on = [&](const Instruction& in) {
        return evolves(in, options.density) || in.opcode == Opcode::channel;
    };
    const Body& body = program.body();
    std::string out;
    for (std::size_t at = 0; at < body.size();) {
        std::size_t last = at;
        while (last < body.size() && goes_on(body[last])) ++last;
        if (last > at) out += describe_stretch(plans, program.num_qubits(), &body[at], body.data() + last, at == 0);
        std::size_t others = 0;
        for (at = last; at < body.size() && !goes_on(body[at]); ++at) ++others;
        if (others > 0) out += std::to_string(others) + " measurements, resets or blocks: shots split by outcome\n";
    }
    return out;
}

#define CORATRIX_INSTANTIATE(T)                                                                              \
    template State<T> run_state<T>(const Program&, const RunOptions&, const Context&);                       \
    template std::vector<double> run_probabilities<T>(const Program&, const RunOptions&, const Context&);    \
    template std::optional<Counts> counts_at_end<T>(const Program&, std::int64_t, std::uint64_t,             \
                                                    const RunOptions&, const Context&);                      \
    template Complex run_expectation<T>(const Program&, const std::vector<PauliTerm>&, const RunOptions&,    \
                                        const Context&);                                                     \
    template std::string explain<T>(const Program&, const RunOptions&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
