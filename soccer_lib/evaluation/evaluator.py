"""`evaluate`: a policy in, official scores with intervals out."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from soccer_lib.errors import InputError, known_name
from soccer_lib.evaluation.episode import EPISODE_LIMIT, N_STARTS, EpisodeJob
from soccer_lib.evaluation.player import EpisodePlayer
from soccer_lib.evaluation.record import record_bytes
from soccer_lib.evaluation.result import EvaluationResult
from soccer_lib.policies import Policy, load_policy
from soccer_lib.ranges import Range, of_type
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import REPORTED, seed_range
from soccer_lib.tasks import Task, tasks_named
from soccer_lib.variation import read_variation

STARTS = ("official", "distinct")
"""All episodes start as the competition's do, or in `N_STARTS` different states of the controller."""


def evaluate(
    policy: Policy | str | os.PathLike[str],
    tasks: str | Task | Sequence[str | Task] = "all",
    episodes: int = 20,
    seed: int = REPORTED.start,
    starts: str = "official",
    *,
    workers: int = 0,
    fast: bool = True,
    deterministic: bool = True,
    record: str | os.PathLike[str] | None = None,
    keep_torques: bool = False,
    progress: bool = True,
    randomise: str | os.PathLike[str] | Mapping[str, Any] = "",
) -> EvaluationResult:
    """Play episodes and score them as the competition does.

    Args:
        policy: a policy, or what `load_policy` takes.
        tasks: "all" for the three of the competition, a name, or several.
        episodes: episodes of each task.
        seed: seed of the first episode of each task; the next ones count up.
        starts: "official", or "distinct": with k = episode number modulo 20, the walker's gait phase is
            k/20; without a walker k x 0.02 s of standing torque come first.
        workers: processes; 0 takes one a core. The numbers do not depend on it.
        fast: the exact fast simulation, or the stock environment.
        deterministic: passed to `policy.predict`.
        record: npz file for every torque (see `replay`).
        keep_torques: keep them in the result, for `.to_record(path)`.
        progress: print a line every few seconds.
        randomise: what is not as in the competition: factor -> range, as for `make_env`, or its file.

    Returns:
        The episodes in the order of tasks and seeds, with `.table()`, `.summary` and `.to_json(path)`.

    Raises:
        InputError: an unknown name, a number that makes no evaluation, or `record` with `randomise`.
        ResourceError: `record` cannot be written.
        SimulationError: an episode or a worker failed.
    """
    episodes = Range(1, 1_000_000, whole=True).number("episodes", episodes, "try 20")
    workers = Range(0, 4096, whole=True).number("workers", workers, "try 0, one a core")
    for name, switch in (("fast", fast), ("deterministic", deterministic)):
        of_type(name, switch, bool, "True or False")
    seeds = seed_range(seed, episodes)
    known_name("starts", starts, STARTS)
    tasks = tasks_named(tasks)
    policy = load_policy(policy)
    check_outputs([record] if record else [], record_bytes(tasks, episodes))
    if not workers and type(policy).__module__ == "__main__":
        workers = 1  # a class typed into a notebook cannot be imported by another process
    if randomise and (record or keep_torques):
        raise InputError(
            "a record came with --randomise; expected one of them, because the stock environment cannot "
            "replay what was changed; leave --record out"
        )
    jobs = [
        EpisodeJob(task.name, one_seed, number % N_STARTS if starts == "distinct" else 0)
        for task in tasks
        for number, one_seed in enumerate(seeds)
    ]
    changed = read_variation({"randomise": randomise} if randomise else {}, [task.name for task in tasks])
    player = EpisodePlayer(policy, fast, deterministic, bool(record) or keep_torques, changed)
    began = time.monotonic()
    label = f"evaluate {policy.spec.name}" if progress else ""
    played = run_jobs(player, jobs, workers, label, limit=EPISODE_LIMIT, both_ends=True)
    settings = {
        "tasks": [task.name for task in tasks],
        "episodes": episodes,
        "seed": seed,
        "starts": starts,
        "fast": fast,
        "deterministic": deterministic,
        **changed,
        **dataclasses.asdict(policy.spec),
    }
    result = EvaluationResult(policy.spec.name, tuple(played), settings, time.monotonic() - began)
    if record:
        result.to_record(record)
    return result
