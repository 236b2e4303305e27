// From a circuit's entries (coratrix.core.entries) to the engine's flat buffer, without a Python object on the way.
#pragma once

#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "coratrix/program.hpp"

namespace coratrix {

namespace py = pybind11;

/// What stands in the buffer for an entry of one kind, and what such an entry holds.
struct Head {
    std::int64_t opcode = 0;
    std::int64_t num_controls = 0;
    std::int64_t control_state = 0;
    std::int64_t num_qubits = 0;
    std::int64_t num_params = 0;
};

/// Heads by the first item of an entry: the name of a gate, or the type of an instruction's operation.
class Heads {
public:
    explicit Heads(const py::dict& heads) {
        for (const auto& [key, value] : heads) {
            const auto [opcode, controls, state, qubits, params] =
                value.cast<std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>>();
            places_[key] = all_.size();
            all_.push_back({opcode, controls, state, qubits, params});
        }
    }

    const Head* find(PyObject* entry) const {
        if (!PyTuple_Check(entry) || PyTuple_GET_SIZE(entry) < 2) return nullptr;
        PyObject* const first = PyTuple_GET_ITEM(entry, 0);
        PyObject* const key = PyUnicode_CheckExact(first) ? first : reinterpret_cast<PyObject*>(Py_TYPE(first));
        PyObject* const place = PyDict_GetItemWithError(places_.ptr(), key);  // borrowed
        if (place == nullptr) return nullptr;
        return &all_[PyLong_AsSize_t(place)];
    }

private:
    py::dict places_;
    std::vector<Head> all_;
};

/// The three parts of a program while they grow.
class ProgramBuffer {
public:
    /// `heads` outlives the buffer.
    explicit ProgramBuffer(const Heads& heads) : heads_(heads) {}

    /// Adds entries from the one at `at` on, as far as they have heads; returns where that ends.
    std::size_t extend(const py::list& entries, std::size_t at) {
        if (words_.empty()) words_.reserve(8 * entries.size());
        for (; at < entries.size(); ++at) {
            PyObject* const entry = PyList_GET_ITEM(entries.ptr(), static_cast<Py_ssize_t>(at));
            const Head* const head = heads_.find(entry);
            if (head == nullptr || !add(*head, entry)) break;
        }
        if (PyErr_Occurred() != nullptr) throw py::error_already_set();
        return at;
    }

    /// Every qubit measured, qubit k into bit k.
    void measure_all(int num_qubits) {
        for (std::int64_t k = 0; k < num_qubits; ++k)
            words_.insert(words_.end(), {static_cast<std::int64_t>(Opcode::measure), k, k, -1});
    }

    void put(const std::vector<std::int64_t>& words) { words_.insert(words_.end(), words.begin(), words.end()); }

    void patch(std::size_t place, std::int64_t word) { words_.at(place) = word; }

    std::size_t add_params(const std::vector<double>& params) {
        params_.insert(params_.end(), params.begin(), params.end());
        return params_.size() - params.size();
    }

    std::size_t add_matrix(const py::array_t<Complex, py::array::c_style | py::array::forcecast>& matrix) {
        matrices_.insert(matrices_.end(), matrix.data(), matrix.data() + matrix.size());
        return matrices_.size() - static_cast<std::size_t>(matrix.size());
    }

    const std::vector<std::int64_t>& words() const { return words_; }
    const std::vector<double>& params() const { return params_; }
    py::array_t<Complex> matrices() const {
        return py::array_t<Complex>(static_cast<py::ssize_t>(matrices_.size()), matrices_.data());
    }

    std::unique_ptr<Program> program(int num_qubits, int num_clbits) const& {
        return std::make_unique<Program>(num_qubits, num_clbits, words_, params_, matrices_);
    }

    std::unique_ptr<Program> program(int num_qubits, int num_clbits) && {
        return std::make_unique<Program>(num_qubits, num_clbits, std::move(words_), std::move(params_),
                                         std::move(matrices_));
    }

private:
    /// False, and nothing added, where the entry is not as plain as its head says.
    bool add(const Head& head, PyObject* entry) {
        switch (static_cast<Opcode>(head.opcode)) {
            case Opcode::measure:
            case Opcode::reset: return add_instruction(head, entry);
            case Opcode::unitary: return add_unitary(head, entry);
            default: return add_gate(head, entry);
        }
    }

