// Names for Python. No arithmetic: conversions, the GIL, interrupts, and who owns which memory.
#include <iterator>

#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "coratrix/gradient.hpp"
#include "coratrix/sweep.hpp"
#include "costs.hpp"
#include "entries.hpp"
#include "plain.hpp"
#include "reader.hpp"

namespace py = pybind11;
using namespace coratrix;

namespace {

template <class U>
using Array = py::array_t<U, py::array::c_style | py::array::forcecast>;

template <class U>
std::vector<U> to_vector(const Array<U>& array) {
    return {array.data(), array.data() + array.size()};
}

std::vector<std::int64_t> integers(const py::list& list) {
    std::vector<std::int64_t> out(list.size());
    for (std::size_t k = 0; k < out.size(); ++k)
        out[k] = PyLong_AsLongLong(PyList_GET_ITEM(list.ptr(), static_cast<Py_ssize_t>(k)));
    if (PyErr_Occurred() != nullptr) throw py::error_already_set();
    return out;
}

std::vector<double> numbers(const py::list& list) {
    std::vector<double> out(list.size());
    for (std::size_t k = 0; k < out.size(); ++k)
        out[k] = PyFloat_AsDouble(PyList_GET_ITEM(list.ptr(), static_cast<Py_ssize_t>(k)));
    if (PyErr_Occurred() != nullptr) throw py::error_already_set();
    return out;
}

py::array_t<double> probabilities(const Program& program, const Settings& s) {
    auto* const kept = new std::vector<double>(without_gil([&] {
        return s.single ? run_probabilities<float>(program, s.options, s.context)
                        : run_probabilities<double>(program, s.options, s.context);
    }));
    const py::capsule owner(kept, [](void* p) { delete static_cast<std::vector<double>*>(p); });
    return py::array_t<double>({static_cast<py::ssize_t>(kept->size())}, kept->data(), owner);
}

Readings run(const Program& program, std::int64_t shots, std::uint64_t seed, const Settings& s) {
    return without_gil([&] { return readings_of(program, shots, seed, s, s.stabilizer, s.context); });
}

py::list run_batch(const std::vector<const Program*>& programs, const std::vector<std::int64_t>& shots,
                   const std::vector<std::uint64_t>& seeds, const Settings& s) {
    std::vector<Readings> all(programs.size());
    without_gil([&] {
        Context inner;  // parallel over circuits: each runs on one thread
        parallel_for(s.context, static_cast<std::int64_t>(programs.size()), [&](std::int64_t k, int) {
            const auto at = static_cast<std::size_t>(k);
            all[at] = readings_of(*programs[at], shots[at], seeds[at], s, s.stabilizer, inner);
        });
        return 0;
    });
    return to_list(std::move(all));
}

std::vector<PauliTerm> parse_terms(const Array<std::uint64_t>& x, const Array<std::uint64_t>& z,
                                   const Array<Complex>& coefficients) {
    if (x.size() != z.size() || x.size() != coefficients.size())
        throw std::invalid_argument("x, z and coefficients differ in length");
    std::vector<PauliTerm> out;
    for (py::ssize_t k = 0; k < x.size(); ++k) out.push_back({x.data()[k], z.data()[k], coefficients.data()[k]});
    return out;
}

template <class T>
Complex expectation_of(const Program& program, const std::vector<PauliTerm>& terms, const Settings& s,
                       const Context& context) {
    return run_expectation<T>(program, terms, s.options, context);
}

Complex expectation_value(const Program& program, const Array<std::uint64_t>& x, const Array<std::uint64_t>& z,
                          const Array<Complex>& coefficients, const Settings& s) {
    const std::vector<PauliTerm> terms = parse_terms(x, z, coefficients);
    return without_gil([&] {
        return s.single ? expectation_of<float>(program, terms, s, s.context)
                        : expectation_of<double>(program, terms, s, s.context);
    });
}

py::tuple gradient(const Program& program, const Array<std::uint64_t>& x, const Array<std::uint64_t>& z,
                   const Array<Complex>& coefficients, const Settings& s) {
    const std::vector<PauliTerm> terms = parse_terms(x, z, coefficients);
    const ValueAndGradient found = without_gil([&] {
        return s.single ? expectation_gradient<float>(program, terms, s.options, s.context)
                        : expectation_gradient<double>(program, terms, s.options, s.context);
    });
    py::array_t<double> slopes(static_cast<py::ssize_t>(found.gradient.size()));
    std::copy(found.gradient.begin(), found.gradient.end(), slopes.mutable_data());
    return py::make_tuple(found.value, slopes);
}

ParameterRows parse_rows(const Program& program, const Array<double>& rows) {
    if (rows.ndim() != 2 || static_cast<std::size_t>(rows.shape(1)) != program.params().size())
        throw std::invalid_argument("rows of parameters have another length than the program has parameters");
    return {rows.data(), rows.shape(0)};
}

py::array sweep(const Program& program, const Array<double>& rows, const Array<std::uint64_t>& x,
                const Array<std::uint64_t>& z, const Array<Complex>& coefficients, const Settings& s) {
    const ParameterRows parsed = parse_rows(program, rows);
    const std::vector<PauliTerm> terms = parse_terms(x, z, coefficients);
    py::array_t<double> out(rows.shape(0));
    double* const values = out.mutable_data();
    without_gil([&] {
        if (s.single) sweep_expectation<float>(program, parsed, terms, s.options, s.context, values);
        else sweep_expectation<double>(program, parsed, terms, s.options, s.context, values);
        return 0;
    });
    return out;
}

py::list run_sweep(const Program& program, const Array<double>& rows, std::int64_t shots,
                   const std::vector<std::uint64_t>& seeds, const Settings& s) {
    const ParameterRows parsed = parse_rows(program, rows);
    if (static_cast<std::int64_t>(seeds.size()) != parsed.count) throw std::invalid_argument("one seed for each row");
    std::vector<Counts> all = without_gil([&] {
        return s.single ? sweep_counts<float>(program, parsed, shots, seeds, s.options, s.context)
                        : sweep_counts<double>(program, parsed, shots, seeds, s.options, s.context);
    });
    return to_list(std::vector<Readings>(std::make_move_iterator(all.begin()), std::make_move_iterator(all.end())));
}

/// (place of the instruction, what is wrong with it), or None.
py::object obstacle_of(const Program& program) {
    const std::optional<Obstacle> found = stabilizer_obstacle(program);
    if (!found) return py::none();
    return py::make_tuple(found->place, found->what);
}

std::string explanation(const Program& program, const Settings& s) {
    if (s.stabilizer) return explain_stabilizers(program);
    return s.single ? explain<float>(program, s.options) : explain<double>(program, s.options);
}

}  // namespace

