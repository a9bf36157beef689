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
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from soccer_lib.errors import InputError, ResourceError, one_line
from soccer_lib.runs.signatures import signature_of

MANIFEST = "manifest.json"
NPZ_BYTES = 2**33
"""Most that an npz file may hold: twenty million samples of a dataset."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def resource_errors(path: str | os.PathLike[str], doing: str, size: int = 0) -> Iterator[None]:
    """Turn an OSError inside the block into one line that names `path` as the user gave it.

    Args:
        path: the file or folder.
        doing: what is tried with it, as a verb.
        size: what it needs [bytes]; told with what is free where the disk is full.
    """
    try:
        yield
    except ResourceError:
        raise
    except OSError as error:
        wanted = "a writable place with room"
        remedy = "choose another output path"
        if error.errno in _FULL:
            room = f"room for {mib(size)}" if size else "room"
            wanted = f"{room}, and {mib(free_room(Path(path).parent))} are free"
            remedy = "free some disk space and give the same command"
        reason = error.strerror or error
        raise ResourceError(
            one_line(f"could not {doing} {path}: {reason}; expected {wanted}; {remedy}")
        ) from error


def free_room(folder: str | os.PathLike[str]) -> int:
    """What is free on a folder's disk [bytes]; 0 where the folder is not there."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free
    return 0


def mib(size: int) -> str:
    """A size [bytes] as errors tell it."""
    return f"{size / 2**20:.1f} MiB"


def atomic_write(path: str | os.PathLike[str], writer: Callable[[BinaryIO], Any], size: int = 0) -> Path:
    """Let `writer` fill a new file and give it the name `path` only once it is whole and on disk.

    Parent folders are made; `size` [bytes] is told where the disk is full.

    Raises:
        InputError: `path` is a folder, device or pipe.
        ResourceError: the disk is full, read-only or the path is not usable; `path` is as it was before.
    """
    target = output_file(path)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with resource_errors(path, "write", size):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "wb") as stream:
                writer(stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    return Path(path)


def output_file(path: str | os.PathLike[str]) -> Path:
    """Where a write to `path` goes: symbolic links stay, what they point to is written.

    Raises:
        InputError: there is something else than a file, such as a folder, a device or a pipe.
    """
    target = Path(os.path.realpath(path))
    if target.is_symlink() or (os.path.exists(path) and not os.path.isfile(path)):
        raise InputError(f"{path} is a folder, device or pipe; expected a file to write; rename it")
    return target


def atomic_copy(files: Iterable[Path], folder: Path) -> None:
    """Copy files into a folder, which is made: all are whole and on its disk before one gets its name.

    Raises:
        ResourceError: the disk is full, read-only or the folder is not usable; its files are as they were.
    """
    with resource_errors(folder, "copy into"), contextlib.ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        copies = []
        for file in files:
            copy = folder / f".{file.name}.{os.getpid()}.tmp"
            stack.callback(copy.unlink, missing_ok=True)
            with open(copy, "wb") as stream:
                stream.write(file.read_bytes())
                stream.flush()
                os.fsync(stream.fileno())
            copies.append((copy, folder / file.name))
        for copy, target in copies:
            os.replace(copy, target)


def atomic_write_bytes(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write bytes atomically; see `atomic_write`."""
    return atomic_write(path, lambda stream: stream.write(content), len(content))


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
    size = sum(array.nbytes for array in plain.values())
    return atomic_write(path, lambda stream: save(stream, **plain), size)


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


def load_record(path: str | os.PathLike[str], *tables: str) -> dict[str, Any]:
    """Read a JSON file that holds an object in which some entries are objects too.

    Raises:
        InputError: `load_json` refuses it, or it holds something else.
    """
    record = load_json(path)
    if not isinstance(record, dict) or not all(isinstance(record.get(name), dict) for name in tables):
        needed = f" with {' and '.join(tables)}" if tables else ""
        raise InputError(f"{path} holds something else; expected a record{needed}; restore or remove it")
    return record


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
            if sum(member.file_size for member in archive.infolist()) > NPZ_BYTES:
                raise ValueError(f"it unpacks to more than {NPZ_BYTES:,} bytes")
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


def sha256_of_arrays(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of arrays with their names, types and shapes, in whatever file they are kept."""
    content = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        content.update(repr((name, array.dtype.str, array.shape)).encode())
        content.update(array.tobytes())
    return content.hexdigest()


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
    files = load_record(root / MANIFEST)
    for name, sha256 in files.items():
        path = root / name
        state = "missing" if not path.is_file() else "changed" if sha256_of(path) != sha256 else ""
        if state:
            raise InputError(f"{path} is {state}; expected it as in {MANIFEST}; restore it or make it again")
    return list(files)
