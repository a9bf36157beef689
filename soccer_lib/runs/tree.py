"""Nested states as one npz file: the bytes of all arrays, and JSON that says where each belongs."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.runs.files import load_npz, unreadable


def tree_bytes(tree: Any) -> bytes:
    """Pack numbers, text, None and arrays, in dicts, lists and tuples; types come back as they were.

    Raises:
        InputError: something else is in it, which only pickle could store.
    """
    data = io.BytesIO()
    text = json.dumps(_packed(tree, data, "state"))
    stream = io.BytesIO()
    np.savez(stream, tree=_bytes_array(text.encode()), data=_bytes_array(data.getvalue()))
    return stream.getvalue()


def read_tree(path: str | os.PathLike[str]) -> Any:
    """Read what `tree_bytes` packed.

    Raises:
        InputError: missing, truncated, damaged or foreign file.
    """
    arrays = load_npz(path, ["tree", "data"])
    try:
        return _unpacked(json.loads(arrays["tree"].tobytes()), arrays["data"].tobytes())
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise unreadable(Path(path), error, "a state that a run has written") from error


def _bytes_array(content: bytes) -> np.ndarray:
    return np.frombuffer(content, np.uint8)


def _packed(value: Any, data: io.BytesIO, name: str) -> Any:
    """A value in JSON's types; the bytes of arrays go to the end of `data`."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.hasobject:
            raise InputError(f"{name} holds Python objects; expected numbers or text; convert it")
        start = data.tell()
        data.write(value.tobytes())
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        return {kind: [value.dtype.str, list(value.shape), start]}
    if isinstance(value, list | tuple):
        items = [_packed(item, data, f"{name}[{number}]") for number, item in enumerate(value)]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict):
        # As pairs: an optimiser's keys are numbers, which JSON would turn into text.
        return {"dict": [[key, _packed(item, data, f"{name}.{key}")] for key, item in value.items()]}
    raise InputError(
        f"{name} is a {type(value).__name__}; expected numbers, text, arrays, dicts or lists; convert it"
    )


def _unpacked(value: Any, data: bytes) -> Any:
    if isinstance(value, list):
        return [_unpacked(item, data) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "tuple":
        return tuple(_unpacked(item, data) for item in content)
    if kind == "dict":
        return {key: _unpacked(item, data) for key, item in content}
    if kind not in ("array", "scalar"):
        raise ValueError(f"{kind!r} is no kind of value")
    name, shape, start = content
    count = int(np.prod(shape, dtype=np.int64))
    array = np.frombuffer(data, np.dtype(name), count, start).reshape(shape).copy()
    return array if kind == "array" else array[()]
