"""Walker files: our own npz (gait parameters and network), and the layers of a foreign policy. No pickle."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from soccer_lib.control.gait import PARAMETER_NAMES, GaitParameters
from soccer_lib.control.network import Network
from soccer_lib.control.residual import FEATURE_COUNT
from soccer_lib.errors import InputError
from soccer_lib.formats.arrays import actor_of, read_arrays
from soccer_lib.ranges import Range
from soccer_lib.runs.files import load_json, sha256_of

DATA = Path(__file__).resolve().parents[2] / "data"
"""Small files that the project made itself."""

OWN_FILE = DATA / "walker" / "walker.npz"
"""The walker that the project trained itself; a JSON of the same name holds its hash and provenance."""

_GAIT = Range(-10, 10)
_POSITIVE = {"frequency": Range(0.2, 5), "height": Range(0.2, 0.6)}
"""What the gait engine divides by or reaches for: [Hz], [m]."""

_WEIGHTS = Range(-1000, 1000)
"""Trained walkers stay below 1 in every weight."""

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
    values = _GAIT.array(f"walker file {path}: gait", arrays["gait"], REMEDY)
    if values.shape != (len(PARAMETER_NAMES),):
        raise InputError(
            f"walker file {path} has gait parameters of shape {values.shape}; "
            f"expected {len(PARAMETER_NAMES)} numbers; {REMEDY}"
        )
    named = dict(zip(PARAMETER_NAMES, values.tolist(), strict=True))
    for name, allowed in _POSITIVE.items():
        allowed.number(f"walker file {path}: {name}", named[name], REMEDY)
    if not any(name.startswith("layer") for name in arrays):
        return GaitParameters.of(values), None
    return GaitParameters.of(values), walker_network(path, arrays, FEATURE_COUNT, 12)


def walker_network(path: Path, arrays: dict[str, np.ndarray], inputs: int, outputs: int) -> Network:
    """Layers `layer{i}_weight` (out, in) and `layer{i}_bias` (out,) as a network, shapes checked.

    Raises:
        InputError: missing layers, other shapes or numbers that are not finite.
    """
    count = sum(name.endswith("_weight") for name in arrays)
    for name in arrays:
        if name.startswith("layer"):
            _WEIGHTS.array(f"walker file {path}: {name}", arrays[name], REMEDY)
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
        size = weight.shape[0]
    if size != outputs:
        raise InputError(
            f"walker file {path} gives {size} outputs; expected {outputs} joint targets; {REMEDY}"
        )
    return Network.perceptron(weights, biases)


def checkpoint_arrays(path: Path, kind: str) -> dict[str, np.ndarray]:
    """The actor in a trainer's checkpoint of a walking policy, as layers for `network_of`.

    Raises:
        InputError: its trainer is not known to put ELU between its layers.
    """
    arrays, known = read_arrays(path, kind)
    if known.get("usual", {}).get("activation") != "elu":
        raise InputError(
            f"walker file {path} is no checkpoint of booster_gym; expected its actor with ELU between the "
            f"layers; export it as TorchScript; {REMEDY}"
        )
    actor = list(actor_of(path, arrays).items())
    kinds = [name.rpartition(".")[2] for name, _ in actor]
    return {
        f"layer{i // 2}_{kind}": array for i, (kind, (_, array)) in enumerate(zip(kinds, actor, strict=True))
    }
