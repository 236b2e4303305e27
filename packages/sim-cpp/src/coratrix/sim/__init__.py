"""Coratrix's embedded simulator: circuits on this machine, by a C++ engine.

Owns: the public names, and that lists of gates are read by the engine once it is here.
Knows nothing of: anything else.
"""

from coratrix.core import bulk
from coratrix.sim import _engine
from coratrix.sim.backend import SimulatorBackend
from coratrix.sim.cost_table import tune
from coratrix.sim.parameters import SimulatorParameters

bulk.read_by(lambda *about: _engine.GateReader(*about).__call__)  # bound once, not at every call

__all__ = ["SimulatorBackend", "SimulatorParameters", "tune"]
