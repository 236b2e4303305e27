"""All that core promises of a backend, asked of Azure's: on qdk, and over the wire on each provider."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, ClassVar

import pytest

from coratrix.providers.azure import AzureBackend
from coratrix.testing.conformance import BackendConformance
from coratrix.testing.loopback import LoopbackProxy


class TestLocal(BackendConformance):
    """qdk's simulator on this machine."""

    options: ClassVar[dict[str, Any]] = {"seed": 7}
    gates_to_try: ClassVar[int] = 12  # test_openqasm.py goes through all of them, exactly

    @pytest.fixture
    def backend(self, make_backend: Any) -> AzureBackend:
        return make_backend("local")  # type: ignore[no-any-return]


class TestQirOnABaseTarget(BackendConformance):
    """IonQ's simulator by QIR: measurements are deferred, nothing branches."""

    gates_to_try: ClassVar[int] = 4

    @pytest.fixture
    def backend(self, make_backend: Any, proxy: LoopbackProxy) -> AzureBackend:
        return make_backend("ionq.simulator")  # type: ignore[no-any-return]


class TestQirOnAnAdaptiveTarget(BackendConformance):
    """Quantinuum's emulator by QIR: measured bits decide what follows."""

    gates_to_try: ClassVar[int] = 4

    @pytest.fixture
    def backend(self, make_backend: Any, proxy: LoopbackProxy) -> AzureBackend:
        return make_backend("quantinuum.sim.h2-1e")  # type: ignore[no-any-return]


class Native(BackendConformance):
    """A provider's own format."""

    target: ClassVar[str]
    gates_to_try: ClassVar[int] = 4  # test_native.py goes through all of them, exactly
    options: ClassVar[dict[str, Any]] = {"input_format": "native"}

    @pytest.fixture
    def backend(self, make_backend: Any, proxy: LoopbackProxy) -> AzureBackend:
        return make_backend(self.target)  # type: ignore[no-any-return]


class TestIonQsJson(Native):
    target: ClassVar[str] = "ionq.simulator"


class TestOpenQasm2(Native):
    target: ClassVar[str] = "quantinuum.sim.h2-1e"

    def test_a_condition_acts_on_the_measured_bit(self, backend: AzureBackend) -> None:
        pytest.skip("the native formats are straight lines; test_refusals.py sees that this is said")


@pytest.mark.filterwarnings("ignore:.*pyQuil v5")  # the stand-in's QVM; it is right until then
@pytest.mark.skipif(find_spec("pyquil") is None, reason="pyquil has no release for this Python")
class TestQuil(Native):
    target: ClassVar[str] = "rigetti.sim.qvm"


del Native
