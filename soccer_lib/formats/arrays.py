"""Arrays out of the weights that others saved, by what a file holds and not by its name; no code is run."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.ranges import Range
from soccer_lib.runs.files import check_regular, load_npz

Arrays = dict[str, np.ndarray]

TRAINERS: dict[str, tuple[set[str], dict[str, str]]] = {
    "rsl_rl": ({"model_state_dict", "optimizer_state_dict", "iter"}, {"activation": "elu", "output": "clip"}),
    "rsl_rl 4": ({"actor_state_dict", "critic_state_dict", "iter"}, {"activation": "elu", "output": "clip"}),
    "booster_gym": ({"model", "optimizer", "curriculum"}, {"activation": "elu", "output": "clip"}),
}
"""Trainers that are known by the keys of their checkpoints, and what is usual there."""

_ROOTS = ("policy_state_dict", "actor_state_dict", "student_state_dict", "model_state_dict", "state_dict")
"""Where an actor lies in a checkpoint, in the order of preference; of two copies one is read."""

_OTHERS = re.compile(
    r"(^|[./])((modules_)?(target_)?(critic|value|vf|qf|q_net|q_func)\w*|q\d?|\w*target\w*|\w+_old|"
    r"(\w+_)?log_?std\w*|std|sigma\w*|distribution|alpha|log_alpha|log_ent_coef|teacher\w*|privileged\w*|"
    r"\w*optim\w*|opt_state|step|count|current_count)([./]|$)"
)
"""Arrays that are no part of an actor's most likely action."""

_WRAPPERS = re.compile(r"(^|\.)(_orig_mod|module)\.")
"""Put before names by torch.compile and DataParallel."""

_ARCHIVE_BYTES = 2**31
_WEIGHTS = Range(-1e6, 1e6)
_ONNX = re.compile(rb"\x08[\x01-\x20][\x12\x1a\x22\x2a\x32\x3a\x42]")  # a version, then the next field's tag


def kind_of(path: Path) -> str:
    """What a file of weights is: torchscript, sb3, npz, torch, onnx, msgpack or safetensors.

    Raises:
        ValueError: it is damaged, would fill the memory, or is no regular file.
    """
    check_regular(path)
    with open(path, "rb") as stream:
        head = stream.read(16)
    if head[:2] == b"PK":
        return _kind_of_zip(path)
    if path.suffix == ".onnx" or _ONNX.match(head):
        return "onnx"
    if head[8:10] == b'{"':
        return "safetensors"
    return "msgpack" if path.suffix == ".msgpack" else "torch"


def _kind_of_zip(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        if sum(member.file_size for member in archive.infolist()) > _ARCHIVE_BYTES:
            raise ValueError(f"it unpacks to more than {_ARCHIVE_BYTES:,} bytes")
        damaged = archive.testzip()
    if damaged:
        raise ValueError(f"{damaged} is damaged (wrong checksum)")
    if "policy.pth" in names:
        return "sb3"
    if any(name.endswith("constants.pkl") for name in names):
        return "torchscript"
    return "npz" if any(name.endswith(".npy") for name in names) else "torch"


def read_arrays(path: Path, kind: str) -> tuple[Arrays, dict[str, Any]]:
    """Read the arrays of a file that is no program; a damaged one raises nearly anything.

    Returns:
        name -> array, in the order of the network; and under `usual` what its trainer usually does.
    """
    if kind == "npz":
        return _in_natural_order(load_npz(path)), {}
    if kind == "msgpack":
        return _in_natural_order(dict(_msgpack(path.read_bytes()))), {}
    if kind == "safetensors":
        from safetensors.numpy import load

        return _in_natural_order(load(path.read_bytes())), {}
    return state_dict(path)


def state_dict(file: Any) -> tuple[Arrays, dict[str, Any]]:
    """Read what `torch.save` wrote: dicts, tuples and lists of tensors, flattened to names with dots."""
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles of another age
            content = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        if "weights_only" in str(error).lower() or "Weights only" in str(error):
            raise ValueError("it holds pickled code; save model.state_dict() instead of the model") from None
        raise
    if isinstance(content, tuple) and isinstance(content[0], Mapping) and "action_scale" in content[0]:
        content = content[0]  # CleanRL's actor, before its critics
    keys = set(content) if isinstance(content, Mapping) else set()
    usual = next((usual for signs, usual in TRAINERS.values() if signs <= keys), {})
    tensors = {name: value for name, value in _flat(content) if torch.is_tensor(value)}
    if not tensors:
        raise ValueError(f"a {type(content).__name__} without arrays is no state dict")
    return {name: (v if v.is_complex() else v.float()).numpy() for name, v in tensors.items()}, {
        "usual": usual
    }


def _flat(content: Any, prefix: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(content, list | tuple):
        content = {str(index): value for index, value in enumerate(content)}
    if isinstance(content, Mapping):
        for name, value in content.items():
            yield from _flat(value, f"{prefix}.{name}" if prefix else str(name))
    else:
        yield prefix, content


def actor_of(path: Path, arrays: Arrays, only: str = "") -> Arrays:
    """The arrays that make an actor's action, by the names that trainers give.

    Args:
        path: for messages.
        arrays: all of the file.
        only: beginning of the names that are wanted; what follows it is kept as the name.

    Raises:
        InputError: none begins so, or a number in them is not finite or absurdly large.
    """
    if only:
        found = {
            name.removeprefix(only).lstrip("./"): a for name, a in arrays.items() if name.startswith(only)
        }
        if not found:
            raise InputError(
                f"{path} has no array that begins with {only!r}; expected one of: {prefixes(arrays)}; try one"
            )
    else:
        root = next((root for root in _ROOTS if any(name.startswith(f"{root}.") for name in arrays)), "")
        start = f"{root}." if root else ""
        found = {name.removeprefix(start): a for name, a in arrays.items() if name.startswith(start)}
    found = {_WRAPPERS.sub(r"\1", name): array for name, array in found.items()}
    found = {name: array for name, array in found.items() if not _OTHERS.search(name)}
    return {name: _WEIGHTS.array(f"{path}: {name}", array, "train again") for name, array in found.items()}


def prefixes(arrays: Iterable[str]) -> str:
    """The beginnings of names, for a message: up to the first number or the array's own name."""
    starts = (re.split(r"[./]\d|[./](?:weight|bias|kernel|scale)$", name)[0] for name in arrays)
    return ", ".join(dict.fromkeys(starts))


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