PYBIND11_MODULE(_engine, m) {
    m.doc() = "Coratrix's simulation engine.";

    static const py::object out_of_memory =
        py::reinterpret_steal<py::object>(PyErr_NewException("coratrix.sim._engine.OutOfMemory", PyExc_MemoryError, nullptr));
    m.attr("OutOfMemory") = out_of_memory;
    py::register_exception_translator([](std::exception_ptr p) {
        try {
            if (p) std::rethrow_exception(p);
        } catch (const OutOfMemory& e) {
            PyErr_SetObject(out_of_memory.ptr(), py::make_tuple(e.needed, e.available).ptr());
        }
    });

    py::class_<Program>(m, "Program", "A circuit as one flat buffer, parsed and checked.")
        .def(py::init([](int num_qubits, int num_clbits, const py::list& words, const py::list& params,
                         const Array<Complex>& matrices) {
                 return std::make_unique<Program>(num_qubits, num_clbits, integers(words), numbers(params),
                                                  to_vector(matrices));
             }),
             py::arg("num_qubits"), py::arg("num_clbits"), py::arg("words"), py::arg("params"), py::arg("matrices"));

    py::class_<Heads> heads = bind_entries(m);
    bind_readings(m);
    bind_reader(m);

    bind_costs(m);

    py::class_<Settings>(m, "Settings", "How to run: precision, method, threads, instruction set.")
        .def(py::init<bool, bool, int, const std::string&, int, bool, bool, bool, bool, const std::optional<CostTable>&>(), py::arg("single") = false,
             py::arg("density") = false, py::arg("threads") = 0, py::arg("instruction_set") = "",
             py::arg("tile_bits") = 0, py::arg("merge") = true, py::arg("direct") = true,
             py::arg("pauli") = true, py::arg("stabilizer") = false, py::arg("costs") = py::none());
    bind_plain(heads);

    m.def("state", &state, py::arg("program"), py::arg("settings"), "Amplitudes, or the density matrix.");
    m.def("probabilities", &probabilities, py::arg("program"), py::arg("settings"),
          "Probabilities of the basis states.");
    m.def("run", &run, py::arg("program"), py::arg("shots"), py::arg("seed"), py::arg("settings"),
          "How often each reading of the classical bits was seen.");
    m.def("run_batch", &run_batch, py::arg("programs"), py::arg("shots"), py::arg("seeds"), py::arg("settings"),
          "Readings of several circuits, in parallel over the circuits.");
    m.def("expectation", &expectation_value, py::arg("program"), py::arg("x"), py::arg("z"), py::arg("coefficients"),
          py::arg("settings"), "Expectation value of a Pauli sum given as bit masks.");
    m.def("gradient", &gradient, py::arg("program"), py::arg("x"), py::arg("z"), py::arg("coefficients"),
          py::arg("settings"), "Expectation value and its derivative by each of the program's parameters.");
    m.def("sweep", &sweep, py::arg("program"), py::arg("rows"), py::arg("x"), py::arg("z"), py::arg("coefficients"),
          py::arg("settings"), "Expectation values for rows of parameters.");
    m.def("run_sweep", &run_sweep, py::arg("program"), py::arg("rows"), py::arg("shots"), py::arg("seeds"),
          py::arg("settings"), "Readings for rows of parameters.");
    m.def("stabilizer_obstacle", &obstacle_of, py::arg("program"),
          "Place of the first instruction that stabilizers cannot follow and what is wrong with it, or None.");
    m.def("explain", &explanation, py::arg("program"), py::arg("settings"), "The plan in words.");
    m.def("available_bytes", &available_bytes, "Memory that a state could take now.");
    m.def("release_idle_memory", &release_idle_memory, "Give pooled buffers back to the system.");
    m.def("hardware_threads", &hardware_threads);
    m.def("opcodes", [] {
        py::dict out;
        for (const auto& [name, opcode] : opcode_names()) out[py::str(name)] = static_cast<std::int64_t>(opcode);
        return out;
    });
    m.def("best_instruction_set", [] { return instruction_set_name(best_instruction_set()); });
    m.def("instruction_sets", [] {
        py::list out;
        for (const InstructionSet set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512})
            if (is_supported(set)) out.append(instruction_set_name(set));
        return out;
    });
}
