# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2024.10.9", "uv>=0.5"]
# ///
"""Every check and build of the monorepo.

    python3 noxfile.py                  builds everything and passes all tests
    python3 noxfile.py -s bell          builds what it needs and runs examples/bell.qasm
    python3 noxfile.py --list           the rest

Run as a program it needs nothing but Python: it makes itself an environment with nox in it, once.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent


def _bootstrap() -> None:
    """Make .venv-nox with nox and uv in it, unless it is there, and start again inside."""
    home = ROOT / ".venv-nox"
    folder = "Scripts" if os.name == "nt" else "bin"
    ready = home / "ready"
    if not ready.exists():
        print(f"setting up {home.name} (once)", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [
            str(home / folder / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
        subprocess.run([*pip, "nox>=2024.10.9", "uv>=0.5"], check=True)
        ready.touch()
    env = {**os.environ, "PATH": f"{home / folder}{os.pathsep}{os.environ['PATH']}"}
    command = [str(home / folder / "python"), "-m", "nox", "-f", str(ROOT / "noxfile.py"), *sys.argv[1:]]
    sys.exit(subprocess.run(command, env=env, check=False).returncode)


if __name__ == "__main__":
    try:
        _bootstrap()
    except subprocess.CalledProcessError as exc:
        sys.exit(f"setting up the environment failed: {exc}")

import nox  # noqa: E402  only after the program above had its chance

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.stop_on_first_error = False
nox.options.sessions = [
    "lint",
    "types",
    "engine",
    "core",
    "sim",
    "ibm",
    "aws",
    "azure",
    "google",
    "rigetti",
    "together",
]

CORE = "packages/core"
SIM = "packages/sim-cpp"
IBM = "packages/provider-ibm"
CLOUD = "packages/provider-cloud"
GOOGLE_RIGETTI = "packages/provider-google-rigetti"
PACKAGES = (CORE, SIM, IBM, CLOUD, GOOGLE_RIGETTI)

CORE_ALL = f"{CORE}[cli,qasm,jobs,plot,testing]"
# What core's conventions are held against, and what the vendors' stand-ins on loopback run circuits with
JUDGES = {
    "core": (
        "qiskit>=2.0",
        "qiskit-aer>=0.17",
        "cirq-core>=1.6",
        "amazon-braket-sdk>=1.127",
        "pytket>=2.0",
        "pennylane>=0.42",
    ),
    "ibm": ("qiskit-aer>=0.17",),
    "azure": ("qiskit>=2.0", "qiskit-aer>=0.17", "pyquil>=4.14; python_version < '3.13'"),
    "rigetti": ("qiskit>=2.0",),
}
RIGETTI_PYTHONS = ((3, 11), (3, 12))  # pyquil has no release for newer ones


def editable(*requirements: str) -> list[str]:
    """Arguments of an editable install of folders of this repository."""
    return [part for requirement in requirements for part in ("-e", requirement)]


def install_simulator(session: nox.Session) -> None:
    """Install the simulator, built once for all environments, unless this one has it already."""
    wheel = simulator_wheel(session)
    stamp = Path(session.virtualenv.location) / "simulator-wheel"
    if stamp.exists() and stamp.read_text() == str(wheel):
        return
    again = "--reinstall" if session.venv_backend == "uv" else "--force-reinstall"
    session.install(str(wheel), "--no-deps", again)
    stamp.write_text(str(wheel))


def simulator_wheel(session: nox.Session) -> Path:
    """The simulator's wheel for these sources and this Python; built if it is not there."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    folder = ROOT / ".nox" / "wheels" / f"{source_digest(ROOT / SIM)[:16]}-{python}"
    if not list(folder.glob("*.whl")):
        if session.venv_backend == "uv":
            build = ["uv", "build", "--quiet", "--python", sys.executable, "--wheel", "--out-dir"]
        else:
            build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir"]
        session.run_install(*build, str(folder), str(ROOT / SIM), external=True)
    return next(folder.glob("*.whl"))


def source_digest(folder: Path) -> str:
    """One hash over names and contents of all that goes into the simulator's build."""
    total = hashlib.sha256()
    wanted = {".cpp", ".hpp", ".h", ".txt", ".cmake", ".py", ".toml"}
    for path in sorted(p for p in folder.rglob("*") if p.suffix in wanted and "tests" not in p.parts):
        total.update(str(path.relative_to(folder)).encode() + path.read_bytes())
    return total.hexdigest()


