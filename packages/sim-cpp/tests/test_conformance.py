"""All that core promises of a backend, asked of the simulator in each of its forms."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from coratrix.backend import BackendConfiguration
from coratrix.sim import SimulatorBackend
from coratrix.testing.conformance import BackendConformance


class Simulator(BackendConformance):
    params: ClassVar[dict[str, Any]] = {}
    options: ClassVar[dict[str, Any]] = {"seed": 11}

    @pytest.fixture
    def backend(self) -> SimulatorBackend:
        return SimulatorBackend(BackendConfiguration("sim", "simulator", {"max_qubits": 12, **self.params}))


class TestStatevector(Simulator):
    params: ClassVar[dict[str, Any]] = {"simulator_type": "statevector"}


class TestStatevectorInSinglePrecision(Simulator):
    params: ClassVar[dict[str, Any]] = {"precision": "single"}


class TestDensityMatrix(Simulator):
    params: ClassVar[dict[str, Any]] = {"simulator_type": "density_matrix", "max_qubits": 6}


class TestAuto(Simulator):
    params: ClassVar[dict[str, Any]] = {"simulator_type": "auto"}
