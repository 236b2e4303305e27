// How one call is to be run, as Python writes it, and running without the GIL.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>
#include <stdexcept>
#include <string>

#include "coratrix/branching.hpp"

namespace coratrix {

namespace py = pybind11;

inline InstructionSet parse_set(const std::string& name) {
    for (const InstructionSet set : {InstructionSet::portable, InstructionSet::avx2, InstructionSet::avx512})
        if (name == instruction_set_name(set)) {
            if (is_supported(set)) return set;
            throw std::invalid_argument("this processor does not run " + name);
        }
    if (name.empty()) return best_instruction_set();
    throw std::invalid_argument("unknown instruction set '" + name + "': portable, avx2 or avx512");
}

/// How one call is to be run, as Python writes it.
struct Settings {
    RunOptions options;
    Context context;
    bool single;
    bool stabilizer;

    Settings(bool single_precision, bool density, int threads, const std::string& set, int tile_bits, bool merge,
             bool direct, bool pauli, bool by_stabilizers, const std::optional<CostTable>& costs)
        : single(single_precision), stabilizer(by_stabilizers) {
        options.set = parse_set(set);
        options.density = density;
        options.tile_bits = tile_bits;
        options.merge = merge;
        options.direct = direct;
        options.pauli = pauli;
        options.costs = costs ? *costs : default_costs(options.set);
        context.num_threads = threads > 0 ? threads : hardware_threads();
        context.should_stop = [] {
            const py::gil_scoped_acquire gil;
            return PyErr_CheckSignals() != 0;
        };
    }
};

/// Runs without the GIL; a signal that arrived meanwhile becomes the Python exception it raised.
template <class F>
auto without_gil(F work) {
    try {
        const py::gil_scoped_release release;
        return work();
    } catch (const Interrupted&) {
        if (PyErr_Occurred() != nullptr) throw py::error_already_set();
        throw;
    }
}

}  // namespace coratrix