def run_pytest(session: nox.Session, *paths: str) -> None:
    """pytest with this repository's settings, two workers, and whatever follows ``--``."""
    session.run("pytest", "-n", "2", "--dist", "worksteal", *paths, *session.posargs)


@nox.session
def bell(session: nox.Session) -> None:
    """Run examples/bell.qasm through BackendManager on the embedded simulator."""
    session.install(*editable(f"{CORE}[cli,qasm]"))
    install_simulator(session)
    session.run("coratrix", "run", "examples/bell.qasm", "--shots", "1000", "--seed", "7")


@nox.session
def lint(session: nox.Session) -> None:
    """Style of the Python sources."""
    session.install("ruff>=0.8")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """mypy --strict over core and the simulator's Python face."""
    session.install("mypy>=1.13", "opentelemetry-api", *editable(CORE_ALL))
    install_simulator(session)
    session.run(
        "mypy", "-p", "coratrix.core", "-p", "coratrix.backend", "-p", "coratrix.cli", "-p", "coratrix.sim"
    )


@nox.session
def core(session: nox.Session) -> None:
    """Tests of core, its conventions held against the frameworks they are taken from."""
    optional = ("opentelemetry-sdk", "psycopg[binary]")
    session.install("pytest-xdist", *optional, *JUDGES["core"], *editable(CORE_ALL))
    run_pytest(session, f"{CORE}/tests")


ENGINE_TESTS = (
    "cost_table_tests",
    "engine_tests",
    "noise_tests",
    "observable_tests",
    "sampling_tests",
    "stabilizer_tests",
)


@nox.session
def engine(session: nox.Session) -> None:
    """Tests of the C++ engine by itself, without Python; ``-- address,undefined`` adds sanitizers."""
    session.install("cmake>=3.18", "ninja", "cmeel-eigen")
    build = configure_engine(session, "-".join(session.posargs) or "plain", session.posargs)
    session.run("cmake", "--build", str(build), "--target", *ENGINE_TESTS)
    session.run("ctest", "--test-dir", str(build), "--output-on-failure")


def configure_engine(session: nox.Session, name: str, sanitizers: Sequence[str]) -> Path:
    """The folder in which the engine's tests and micro-benchmarks are built, ready to build."""
    build = ROOT / "build" / f"engine-{name}"
    packages = next(Path(session.virtualenv.location).glob("lib*/**/site-packages"))
    session.run(
        "cmake",
        "-S",
        SIM,
        "-B",
        str(build),
        "-G",
        "Ninja",
        "-DCORATRIX_TESTS=ON",
        f"-DCMAKE_PREFIX_PATH={packages}",
        f"-DCORATRIX_SANITIZE={','.join(sanitizers)}",
    )
    return build


@nox.session
def sim(session: nox.Session) -> None:
    """Tests of the simulator."""
    session.install("pytest-xdist", "stim", *editable(CORE_ALL))
    install_simulator(session)
    run_pytest(session, f"{SIM}/tests")


@nox.session
def ibm(session: nox.Session) -> None:
    """Tests of IBM Quantum against a loopback service and the SDK's own local mode."""
    session.install("pytest-xdist", *JUDGES["ibm"], *editable(CORE_ALL, IBM))
    install_simulator(session)
    run_pytest(session, f"{IBM}/tests")


@nox.session
def aws(session: nox.Session) -> None:
    """Tests of AWS Braket against a loopback service and the SDK's own local simulators."""
    session.install("pytest-xdist", *editable(CORE_ALL, f"{CLOUD}[aws]"))
    install_simulator(session)  # for twins of devices
    run_pytest(session, f"{CLOUD}/tests/aws")


@nox.session
def azure(session: nox.Session) -> None:
    """Tests of Azure Quantum against a loopback service and the local QIR simulator."""
    session.install("pytest-xdist", *JUDGES["azure"], *editable(CORE_ALL, f"{CLOUD}[azure]"))
    run_pytest(session, f"{CLOUD}/tests/azure")


@nox.session
def google(session: nox.Session) -> None:
    """Tests of Google Quantum AI against a loopback gRPC service and virtual processors."""
    session.install("pytest-xdist", *editable(CORE_ALL, f"{GOOGLE_RIGETTI}[google]"))
    install_simulator(session)
    run_pytest(session, f"{GOOGLE_RIGETTI}/tests/google")


@nox.session
def rigetti(session: nox.Session) -> None:
    """Tests of Rigetti against loopback QVM, quilc and QCS."""
    if sys.version_info[:2] not in RIGETTI_PYTHONS:
        session.skip("pyquil has no release for this Python; use 3.11 or 3.12")
    session.install("pytest-xdist", *JUDGES["rigetti"], *editable(CORE_ALL, f"{GOOGLE_RIGETTI}[rigetti]"))
    install_simulator(session)
    run_pytest(session, f"{GOOGLE_RIGETTI}/tests/rigetti")


