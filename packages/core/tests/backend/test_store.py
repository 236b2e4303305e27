"""Job stores: one set of promises, in memory and in SQL."""

from __future__ import annotations

import random
import sqlite3
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from coratrix.backend import JobNotFoundError, JobRecord, JobState, JobStoreError
from coratrix.backend.sql_schema import FIELDS, SCHEMA_VERSION, as_row
from coratrix.backend.sql_store import INSERT, SqlJobStore
from coratrix.backend.store import JobStore, open_store
from coratrix.core import QuantumCircuit
from coratrix.testing.scripted import ScriptedBackend, ScriptedService


def record(number: int = 0, **changes: object) -> JobRecord:
    made = JobRecord(
        id=f"crx-{number}",
        backend="b",
        created_at=1000.0 + number,
        shots=10**9,
        tags=("mine", 'a "quoted" one'),
        circuits=({"name": "c", "digest": "d", "format": "openqasm3", "source": "OPENQASM 3;"},),
        options={"seed": 3},
        decoding={"layouts": [[["meas", 2]]]},
        versions={"coratrix-core": "3.1.0"},
    )
    return replace(made, **changes)


def test_a_record_comes_back_as_it_went(store: JobStore) -> None:
    kept = record(
        results=({"success": True, "counts": {"10": 5}},), cost=0.3, currency="USD", execution_time=0.1
    )
    store.add(kept)

    assert store.get(kept.id) == kept


def test_a_vendors_id_finds_the_record_too(store: JobStore) -> None:
    store.add(record())
    store.update("crx-0", {"vendor_job_id": "arn:1"})

    assert store.get("arn:1").id == "crx-0"


def test_an_id_is_added_once(store: JobStore) -> None:
    store.add(record())
    with pytest.raises(JobStoreError, match="already"):
        store.add(record())


def test_an_unknown_id_says_how_to_find_the_known_ones(store: JobStore) -> None:
    with pytest.raises(JobNotFoundError, match="coratrix jobs list"):
        store.get("nothing")
    with pytest.raises(JobNotFoundError):
        store.update("nothing", {"state": JobState.FAILED})


def test_a_final_state_is_never_left(store: JobStore) -> None:
    store.add(record(state=JobState.SUCCEEDED))

    assert store.update("crx-0", {"state": JobState.QUEUED, "cost": 1.0}).state is JobState.SUCCEEDED
    assert store.get("crx-0").cost == 1.0


def test_lists_are_newest_first_filtered_and_light(store: JobStore) -> None:
    states = [JobState.QUEUED, JobState.FAILED, JobState.SUCCEEDED, JobState.QUEUED]
    for number, state in enumerate(states):
        store.add(record(number, state=state, backend="ab"[number % 2], tags=("t",) if number else ("u",)))

    assert [r.id for r in store.list()] == ["crx-3", "crx-2", "crx-1", "crx-0"]
    assert [r.id for r in store.list(limit=2, offset=1)] == ["crx-2", "crx-1"]
    assert [r.id for r in store.list(state=JobState.QUEUED)] == ["crx-3", "crx-0"]
    assert [r.id for r in store.list(unfinished=True, backend="a")] == ["crx-0"]
    assert [r.id for r in store.list(tag="u")] == ["crx-0"]
    assert store.list()[0].circuits == ()


def test_spending_is_summed_by_currency_time_and_backend(store: JobStore) -> None:
    store.add(record(1, cost=1.5, currency="USD"))
    store.add(record(2, cost=2.0, currency="USD", backend="other"))
    store.add(record(3, cost=9.0, currency="EUR"))
    store.add(record(4))

    assert store.spent("USD") == 3.5
    assert store.spent("USD", since=1001.5) == 2.0
    assert store.spent("USD", backend="other") == 2.0
    assert store.spent("GBP") == 0.0


