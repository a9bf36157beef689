"""Worker processes: they run jobs that score gaits and kicks or collect experience, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from soccer_lib.control.gait import GaitParameters
from soccer_lib.runs.pool import Pool
from soccer_lib.workshop.walker.forward import GAMMA, forward, numpy_layers


class WorkerJob(Protocol):
    """What a worker can run."""

    def run(self, held: dict) -> Any:
        """Run it; `held` is what earlier jobs of this worker have kept."""


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
        held["collector"] = Rollouts(self)


@dataclass(frozen=True)
class CollectJob:
    """Collect a batch with the given network."""

    network: dict[str, np.ndarray]
    steps: int
    strongest_push: float

    def run(self, held: dict) -> tuple[dict[str, np.ndarray], dict]:
        """Arrays of a `ppo.Batch` and a report."""
        return held["collector"].collect(self)


class Rollouts:
    """Rolls the practising robots out with a network, in numpy."""

    def __init__(self, job: PractiseJob) -> None:
        from soccer_lib.workshop.walker.practice import Practice

        self.practice = Practice(job.parameters, job.n_robots, list(job.seed))
        self.rng = np.random.default_rng([*job.seed, 1])
        self.rows = self.practice.observe()

    def collect(self, job: CollectJob) -> tuple[dict[str, np.ndarray], dict]:
        """Arrays of a `ppo.Batch`, and a report on the episodes that ended meanwhile."""
        actor = numpy_layers(job.network, "actor")
        critic = numpy_layers(job.network, "critic")
        log_std = job.network["log_std"]
        std = np.exp(log_std)
        self.practice.set_strongest_push(job.strongest_push)
        steps = job.steps
        n = len(self.rows)
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
            out["observations"][t] = self.rows
            out["actions"][t] = action
            out["log_probs"][t] = (-0.5 * noise**2 - log_std).sum(1)
            out["values"][t] = forward(critic, self.rows)[:, 0]
            rewards, done, timed_out = self.practice.step(action)
            for i, row in timed_out.items():  # a time-out is no end: add what would have followed
                rewards[i] += GAMMA * forward(critic, np.array([row], np.float32))[0, 0]
            out["rewards"][t] = rewards
            out["done"][t] = done
        out["values"][steps] = forward(critic, self.rows)[:, 0]
        return out, self.practice.take_report()


class JobRunner:
    """What a worker holds: it runs jobs, and keeps for the next ones what is dear to build."""

    def __init__(self) -> None:
        self._held: dict = {}

    def __call__(self, job: WorkerJob) -> Any:
        """Run a job."""
        return job.run(self._held)


class Crew(Pool):
    """Workers that run jobs, each with a `JobRunner` of its own."""

    def __init__(self, n_workers: int) -> None:
        super().__init__(JobRunner, n_workers, remedy="run the same command to go on")

    def send(self, worker: int, job: WorkerJob) -> None:
        """Give a worker its next job."""
        self.workers[worker].send("__call__", job)

    def receive(self, worker: int) -> Any:
        """Wait for a worker's answer.

        Raises:
            SimulationError: the worker died or its job failed.
        """
        return self.workers[worker].receive()
