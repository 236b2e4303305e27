"""quilc over RPCQ: MessagePack objects on a ZeroMQ ROUTER.

Owns: the RPC envelope and its faults. Programs are really compiled: gates become matrices by pyquil, and
Qiskit's transpiler places, routes and decomposes them for the target device that came with the request.
Faults are planned with host ``quilc``, method ``RPC`` and the RPC's name as path.
"""

from __future__ import annotations

import threading
from typing import Any

import msgpack
import zmq
from pyquil.quilbase import Declare, DefGate, Gate, Measurement, Pragma, Reset
from qiskit import QuantumCircuit, transpile
from qiskit.circuit.library import UnitaryGate
from qiskit.transpiler import CouplingMap

from coratrix.testing.loopback.exchange import Request
from coratrix.testing.loopback.faults import Fault, FaultKind, FaultPlan
from rigetti_service import execution
from rigetti_service.ledger import Ledger

Reply = dict[str, Any] | bytes | None


class Quilc:
    """Serves quilc until closed."""

    def __init__(self, ledger: Ledger, faults: FaultPlan) -> None:
        self.ledger = ledger
        self.faults = faults
        self.crashes: list[BaseException] = []
        self._stop = threading.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self.port = self._socket.bind_to_random_port("tcp://127.0.0.1")
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5)
        self._context.term()

    def _serve(self) -> None:
        while not self._stop.is_set():
            if self._socket.poll(20):
                client, payload = self._socket.recv_multipart()
                reply = self._answer(payload)
                if reply is not None:
                    packed = reply if isinstance(reply, bytes) else msgpack.packb(reply, use_bin_type=True)
                    self._socket.send_multipart([client, packed])
        self._socket.close()

    def _answer(self, payload: bytes) -> Reply:
        asked = msgpack.unpackb(payload, raw=False)
        method = asked["method"]
        fault = self.faults.take(Request(method="RPC", host="quilc", target=method, scheme="rpcq"))
        if fault is not None:
            return self._act(fault, asked)
        self.ledger.note("quilc", method, asked)
        try:
            return _reply(asked, self._result(method, asked["params"]))
        except execution.QuilProblem as exc:
            return _error(asked, str(exc))
        except Exception as exc:  # a defect of the stand-in must never pass for a fault of the vendor
            self.crashes.append(exc)
            return _error(asked, repr(exc))

    def _act(self, fault: Fault, asked: dict[str, Any]) -> Reply:
        if fault.kind is FaultKind.SILENT_BEFORE:
            return None
        if fault.kind is FaultKind.ANSWER and fault.response is not None:
            return _error(asked, fault.response.body.decode())
        if fault.kind is FaultKind.GARBLE:
            return fault.body
        if fault.kind is FaultKind.DELAY:
            self._stop.wait(fault.seconds)
            return _reply(asked, self._result(asked["method"], asked["params"]))
        raise AssertionError(f"no such fault here: {fault}")

    def _result(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        if method == "get_version_info":
            return {"quilc": "1.26.0"}
        if method != "quil_to_native_quil":
            raise execution.QuilProblem(f"no such method {method}")
        (request,) = params["*args"]
        quil = compiled(request["quil"], request["target_device"]["isa"])
        return {"_type": "NativeQuilResponse", "quil": quil, "metadata": _metadata(quil)}


def _reply(asked: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    return {"_type": "RPCReply", "jsonrpc": "2.0", "id": asked["id"], "result": result, "warnings": []}


def _error(asked: dict[str, Any], text: str) -> dict[str, Any]:
    return {"_type": "RPCError", "jsonrpc": "2.0", "id": asked["id"], "error": text, "warnings": []}


def _metadata(quil: str) -> dict[str, Any]:
    gates = [i for i in execution.parsed(quil).instructions if isinstance(i, Gate)]
    return {
        "_type": "NativeQuilMetadata",
        "final_rewiring": [],
        "gate_depth": len(gates),
        "gate_volume": len(gates),
        "multiqubit_gate_depth": sum(len(gate.qubits) == 2 for gate in gates),
        "program_duration": 40.0 * len(gates),
        "program_fidelity": 0.99,
        "topological_swaps": 0,
        "qpu_runtime_estimation": 0.0,
    }


def compiled(quil: str, isa: dict[str, Any]) -> str:
    """Native Quil (RX, RZ, CZ) of the device for ``quil``."""
    program = execution.parsed(quil)
    nodes = sorted(int(node) for node in isa["1Q"])
    at = {node: index for index, node in enumerate(nodes)}
    edges = [tuple(at[int(q)] for q in pair.split("-")) for pair in isa["2Q"]]
    qubits = {qubit: index for index, qubit in enumerate(sorted(program.get_qubit_indices()))}
    if len(qubits) > len(nodes):
        raise execution.QuilProblem(f"the program uses {len(qubits)} qubits and the device has {len(nodes)}")
    defined = {d.name: d for d in program.defined_gates}
    bits: list[str] = []
    source = QuantumCircuit(len(qubits), sum(isinstance(i, Measurement) for i in program.instructions))
    for instruction in program.instructions:
        if isinstance(instruction, Gate):
            matrix = execution._matrix(instruction, defined)
            targets = [qubits[q] for q in instruction.get_qubit_indices()]
            source.append(UnitaryGate(matrix), targets[::-1])
        elif isinstance(instruction, Measurement):
            (qubit,) = instruction.get_qubit_indices()
            source.measure(qubits[qubit], len(bits))
            bits.append(str(instruction.classical_reg))
        elif not isinstance(instruction, (Declare, DefGate, Pragma, Reset)):
            raise execution.QuilProblem(f"{instruction.out()} is not ProtoQuil")
    native = transpile(
        source,
        basis_gates=["rx", "rz", "cz"],
        coupling_map=CouplingMap([*edges, *(pair[::-1] for pair in edges)]) if edges else None,
        optimization_level=1,
        seed_transpiler=7,
    )
    lines = [i.out() for i in program.instructions if isinstance(i, (Declare, Reset))]
    for item in native.data:
        where = [nodes[native.find_bit(qubit).index] for qubit in item.qubits]
        if item.operation.name == "measure":
            lines.append(f"MEASURE {where[0]} {bits[native.find_bit(item.clbits[0]).index]}")
        elif item.operation.name != "barrier":
            angle = "".join(f"({param!r})" for param in map(float, item.operation.params))
            lines.append(f"{item.operation.name.upper()}{angle} {' '.join(map(str, where))}")
    return "\n".join([*lines, "HALT", ""])
