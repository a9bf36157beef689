"""Jobs over the cores: results do not depend on how many workers there are or who plays what."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from soccer_lib.errors import InputError, SimulationError, SoccerError, one_line
from soccer_lib.runs import Heartbeat
from soccer_lib.runs.children import settings_of_children, usable_cores

Player = Callable[[Any], Any]
"""Plays one job; it keeps what is dear to build, and each worker has its own copy."""


def run_jobs(player: Player, jobs: Sequence[Any], workers: int = 0, label: str = "") -> list[Any]:
    """Play all jobs.

    Args:
        player: who plays them; for more than one worker it has to be picklable.
        jobs: what to play; each has a `task` and a `seed`.
        workers: processes; 1 stays in this one, 0 takes as many as there are cores.
        label: what the progress lines begin with; without one nothing is printed.

    Returns:
        One result for each job, in the order of `jobs`.

    Raises:
        InputError: `player` cannot be sent to a worker process, or a negative number of workers.
        SimulationError: a job failed or a worker died; the worker's traceback is the error's cause.
    """
    if workers < 0:
        raise InputError(f"workers got {workers}; expected 0 (one a core) or more; try 0")
    count = min(workers or usable_cores(), len(jobs))
    beat = Heartbeat(None, len(jobs), "episodes", label)
    done = beat.update if label else lambda n: None
    if count > 1:
        return _run_apart(player, jobs, count, done)
    results = []
    for job in jobs:
        results.append(_play(player, job))
        done(len(results))
    return results


def _run_apart(player: Player, jobs: Sequence[Any], count: int, done: Callable[[int], None]) -> list[Any]:
    # Spawned, because a forked MuJoCo or torch may hang.
    pool = ProcessPoolExecutor(count, multiprocessing.get_context("spawn"), _begin, (player,))
    try:
        with settings_of_children():
            _check_pickles(player, count)
            futures = [pool.submit(_play_in_worker, job) for job in jobs]
        for finished, future in enumerate(as_completed(futures), start=1):
            future.result()
            done(finished)
    except BrokenProcessPool:
        raise SimulationError(
            "a worker stopped; expected it to answer; try fewer workers if the memory was short, or "
            "workers=1 to see why"
        ) from None
    finally:
        # Without this an interrupt would wait for the episodes that are being played.
        for process in list(pool._processes.values()):
            process.terminate()
        pool.shutdown(cancel_futures=True)
    return [future.result() for future in futures]


def _check_pickles(player: Player, count: int) -> None:
    try:
        pickle.dumps(player)
    except Exception as error:
        raise InputError(
            f"the policy cannot be sent to {count} workers ({one_line(error, 120)}); expected one that "
            "pickles, of an importable module; try workers=1"
        ) from error


def _play(player: Player, job: Any) -> Any:
    """Play a job; a failure becomes one of our errors that names the job."""
    try:
        return player(job)
    except (SoccerError, MemoryError):
        raise
    except Exception as error:
        raise SimulationError(
            f"{job.task}, seed {job.seed} failed: {type(error).__name__}: {one_line(error, 200)}; expected "
            "a finished episode; run it alone with workers=1 for the traceback"
        ) from error


_player: Player | None = None  # of this worker


def _begin(player: Player) -> None:
    """Start the life of a worker, which ends with its parent even where the parent was killed."""
    global _player
    _player = player
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _play_in_worker(job: Any) -> Any:
    return _play(_player, job)
