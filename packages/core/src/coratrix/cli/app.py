"""The console's commands put together, and the one place where errors become sentences and exit codes.

Exit codes: 0 done; 1 the backend ran the circuit and reports a failure; 2 the input or the
configuration is wrong; 3 credentials; 4 the service cannot be reached or takes no work; 5 we stopped
waiting and the job lives on; 6 a limit of cost, quota or memory; 70 a defect of this program.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable
from importlib.metadata import entry_points

import typer

from coratrix.backend import (
    BackendAuthError,
    BackendConnectionError,
    BackendTimeoutError,
    BackendUnavailableError,
    InsufficientMemoryError,
    ProviderNotInstalledError,
    QuotaExceededError,
    RateLimitError,
    SubmissionUnknownError,
)
from coratrix.cli import backends, batch, circuits, config, doctor, jobs, run_command, session
from coratrix.core.errors import CoratrixError, ExecutionFailedError

COMMANDS_GROUP = "coratrix.commands"

EXIT_CODES: tuple[tuple[type[Exception], int], ...] = (
    (ExecutionFailedError, 1),
    (BackendAuthError, 3),
    (BackendTimeoutError, 5),
    (SubmissionUnknownError, 5),
    (BackendConnectionError, 4),
    (BackendUnavailableError, 4),
    (RateLimitError, 4),
    (QuotaExceededError, 6),
    (InsufficientMemoryError, 6),
    (ProviderNotInstalledError, 2),
    (CoratrixError, 2),
    (OSError, 2),
)
DEFECT = 70

app = typer.Typer(
    name="coratrix", no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)
app.add_typer(backends.app, name="backends")
app.add_typer(config.app, name="config")
app.add_typer(jobs.app, name="jobs")
app.command("doctor")(doctor.doctor)
app.command("run")(run_command.run)
app.command("compare")(run_command.compare)
app.command("select")(run_command.select)
app.command("batch")(batch.batch)
app.command("validate")(circuits.validate)
app.command("draw")(circuits.draw)
app.command("convert")(circuits.convert)
app.command("status")(backends.watch)


@app.callback()
def options(
    config_file: str = typer.Option("", "--config", help="backends.json; by default CORATRIX_BACKEND_CONFIG"),
    debug: bool = typer.Option(False, "--debug", help="show tracebacks and debug logs"),
) -> None:
    """Run quantum circuits anywhere: one interface over simulators, hardware and clouds."""
    session.configure(config_file=config_file, debug=debug)
    if debug:
        logging.basicConfig(level=logging.DEBUG)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    if arguments and (plugin := _plugin(arguments[0])) is not None:
        return int(plugin(arguments[1:]) or 0)
    try:
        app(arguments)
    except SystemExit as exc:  # typer's own end: help, wrong usage, typer.Exit
        return exc.code if isinstance(exc.code, int) else 0
    except Exception as exc:
        return _report(exc)
    return 0


def _report(error: Exception) -> int:
    """Say ``error`` in one sentence and return its exit code; a traceback only with --debug."""
    if session.is_debugging():
        traceback.print_exc()
    for kind, code in EXIT_CODES:
        if isinstance(error, kind):
            print(f"coratrix: {error}", file=sys.stderr)
            return code
    print(f"coratrix: {type(error).__name__}: {error} (a defect; --debug shows where)", file=sys.stderr)
    return DEFECT


def _plugin(name: str) -> Callable[[list[str]], int | None] | None:
    """A command that another package adds by an entry point; it takes its arguments as a list."""
    for point in entry_points(group=COMMANDS_GROUP):
        if point.name == name:
            plugin: Callable[[list[str]], int | None] = point.load()
            return plugin
    return None
