"""The job store on a real PostgreSQL, where one is installed: the promises of test_store.py once more."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from coratrix.backend import JobRecord, JobState, JobStoreError
from coratrix.backend.budget import Budget
from coratrix.backend.errors import BudgetExceededError
from coratrix.backend.sql_store import SqlJobStore

pytest.importorskip("psycopg")

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
INITDB = shutil.which("initdb") or next((str(f / "initdb") for f in FOLDERS if (f / "initdb").exists()), None)

pytestmark = pytest.mark.skipif(
    INITDB is None, reason="PostgreSQL is not installed (Debian: apt-get install postgresql)"
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of this module's own on loopback, run by a user who may (PostgreSQL refuses root)."""
    assert INITDB is not None
    # Not in pytest's own folder: that is root's alone, where root runs the tests
    folder = Path(tempfile.mkdtemp(prefix="coratrix-pg-"))
    folder.chmod(0o755)
    who = {"user": "postgres"} if os.name == "posix" and os.geteuid() == 0 else {}
    data = folder / "data"
    data.mkdir(mode=0o700)
    if who:
        shutil.chown(data, "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subprocess.run(
        [INITDB, "-D", data, "-U", "coratrix", "-A", "trust", "--no-sync"],
        check=True,
        capture_output=True,
        cwd="/",
        **who,
    )
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [str(Path(INITDB).with_name("pg_ctl")), "-D", str(data), "-w"]
    log = data / "log"
    subprocess.run(
        [*control, "-l", str(log), "-o", options, "start"],
        check=True,
        cwd="/",
        stdout=subprocess.DEVNULL,
        **who,
    )
    yield f"postgresql+psycopg://coratrix@127.0.0.1:{port}/postgres"
    subprocess.run(
        [*control, "-m", "immediate", "stop"], check=True, cwd="/", stdout=subprocess.DEVNULL, **who
    )
    shutil.rmtree(folder)


@pytest.fixture
def store(url: str) -> Iterator[SqlJobStore]:
    made = SqlJobStore(url)
    with made._database.plain.begin() as connection:
        connection.exec_driver_sql("DELETE FROM coratrix_jobs")
    yield made
    made.close()


def record(number: int = 0) -> JobRecord:
    return JobRecord(
        id=f"crx-{number}",
        backend="b",
        created_at=1000.0 + number,
        shots=10**9,
        tags=("t",),
        cost=1.5,
        currency="USD",
    )


def test_a_record_comes_back_as_it_went(store: SqlJobStore) -> None:
    store.add(record())
    store.update(
        "crx-0", {"vendor_job_id": "v", "results": ({"counts": {"10": 3}},), "state": JobState.SUCCEEDED}
    )

    found = store.get("v")

    assert (found.shots, found.tags, found.results) == (10**9, ("t",), ({"counts": {"10": 3}},))
    assert store.update("crx-0", {"state": JobState.QUEUED}).state is JobState.SUCCEEDED
    assert store.spent("USD") == 1.5
    with pytest.raises(JobStoreError, match="already"):
        store.add(record())


def test_metrics_and_known_records_are_as_in_sqlite(store: SqlJobStore, tmp_path: Path) -> None:
    here = SqlJobStore(f"sqlite:///{tmp_path}/j.db")
    for one in (store, here):
        for number in range(30):
            known = replace(record(number), state=JobState.RUNNING)
            one.add(known)
            ended = {"state": list(JobState)[number % 7], "execution_time": number / 7, "error": str(number)}
            one.update(known.id, ended, known=known)
            assert one.update(known.id, {"state": JobState.QUEUED}).state in (ended["state"], JobState.QUEUED)

    assert store.metrics() == here.metrics()
    assert store.metrics("b", since=1010.0) == here.metrics("b", since=1010.0)
    assert store.metrics("nobody").p95_execution_time is None
    here.close()


def test_a_team_writes_at_the_same_time(store: SqlJobStore, url: str) -> None:
    stores = [SqlJobStore(url) for _ in range(4)]

    def work(which: int) -> None:
        for number in range(25):
            stores[which].add(record(1000 * which + number))
            stores[which].update(f"crx-{1000 * which + number}", {"state": JobState.QUEUED})

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(store.list(state=JobState.QUEUED, tag="t", limit=1000)) == 100
    for other in stores:
        other.close()


def test_a_team_shares_one_budget(store: SqlJobStore, url: str) -> None:
    stores = [SqlJobStore(url) for _ in range(4)]

    def work(which: int) -> None:
        for number in range(25):
            with suppress(BudgetExceededError):
                one = record(1000 * which + number)
                stores[which].add(one, within=[Budget(amount=75.0, currency="USD")])

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.spent("USD") == 75.0  # of the 150 that they asked for
    for other in stores:
        other.close()


def test_an_older_schema_is_brought_up_to_date(store: SqlJobStore, url: str) -> None:
    with store._database.plain.begin() as connection:
        connection.exec_driver_sql(
            "ALTER TABLE coratrix_jobs DROP COLUMN queue_time, DROP COLUMN execution_time"
        )
        connection.exec_driver_sql("UPDATE coratrix_store SET schema_version = 1")

    newer = SqlJobStore(url)
    newer.add(record(7))

    assert newer.update("crx-7", {"queue_time": 2.0}).queue_time == 2.0
    newer.close()


def test_a_connection_that_the_server_closed_is_replaced(store: SqlJobStore) -> None:
    store.add(record())
    with store._database.plain.begin() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )

    store.add(record(1))

    changed = store.update("crx-1", {"vendor_job_id": "v"}, known=record(1))
    assert (changed.vendor_job_id, store.get("v").id) == ("v", "crx-1")


def test_what_is_there_already_is_told_and_leaves_the_connection_usable(store: SqlJobStore) -> None:
    store.add(record())

    with pytest.raises(JobStoreError, match="already in the store"):
        store.add(record())

    store.add(record(1))
    assert len(store.list()) == 2
