"""As a user has it: default endpoint, application-default credentials, nothing of the test in the process.

The child's only way out is the environment's ``https_proxy``, which leads every host to the loopback service.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from google_service import Fault, GoogleService

from coratrix.testing.clock import FakeClock

from .conftest import PROJECT, service_backend

SUBMIT = """
from coratrix.backend import BackendConfiguration, BackendType, GoogleBackend
from coratrix.core import QuantumCircuit
config = BackendConfiguration(
    name='google_quantum', backend_type=BackendType.HARDWARE,
    connection_params={'provider': 'google', 'device': 'willow_pink'},
)
backend = GoogleBackend(config)
print(backend.submit(QuantumCircuit(3).x(1).measure_all(), shots=30).id, flush=True)
"""

DIE = SUBMIT + "import os; os._exit(9)"

COLLECT = """
import sys
from coratrix.backend import BackendManager
job = BackendManager().job(sys.argv[1])
print(job.result(timeout=120).counts, job.vendor_job_id)
"""


@pytest.fixture
def environment(service: GoogleService, tmp_path: Path) -> dict[str, str]:
    key = service.identities.make_service_account(tmp_path / "key.json", project=PROJECT)
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return kept | {
        "https_proxy": service.proxy_url,
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(service.write_roots(tmp_path / "roots.pem")),
        "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        "CORATRIX_JOBS_URL": f"sqlite:///{tmp_path}/jobs.db",
    }


STRICT = ("-W", "error", "-W", "ignore:You are using a Python version:FutureWarning")
"""Warnings are errors, save what some versions of google.api_core say of a Python in its last year."""


def run(program: str, *arguments: str, environment: dict[str, str], code: int = 0) -> str:
    command = [sys.executable, *STRICT, "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(("program", "code"), [(SUBMIT, 0), (DIE, 9)], ids=["ended", "killed"])
def test_another_process_finds_the_job_and_its_counts(
    service: GoogleService, environment: dict[str, str], program: str, code: int
) -> None:
    job_id = run(program, environment=environment, code=code)

    answer = run(COLLECT, job_id, environment=environment)

    assert answer == f"{{'010': 30}} projects/{PROJECT}/programs/{job_id}/jobs/{job_id}"
    assert len(service.ledger.jobs) == 1
    assert "quantum.googleapis.com:443" in service.proxied_hosts


def test_a_process_that_never_got_the_answer_leaves_a_job_that_is_found(
    service: GoogleService, environment: dict[str, str]
) -> None:
    """The service accepts and says nothing; the process is gone before its patience is."""
    service.faults.add("CreateQuantumJob", Fault(silent=True, accepted=True))
    child = subprocess.Popen([sys.executable, "-c", SUBMIT], env=environment)
    deadline = time.monotonic() + 60
    while not service.ledger.jobs and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    child.kill()
    child.wait()
    (name,) = service.ledger.jobs

    answer = run(COLLECT, name.rpartition("/")[2], environment=environment)

    assert answer.startswith("{'010': 30}")
    assert len(service.ledger.jobs) == 1


def test_importing_the_provider_imports_no_sdk(environment: dict[str, str]) -> None:
    program = """
import sys, coratrix.providers.google, coratrix.providers.google.convert
sdks = ('cirq', 'cirq_google', 'google', 'grpc', 'sympy')
print(sorted(module for module in sys.modules if module.split('.')[0] in sdks))
"""

    assert run(program, environment=environment) == "[]"


def test_without_credentials_the_error_says_what_to_do(
    service: GoogleService, environment: dict[str, str]
) -> None:
    del environment["GOOGLE_APPLICATION_CREDENTIALS"]
    environment |= {"HOME": "/nonexistent", "NO_GCE_CHECK": "true", "GCE_METADATA_HOST": "127.0.0.1:1"}
    command = [sys.executable, "-c", SUBMIT]

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)

    assert "BackendAuthError" in done.stderr
    assert "gcloud auth application-default login" in done.stderr
    assert not service.ledger.requests


def test_a_key_file_that_is_none_is_named(service: GoogleService, tmp_path: Path) -> None:
    from coratrix.backend import ConfigurationError

    broken = tmp_path / "key.json"
    broken.write_text('{"type": "service_account"}')
    for path, complaint in ((broken, "is no key file"), (tmp_path / "nosuch", "No such file")):
        backend = service_backend(service, clock=FakeClock(), service_account_file=str(path))
        with pytest.raises(ConfigurationError, match=complaint):
            backend.get_capabilities()
