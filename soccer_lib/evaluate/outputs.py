"""Output files: whether they can be written is checked before hours of work, not after."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from soccer_lib.errors import InputError, ResourceError
from soccer_lib.runs.files import resource_errors

_PROBE = b"\0" * 65536


def check_outputs(
    outputs: Mapping[str, str | os.PathLike[str] | None],
    inputs: Mapping[str, str | os.PathLike[str]] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> None:
    """Refuse outputs that could not be written; makes their folders and changes no file.

    Args:
        outputs: flag -> file; empty ones are not wanted.
        inputs: name -> file that must not be overwritten.
        sizes: flag -> the most that the file will take [bytes].

    Raises:
        InputError: two flags name the same file, or an output is an input or no regular file.
        ResourceError: the folder cannot be written, or the disk has too little room.
    """
    taken = {Path(path).resolve(): name for name, path in (inputs or {}).items()}
    for flag, path in outputs.items():
        if not path:
            continue
        target = Path(path).resolve()
        if target in taken:
            raise InputError(f"{flag} {path} is also {taken[target]}; expected another file; rename one")
        taken[target] = flag
        check_output(path, (sizes or {}).get(flag, 0))


def check_output(path: str | os.PathLike[str], size: int = 0) -> None:
    """Refuse one output that could not be written; see `check_outputs`."""
    target = Path(path)
    with resource_errors(path, "write"):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if target.exists() and not target.is_file():
            raise InputError(f"{path} is a device; expected a file to write; choose another name")
        probe = target.with_name(f".{target.name}.{os.getpid()}.probe")
        try:
            with open(probe, "wb") as stream:
                stream.write(_PROBE)
                stream.flush()
                os.fsync(stream.fileno())
        finally:
            probe.unlink(missing_ok=True)
        free = shutil.disk_usage(target.parent).free
    if free < size:
        raise ResourceError(
            f"{path} may take {size / 2**20:.0f} MiB and the disk has {free / 2**20:.0f} MiB free; expected "
            "room for it; free some disk space or choose an output on another disk"
        )
