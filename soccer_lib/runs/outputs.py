"""Output files: whether they can be written is checked before hours of work, not after."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable

from soccer_lib.errors import InputError, ResourceError
from soccer_lib.runs.files import free_room, output_file, resource_errors

_PROBE = 65_536
"""What is written and removed again, to see whether it can be [bytes]."""


def check_outputs(paths: Iterable[str | os.PathLike[str]], size: int = 0) -> None:
    """Refuse outputs that could not be written; makes their folders and changes no file.

    Args:
        paths: the files; empty ones are not wanted.
        size: the most that the largest of them can take [bytes].

    Raises:
        InputError: the same file twice, or something that is no regular file.
        ResourceError: a folder cannot be written, or its disk has too little room.
    """
    taken = set()
    for path in (path for path in paths if path):
        if str(path).strip() in ("", "-"):
            raise InputError(f"output {path!r} is no name; expected a file; try out.json")
        target = output_file(path)
        if target in taken:
            raise InputError(f"{path} came for two outputs; expected a file for each; rename one")
        taken.add(target)
        with resource_errors(path, "write", max(size, _PROBE)):
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=target.parent) as probe:
                probe.write(bytes(_PROBE))
                os.fsync(probe)
            free = free_room(target.parent)
        if free < size:
            raise ResourceError(
                f"{path}: up to {size / 2**20:.0f} MiB will be written and the disk has {free / 2**20:.0f} "
                "MiB free; expected room for it; free some disk space or choose another disk"
            )
