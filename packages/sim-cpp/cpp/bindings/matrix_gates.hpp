// Gates given by their matrices, as core makes them (coratrix.core.gate.UnitaryGate), without a Python call on the way.
#pragma once

#include <pybind11/complex.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <array>
#include <complex>
#include <cstring>

namespace coratrix {

namespace py = pybind11;

/// Makes the gates of complex matrices on one or two qubits that are unitary beyond doubt.
class MatrixGates {
public:
    /// The class of such a gate, the descriptors of its slots (number of qubits, matrix, label), and how far an entry
    /// of U†U may be from the identity's.
    MatrixGates(py::type kind, const py::tuple& slots, double tolerance)
        : kind_(std::move(kind)), tolerance_(tolerance), array_(py::type::of(py::array_t<Entry>(0))) {
        if (slots.size() != slots_.size()) throw py::value_error("a gate given by its matrix has three slots");
        for (std::size_t k = 0; k < slots_.size(); ++k) slots_[k] = slots[k];
        qubits_ = {py::int_(1), py::int_(2)};
    }

    /// The gate, its matrix a read-only copy; null where core has to look at what was given.
    py::object gate_of(PyObject* given, long num_qubits) const {
        const long size = 1L << num_qubits;
        if (num_qubits < 1 || num_qubits > 2 || Py_TYPE(given) != reinterpret_cast<PyTypeObject*>(array_.ptr())) return {};
        const auto array = py::reinterpret_borrow<py::array>(given);
        if (array.ndim() != 2 || array.shape(0) != size || array.shape(1) != size) return {};
        if (!py::array_t<Entry>::check_(array)) return {};
        py::array_t<Entry> copy({size, size});
        Entry* const entries = copy.mutable_data();
        for (long r = 0; r < size; ++r)
            for (long c = 0; c < size; ++c)
                std::memcpy(static_cast<void*>(entries + r * size + c), array.data(r, c), sizeof(Entry));
        if (!is_unitary(entries, size)) return {};
        py::detail::array_proxy(copy.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
        return filled(qubits_[static_cast<std::size_t>(num_qubits - 1)], copy);
    }

private:
    using Entry = std::complex<double>;

    /// False where an entry of U†U - 1 could be larger than allowed, or is no number.
    bool is_unitary(const Entry* u, long size) const {
        double rest = 0;
        for (long a = 0; a < size; ++a)
            for (long b = a; b < size; ++b) {
                double re = a == b ? -1 : 0, im = 0;
                for (long r = 0; r < size; ++r) {
                    const Entry x = u[r * size + a], y = u[r * size + b];
                    re += x.real() * y.real() + x.imag() * y.imag();
                    im += x.real() * y.imag() - x.imag() * y.real();
                }
                rest += re * re + im * im;
            }
        return rest <= tolerance_ * tolerance_;  // no entry is larger than the root of all squares
    }

    py::object filled(const py::object& num_qubits, const py::object& matrix) const {
        auto* const kind = reinterpret_cast<PyTypeObject*>(kind_.ptr());
        auto gate = py::reinterpret_steal<py::object>(kind->tp_alloc(kind, 0));
        if (!gate) throw py::error_already_set();
        const std::array<PyObject*, 3> values = {num_qubits.ptr(), matrix.ptr(), Py_None};
        for (std::size_t k = 0; k < values.size(); ++k)
            if (Py_TYPE(slots_[k].ptr())->tp_descr_set(slots_[k].ptr(), gate.ptr(), values[k]) != 0)
                throw py::error_already_set();
        return gate;
    }

    py::type kind_;
    double tolerance_;
    py::object array_;                  // the type of arrays; others may hide a surprise
    std::array<py::object, 3> slots_;
    std::array<py::object, 2> qubits_;  // 1 and 2
};

}  // namespace coratrix
