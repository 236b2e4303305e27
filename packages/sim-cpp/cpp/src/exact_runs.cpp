// Programs with a single final state: the state itself, what can be read off it, and the plan in words.
#include <algorithm>
#include <stdexcept>

#include "coratrix/branching.hpp"
#include "coratrix/noisy_segment.hpp"
#include "coratrix/pauli_density.hpp"
#include "coratrix/pauli_plan.hpp"
#include "coratrix/plans.hpp"

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

/// The density matrix after the whole program, where it can be followed in the Pauli basis.
std::unique_ptr<PauliDensity> pauli_state(const Program& program, const RunOptions& options, const Context& context) {
    const Instruction* const first = program.body().data();
    const Instruction* const last = first + program.body().size();
    if (!options.density || !options.pauli || !fits_pauli_basis(first, last)) return nullptr;
    auto rho = std::make_unique<PauliDensity>(program.num_qubits(), options.set);
    rho->apply(first, last, context);
    return rho;
}

}  // namespace

template <class T>
State<T> run_state(const Program& program, const RunOptions& options, const Context& context) {
    require_single_state(program, options.density);
    if (const auto rho = pauli_state(program, options, context)) return std::move(*rho).template to_matrix<T>(context);
    const Plans<T> plans(program.num_qubits(), options);
    const Instruction* const first = program.body().data();
    if (plans.is_direct()) {
        State<T> state(plans.state_bits(), padded_bits(plans.state_bits(), plans.kernel_table()));
        state.set_basis(0);
        plans.apply(first, first + program.body().size(), state);
        return state;
    }
    return run_from_zero(plans.make(first, first + program.body().size(), true), context);
}

template <class T>
std::vector<double> run_probabilities(const Program& program, const RunOptions& options, const Context& context) {
    require_single_state(program, options.density);
    if (const auto rho = pauli_state(program, options, context)) return rho->probabilities();
    const State<T> state = run_state<T>(program, options, context);
    const int n = program.num_qubits();
    std::vector<double> out(std::size_t{1} << n);
    for (Index k = 0; k < out.size(); ++k)
        out[k] = options.density ? static_cast<double>(state.data()[k << n | k].real())
                                 : std::norm(Complex(state.data()[k]));
    return out;
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
    template Complex run_expectation<T>(const Program&, const std::vector<PauliTerm>&, const RunOptions&,    \
                                        const Context&);                                                     \
    template std::string explain<T>(const Program&, const RunOptions&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
