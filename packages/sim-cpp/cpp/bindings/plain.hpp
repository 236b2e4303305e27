// Circuits of plain entries, from the list to the answer in one call. None where an entry is not plain: such a circuit
// takes the longer way through `Program`.
#pragma once

#include <pybind11/numpy.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "clifford_entries.hpp"
#include "coratrix/stabilizer_program.hpp"
#include "entries.hpp"
#include "readings.hpp"

namespace coratrix {

/// Amplitudes up to which an array of their own costs less than one that keeps the state.
constexpr Index kCopied = 1024;

template <class T>
py::array to_numpy(State<T>&& state, bool density) {
    if (!density && state.size() <= kCopied) {
        py::array_t<std::complex<T>> out(static_cast<py::ssize_t>(state.size()));
        std::copy_n(state.data(), state.size(), out.mutable_data());
        return std::move(out);
    }
    auto* const kept = new State<T>(std::move(state));
    const py::capsule owner(kept, [](void* p) { delete static_cast<State<T>*>(p); });
    if (!density) return py::array_t<std::complex<T>>({static_cast<py::ssize_t>(kept->size())}, kept->data(), owner);
    const auto side = static_cast<py::ssize_t>(Index{1} << (kept->num_bits() / 2));
    return py::array_t<std::complex<T>>({side, side}, kept->data(), owner);
}

inline py::array state(const Program& program, const Settings& s) {
    if (s.single)
        return to_numpy(without_gil([&] { return run_state<float>(program, s.options, s.context); }), s.options.density);
    return to_numpy(without_gil([&] { return run_state<double>(program, s.options, s.context); }), s.options.density);
}

/// (entries, qubits, classical bits, whether every qubit is measured after them, qubit k into bit k)
using PlainCircuit = std::tuple<py::list, int, int, bool>;

/// A plain circuit ready to run.
struct PlainRun {
    std::unique_ptr<Program> program;
    bool by_stabilizers = false;     // which draw the same counts without a state
    std::optional<FairCoins> coins;  // then there is no program: they are all that the counts hang on

    Readings operator()(std::int64_t shots, std::uint64_t seed, const Settings& s, const Context& context) const {
        if (coins) return {split_shots(*coins, shots, seed), true};
        return readings_of(*program, shots, seed, s, by_stabilizers, context);
    }
};

/// None where an entry is not plain, or the circuit needs a state and is wider than `widest_state`.
inline std::optional<PlainRun> plain_run(const Heads& heads, const PlainCircuit& circuit, std::int64_t shots,
                                         int widest_state) {
    const auto& [entries, num_qubits, num_clbits, measure_all] = circuit;
    std::optional<FairCoins> coins = coins_of_entries(heads, entries, num_qubits, num_clbits, measure_all);
    if (coins && can_be_split(*coins, shots)) return PlainRun{nullptr, true, std::move(coins)};
    ProgramBuffer buffer(heads);
    if (buffer.extend(entries, 0) < entries.size()) return std::nullopt;
    if (measure_all) buffer.measure_all(num_qubits);
    PlainRun out{std::move(buffer).program(num_qubits, num_clbits), false, std::nullopt};
    out.by_stabilizers = !stabilizer_obstacle(*out.program);
    if (!out.by_stabilizers && num_qubits > widest_state) return std::nullopt;
    return out;
}

inline py::object state_of_entries(const Heads& heads, const py::list& entries, int num_qubits, const Settings& s) {
    const std::unique_ptr<Program> program = program_of(heads, entries, num_qubits, 0);
    return program ? py::object(state(*program, s)) : py::none();
}

inline std::optional<Readings> run_entries(const Heads& heads, const PlainCircuit& circuit, std::int64_t shots,
                                           std::uint64_t seed, const Settings& s, int widest_state) {
    const std::optional<PlainRun> run = plain_run(heads, circuit, shots, widest_state);
    if (!run) return std::nullopt;
    return without_gil([&] { return (*run)(shots, seed, s, s.context); });
}

inline py::object run_batch_of_entries(const Heads& heads, const std::vector<PlainCircuit>& circuits,
                                       const std::vector<std::int64_t>& shots, const std::vector<std::uint64_t>& seeds,
                                       const Settings& s, int widest_state) {
    if (shots.size() != circuits.size() || seeds.size() != circuits.size())
        throw std::invalid_argument("circuits, shots and seeds differ in number");
    std::vector<PlainRun> runs;
    for (std::size_t k = 0; k < circuits.size(); ++k) {
        std::optional<PlainRun> run = plain_run(heads, circuits[k], shots[k], widest_state);
        if (!run) return py::none();
        runs.push_back(*std::move(run));
    }
    std::vector<Readings> all(runs.size());
    without_gil([&] {
        const Context inner;  // parallel over circuits: each runs on one thread
        parallel_for(s.context, static_cast<std::int64_t>(runs.size()), [&](std::int64_t k, int) {
            const auto at = static_cast<std::size_t>(k);
            all[at] = runs[at](shots[at], seeds[at], s, inner);
        });
        return 0;
    });
    return to_list(std::move(all));
}

inline void bind_plain(py::class_<Heads>& heads) {
    heads
        .def("state", &state_of_entries, py::arg("entries"), py::arg("num_qubits"), py::arg("settings"),
             "The state of plain entries; None if one is not plain.")
        .def("run", &run_entries, py::arg("circuit"), py::arg("shots"), py::arg("seed"), py::arg("settings"),
             py::arg("widest_state"), "Readings of (entries, qubits, bits, measure all); None if an entry is not plain or its state too wide.")
        .def("run_batch", &run_batch_of_entries, py::arg("circuits"), py::arg("shots"), py::arg("seeds"),
             py::arg("settings"), py::arg("widest_state"), "The same of several circuits, in parallel; None if one is not plain.");
}

}  // namespace coratrix
