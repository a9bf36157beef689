"""Walker files: our own npz (gait parameters and network), and the layers of a foreign policy. No pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from soccer_lib.control.gait import PARAMETER_NAMES, GaitParameters
from soccer_lib.control.network import Network
from soccer_lib.control.residual import FEATURE_COUNT
from soccer_lib.errors import InputError
from soccer_lib.runs.files import load_json, sha256_of

DATA = Path(__file__).resolve().parents[2] / "data"
"""Small files that the project made itself."""

OWN_FILE = DATA / "walker" / "walker.npz"
"""The walker that the project trained itself; a JSON of the same name holds its hash and provenance."""

REMEDY = 'use walker="own" or a complete copy of the file'


def check_sha256(path: Path, required: bool) -> str:
    """Hold a walker file against the hash in the JSON beside it and return its hash.

    Raises:
        InputError: another hash, or no JSON where one is required.
    """
    if not path.is_file():
        raise InputError(f"walker file {path} not found; expected the trained walker; run: walker train")
    actual = sha256_of(path)
    record = path.with_suffix(".json")
    if not record.is_file():
        if required:
            raise InputError(
                f"no {record.name} beside {path}; expected its sha256 there; restore it from the repository"
            )
        return actual
    content = load_json(record)
    expected = content.get("sha256") if isinstance(content, dict) else None
    if expected is None:
        raise InputError(f"{record} has no sha256; expected the walker's record; restore it")
    if actual != expected:
        raise InputError(
            f"walker file {path} has sha256 {actual[:12]}...; expected {str(expected)[:12]}...; "
            "the file was changed or cut short: restore it, or train again"
        )
    return actual


def own_parts(path: Path, arrays: dict[str, np.ndarray]) -> tuple[GaitParameters, Network | None]:
    """Gait parameters and network of one of our own walker files.

    Raises:
        InputError: parameters or layers of another shape.
    """
    values = arrays["gait"]
    if values.shape != (len(PARAMETER_NAMES),) or not np.isfinite(values).all():
        raise InputError(
            f"walker file {path} has gait parameters of shape {values.shape}; "
            f"expected {len(PARAMETER_NAMES)} finite numbers; {REMEDY}"
        )
    if "layer0_weight" not in arrays:
        return GaitParameters.of(values), None
    return GaitParameters.of(values), walker_network(path, arrays, FEATURE_COUNT, 12)


def walker_network(path: Path, arrays: dict[str, np.ndarray], inputs: int, outputs: int) -> Network:
    """Layers `layer{i}_weight` (out, in) and `layer{i}_bias` (out,) as a network, shapes checked.

    Raises:
        InputError: missing layers, other shapes or numbers that are not finite.
    """
    count = sum(name.endswith("_weight") for name in arrays)
    names = {f"layer{i}_{part}" for i in range(count) for part in ("weight", "bias")}
    if not count or not names <= arrays.keys():
        raise InputError(
            f"walker file {path} holds {', '.join(sorted(arrays)) or 'nothing'}; "
            f"expected layer0_weight, layer0_bias and so on; {REMEDY}"
        )
    weights = [arrays[f"layer{i}_weight"] for i in range(count)]
    biases = [arrays[f"layer{i}_bias"] for i in range(count)]
    size = inputs
    for i, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        if weight.ndim != 2 or weight.shape[1] != size or bias.shape != (weight.shape[0],):
            raise InputError(
                f"walker file {path} has layer{i}_weight {weight.shape} and layer{i}_bias {bias.shape}; "
                f"expected ({'n' if i < count - 1 else outputs}, {size}) and the same n; {REMEDY}"
            )
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise InputError(
                f"walker file {path} has NaN or infinity in layer{i}; expected finite weights; {REMEDY}"
            )
        size = weight.shape[0]
    if size != outputs:
        raise InputError(
            f"walker file {path} gives {size} outputs; expected {outputs} joint targets; {REMEDY}"
        )
    return Network.perceptron(weights, biases)
