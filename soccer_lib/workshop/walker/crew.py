"""Worker processes: they run jobs that score gaits and kicks or collect experience, without torch."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from soccer_lib.control.gait import GaitParameters
from soccer_lib.errors import SimulationError, one_line
from soccer_lib.workshop.walker.forward import GAMMA, forward, numpy_layers

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class ScoreJob:
    """Score gait parameters on some scenarios."""

    parameters: GaitParameters
    seed: int
    scenarios: int

    def run(self, held: dict) -> float:
        """Mean score."""
        from soccer_lib.workshop.walker.gait_search import GaitTrial

        if "gait" not in held:
            held["gait"] = GaitTrial()
        return held["gait"].score(self.parameters, self.seed, self.scenarios)


@dataclass(frozen=True)
class PractiseJob:
    """Build a group of practising robots."""

    parameters: GaitParameters
    n_robots: int
    seed: tuple[int, ...]

    def run(self, held: dict) -> None:
        """Build them."""
        held["collector"] = Collector(self)


@dataclass(frozen=True)
class CollectJob:
    """Collect a batch with the given network."""

    network: dict[str, np.ndarray]
    steps: int
    strongest_push: float

    def run(self, held: dict) -> tuple[dict[str, np.ndarray], dict]:
        """Arrays of a `ppo.Batch` and a report."""
        return held["collector"].collect(self)


class Collector:
    """Rolls the practising robots out with a network, in numpy."""

    def __init__(self, job: PractiseJob) -> None:
        from soccer_lib.workshop.walker.practice import Practice

        self.practice = Practice(job.parameters, job.n_robots, list(job.seed))
        self.rng = np.random.default_rng([*job.seed, 1])
        self.rows = self.practice.observe()

    def collect(self, job: CollectJob) -> tuple[dict[str, np.ndarray], dict]:
        """Arrays of a `ppo.Batch`, and a report on the episodes that ended meanwhile."""
        actor, critic = numpy_layers(job.network, "actor"), numpy_layers(job.network, "critic")
        log_std = job.network["log_std"]
        std = np.exp(log_std)
        self.practice.set_strongest_push(job.strongest_push)
        steps, n = job.steps, len(self.rows)
        out = {
            "observations": np.zeros((steps, *self.rows.shape), np.float32),
            "actions": np.zeros((steps, n, len(log_std)), np.float32),
            "log_probs": np.zeros((steps, n), np.float32),
            "rewards": np.zeros((steps, n), np.float32),
            "done": np.zeros((steps, n), bool),
            "values": np.zeros((steps + 1, n), np.float32),
        }
        for t in range(steps):
            noise = self.rng.standard_normal((n, len(log_std)), dtype=np.float32)
            action = forward(actor, self.rows) + std * noise
            out["observations"][t], out["actions"][t] = self.rows, action
            out["log_probs"][t] = (-0.5 * noise**2 - log_std).sum(1)
            out["values"][t] = forward(critic, self.rows)[:, 0]
            rewards, done, timed_out = self.practice.step(action)
            for i, row in timed_out.items():  # a time-out is no end: add what would have followed
                rewards[i] += GAMMA * forward(critic, np.array([row], np.float32))[0, 0]
            out["rewards"][t], out["done"][t] = rewards, done
        out["values"][steps] = forward(critic, self.rows)[:, 0]
        return out, self.practice.take_report()


def serve(connection) -> None:  # noqa: ANN001
    """Loop of a worker process: answer jobs until None comes or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    held: dict = {}  # what jobs keep for the next ones
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        if job is None:
            return
        try:
            connection.send((True, job.run(held)))
        except Exception as error:  # reported in the parent, which knows the command to repeat
            connection.send((False, one_line(f"{type(error).__name__}: {error}")))


class Crew:
    """A few worker processes and their pipes."""

    def __init__(self, n_workers: int) -> None:
        context = multiprocessing.get_context("spawn")
        before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
        os.environ.update({name: "1" for name in _THREAD_VARIABLES})  # inherited by the workers
        self.processes, self.pipes = [], []
        try:
            for _ in range(n_workers):
                ours, theirs = context.Pipe()
                process = context.Process(target=serve, args=(theirs,), daemon=True)
                process.start()
                theirs.close()
                self.processes.append(process)
                self.pipes.append(ours)
        finally:
            for name, value in before.items():
                os.environ.pop(name, None) if value is None else os.environ.update({name: value})

    def __len__(self) -> int:
        return len(self.pipes)

    def send(self, worker: int, job: object) -> None:
        """Give a worker its next job."""
        try:
            self.pipes[worker].send(job)
        except (BrokenPipeError, OSError):
            raise self._lost(worker) from None

    def receive(self, worker: int) -> object:
        """Wait for a worker's answer.

        Raises:
            SimulationError: the worker died or its job failed.
        """
        try:
            fine, answer = self.pipes[worker].recv()
        except (EOFError, OSError):
            raise self._lost(worker) from None
        if not fine:
            raise SimulationError(
                f"worker {worker} failed ({answer}); expected an answer; run the command again"
            )
        return answer

    def map(self, jobs: list) -> Iterator:
        """Answers to many jobs in their order; workers take the next job as they become free."""
        from multiprocessing.connection import wait

        waiting, running, done, shown = list(enumerate(jobs))[::-1], {}, {}, 0
        for worker in range(len(self)):
            if waiting:
                running[worker], job = waiting.pop()
                self.send(worker, job)
        while running:
            for pipe in wait([self.pipes[w] for w in running]):
                worker = self.pipes.index(pipe)
                done[running.pop(worker)] = self.receive(worker)
                if waiting:
                    running[worker], job = waiting.pop()
                    self.send(worker, job)
            while shown in done:
                yield done.pop(shown)
                shown += 1

    def _lost(self, worker: int) -> SimulationError:
        code = self.processes[worker].exitcode
        return SimulationError(
            f"worker {worker} stopped (exit code {code}); expected an answer; run the same command to go on"
        )

    def close(self) -> None:
        """End the workers."""
        for pipe in self.pipes:
            try:
                pipe.send(None)
            except OSError:
                pass
        for process in self.processes:
            process.join(timeout=5)
            if process.is_alive():
                process.terminate()
