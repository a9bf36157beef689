"""Files that are either whole or absent, and readers that say what is wrong with a file.

A write goes to a temporary name in the same folder, is flushed to disk and renamed: a kill at any
moment leaves the old file or the new one. Reads never execute code: npz without pickle, and JSON.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import hashlib
import json
import math
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from soccer_lib.errors import InputError, ResourceError, one_line
from soccer_lib.runs.signatures import signature_of

MANIFEST = "manifest.json"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def resource_errors(path: str | os.PathLike[str], doing: str) -> Iterator[None]:
    """Turn an OSError inside the block into one line that names `path` as the user gave it."""
    try:
        yield
    except ResourceError:
        raise
    except OSError as error:
        remedy = "free some disk space" if error.errno in _FULL else "choose another output path"
        reason = error.strerror or error
        raise ResourceError(
            one_line(f"could not {doing} {path}: {reason}; expected a writable place with room; {remedy}")
        ) from error


def atomic_write(path: str | os.PathLike[str], writer: Callable[[BinaryIO], Any]) -> Path:
    """Let `writer` fill a new file and give it the name `path` only once it is whole and on disk.

    Parent folders are made.

    Raises:
        ResourceError: the disk is full, read-only or the path is not usable; `path` is as it was before.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with resource_errors(path, "write"):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "wb") as stream:
                writer(stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    return target


def atomic_write_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write bytes atomically; see `atomic_write`."""
    return atomic_write(path, lambda stream: stream.write(content))


def atomic_write_text(path: str | os.PathLike[str], text: str) -> Path:
    """Write UTF-8 text atomically; see `atomic_write`."""
    return atomic_write_bytes(path, text.encode("utf-8"))


def atomic_write_json(path: str | os.PathLike[str], value: Any) -> Path:
    """Write `value` as indented JSON atomically; non-finite numbers become null."""
    return atomic_write_text(path, json.dumps(to_plain(value), indent=2, allow_nan=False) + "\n")


def atomic_write_npz(path: str | os.PathLike[str], arrays: Mapping[str, Any], compress: bool = True) -> Path:
    """Write arrays as npz atomically.

    Raises:
        InputError: an array holds Python objects, which only pickle could store.
    """
    plain = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.hasobject:
            raise InputError(f"array {name!r} holds Python objects; expected numbers or text; convert it")
    save: Callable[..., None] = np.savez_compressed if compress else np.savez
    return atomic_write(path, lambda stream: save(stream, **plain))


def to_plain(value: Any) -> Any:
    """Return `value` in JSON's types: dataclasses as dicts, arrays as lists, NaN and inf as None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    elif isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    elif isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def load_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises:
        InputError: the file is missing, cannot be read or is not JSON.
    """
    try:
        check_regular(path)
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, error, "a JSON file") from error


def load_npz(
    path: str | os.PathLike[str], required: Iterable[str] = (), optional: Iterable[str] | None = None
) -> dict[str, np.ndarray]:
    """Read the arrays of an npz file, checking its checksums first.

    Args:
        path: the file.
        required: names that must be there.
        optional: names that are read besides where they are there and hold no pickle; all others are then
            left alone. None reads the whole file.

    Raises:
        InputError: missing, truncated, damaged, pickled or foreign file, or a required array is absent.
    """
    try:
        check_regular(path)
        # The checksums come first: a flipped bit in an array's header could hide the rest of the array.
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise ValueError(f"{damaged} is damaged (wrong checksum)")
        with np.load(path, allow_pickle=False) as archive:
            names = archive.files
            arrays = {}
            for key in names:
                if optional is None or key in required:
                    arrays[key] = archive[key]
                elif key in optional:
                    with contextlib.suppress(ValueError):  # a pickle
                        arrays[key] = archive[key]
        foreign = [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]
        if foreign:
            raise ValueError(f"{foreign[0]} is not an array")
        missing = [key for key in required if key not in arrays]
        if missing:
            raise ValueError(f"it has no array {missing[0]!r} but {', '.join(names) or 'nothing'}")
    except Exception as error:  # a damaged archive can raise nearly anything
        raise unreadable(path, error, "a whole npz file of the right kind, without pickles") from error
    return arrays


def check_regular(path: str | os.PathLike[str]) -> None:
    """Refuse to open what would never end, such as a named pipe.

    Raises:
        ValueError: it is there and is no regular file.
    """
    if Path(path).exists() and not Path(path).is_file():
        raise ValueError("it is no regular file")


def unreadable(path: str | os.PathLike[str], error: Exception, expected: str) -> InputError:
    """The error for a file that is not what was expected: what it is by its first bytes, or why it failed."""
    known = signature_of(path)
    reason = one_line(getattr(error, "strerror", None) or error, 200) or type(error).__name__
    reason, remedy = (f"it is {known[0]}", known[1]) if known else (reason, "check the path or make it again")
    return InputError(f"cannot read {path}: {reason}; expected {expected}; {remedy}")


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: str | os.PathLike[str], names: Iterable[str]) -> Path:
    """Write `manifest.json`: the SHA-256 of each named file in `folder`."""
    root = Path(folder)
    return atomic_write_json(root / MANIFEST, {name: sha256_of(root / name) for name in sorted(names)})


def verify_manifest(folder: str | os.PathLike[str]) -> list[str]:
    """Check every file of a folder's manifest and return their names.

    Raises:
        InputError: the manifest or a file is missing, or a file is not what was written.
    """
    root = Path(folder)
    files = load_json(root / MANIFEST)
    for name, sha256 in files.items():
        path = root / name
        state = "missing" if not path.is_file() else "changed" if sha256_of(path) != sha256 else ""
        if state:
            raise InputError(f"{path} is {state}; expected it as in {MANIFEST}; restore it or make it again")
    return list(files)
