// Readings of the classical bits on their way to Python, as text only when somebody asks for it.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "coratrix/stabilizer.hpp"
#include "settings.hpp"

namespace coratrix {

struct Readings {
    Readings() = default;
    Readings(Counts counts_of, bool stabilizer = false) : counts(std::move(counts_of)), by_stabilizers(stabilizer) {}

    std::int64_t most() const {
        return counts.counts.empty() ? 0 : *std::max_element(counts.counts.begin(), counts.counts.end());
    }

    Counts counts;
    bool by_stabilizers = false;
};

inline Counts counts_of(const Program& program, std::int64_t shots, std::uint64_t seed, const Settings& s,
                        bool by_stabilizers, const Context& context) {
    if (by_stabilizers) return stabilizer_counts(program, shots, seed, context);
    return s.single ? run_counts<float>(program, shots, seed, s.options, context)
                    : run_counts<double>(program, shots, seed, s.options, context);
}

inline Readings readings_of(const Program& program, std::int64_t shots, std::uint64_t seed, const Settings& s,
                            bool by_stabilizers, const Context& context) {
    return {counts_of(program, shots, seed, s, by_stabilizers, context), by_stabilizers};
}

/// The characters of eight bits, the lowest first.
inline const std::array<std::array<char, 8>, 256>& characters_of_bytes() {
    static const std::array<std::array<char, 8>, 256> table = [] {
        std::array<std::array<char, 8>, 256> out;
        for (std::size_t byte = 0; byte < 256; ++byte)
            for (std::size_t b = 0; b < 8; ++b) out[byte][b] = byte >> b & 1 ? '1' : '0';
        return out;
    }();
    return table;
}

/// The text of a reading, clbit 0 leftmost.
inline py::object text_of(const std::uint64_t* key, int num_clbits) {
    const std::array<std::array<char, 8>, 256>& characters = characters_of_bytes();
    py::object text = py::reinterpret_steal<py::object>(PyUnicode_New(num_clbits, 127));
    if (!text) throw py::error_already_set();
    Py_UCS1* const out = PyUnicode_1BYTE_DATA(text.ptr());
    for (int at = 0; at < num_clbits; at += 8)
        std::copy_n(characters[key[at / 64] >> (at % 64) & 255].data(), std::min(8, num_clbits - at), out + at);
    return text;
}

constexpr int kKeptBits = 10;  // texts of so few bits are made once: a thousand small circuits have the same

/// A text that lives as long as the process; borrowed.
inline PyObject* kept_text(std::uint64_t key, int num_clbits) {
    static std::array<std::vector<PyObject*>, kKeptBits + 1> kept;  // under the GIL
    std::vector<PyObject*>& row = kept[static_cast<std::size_t>(num_clbits)];
    if (row.empty()) row.resize(std::size_t{1} << num_clbits);
    if (row[key] == nullptr) row[key] = text_of(&key, num_clbits).release().ptr();
    return row[key];
}

/// `kind`, a dict, filled: {"0110": 17, …}.
inline py::object to_dict(const Counts& counts, const py::object& kind) {
    py::object out = kind();
    for (std::size_t k = 0; k < counts.counts.size(); ++k) {
        const std::uint64_t* const key = counts.keys.data() + k * counts.words;
        const py::object text = counts.num_clbits <= kKeptBits
                                    ? py::reinterpret_borrow<py::object>(kept_text(*key, counts.num_clbits))
                                    : text_of(key, counts.num_clbits);
        if (PyDict_SetItem(out.ptr(), text.ptr(), py::int_(counts.counts[k]).ptr()) != 0) throw py::error_already_set();
    }
    return out;
}

/// Readings as packed words, bit i of a row being clbit i, and how often each was seen: views of what `self` holds.
inline py::tuple to_arrays(const py::object& self) {
    const Counts& counts = self.cast<const Readings&>().counts;
    const auto rows = static_cast<py::ssize_t>(counts.counts.size()), words = static_cast<py::ssize_t>(counts.words);
    return py::make_tuple(py::array_t<std::uint64_t>({rows, words}, counts.keys.data(), self),
                          py::array_t<std::int64_t>({rows}, counts.counts.data(), self));
}

inline py::list to_list(std::vector<Readings>&& all) {
    py::list out(all.size());
    for (std::size_t k = 0; k < all.size(); ++k) out[k] = py::cast(std::move(all[k]));
    return out;
}

inline void bind_readings(py::module_& m) {
    py::class_<Readings>(m, "Readings", "How often each reading was seen; text when it is asked for.")
        .def("counts", [](const Readings& r, const py::object& kind) { return to_dict(r.counts, kind); },
             py::arg("kind"), "A dictionary of this kind: {'0110': 17, …}, bit 0 leftmost.")
        .def("arrays", &to_arrays, "Readings as packed words, bit i of a row being clbit i, and how often each was seen.")
        .def_property_readonly("most", &Readings::most, "How often the most frequent one was seen.")
        .def_readonly("by_stabilizers", &Readings::by_stabilizers, "Whether no state was made.");
}

}  // namespace coratrix
