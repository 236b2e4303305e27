"""A batch's seed on the simulator: each circuit has its own, however the batch is cut."""

from __future__ import annotations

import pytest

from coratrix.backend import BackendManager
from coratrix.core import QuantumCircuit

EQUAL = [QuantumCircuit(3).h(0).h(1).h(2).measure_all() for _ in range(150)]


@pytest.fixture
def manager() -> BackendManager:
    made = BackendManager()
    made.discover_backends()
    return made


def test_a_batch_that_is_cut_gives_the_counts_of_one_call(manager: BackendManager) -> None:
    whole = manager.get_backend().execute_batch(EQUAL, 1000, seed=5)

    cut = manager.batch(EQUAL, 1000, seed=5).run()  # in chunks

    assert [result.counts for result in cut] == [result.counts for result in whole]
    assert len({str(result.counts) for result in cut}) == len(EQUAL)


def test_a_cut_where_the_shots_change_moves_no_seed(manager: BackendManager) -> None:
    shots = [1000] * 70 + [999] + [1000] * 79

    cut = manager.batch(EQUAL, shots, seed=5).run()

    whole = manager.batch(EQUAL, 1000, seed=5).run()
    same = [one.counts == other.counts for one, other in zip(cut, whole, strict=True)]
    assert same == [count == 1000 for count in shots]
