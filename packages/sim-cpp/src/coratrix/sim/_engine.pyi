from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

class OutOfMemory(MemoryError): ...

class Program:
    def __init__(
        self,
        num_qubits: int,
        num_clbits: int,
        words: list[int],
        params: list[float],
        matrices: npt.NDArray[np.complex128],
    ) -> None: ...

class Settings:
    def __init__(
        self,
        single: bool = ...,
        density: bool = ...,
        threads: int = ...,
        instruction_set: str = ...,
        tile_bits: int = ...,
        merge: bool = ...,
        direct: bool = ...,
        pauli: bool = ...,
        stabilizer: bool = ...,
    ) -> None: ...

def state(program: Program, settings: Settings) -> npt.NDArray[Any]: ...
def probabilities(program: Program, settings: Settings) -> npt.NDArray[np.float64]: ...
def run(program: Program, shots: int, seed: int, settings: Settings) -> dict[str, int]: ...
def run_arrays(
    program: Program, shots: int, seed: int, settings: Settings
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]: ...
def run_batch(
    programs: Sequence[Program], shots: Sequence[int], seeds: Sequence[int], settings: Settings
) -> list[dict[str, int]]: ...
def expectation(
    program: Program,
    x: npt.NDArray[np.uint64],
    z: npt.NDArray[np.uint64],
    coefficients: npt.NDArray[np.complex128],
    settings: Settings,
) -> complex: ...
def gradient(
    program: Program,
    x: npt.NDArray[np.uint64],
    z: npt.NDArray[np.uint64],
    coefficients: npt.NDArray[np.complex128],
    settings: Settings,
) -> tuple[float, npt.NDArray[np.float64]]: ...
def sweep(
    program: Program,
    rows: npt.NDArray[np.float64],
    x: npt.NDArray[np.uint64],
    z: npt.NDArray[np.uint64],
    coefficients: npt.NDArray[np.complex128],
    settings: Settings,
) -> npt.NDArray[np.float64]: ...
def stabilizer_obstacle(program: Program) -> tuple[int, str] | None: ...
def explain(program: Program, settings: Settings) -> str: ...
def available_bytes() -> int: ...
def release_idle_memory() -> None: ...
def hardware_threads() -> int: ...
def opcodes() -> dict[str, int]: ...
def instruction_sets() -> list[str]: ...
