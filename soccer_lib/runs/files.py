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
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from soccer_lib.errors import InputError, ResourceError, one_line

MANIFEST = "manifest.json"

_REMEDIES = {
    errno.ENOSPC: "free some disk space or choose an output on another disk",
    errno.EDQUOT: "free some of your quota or choose an output on another disk",
    errno.EROFS: "choose an output on a writable disk",
    errno.EACCES: "choose an output folder that you may write to",
    errno.EPERM: "choose an output folder that you may write to",
    errno.ENOTDIR: "a parent of this path is a file: choose another output path",
    errno.EEXIST: "there is a file of that name: choose another output path",
    errno.EISDIR: "there is a folder of that name: choose another output path",
    errno.ENAMETOOLONG: "choose a shorter output path",
}


@contextlib.contextmanager
def resource_errors(path: str | os.PathLike[str], doing: str) -> Iterator[None]:
    """Turn an OSError inside the block into one line that names `path` as the user gave it."""
    try:
        yield
    except ResourceError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = _REMEDIES.get(error.errno or 0, "check the disk and the path, then run again")
        raise ResourceError(one_line(f"could not {doing} {os.fspath(path)}: {reason}; {remedy}")) from error


def atomic_write(path: str | os.PathLike[str], writer: Callable[[BinaryIO], None]) -> Path:
    """Let `writer` fill a new file and give it the name `path` only once it is whole and on disk.

    Parent folders are made.

    Raises:
        ResourceError: the disk is full, read-only or the path is not usable; `path` is as it was before.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with resource_errors(path, "write"):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        try:
            with open(temporary, "wb") as stream:
                writer(stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    return target


def atomic_write_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write bytes atomically; see `atomic_write`."""
    return atomic_write(path, lambda stream: _write_all(stream, content))


def _write_all(stream: BinaryIO, content: bytes) -> None:
    stream.write(content)


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
    save = np.savez_compressed if compress else np.savez
    return atomic_write(path, lambda stream: save(stream, **plain))


def to_plain(value: Any) -> Any:
    """Return `value` in JSON's types: dataclasses as dicts, arrays as lists, NaN and inf as None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return to_plain(value.tolist())
    if isinstance(value, np.generic):
        return to_plain(value.item())
    if isinstance(value, list | tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted(to_plain(item) for item in value)
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, os.PathLike):
        return Path(value).as_posix()
    return str(value)


def _reason(error: Exception) -> str:
    """Say in a few words why a file could not be read."""
    if isinstance(error, OSError):
        return (error.strerror or type(error).__name__).lower()
    return one_line(error, 120) or type(error).__name__


def load_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises:
        InputError: the file is missing, cannot be read or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read {os.fspath(path)}: {_reason(error)}; expected a JSON file; check the path"
        ) from error


def load_npz(path: str | os.PathLike[str], required: Iterable[str] = ()) -> dict[str, np.ndarray]:
    """Read every array of an npz file, checking its checksums first.

    Args:
        path: the file.
        required: names that must be there.

    Raises:
        InputError: missing, truncated, damaged, pickled or foreign file, or a required array is absent.
    """
    name = os.fspath(path)
    try:
        # The checksums come first: a flipped bit in an array's header could hide the rest of the array.
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise ValueError(f"{damaged} is damaged (wrong checksum)")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        foreign = [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]
        if foreign:
            raise ValueError(f"{foreign[0]} is not an array")
    except Exception as error:  # a damaged archive can raise nearly anything
        raise InputError(
            f"cannot read {name}: {_reason(error)}; expected a whole npz file without pickles; "
            "check the path or write the file again"
        ) from error
    missing = [key for key in required if key not in arrays]
    if missing:
        there = one_line(", ".join(arrays) or "nothing", 160)
        raise InputError(
            f"{name} has no array {missing[0]!r}; expected {', '.join(required)} but it holds {there}; "
            "check that it is the right kind of file"
        )
    return arrays


def sha256_of(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_manifest(folder: str | os.PathLike[str], names: Iterable[str]) -> Path:
    """Write `manifest.json`: the size [bytes] and SHA-256 of each named file in `folder`."""
    root = Path(folder)
    files = {
        name: {"sha256": sha256_of(root / name), "size": (root / name).stat().st_size}
        for name in sorted(names)
    }
    return atomic_write_json(root / MANIFEST, {"files": files})


def verify_manifest(folder: str | os.PathLike[str]) -> list[str]:
    """Check every file of a folder's manifest and return their names.

    Raises:
        InputError: the manifest or a file is missing, or a file is not what was written.
    """
    root = Path(folder)
    record = load_json(root / MANIFEST)
    files = record.get("files") if isinstance(record, dict) else None
    if not isinstance(files, dict) or not all(isinstance(entry, dict) for entry in files.values()):
        raise InputError(f"{root / MANIFEST} is not a manifest; expected a table of files; write it again")
    for name, entry in files.items():
        path = root / name
        if not path.is_file():
            raise InputError(f"{path} is missing; expected it by the manifest; restore it or make it again")
        if path.stat().st_size != entry.get("size") or sha256_of(path) != entry.get("sha256"):
            raise InputError(
                f"{path} was changed; expected it as in the manifest; restore it or make it again"
            )
    return list(files)