def test_threads_share_one_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/j.db"
    stores = [SqlJobStore(url), SqlJobStore(url)]

    def work(which: int) -> None:
        for number in range(40):
            stores[which].add(record(1000 * which + number))
            stores[1 - which].list(limit=1)
            stores[which].update(f"crx-{1000 * which + number}", {"state": JobState.QUEUED})

    threads = [threading.Thread(target=work, args=(which,)) for which in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(stores[0].list(limit=1000, state=JobState.QUEUED)) == 80
    for store in stores:
        store.close()


WRITER = """
import sys
from coratrix.backend import JobRecord, JobState
from coratrix.backend.sql_store import SqlJobStore

store, who = SqlJobStore(sys.argv[1]), sys.argv[2]
for number in range(60):
    made = JobRecord(id=f"crx-{who}-{number}", backend=who, created_at=float(number))
    store.add(made)
    made = store.update(made.id, {"state": JobState.QUEUED}, known=made)
    assert store.update("shared", {"state": JobState(sys.argv[3])}).state.is_final
    assert made.state is JobState.QUEUED
"""


def test_two_processes_share_one_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/j.db"
    store = SqlJobStore(url)
    store.add(record(id="shared", state=JobState.RUNNING))

    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, url, *who])
        for who in (("one", "succeeded"), ("other", "failed"))
    ]

    assert [writer.wait(120) for writer in writers] == [0, 0]
    assert len(store.list(limit=1000, state=JobState.QUEUED)) == 120
    assert store.get("shared").state.is_final  # the first to say so is believed, and nobody after it
    store.close()


def test_what_another_process_ended_stays_ended_whatever_is_known_here(store: JobStore) -> None:
    known = record(state=JobState.RUNNING)
    store.add(known)
    store.update(known.id, {"state": JobState.CANCELLED})

    found = store.update(known.id, {"state": JobState.SUCCEEDED, "cost": 2.0}, known=known)

    assert (found.state, found.cost) == (JobState.CANCELLED, 2.0)
    assert store.get(known.id) == found


def test_an_update_of_what_is_not_there_is_told_even_if_it_is_known(store: JobStore) -> None:
    with pytest.raises(JobNotFoundError):
        store.update("crx-0", {"cost": 1.0}, known=record())


def random_records(count: int, seed: int = 3) -> list[JobRecord]:
    rng = random.Random(seed)
    return [
        record(
            number,
            backend=rng.choice("ab"),
            state=rng.choice(list(JobState)),
            shots=rng.randrange(1000),
            num_circuits=rng.randrange(1, 4),
            execution_time=rng.choice([None, rng.random()]),
            queue_time=rng.choice([None, 100 * rng.random()]),
            error=f"error {number}",
            updated_at=rng.random(),
        )
        for number in range(count)
    ]


@pytest.mark.parametrize(("backend", "since"), [(None, 0.0), ("a", 0.0), ("b", 1200.0), ("none", 0.0)])
def test_metrics_are_those_of_all_records(store: JobStore, backend: str | None, since: float) -> None:
    made = random_records(400)
    for one in made:
        store.add(one)
    chosen = [r for r in made if (backend is None or r.backend == backend) and r.created_at >= since]
    good = [r for r in chosen if r.state is JobState.SUCCEEDED]
    bad = sorted((r for r in chosen if r.state is JobState.FAILED), key=lambda r: r.updated_at)
    times = [r.execution_time for r in good if r.execution_time is not None]
    waits = [r.queue_time for r in good if r.queue_time is not None]

    found = store.metrics(backend, since=since)

    assert (found.succeeded, found.failed, found.retries) == (len(good), len(bad), None)
    assert found.shots == sum(r.shots * r.num_circuits for r in good)
    assert found.last_error == (bad[-1].error if bad else None)
    for name, values in (("execution_time", times), ("queue_time", waits)):
        for kind, fraction in (("p50", 0.5), ("p95", 0.95)):
            wanted = float(np.quantile(values, fraction, method="inverted_cdf")) if values else None
            assert getattr(found, f"{kind}_{name}") == wanted
        mean = pytest.approx(np.mean(values)) if values else None
        assert getattr(found, f"avg_{name}") == mean
    assert found.success_rate == (len(good) / (len(good) + len(bad)) if chosen else None)


