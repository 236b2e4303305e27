"""The QVM's protocol over HTTP: version, multishot, wavefunction, and its errors.

Owns: reading and answering the QVM's JSON. The programs really run (execution.py).
"""

from __future__ import annotations

import json
import struct

from coratrix.testing.loopback.exchange import Request, Response
from rigetti_service import execution
from rigetti_service.ledger import Ledger

KNOWN = {
    "type",
    "compiled-quil",
    "addresses",
    "trials",
    "measurement-noise",
    "gate-noise",
    "rng-seed",
}


class Qvm:
    """Answers one request."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def __call__(self, request: Request) -> Response:
        if (request.method, request.path) != ("POST", "/"):
            return problem("no such page", 404)
        try:
            asked = json.loads(request.body)
            kind = asked["type"]
        except (ValueError, KeyError, TypeError):
            return problem("cannot read the request", 400)
        self.ledger.note("qvm", kind, asked, dict(request.headers))
        answers = {"version": self._version, "multishot": self._multishot, "wavefunction": self._wavefunction}
        if kind not in answers:
            return problem(f"{kind} is not a request", 400)
        return answers[kind](asked)

    def _version(self, asked: dict) -> Response:
        return Response(body=b"1.17.2 [loopback]", headers={"Content-Type": "text/plain"})

    def _multishot(self, asked: dict) -> Response:
        unknown = set(asked) - KNOWN
        trials, addresses = asked["trials"], asked["addresses"]
        if (
            unknown
            or not isinstance(trials, int)
            or not 0 <= trials < 2**16
            or not isinstance(addresses, dict)
        ):
            return problem(f"bad multishot request: {sorted(unknown)}, trials {trials!r}")
        try:
            rows = execution.run(
                asked["compiled-quil"],
                trials,
                asked.get("rng-seed"),
                asked.get("gate-noise"),
                asked.get("measurement-noise"),
            )
        except execution.QuilProblem as exc:
            return problem(str(exc))
        missing = [name for name, wanted in addresses.items() if wanted and name not in rows]
        if missing:
            return problem(f"no memory region {missing[0]}")
        return Response.of_json(
            {name: _wanted(rows[name], which) for name, which in addresses.items() if which}
        )

    def _wavefunction(self, asked: dict) -> Response:
        program = execution.parsed(asked["compiled-quil"])
        from pyquil.simulation.tools import program_unitary

        size = max(program.get_qubit_indices(), default=0) + 1
        state = program_unitary(program, size)[:, 0]
        return Response(
            body=b"".join(struct.pack(">dd", amplitude.real, amplitude.imag) for amplitude in state)
        )


def _wanted(rows: list[list[int]], which: bool | list[int]) -> list[list[int]]:
    return rows if which is True else [[row[i] for i in which] for row in rows]


def problem(text: str, status: int = 500) -> Response:
    return Response.of_json({"error_type": "qvm_error", "status": text}, status)
