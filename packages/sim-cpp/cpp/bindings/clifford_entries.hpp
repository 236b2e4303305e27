// Clifford circuits from their entries to their coins, without a program in between: for such a circuit of a few qubits
// writing and parsing one takes longer than all the rest.
#pragma once

#include <optional>

#include "coratrix/stabilizer_program.hpp"
#include "coratrix/word_stabilizers.hpp"
#include "entries.hpp"

namespace coratrix {

/// Reads entries from the last to the first, as the walk wants them.
class CliffordEntries {
public:
    CliffordEntries(const Heads& heads, int num_qubits, int num_clbits)
        : heads_(heads), num_qubits_(num_qubits), num_clbits_(num_clbits), walk_(num_qubits, num_clbits) {}

    std::optional<FairCoins> coins(const py::list& entries, bool measure_all) {
        for (int q = num_qubits_; measure_all && q-- > 0;)
            walk_.measure(static_cast<std::size_t>(q), static_cast<std::size_t>(q));
        for (Py_ssize_t at = PyList_GET_SIZE(entries.ptr()); at-- > 0;)
            if (!undo(PyList_GET_ITEM(entries.ptr(), at))) return std::nullopt;
        return walk_.coins();
    }

private:
    /// False where the entry is no gate that needs no look at its matrix, and no measurement.
    bool undo(PyObject* entry) {
        const Head* const head = heads_.find(entry);
        if (head == nullptr) return false;
        const auto opcode = static_cast<Opcode>(head->opcode);
        if (opcode == Opcode::measure) return undo_measurement(entry);
        const std::optional<CliffordOp> op = plain_clifford(opcode, head->num_controls, head->control_state);
        if (!op || PyTuple_GET_SIZE(entry) != 1 + head->num_qubits) return false;
        const long a = number(entry, 1, num_qubits_), b = head->num_qubits == 2 ? number(entry, 2, num_qubits_) : a;
        if (a < 0 || b < 0) return false;
        walk_.gate(*op, static_cast<std::size_t>(a), static_cast<std::size_t>(b));
        return true;
    }

    /// An Instruction that measures: (operation, qubits, clbits).
    bool undo_measurement(PyObject* entry) {
        const long qubit = number(PyTuple_GET_ITEM(entry, 1), 0, num_qubits_);
        const long clbit = number(PyTuple_GET_ITEM(entry, 2), 0, num_clbits_);
        if (qubit < 0 || clbit < 0) return false;
        walk_.measure(static_cast<std::size_t>(qubit), static_cast<std::size_t>(clbit));
        return true;
    }

    /// -1 where it is none below `end`.
    static long number(PyObject* tuple, Py_ssize_t place, long end) {
        const long found = PyLong_AsLong(PyTuple_GET_ITEM(tuple, place));
        if (found == -1) PyErr_Clear();
        return found < end ? found : -1;
    }

    const Heads& heads_;
    const int num_qubits_, num_clbits_;
    WordWalk walk_;
};

/// None where an entry is no Clifford gate that needs no look at its matrix, or the circuit is wider than a word.
inline std::optional<FairCoins> coins_of_entries(const Heads& heads, const py::list& entries, int num_qubits, int num_clbits,
                                                 bool measure_all) {
    if (num_qubits < 1 || num_qubits > 64 || num_clbits < 1 || num_clbits > 64) return std::nullopt;
    return CliffordEntries(heads, num_qubits, num_clbits).coins(entries, measure_all);
}

}  // namespace coratrix
