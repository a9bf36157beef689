"""`bench env`, last rows: how speed and memory grow with environments, and evaluations with workers."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from soccer_lib.envs.vec import make_vec_env
from soccer_lib.errors import InputError
from soccer_lib.evaluation import evaluate
from soccer_lib.tasks import Task
from soccer_lib.workshop.bench.report import LiveTable

SECONDS = 3.0
"""How long each number of environments is stepped [s]."""

WORKERS = (1, 2)
"""Workers of the timed evaluations."""


def counts_of(text: str) -> list[int]:
    """Read numbers of environments from "1,2,8"; an empty text gives none.

    Raises:
        InputError: no whole numbers above 0.
    """
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and int(part) for part in parts):
        raise InputError(f"--envs got {text!r}; expected whole numbers above 0; try 1,2,8,32")
    return [int(part) for part in parts]


def memory() -> float:
    """Memory of this process and its workers [MiB]; pages that they share are counted once."""
    processes = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    kilobytes = 0
    for process in processes:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:  # another system than Linux
            return float("nan")
        kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


def measure_growth(task: Task, counts: Sequence[int]) -> dict[str, float]:
    """Commands a second of all environments together, and what they hold in memory, for each number of them.

    Args:
        task: of every environment; control, observation and workers are those of training.
        counts: how many environments.
    """
    figures = {}
    table = LiveTable({"make_vec_env": 36, "commands/s": 12, "MiB": 8})
    for count in counts:
        before = memory()
        venv = make_vec_env(task, count, seed=1_000, control="command", observation="agent")
        venv.reset()
        actions = np.zeros((count, 3), dtype=np.float32)
        actions[:, 0] = 0.3
        venv.step(actions)
        steps = 0
        begun = time.perf_counter()
        while time.perf_counter() - begun < SECONDS:
            venv.step(actions)
            steps += count
        rate = steps / (time.perf_counter() - begun)
        held = memory() - before
        venv.close()
        table.row([f"{count} environments", f"{rate:.0f}", f"{held:.0f}"])
        figures |= {f"vec_{count}/commands_per_second": rate, f"vec_{count}/memory_mib": held}
    return figures


def measure_evaluations(task: Task, episodes: int) -> dict[str, float]:
    """Episodes of the striker a second, the start of the workers included.

    Args:
        task: that is played.
        episodes: of each evaluation.
    """
    figures = {}
    table = LiveTable({"evaluate": 36, "episodes/s": 12})
    for workers in WORKERS:
        result = evaluate("striker", task, episodes, seed=0, workers=workers, progress=False)
        rate = episodes / result.seconds
        table.row(
            [f"{workers} {'worker' if workers == 1 else 'workers'}, {episodes} episodes", f"{rate:.2f}"]
        )
        figures[f"evaluate_{workers}/episodes_per_second"] = rate
    return figures