def test_ten_thousand_jobs_are_all_counted(tmp_path: Path) -> None:
    store = SqlJobStore(f"sqlite:///{tmp_path}/j.db")
    many = [record(k, state=JobState.SUCCEEDED, execution_time=float(k)) for k in range(12_000)]
    with store._database.transaction() as connection:
        connection.execute(INSERT, [as_row({n: getattr(one, n) for n in FIELDS}) for one in many])

    found = store.metrics()

    assert (found.succeeded, found.avg_execution_time) == (12_000, pytest.approx(5999.5))
    assert (found.p50_execution_time, found.p95_execution_time) == (5999.0, 11399.0)
    store.close()


def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    SqlJobStore(f"sqlite:///{tmp_path}/j.db").close()

    assert stat.S_IMODE((tmp_path / "j.db").stat().st_mode) == 0o600


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 100)
    with pytest.raises(JobStoreError, match="file is not a database"):
        SqlJobStore(f"sqlite:///{path}")
    assert path.read_text().startswith("dear diary")


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE recipes (id INTEGER)")
    connection.close()

    with pytest.raises(JobStoreError, match="not a job store: recipes"):
        SqlJobStore(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://host/db", "cannot be in 'mysql'"),
        ("postgresql+nosuchdriver://host/db", "cannot be used"),
        ("not a url", "cannot be used"),
        ("sqlite:////proc/nowhere/jobs.db", "cannot be made"),
    ],
)
def test_a_url_that_cannot_be_says_which_can(url: str, said: str) -> None:
    with pytest.raises(JobStoreError, match=said):
        SqlJobStore(url)


def test_a_password_in_the_url_is_never_shown() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(JobStoreError) as caught:
        SqlJobStore("postgresql+psycopg://user:canary@127.0.0.1:9/nothing")
    assert "canary" not in str(caught.value)


def test_a_store_of_an_older_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    store = SqlJobStore(f"sqlite:///{path}")
    store.add(record())
    store.close()
    with sqlite3.connect(path) as connection:
        for name in ("queue_time", "execution_time"):
            connection.execute(f"ALTER TABLE coratrix_jobs DROP COLUMN {name}")
        connection.execute("UPDATE coratrix_store SET schema_version = 1")
    connection.close()

    newer = SqlJobStore(f"sqlite:///{path}")

    assert newer.get("crx-0") == record()
    assert newer.update("crx-0", {"queue_time": 2.0}).queue_time == 2.0
    newer.close()


def test_a_store_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    SqlJobStore(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE coratrix_store SET schema_version = {SCHEMA_VERSION + 1}")
    connection.close()

    with pytest.raises(JobStoreError, match="newer version"):
        SqlJobStore(f"sqlite:///{path}")


def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    store = SqlJobStore(f"sqlite:///{tmp_path}/j.db")
    with store._database.durable.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1")

    with pytest.raises(JobStoreError, match="full"):
        for number in range(200):
            store.add(record(number, options={"text": "x" * 4000}))
    kept = store.list(limit=1000)
    assert [store.get(one.id).options for one in kept] == [{"text": "x" * 4000}] * len(kept)
    store.close()


def test_with_a_store_that_is_read_only_nothing_is_sent(tmp_path: Path) -> None:
    store = SqlJobStore(f"sqlite:///{tmp_path}/j.db")
    store.add(record())
    for engine in (store._database.plain, store._database.durable):
        with engine.begin() as connection:
            connection.exec_driver_sql("PRAGMA query_only=ON")  # root may write to any file
    service = ScriptedService()

    with pytest.raises(JobStoreError, match=r"readonly database.*writable"):
        ScriptedBackend(service, store=store).execute(QuantumCircuit(1), 10)

    assert service.jobs() == []
    assert store.get("crx-0") == record()  # what is there can still be read
    store.close()


def test_the_environment_names_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/mine.db")

    assert "mine.db" in repr(open_store())
    assert open_store() is open_store()