@nox.session
def together(session: nox.Session) -> None:
    """What needs two packages: the guide's blocks, floors, namespace, wheels, selective installs."""
    session.install(
        "pytest-xdist",
        "build",
        "uv",
        "qiskit-aer",
        *editable(CORE_ALL, IBM, f"{CLOUD}[all]", f"{GOOGLE_RIGETTI}[all]"),
    )
    install_simulator(session)
    run_pytest(session, "tests")


MINIMUMS = {
    "ibm": (IBM, (), f"{IBM}/tests"),
    "aws": (CLOUD, ("aws",), f"{CLOUD}/tests/aws"),
    "azure": (CLOUD, ("azure",), f"{CLOUD}/tests/azure"),
    "google": (GOOGLE_RIGETTI, ("google",), f"{GOOGLE_RIGETTI}/tests/google"),
    "rigetti": (GOOGLE_RIGETTI, ("rigetti",), f"{GOOGLE_RIGETTI}/tests/rigetti"),
}


@nox.session
@nox.parametrize("vendor", list(MINIMUMS))
def minimums(session: nox.Session, vendor: str) -> None:
    """Tests of each provider with the lowest versions of its SDK that it allows."""
    folder, extras, tests = MINIMUMS[vendor]
    named = f"{folder}[{','.join(extras)}]" if extras else folder
    judges = JUDGES.get(vendor, ())
    session.install("pytest-xdist", *judges, *editable(CORE_ALL, named), *floors(ROOT / folder, *extras))
    install_simulator(session)
    run_pytest(session, tests)


def floors(folder: Path, *extras: str) -> list[str]:
    """The SDK requirements of a package with every floor turned into that very version."""
    import tomllib

    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"]]
    for extra in extras:
        named += project["optional-dependencies"][extra]
    return [text.replace(">=", "==") for text in named if not text.startswith("coratrix")]


PEERS = (
    "prism-q",
    "qsimcirq",
    "pennylane-lightning",
    "scaluq",
    "qiskit-aer",
    "qulacs",
    "stim",
    "qiskit[qasm3-import]",
    "pyqasm",
)


@nox.session
def bench(session: nox.Session) -> None:
    """The benchmarks, beside their peers, which are installed here only: ``-s bench -- statevector``.

    ``-- kernels`` times the engine's kernels by themselves. ``-- --native standing`` builds qulacs for this
    machine first, once: its wheel has no vector instructions.
    """
    arguments = [word for word in session.posargs if word != "--native"] or ["standing"]
    if arguments[0] == "kernels":
        return bench_kernels(session, arguments[1:])
    session.install(*PEERS, "matplotlib", *editable(CORE_ALL))
    install_simulator(session)
    if "--native" in session.posargs:
        install_native_qulacs(session)
    session.run("python", f"benchmarks/{arguments[0]}.py", *arguments[1:])
    return None


def bench_kernels(session: nox.Session, arguments: list[str]) -> None:
    """Build the micro-benchmark beside the kernels and run it."""
    session.install("cmake>=3.18", "ninja", "cmeel-eigen")
    build = configure_engine(session, "plain", ())
    session.run("cmake", "--build", str(build), "--target", "kernel_bench")
    session.run(str(build / "kernel_bench"), *arguments, external=True)


def install_native_qulacs(session: nox.Session) -> None:
    """Build qulacs with its own flags for this machine, from packages instead of the downloads it would make."""
    stamp = Path(session.virtualenv.location) / "native-qulacs"
    if stamp.exists():
        return
    session.install(
        "cmake", "cmeel-boost", "cmeel-eigen", "pybind11<3", "setuptools>=77", "setuptools_scm", "wheel"
    )
    packages = next(Path(session.virtualenv.location).glob("lib*/**/site-packages"))
    env = {
        "CMAKE_TOOLCHAIN_FILE": str(ROOT / "benchmarks" / "qulacs_native" / "toolchain.cmake"),
        "CMAKE_PREFIX_PATH": f"{packages / 'cmeel.prefix'}{os.pathsep}{packages / 'pybind11'}",
    }
    again = "--reinstall" if session.venv_backend == "uv" else "--force-reinstall"
    source = ("--no-build-isolation", "--no-deps", "--no-binary", "qulacs", again)
    session.install(*source, "qulacs", env=env)
    stamp.touch()
