"""Objects that worker processes hold in tests; importing this costs next to nothing."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError


@dataclass(frozen=True)
class Job:
    """A job as `run_jobs` wants it, and what it is to do."""

    seed: int
    do: str = "name"
    path: str = ""
    task: str = "kick_to_target"


class Player:
    """Counts what it is asked; each worker has one of its own."""

    def __init__(self, fails_at_birth: bool = False) -> None:
        if fails_at_birth:
            raise OSError("no such scene")
        self.count = 0

    def __call__(self, job: Job) -> Any:
        self.count += 1
        return getattr(self, job.do)(job)

    def close(self) -> None:
        self.count = -1

    def name(self, job: Job) -> int:
        return job.seed

    def who(self, job: Job) -> tuple[int, int]:
        return os.getpid(), self.count

    def wait_for_the_last(self, job: Job) -> int:
        """The first job waits for the file that the last one writes; the others go on meanwhile."""
        until = time.monotonic() + 60
        while not Path(job.path).exists():
            assert time.monotonic() < until, "the other worker never came to the last job"
            time.sleep(0.01)
        return job.seed

    def write(self, job: Job) -> int:
        Path(job.path).write_text("")
        return job.seed

    def surroundings(self, job: Job) -> dict[str, Any]:
        loaded = [name for name in ("torch", "mujoco", "scipy") if name in sys.modules]
        threads = [os.environ.get(name) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")]
        return {"loaded": loaded, "threads": threads}

    def die(self, job: Job) -> None:
        os._exit(7)

    def fail(self, job: Job) -> None:
        raise KeyError("no ball")

    def refuse(self, job: Job) -> None:
        raise InputError("a; b; c")

    def lack(self, job: Job) -> None:
        raise AttributeError("nothing of that name")

    def sleep(self, job: Job) -> None:
        time.sleep(600)
