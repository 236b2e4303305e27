"""The console ``coratrix``.

Owns: the program's entry and what it says when its extra is missing. All else is in `coratrix.cli.app`.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the console and leave with its exit code."""
    try:
        import rich  # noqa: F401
        import typer  # noqa: F401
    except ImportError:
        sys.exit("coratrix: the console needs typer and rich: pip install 'coratrix-core[cli]'")
    from coratrix.cli.app import run

    sys.exit(run(sys.argv[1:]))
