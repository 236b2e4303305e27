// Lists of gates read into a circuit's entries: what coratrix.core.bulk does in Python, item for item.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cmath>
#include <utility>
#include <vector>

#include "matrix_gates.hpp"

namespace coratrix {

namespace py = pybind11;

/// Reads (name, qubits, parameters). A gate of the table or a matrix on one or two qubits, given by whole numbers, finite
/// floats and an array, becomes its entry at once; other matrices and all that needs a second look only get their places
/// noted.
class GateReader {
public:
    /// (qubits, parameters) by name; -1 qubits for a matrix.
    GateReader(const py::dict& shapes, MatrixGates matrices) : matrices_(std::move(matrices)) {
        for (const auto& [name, shape] : shapes) {
            const auto [qubits, angles] = shape.cast<std::pair<long, long>>();
            places_[name] = shapes_.size();
            shapes_.push_back({qubits, angles});
        }
    }

    /// (entries, places of matrices, places of the rest); None where an item is neither a tuple nor a list.
    py::object read(const py::list& gates, long num_qubits) const {
        py::list entries(gates.size()), matrices, places;
        const py::tuple nothing;
        for (std::size_t at = 0; at < gates.size(); ++at) {
            PyObject* const item = PyList_GET_ITEM(gates.ptr(), static_cast<Py_ssize_t>(at));
            if (!is_row(item)) return py::none();
            py::object entry;
            switch (look(item, num_qubits, entry)) {
                case Look::plain: break;
                case Look::matrix: matrices.append(at); break;
                case Look::second: places.append(at); break;
            }
            if (!entry) entry = nothing;
            PyList_SET_ITEM(entries.ptr(), static_cast<Py_ssize_t>(at), entry.release().ptr());
        }
        return py::make_tuple(std::move(entries), std::move(matrices), std::move(places));
    }

private:
    enum class Look { plain, matrix, second };

    static bool is_row(PyObject* object) { return PyTuple_CheckExact(object) || PyList_CheckExact(object); }

    /// Of a tuple or a list; borrowed.
    static PyObject* part(PyObject* row, Py_ssize_t k) { return PySequence_Fast_GET_ITEM(row, k); }

    Look look(PyObject* item, long num_qubits, py::object& entry) const {
        if (PySequence_Fast_GET_SIZE(item) != 3 || !PyUnicode_CheckExact(part(item, 0))) return Look::second;
        PyObject* const place = PyDict_GetItemWithError(places_.ptr(), part(item, 0));  // borrowed
        if (place == nullptr) {
            PyErr_Clear();
            return Look::second;
        }
        const auto [wanted, angles] = shapes_[PyLong_AsSize_t(place)];
        PyObject *const qubits = part(item, 1), *const params = part(item, 2);
        if (wanted < 0) return look_at_matrix(part(item, 0), qubits, params, num_qubits, entry);
        if (wanted > 2 || !is_row(qubits) || !is_row(params)) return Look::second;
        if (PySequence_Fast_GET_SIZE(qubits) != wanted || PySequence_Fast_GET_SIZE(params) != angles) return Look::second;
        if (!are_qubits(qubits, wanted, num_qubits) || !are_finite(params, angles)) return Look::second;
        entry = entry_of(part(item, 0), qubits, wanted, params, angles);
        return Look::plain;
    }

    Look look_at_matrix(PyObject* name, PyObject* qubits, PyObject* params, long num_qubits, py::object& entry) const {
        if (!is_row(qubits) || !is_row(params) || PySequence_Fast_GET_SIZE(params) != 1) return Look::matrix;
        const Py_ssize_t wanted = PySequence_Fast_GET_SIZE(qubits);
        if (wanted < 1 || wanted > 2 || !are_qubits(qubits, wanted, num_qubits)) return Look::matrix;
        const py::object gate = matrices_.gate_of(part(params, 0), wanted);
        if (!gate) return Look::matrix;
        entry = py::reinterpret_steal<py::object>(
            wanted == 1 ? PyTuple_Pack(3, name, part(qubits, 0), gate.ptr())
                        : PyTuple_Pack(4, name, part(qubits, 0), part(qubits, 1), gate.ptr()));
        if (!entry) throw py::error_already_set();
        return Look::plain;
    }

    static bool are_qubits(PyObject* qubits, long wanted, long num_qubits) {
        long found[2] = {-1, -1};
        for (long k = 0; k < wanted; ++k) {
            if (!PyLong_CheckExact(part(qubits, k))) return false;
            int overflow = 0;
            found[k] = PyLong_AsLongAndOverflow(part(qubits, k), &overflow);
            if (overflow != 0 || found[k] < 0 || found[k] >= num_qubits) return false;
        }
        return found[0] != found[1];
    }

    static bool are_finite(PyObject* params, long angles) {
        for (long k = 0; k < angles; ++k)
            if (!PyFloat_CheckExact(part(params, k)) || !std::isfinite(PyFloat_AS_DOUBLE(part(params, k)))) return false;
        return true;
    }

    static py::object entry_of(PyObject* name, PyObject* qubits, long wanted, PyObject* params, long angles) {
        py::object entry = py::reinterpret_steal<py::object>(PyTuple_New(1 + wanted + angles));
        if (!entry) throw py::error_already_set();
        Py_ssize_t at = 0;
        const auto put = [&](PyObject* part) { PyTuple_SET_ITEM(entry.ptr(), at++, part); };
        const auto put_shared = [&](PyObject* part) { Py_INCREF(part), put(part); };
        put_shared(name);
        for (long k = 0; k < wanted; ++k) put_shared(part(qubits, k));
        for (long k = 0; k < angles; ++k) {
            if (PyFloat_AS_DOUBLE(part(params, k)) == 0) put(py::float_(0.0).release().ptr());  // a circuit knows no -0.0
            else put_shared(part(params, k));
        }
        PyObject_GC_UnTrack(entry.ptr());  // text and numbers: nothing for the garbage collector
        return entry;
    }

    struct Shape {
        long qubits, angles;
    };

    py::dict places_;  // by name, in `shapes_`
    std::vector<Shape> shapes_;
    MatrixGates matrices_;
};

inline void bind_reader(py::module_& m) {
    py::class_<GateReader>(m, "GateReader", "Reads lists of gates into a circuit's entries.")
        .def(py::init([](const py::dict& shapes, const py::type& kind, const py::tuple& slots, double tolerance) {
                 return GateReader(shapes, MatrixGates(kind, slots, tolerance));
             }),
             py::arg("shapes"), py::arg("matrix_gate"), py::arg("slots"), py::arg("tolerance"))
        .def("__call__", &GateReader::read, py::arg("gates"), py::arg("num_qubits"),
             "(entries, places of matrices, places of what needs a second look), or None.");
}

}  // namespace coratrix
