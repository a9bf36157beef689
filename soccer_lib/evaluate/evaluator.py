"""`evaluate`: a policy in, official scores with intervals out."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.evaluate.episode import N_STARTS, STARTS, EpisodeJob, EpisodePlayer
from soccer_lib.evaluate.outputs import check_outputs
from soccer_lib.evaluate.pool import run_jobs
from soccer_lib.evaluate.record import record_bytes
from soccer_lib.evaluate.result import EvaluationResult
from soccer_lib.policies import Policy, check_policy, load_policy
from soccer_lib.runs import Heartbeat
from soccer_lib.tasks import Task, tasks_named

LAST_SEED = 2**31 - 1


@dataclass(frozen=True)
class EvaluateConfig:
    """Play episodes with one policy and score them as the competition does."""

    policy: Annotated[str, tyro.conf.arg(aliases=["--model"])]
    """Who plays: zero, random or stand."""
    tasks: tuple[str, ...] = ("all",)
    """Task names; all stands for the three of the competition."""
    episodes: int = 20
    """Episodes of each task."""
    seed: int = 10000
    """Seed of the first episode of each task; the next ones count up."""
    starts: Literal["official", "distinct"] = "official"
    """official: as the competition; distinct: k x 0.02 s of standing torque first, k from 0 to 19."""
    workers: int = 0
    """Processes; 0 takes one a core. The numbers do not depend on it."""
    fast: bool = True
    """The exact fast simulation is the default; --no-fast steps the stock environment, 8 times slower."""
    deterministic: bool = True
    """The policy's likeliest action is the default; --no-deterministic lets it draw one."""
    record: str = ""
    """npz file for every torque, to be checked with: replay FILE --stock."""
    json: str = ""
    """File for all figures and episodes."""
    plot: str = ""
    """Picture of the scores, .png, .svg or .pdf."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_request(self.episodes, self.seed, self.starts, self.workers)
        tasks_named(self.tasks)


def check_request(episodes: int, seed: int, starts: str, workers: int) -> None:
    """Refuse numbers that make no evaluation.

    Raises:
        InputError: naming the first of them.
    """
    if isinstance(episodes, bool) or not isinstance(episodes, int) or episodes < 1:
        raise InputError(f"episodes got {episodes!r}; expected a whole number, 1 or more; try 20")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= LAST_SEED - episodes:
        raise InputError(f"seed got {seed!r}; expected a whole number from 0 to {LAST_SEED}; try 10000")
    if starts not in STARTS:
        raise unknown_name("starts", starts, STARTS)
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        raise InputError(f"workers got {workers!r}; expected 0 (one a core) or more; try 0")


def evaluate(
    policy: Policy | str | os.PathLike[str],
    tasks: str | Task | Sequence[str | Task] = "all",
    episodes: int = 20,
    seed: int = 10000,
    starts: str = "official",
    *,
    workers: int = 0,
    fast: bool = True,
    deterministic: bool = True,
    record: str | os.PathLike[str] | None = None,
    keep_torques: bool = False,
    progress: bool = True,
) -> EvaluationResult:
    """Play episodes and score them as the competition does.

    Args:
        policy: a policy, or what `load_policy` takes.
        tasks: "all" for the three of the competition, a name, or several.
        episodes: episodes of each task.
        seed: seed of the first episode of each task; the next ones count up.
        starts: "official", or "distinct": k x 0.02 s of standing torque first, k = episode number modulo 20.
        workers: processes; 0 takes one a core. The numbers do not depend on it.
        fast: the exact fast simulation, or the stock environment.
        deterministic: passed to `policy.predict`.
        record: npz file for every torque (see `replay`).
        keep_torques: keep them in the result, for `.to_record(path)`.
        progress: print a line every few seconds.

    Returns:
        The episodes in the order of tasks and seeds, with `.table()`, `.summary` and `.to_json(path)`.

    Raises:
        InputError: an unknown name or a number that makes no evaluation.
        ResourceError: `record` cannot be written.
        SimulationError: an episode or a worker failed.
    """
    check_request(episodes, seed, starts, workers)
    names = [task.name for task in tasks_named(tasks)]
    policy = load_policy(policy) if isinstance(policy, str | os.PathLike) else check_policy(policy)
    check_outputs({"record": record}, sizes={"record": record_bytes(names, episodes)})
    jobs = [
        EpisodeJob(task, seed + index, index % N_STARTS if starts == "distinct" else 0)
        for task in names
        for index in range(episodes)
    ]
    player = EpisodePlayer(
        policy, fast=fast, deterministic=deterministic, keep_torques=bool(record) or keep_torques
    )
    if not workers and type(policy).__module__ == "__main__":
        workers = 1  # a class typed into a notebook cannot be imported by another process
    beat = Heartbeat(None, len(jobs), "episodes", label=f"evaluate {policy.spec.name}")
    began = time.monotonic()
    played = run_jobs(player, jobs, workers, beat.update if progress else lambda n: None)
    settings = {
        "tasks": names,
        "episodes": episodes,
        "seed": seed,
        "starts": starts,
        "fast": fast,
        "deterministic": deterministic,
        "control": policy.spec.control,
        "observation": policy.spec.observation,
    }
    result = EvaluationResult(policy.spec.name, tuple(played), settings, time.monotonic() - began)
    if record:
        result.to_record(record)
    return result
