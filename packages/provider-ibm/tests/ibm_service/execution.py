"""Runs the programs of jobs: decoded by IBM's own models, simulated by Qiskit Aer without noise.

Owns: program in, result text out. Knows nothing of: HTTP, job states.
"""

from __future__ import annotations

import datetime
import warnings
from typing import Any

import numpy as np


def run(program_id: str, params: dict[str, Any], target: Any, seed: int) -> str:
    """The result of a job, as the service would store it.

    Raises:
        ValueError: the parameters do not fit IBM's model, or a circuit does not fit the device.
    """
    if program_id != "executor":
        raise ValueError(f"program {program_id!r} is not offered here")
    program = _decoded(params)
    for item in program.items:
        _refuse_unless_isa(item.circuit, target)
    return _encoded(params["schema_version"], program, _simulated(program, seed))


def _decoded(params: dict[str, Any]) -> Any:
    from qiskit_ibm_runtime.quantum_program.params_converters import QUANTUM_PROGRAM_PARAMS_CONVERTERS

    converter = QUANTUM_PROGRAM_PARAMS_CONVERTERS[params["schema_version"]]
    program, _ = converter.decoder(converter.model.model_validate(params))
    for item in program.items:
        if hasattr(item, "samplex"):
            item.samplex.finalize()
    return program


def _refuse_unless_isa(circuit: Any, target: Any) -> None:
    """As the device would; parametrised gates inside a box are checked by name."""
    from qiskit_ibm_runtime.utils.utils import is_isa_circuit

    if reason := is_isa_circuit(circuit, target):
        raise ValueError(reason)


def _simulated(program: Any, seed: int) -> Any:
    from qiskit_aer import AerSimulator
    from qiskit_ibm_runtime.fake_provider.executor.run_quantum_program import run_quantum_program
    from qiskit_ibm_runtime.options_models.simulator import SimulatorOptions

    with warnings.catch_warnings():  # of Aer and Qiskit between themselves, on the service's side
        warnings.simplefilter("ignore")
        return run_quantum_program(AerSimulator(), program, SimulatorOptions(seed_simulator=seed))


def _encoded(schema_version: str, program: Any, result: Any) -> str:
    import importlib

    from ibm_quantum_schemas.common import CompressedTensorModel

    # "v2.0" -> ibm_quantum_schemas.executor.version_2_0
    name = "version_" + schema_version.removeprefix("v").replace(".", "_")
    models = importlib.import_module(f"ibm_quantum_schemas.executor.{name}")
    now = datetime.datetime.now(datetime.UTC)
    parts = [
        {"idx_item": i, "size": 1, "permutation": [], "element_range": [0, 1, 1]}
        for i in range(len(program.items))
    ]
    answer = models.QuantumProgramResultModel(
        data=[
            {
                "results": {
                    name: CompressedTensorModel.from_numpy(np.asarray(values))
                    for name, values in item.items()
                },
                "metadata": {},
            }
            for item in result
        ],
        metadata={"chunk_timing": [{"start": now, "stop": now, "parts": parts}]},
        passthrough_data=_passthrough(result.passthrough_data),
        semantic_role=result._semantic_role,
    )
    return str(answer.model_dump_json())


def _passthrough(data: Any) -> Any:
    from qiskit_ibm_runtime.quantum_program.converters.converters_2_0 import passthrough_data_to_2_0

    return passthrough_data_to_2_0(data)
