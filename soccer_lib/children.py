"""Processes of our own: how many there may be, and what they inherit."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import ModuleType

_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def settings_of_children(**variables: str) -> Iterator[None]:
    """Processes started inside compute with one thread each and leave Ctrl-C to their parent.

    `variables` are further variables of their environment.

    They do not run the caller's script again either, as spawned processes else do: a script without
    `if __name__ == "__main__"` works, and standard input may be the script.
    """
    before, main, interrupt = dict(os.environ), sys.modules["__main__"], None
    variables |= _ONE_THREAD
    os.environ.update(variables)
    sys.modules["__main__"] = ModuleType("__main__")
    with contextlib.suppress(ValueError):  # only the main thread may; elsewhere no Ctrl-C arrives
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        if interrupt is not None:
            signal.signal(signal.SIGINT, interrupt)
        sys.modules["__main__"] = main
        for name in variables:
            del os.environ[name]
        os.environ.update(before)
