"""Jobs over the cores: results do not depend on how many workers there are or who plays what.

Workers are spawned (a forked MuJoCo or torch may hang), take the next job as they become free and stay
with their task as long as it has jobs, because an environment takes a second to build.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol

from soccer_lib.errors import InputError, ResourceError, SimulationError, SoccerError, one_line

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Job(Protocol):
    """What a schedule has to know about a job."""

    @property
    def task(self) -> str:
        """Jobs of one task share an environment."""

    @property
    def cost(self) -> int:
        """The longest that it can last, in any unit."""


class Player(Protocol):
    """Plays jobs one after the other; it is pickled once for each worker, before its first job."""

    def __call__(self, job: Any) -> Any:
        """Play a job."""

    def close(self) -> None:
        """Free what was built."""


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_jobs(
    player: Player, jobs: Sequence[Job], workers: int = 0, done: Callable[[int], None] = lambda n: None
) -> list[Any]:
    """Play all jobs.

    Args:
        player: who plays them; for more than one worker it has to be picklable.
        jobs: what to play.
        workers: processes; 1 stays in this one, 0 takes as many as there are cores.
        done: told how many jobs are finished.

    Returns:
        One result for each job, in the order of `jobs`.

    Raises:
        InputError: `player` cannot be sent to a worker process.
        SimulationError: a job failed or a worker died; the worker's traceback is in the error's notes.
    """
    count = min(workers or usable_cores(), len(jobs))
    if count <= 1:
        return _run_here(player, jobs, done)
    try:
        payload = pickle.dumps(player)
    except Exception as error:
        raise InputError(
            f"the policy cannot be sent to {count} workers ({one_line(error, 120)}); expected one that "
            "pickles; try workers=1"
        ) from error
    crew = _Crew(count, payload)
    try:
        return crew.run(_Schedule(jobs), done)
    finally:
        crew.close()


def _run_here(player: Player, jobs: Sequence[Job], done: Callable[[int], None]) -> list[Any]:
    results: list[Any] = [None] * len(jobs)
    schedule = _Schedule(jobs)
    task: str | None = None
    try:
        with _one_torch_thread():
            while (index := schedule.take(task)) is not None:
                task = jobs[index].task
                results[index] = _guarded(player, jobs[index])
                done(schedule.taken)
    finally:
        player.close()
    return results


def _guarded(player: Player, job: Job) -> Any:
    """Play a job; any failure becomes one of our errors that names the job."""
    try:
        return player(job)
    except MemoryError as error:
        message = f"{job.task}: out of memory; expected room for this job; try fewer workers"
        raise ResourceError(message) from error
    except SoccerError:
        raise
    except Exception as error:
        where = f"{job.task}, seed {getattr(job, 'seed', '?')}"
        raise SimulationError(
            f"{where} failed: {type(error).__name__}: {one_line(error, 200)}; expected a finished episode; "
            "run it alone with workers=1 for the traceback"
        ) from error


class _Schedule:
    """Which job is next: the worker's own task first, else the task with most work left."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self.taken = 0
        self._left: dict[str, list[int]] = {}
        for index in reversed(range(len(jobs))):
            self._left.setdefault(jobs[index].task, []).append(index)
        self._crowd = dict.fromkeys(self._left, 0)

    def take(self, task: str | None) -> int | None:
        """Index of the next job for a worker that last played `task`; None when all are taken."""
        if task is None or not self._left[task]:
            waiting = [name for name, left in self._left.items() if left]
            if not waiting:
                return None
            if task is not None:
                self._crowd[task] -= 1
            task = max(waiting, key=self._work_per_worker)
            self._crowd[task] += 1
        self.taken += 1
        return self._left[task].pop()

    def _work_per_worker(self, task: str) -> float:
        return sum(self.jobs[index].cost for index in self._left[task]) / (self._crowd[task] + 1)


class _Crew:
    """Worker processes and their pipes."""

    def __init__(self, count: int, payload: bytes) -> None:
        self._processes: dict[Connection, Any] = {}
        context = multiprocessing.get_context("spawn")
        with _settings_of_children():
            for _ in range(count):
                ours, theirs = context.Pipe()
                process = context.Process(target=_serve, args=(theirs, payload), daemon=True)
                process.start()
                theirs.close()
                self._processes[ours] = process

    def run(self, schedule: _Schedule, done: Callable[[int], None]) -> list[Any]:
        """Play the jobs of a schedule; results in the order of its jobs."""
        jobs = schedule.jobs
        results: list[Any] = [None] * len(jobs)
        playing: dict[Connection, int] = {}
        finished = 0
        for pipe in self._processes:
            self._give(pipe, schedule, None, playing)
        while playing:
            for pipe in wait(list(playing)):
                index = playing.pop(pipe)
                results[index] = self._answer(pipe)
                finished += 1
                done(finished)
                self._give(pipe, schedule, jobs[index].task, playing)
        return results

    def _give(
        self, pipe: Connection, schedule: _Schedule, task: str | None, playing: dict[Connection, int]
    ) -> None:
        """Send a worker its next job, if there is one."""
        index = schedule.take(task)
        if index is None:
            return
        playing[pipe] = index
        # A worker that died is noticed where its answer is read.
        with contextlib.suppress(OSError):
            pipe.send(schedule.jobs[index])

    def _answer(self, pipe: Connection) -> Any:
        try:
            answer, failure, trace = pipe.recv()
        except (EOFError, OSError):
            process = self._processes[pipe]
            process.join(timeout=5)
            raise SimulationError(
                f"a worker stopped (exit code {process.exitcode}); expected it to answer; try fewer workers "
                "if the memory was short, or workers=1 to see why"
            ) from None
        if failure is None:
            return answer
        failure.add_note(f"In the worker:\n{trace}")
        raise failure

    def close(self) -> None:
        """End the workers, those in the middle of an episode too."""
        for process in self._processes.values():
            process.terminate()
        for pipe, process in self._processes.items():
            process.join(timeout=10)
            pipe.close()


def _serve(pipe: Connection, payload: bytes) -> None:
    """Life of a worker: play jobs until the parent ends it or is gone."""
    # Ctrl-C reaches the whole group; the parent ends us. A polite kill must not run the parent's handler.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    player: Player | None = None
    with contextlib.suppress(EOFError, OSError):
        while True:
            job = pipe.recv()
            try:
                player = player or _unpack(payload)
                message = (_guarded(player, job), None, "")
            except SoccerError as error:
                message = (None, error, traceback.format_exc())
            pipe.send(message)


def _unpack(payload: bytes) -> Player:
    try:
        player = pickle.loads(payload)
    except Exception as error:
        raise InputError(
            f"a worker cannot build the policy ({one_line(error, 160)}); expected one that is defined in an "
            "importable module; try workers=1"
        ) from error
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    return player


@contextlib.contextmanager
def _settings_of_children() -> Iterator[None]:
    """Processes started inside compute with one thread each and leave Ctrl-C to their parent.

    They do not run the caller's script again either, as spawned processes else do: a script without
    `if __name__ == "__main__"` works, and standard input may be the script.
    """
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    main = sys.modules["__main__"]
    main_file, main_spec = main.__dict__.pop("__file__", None), main.__spec__
    main.__spec__ = None
    interrupt = None
    with contextlib.suppress(ValueError):  # only the main thread may; elsewhere no Ctrl-C arrives
        interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        if interrupt is not None:
            signal.signal(signal.SIGINT, interrupt)
        main.__spec__ = main_spec
        if main_file is not None:
            main.__file__ = main_file
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _one_torch_thread() -> Iterator[None]:
    """Let torch, where it is loaded, compute with one thread, as in the workers."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
