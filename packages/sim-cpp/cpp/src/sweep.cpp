// Every thread has a copy of the program, whose numbers it replaces.
#include "coratrix/sweep.hpp"

#include <memory>

namespace coratrix {

namespace {

constexpr int kSharedBits = 16;  // wider states use the threads by themselves

/// A thread's own program, and the schedules that it keeps while the numbers change.
struct Bound {
    std::unique_ptr<Program> program;
    Schedules schedules;
};

/// run(bound program, its options, row, context of this run) for every row.
template <class F>
void for_each_row(const Program& program, const ParameterRows& rows, const RunOptions& options, const Context& context,
                  F run) {
    const bool wide = program.num_qubits() > kSharedBits;
    Context outer = context;
    if (wide) outer.num_threads = 1;
    const Context alone;
    const std::size_t width = program.params().size();
    std::vector<Bound> copies(static_cast<std::size_t>(std::max(1, outer.num_threads)));
    parallel_for(outer, rows.count, [&](std::int64_t row, int thread) {
        Bound& mine = copies[static_cast<std::size_t>(thread)];
        if (!mine.program) mine.program = program.copy();
        mine.program->set_params(rows.data + static_cast<std::size_t>(row) * width);
        RunOptions own = options;
        own.schedules = &mine.schedules;
        run(*mine.program, own, static_cast<std::size_t>(row), wide ? context : alone);
    });
}

}  // namespace

template <class T>
void sweep_expectation(const Program& program, const ParameterRows& rows, const std::vector<PauliTerm>& terms,
                       const RunOptions& options, const Context& context, double* values) {
    const Kernels<T>& table = kernels<T>(options.set);
    const int bits = padded_bits(program.num_qubits(), table);
    const PauliSum<T> sum(terms, bits, table, PauliSum<T>::Use::value);
    for_each_row(program, rows, options, context, [&](const Program& bound, const RunOptions& own, std::size_t row,
                                                      const Context& inner) {
        const State<T> state = run_state<T>(bound, own, inner);
        values[row] = state.padded_bits() == bits ? sum.apply(state.numbers(), nullptr, inner)
                                                  : expectation(state, table, terms, inner).real();
    });
}

template <class T>
std::vector<Counts> sweep_counts(const Program& program, const ParameterRows& rows, std::int64_t shots,
                                 const std::vector<std::uint64_t>& seeds, const RunOptions& options,
                                 const Context& context) {
    std::vector<Counts> out(static_cast<std::size_t>(rows.count));
    for_each_row(program, rows, options, context, [&](const Program& bound, const RunOptions& own, std::size_t row,
                                                      const Context& inner) {
        out[row] = run_counts<T>(bound, shots, seeds[row], own, inner);
    });
    return out;
}

#define CORATRIX_INSTANTIATE(T)                                                                                       \
    template void sweep_expectation<T>(const Program&, const ParameterRows&, const std::vector<PauliTerm>&,           \
                                       const RunOptions&, const Context&, double*);                                   \
    template std::vector<Counts> sweep_counts<T>(const Program&, const ParameterRows&, std::int64_t,                  \
                                                 const std::vector<std::uint64_t>&, const RunOptions&, const Context&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
