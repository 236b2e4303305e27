"""The options of one execution on IBM's devices.

Owns: `IBMOptions`. Knows nothing of: the SDK.
"""

from __future__ import annotations

from dataclasses import dataclass

from coratrix.backend.provider import ConfigurationError, RunOptions

DEFAULT_OPTIMIZATION_LEVEL = 2
MAX_TAGS, MAX_TAG_LENGTH = 7, 86  # the service takes 8, one of which is ours


@dataclass(frozen=True, kw_only=True)
class IBMOptions(RunOptions):
    """`RunOptions` with IBM's meaning.

    ``seed`` fixes the transpiler everywhere and the sampling where the circuit runs on this machine.
    ``max_cost`` is in seconds of the device, and IBM stops a job that would take more.

    Attributes:
        dynamical_decoupling: fill idle times with pulses that refocus.
    """

    dynamical_decoupling: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.tags) > MAX_TAGS or any(len(tag) > MAX_TAG_LENGTH for tag in self.tags):
            raise ConfigurationError(
                f"tags are {self.tags}; IBM takes {MAX_TAGS} of ours, of {MAX_TAG_LENGTH} characters each"
            )
        if self.max_cost is not None and self.max_cost < 1:
            raise ConfigurationError(
                f"max_cost is {self.max_cost} s; IBM can bound a job's device time to 1 s or more"
            )
