"""Jobs over the cores: results do not depend on how many workers there are or who plays what."""

from __future__ import annotations

import contextlib
import functools
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from soccer_lib.errors import InputError, SimulationError, SoccerError, Terminated, one_line
from soccer_lib.runs.heartbeat import Heartbeat
from soccer_lib.runs.worker import Worker, end, usable_cores

Player = Callable[[Any], Any]
"""Plays one job; it keeps what is dear to build, and each worker has its own copy."""


class Pool:
    """Several workers, each with its own copy of an object that is called with jobs.

    Example:
        with Pool(make_trial, 2, remedy="run the command again") as pool:
            scores = pool.map(candidates)
    """

    def __init__(
        self, make: Callable[[], Player], count: int, *, remedy: str, limit: float | None = None
    ) -> None:
        """Start the workers.

        Args:
            make: makes what plays the jobs, in each worker; it has to pickle.
            count: workers.
            remedy: what errors tell to try.
            limit: how long a job may take [s].
        """
        self.workers: list[Worker] = []
        try:
            for index in range(count):
                self.workers.append(Worker(make, index, remedy=remedy, limit=limit))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.workers)

    def hand_out(self, jobs: Iterable[Any], both_ends: bool = False) -> Iterator[tuple[int, Any]]:
        """Give each worker the next job as it becomes free; yields number and result as jobs are done.

        With `both_ends` every other worker takes the last one that waits: where neighbours in the list need
        the same, such as the environment of a task, fewer workers have to build it.
        """
        waiting = deque(enumerate(jobs))
        running: dict[Worker, int] = {}
        from_the_end = set(self.workers[1::2]) if both_ends else set()

        def go_on(worker: Worker) -> None:
            if waiting:
                running[worker], job = waiting.pop() if worker in from_the_end else waiting.popleft()
                worker.send("__call__", job)

        for worker in self.workers:
            go_on(worker)
        while running:
            for worker in Worker.ready(list(running)):
                number = running.pop(worker)
                result = worker.receive()
                go_on(worker)
                yield number, result

    def map(self, jobs: Iterable[Any]) -> list[Any]:
        """The results of jobs, in their order."""
        results = dict(self.hand_out(jobs))
        return [results[number] for number in range(len(results))]

    def close(self) -> None:
        """End the workers, whatever they are doing."""
        end(self.workers)


def run_jobs(
    player: Player,
    jobs: Sequence[Any],
    workers: int = 0,
    label: str = "",
    unit: str = "episodes",
    limit: float | None = None,
    both_ends: bool = False,
) -> list[Any]:
    """Play all jobs.

    Args:
        player: who plays them; for more than one worker it has to be picklable.
        jobs: what to play; each has a `task` and a `seed`.
        workers: processes; 1 stays in this one, 0 takes as many as there are cores.
        label: what the progress lines begin with; without one nothing is printed.
        unit: what the jobs are, in the plural.
        limit: how long a job may take [s]; None for ever.
        both_ends: see `Pool.hand_out`.

    Returns:
        One result for each job, in the order of `jobs`.

    Raises:
        InputError: `player` cannot be sent to a worker process, or a negative number of workers.
        SimulationError: a job failed or a worker died; the worker's traceback is in the error's notes.
    """
    if workers < 0:
        raise InputError(f"workers got {workers}; expected 0 (one a core) or more; try 0")
    count = min(workers or usable_cores(), len(jobs))
    beat = Heartbeat(None, len(jobs), unit, label)
    if count <= 1:
        return _collected(enumerate(map(_NamesJobs(player, limit), jobs)), beat)
    remedy = "try workers=1 to see why, or fewer workers if the memory was short"
    with Pool(functools.partial(_NamesJobs, player), count, remedy=remedy, limit=limit) as pool:
        return _collected(pool.hand_out(jobs, both_ends), beat)


def _collected(results: Iterable[tuple[int, Any]], beat: Heartbeat) -> list[Any]:
    """Results in the order of their jobs, whichever is done first."""
    by_number: dict[int, Any] = {}
    for number, result in results:
        by_number[number] = result
        if beat.label:
            beat.update(len(by_number))
    return [by_number[number] for number in range(len(by_number))]


class _NamesJobs:
    """A player whose failures become errors of ours that name the job."""

    def __init__(self, player: Player, limit: float | None = None) -> None:
        self._player = player
        self._limit = limit

    def __call__(self, job: Any) -> Any:
        try:
            with _alarm_after(self._limit):
                return self._player(job)
        except (SoccerError, MemoryError, Terminated):
            raise
        except (Exception, SystemExit) as error:  # a policy of the user's may even leave
            raise SimulationError(
                f"{job.task}, seed {job.seed} failed: {type(error).__name__}: {one_line(error, 200)}; "
                "expected a finished episode; run it alone with workers=1 for the traceback"
            ) from error


@contextlib.contextmanager
def _alarm_after(seconds: float | None) -> Iterator[None]:
    """Raise TimeoutError when what is inside takes longer; only a main thread can be woken so."""
    if seconds is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def wake(*_: Any) -> None:
        raise TimeoutError(f"not done after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, wake)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
