"""Coratrix's embedded simulator: circuits on this machine, by a C++ engine.

Owns: the public names. Knows nothing of: anything else.
"""

from coratrix.sim.backend import SimulatorBackend
from coratrix.sim.cost_table import tune
from coratrix.sim.parameters import SimulatorParameters

__all__ = ["SimulatorBackend", "SimulatorParameters", "tune"]
