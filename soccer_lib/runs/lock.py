"""One process at a time in a folder: a lock of the operating system, which ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
import os
import weakref
from pathlib import Path

from soccer_lib.errors import InputError
from soccer_lib.runs.files import resource_errors

LOCK = "lock"
"""The file in the folder that is locked; it stays and says nothing once its process is gone."""


class FolderLock:
    """Keeps other processes out of a folder for as long as it, or another one of this process, lives.

    The system lets go of it however the process ends. Within one process it is shared: a notebook's cell that
    was interrupted may still hold it, and can be run again.
    """

    _held: weakref.WeakValueDictionary[Path, FolderLock] = weakref.WeakValueDictionary()

    def __init__(self, path: Path) -> None:
        """Open the file; `take` locks it."""
        self._stream = open(path, "a+", encoding="utf-8")

    @classmethod
    def take(cls, folder: Path) -> FolderLock:
        """Lock a folder that exists.

        Raises:
            InputError: another process holds it.
            ResourceError: the folder cannot be written.
        """
        path = folder.resolve() / LOCK
        held = cls._held.get(path)
        if held is None or not held.is_at(path):
            with resource_errors(folder, "write"):
                held = cls(path)
            held.acquire(folder)
            if not held.is_at(path):  # its last owner removed the folder in between
                return cls.take(folder)
            cls._held[path] = held
        return held

    def is_at(self, path: Path) -> bool:
        """Whether the open file is still the one of that name."""
        return path.exists() and os.path.samestat(os.fstat(self._stream.fileno()), path.stat())

    def acquire(self, folder: Path) -> None:
        """Lock the file and note the process in it."""
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._stream.seek(0)
            owner = self._stream.read(20).strip() or "unknown"
            raise InputError(
                f"{folder} is in use by process {owner}; expected one run in a folder at a time; wait for "
                "it, or choose another folder"
            ) from None
        except OSError:  # a file system without locks
            return
        with contextlib.suppress(OSError):  # a full disk is told where results are written
            self._stream.truncate(0)
            self._stream.write(f"{os.getpid()}\n")
            self._stream.flush()