    bool add_gate(const Head& head, PyObject* entry) {
        const auto first_param = static_cast<Py_ssize_t>(1 + head.num_qubits);
        const auto end = first_param + static_cast<Py_ssize_t>(head.num_params);
        if (PyTuple_GET_SIZE(entry) != end) return false;
        for (Py_ssize_t k = first_param; k < end; ++k)
            if (!PyFloat_CheckExact(PyTuple_GET_ITEM(entry, k))) return false;
        add_placed(head, entry, first_param, static_cast<std::int64_t>(params_.size()));
        for (Py_ssize_t k = first_param; k < end; ++k) params_.push_back(PyFloat_AS_DOUBLE(PyTuple_GET_ITEM(entry, k)));
        return true;
    }

    bool add_unitary(const Head& head, PyObject* entry) {
        const Py_ssize_t last = PyTuple_GET_SIZE(entry) - 1;
        static PyObject* const name = PyUnicode_InternFromString("matrix");
        const py::object matrix =
            py::reinterpret_steal<py::object>(PyObject_CallMethodNoArgs(PyTuple_GET_ITEM(entry, last), name));
        if (!matrix) throw py::error_already_set();
        add_placed(head, entry, last, static_cast<std::int64_t>(add_matrix(matrix)));
        return true;
    }

    void add_placed(const Head& head, PyObject* entry, Py_ssize_t end, std::int64_t offset) {
        words_.insert(words_.end(), {head.opcode, head.num_controls, head.control_state, end - 1});
        for (Py_ssize_t k = 1; k < end; ++k) words_.push_back(PyLong_AsLongLong(PyTuple_GET_ITEM(entry, k)));
        words_.push_back(offset);
    }

    /// An Instruction that measures or resets: (operation, qubits, clbits).
    bool add_instruction(const Head& head, PyObject* entry) {
        words_.push_back(head.opcode);
        words_.push_back(PyLong_AsLongLong(PyTuple_GET_ITEM(PyTuple_GET_ITEM(entry, 1), 0)));
        if (static_cast<Opcode>(head.opcode) == Opcode::reset) return true;
        words_.push_back(PyLong_AsLongLong(PyTuple_GET_ITEM(PyTuple_GET_ITEM(entry, 2), 0)));
        words_.push_back(-1);
        return true;
    }

    const Heads& heads_;
    std::vector<std::int64_t> words_;
    std::vector<double> params_;
    std::vector<Complex> matrices_;
};

inline std::unique_ptr<Program> program_of(const Heads& heads, const py::list& entries, int num_qubits, int num_clbits) {
    ProgramBuffer buffer(heads);
    return buffer.extend(entries, 0) == entries.size() ? std::move(buffer).program(num_qubits, num_clbits) : nullptr;
}

inline py::class_<Heads> bind_entries(py::module_& m) {
    py::class_<ProgramBuffer>(m, "ProgramBuffer", "The words, parameters and matrices of a program while they grow.")
        .def(py::init<const Heads&>(), py::arg("heads"), py::keep_alive<1, 2>())
        .def("extend", &ProgramBuffer::extend, py::arg("entries"), py::arg("start"),
             "Add entries from `start` on as far as they have heads; returns where that ends.")
        .def("put", &ProgramBuffer::put, py::arg("words"), "Add words.")
        .def("patch", &ProgramBuffer::patch, py::arg("place"), py::arg("word"), "Put another word in the place of one.")
        .def("add_params", &ProgramBuffer::add_params, py::arg("params"), "Add parameters; returns the offset of the first.")
        .def("add_matrix", &ProgramBuffer::add_matrix, py::arg("matrix"), "Add matrices; returns the offset of the first.")
        .def("__len__", [](const ProgramBuffer& buffer) { return buffer.words().size(); })
        .def_property_readonly("words", &ProgramBuffer::words)
        .def_property_readonly("params", &ProgramBuffer::params)
        .def_property_readonly("matrices", &ProgramBuffer::matrices)
        .def("program", py::overload_cast<int, int>(&ProgramBuffer::program, py::const_), py::arg("num_qubits"), py::arg("num_clbits"), "The program, parsed and checked.");

    return py::class_<Heads>(m, "Heads", "What stands in a buffer for each kind of entry.")
        .def(py::init<const py::dict&>(), py::arg("heads"))
        .def("program", &program_of, py::arg("entries"), py::arg("num_qubits"), py::arg("num_clbits"),
             "The program of entries that all have heads; None if one has not.");
}

}  // namespace coratrix
