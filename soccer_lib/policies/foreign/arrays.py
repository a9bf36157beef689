"""Arrays out of the files of others, by what a file holds and not by its name; no code in them is run."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.policies.foreign.runtimes import Onnx, Runtime, TorchScript
from soccer_lib.runs.files import load_npz

Arrays = dict[str, np.ndarray]

_STATE_DICTS = ("policy_state_dict", "actor_state_dict", "model_state_dict", "state_dict")


def read_arrays(path: Path) -> tuple[Arrays | type[Runtime], dict[str, Any]]:
    """Read the arrays of a foreign file; a damaged one raises nearly anything.

    Returns:
        name -> array, or the runtime that the file needs; and what else the file says of its network.
    """
    with open(path, "rb") as stream:
        zipped = stream.read(2) == b"PK"
    names: list[str] = []
    if zipped:
        with zipfile.ZipFile(path) as archive:
            names, damaged = archive.namelist(), archive.testzip()
        if damaged:
            raise ValueError(f"{damaged} is damaged (wrong checksum)")
    if "policy.pth" in names:
        return _sb3(path)
    if any(name.endswith("constants.pkl") for name in names):
        return TorchScript, {}
    if any(name.endswith(".npy") for name in names):
        return _in_natural_order(load_npz(path)), {}
    if path.suffix == ".onnx":
        return Onnx, {}
    if path.suffix == ".msgpack":
        return _in_natural_order(dict(_msgpack(path.read_bytes()))), {}
    return _state_dict(path), {}


def _state_dict(file: Any) -> Arrays:
    import torch

    content = torch.load(file, map_location="cpu", weights_only=True)
    if isinstance(content, Mapping):
        content = next((content[name] for name in _STATE_DICTS if name in content), content)
    if not isinstance(content, Mapping) or not all(torch.is_tensor(value) for value in content.values()):
        raise ValueError(f"{type(content).__name__} is no state dict")
    return {name: value.float().numpy() for name, value in content.items()}


def _sb3(path: Path) -> tuple[Arrays, dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        settings = json.loads(archive.read("data")).get("policy_kwargs") or {}
        arrays = _state_dict(io.BytesIO(archive.read("policy.pth")))
    # SB3 stores a class as a pickle and, beside it, as the words that are read here.
    activation = re.search(r"activation\.(\w+)", str(settings.get("activation_fn", "")))
    return arrays, {"activation": activation[1].lower()} if activation else {}


def _msgpack(content: bytes) -> Iterable[tuple[str, np.ndarray]]:
    """Leaves of a tree that flax.serialization wrote; arrays are extension 1: shape, type and bytes."""
    import msgpack

    def array(code: int, data: bytes) -> np.ndarray:
        shape, kind, buffer = msgpack.unpackb(data, raw=True)
        return np.frombuffer(buffer, kind.decode()).reshape(shape)

    def leaves(tree: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, np.ndarray]]:
        for name, value in tree.items():
            if isinstance(value, Mapping):
                yield from leaves(value, f"{prefix}{name}/")
            else:
                yield f"{prefix}{name}", np.asarray(value)

    return leaves(msgpack.unpackb(content, ext_hook=array), "")


def _in_natural_order(arrays: Arrays) -> Arrays:
    """Dense_10 after Dense_9: a Flax tree does not keep the order of the network."""

    def key(name: str) -> list[Any]:
        return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]

    return {name: arrays[name] for name in sorted(arrays, key=key)}
