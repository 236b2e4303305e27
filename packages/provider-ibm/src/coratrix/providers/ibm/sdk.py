"""Loads the SDK, once, in a thread that never ends.

Qiskit's compiled part must be loaded by a thread that outlives all who use it: loaded by one that ends,
as worker threads do, the next transpilation crashes the process (seen with Qiskit 2.6 on Python 3.11 to
3.13). Our calls run in worker threads, so the first import is given a thread of its own.

Owns: `load`. Knows nothing of: what the SDK is used for.
"""

from __future__ import annotations

import sys
import threading
from importlib import import_module

from coratrix.backend.provider import ProviderNotInstalledError

_lock = threading.Lock()


def load() -> None:
    """Import Qiskit and the SDK; does nothing where a program has imported them already.

    Raises:
        ProviderNotInstalledError: they are not installed, or do not fit together.
    """
    if "qiskit" in sys.modules and "qiskit_ibm_runtime" in sys.modules:
        return
    with _lock:
        failure: list[ImportError] = []
        loaded = threading.Event()
        threading.Thread(target=_import, args=(failure, loaded), daemon=True, name="coratrix-qiskit").start()
        loaded.wait()
    if failure:
        raise ProviderNotInstalledError(
            f"the IBM SDK cannot be imported: {failure[0]}", hint="pip install coratrix-provider-ibm"
        ) from failure[0]


def _import(failure: list[ImportError], loaded: threading.Event) -> None:
    try:
        import_module("qiskit")
        import_module("qiskit_ibm_runtime")
    except ImportError as exc:
        failure.append(exc)
        return
    finally:
        loaded.set()
    threading.Event().wait()  # for ever: see above
