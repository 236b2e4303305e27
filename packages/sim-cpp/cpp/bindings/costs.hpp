// Cost tables for Python: names and numbers.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "coratrix/cost_table.hpp"
#include "coratrix/tuning.hpp"
#include "settings.hpp"

namespace coratrix {

inline py::dict dict_of(const CostTable& costs) {
    py::dict out;
    for (const auto& [name, number] : named(costs)) out[py::str(name)] = number;
    return out;
}

inline CostTable costs_of(const py::dict& dict) {
    NamedCosts out;
    for (const auto& [name, number] : dict)
        out.emplace_back(py::cast<std::string>(name), py::cast<double>(number));
    return table_of(out);
}

inline CostTable measured_costs(const std::string& set) {
    const InstructionSet parsed = parse_set(set);
    return without_gil([&] { return measure_costs(parsed); });
}

inline void bind_costs(py::module_& m) {
    py::class_<CostTable>(m, "CostTable", "What the forms of an operation cost: how plans choose between them.")
        .def(py::init([](const std::string& set) { return default_costs(parse_set(set)); }),
             py::arg("instruction_set") = "")
        .def(py::init(&costs_of), py::arg("numbers"))
        .def("numbers", &dict_of)
        .def_readonly("measured", &CostTable::measured);
    m.def("measure_costs", &measured_costs, py::arg("instruction_set") = "", "Times the kernels: seconds of one core.");
    m.def("processor_name", &processor_name);
    m.attr("version") = CORATRIX_VERSION;
}

}  // namespace coratrix
