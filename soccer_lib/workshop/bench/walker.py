"""`bench walker`: survival, tracking, pushes and cost of transport on the stock scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.control import Walker, load_walker
from soccer_lib.errors import InputError
from soccer_lib.evaluation.intervals import Estimate, bootstrap, bootstrap_of, wilson
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import REPORTED
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.view.style import check_picture_name, save_figure
from soccer_lib.view.video import check_video_name
from soccer_lib.workshop.bench.report import estimate_table, finish
from soccer_lib.workshop.bench.walk_trial import (
    TRIAL_SECONDS,
    Trace,
    WalkTrial,
    command_sequence,
    cycle_means,
    footprints,
    tracking_errors,
)
from soccer_lib.workshop.bench.walking import Walk, plot_walking, write_tour

PUSHES = (0.3, 0.6, 0.9)
"""Pushes of the trunk while walking at 0.4 m/s [m/s]."""

PACES = (0.3, 0.6, 0.9)
"""Speeds at which the cost of transport is measured [m/s]."""

_WALKS_AFTER = 2.0
"""Time after the reset from which the cost of transport counts: the robot walks steadily [s]."""

_HALF_SECOND = 250  # physics steps

SHORT_WALK = (
    (0.0, np.array([0.5, 0.0, 0.0])),
    (3.0, np.array([0.5, 0.0, 0.8])),
    (5.5, np.array([0.0, 0.3, 0.0])),
    (8.0, np.zeros(3)),
)
"""Walk whose footprints are drawn: start [s]; forward, sideways velocity [m/s] and yaw rate [rad/s]."""


@dataclass(frozen=True)
class WalkerBenchConfig:
    """Measure a walker on the stock scene; with --reference another one beside it."""

    walker: str = "own"
    """walker to measure: own, hub or a file"""
    reference: str = ""
    """second walker for the same table: hub or a file [empty: none]"""
    sequences: int = 200
    """random command sequences of 10 s [count]"""
    seed: int = REPORTED.start
    """seed of the first sequence; the others follow"""
    workers: int = 2
    """worker processes [count]"""
    json: str = ""
    """file for the results [path, empty: none]"""
    plot: str = ""
    """picture of tracking and footprints [path ending in .png, .svg or .pdf, empty: none]"""
    video: str = ""
    """video of the walker on a tour of commands [path ending in .mp4 or .gif, empty: none]"""


@dataclass(frozen=True)
class Job:
    """One trial: which walker, which kind of trial, which of its kind."""

    walker: str
    kind: str
    level: float
    index: int
    seed: int

    @property
    def task(self) -> str:
        """What errors call it."""
        return f"{self.kind} trial {self.index} of walker {self.walker}"


class TrialPlayer:
    """Plays trials; keeps the stock scene and the walkers."""

    def __init__(self) -> None:
        self._walkers: dict[str, Walker] = {}

    def __call__(self, job: Job) -> dict[str, Any]:
        """Run one trial and return its numbers."""
        if job.walker not in self._walkers:
            self._walkers[job.walker] = load_walker(job.walker)
        return TRIALS[job.kind](self._trial, self._walkers[job.walker], job)

    @cached_property
    def _trial(self) -> WalkTrial:
        return WalkTrial()


def _constant(*command: float) -> Callable[[float], np.ndarray]:
    values = np.array(command)
    return lambda t: values


def _sequence(trial: WalkTrial, walker: Walker, job: Job) -> dict[str, Any]:
    rng = np.random.default_rng(job.seed + job.index)
    sequence = command_sequence(rng, TRIAL_SECONDS)
    trace = trial.follow(walker, sequence, TRIAL_SECONDS, phase=rng.random())
    errors = tracking_errors(trace, sequence, walker.cycle)
    return {
        "fell": trace.fell,
        "planar": float((errors[:, :2] ** 2).sum()),
        "turn": float((errors[:, 2] ** 2).sum()),
        "n": len(errors),
        "step_us": 1e6 * trace.step_seconds,
    }


def _sprint(trial: WalkTrial, walker: Walker, job: Job) -> dict[str, Any]:
    trace = trial.run(walker, _constant(1.5, 0, 0), 6.0, phase=job.index / 20)
    far = np.linalg.norm(trace.position - trace.position[0], axis=1) >= 2.0
    return {
        "seconds": float(far.argmax() + 1) * PHYSICS_DT if far.any() else float("inf"),
        "fell": trace.fell,
    }


def _push(trial: WalkTrial, walker: Walker, job: Job) -> dict[str, Any]:
    rng = np.random.default_rng([job.seed, job.index])
    angles = rng.uniform(0, 2 * np.pi, 4)
    steps = (np.array([2.4, 3.8, 5.2, 6.6]) / PHYSICS_DT + rng.integers(0, 300, 4)).astype(int)
    pushes = {
        int(step): (job.level * float(np.cos(angle)), job.level * float(np.sin(angle)))
        for step, angle in zip(steps, angles, strict=True)
    }
    trace = trial.run(walker, _constant(0.4, 0, 0), 8.0, phase=job.index % 20 / 20, pushes=pushes)
    return {"fell": trace.fell}


def _pace(trial: WalkTrial, walker: Walker, job: Job) -> dict[str, Any]:
    trace = trial.run(walker, _constant(job.level, 0, 0), 8.0, phase=job.index % 20 / 20)
    return {"cost": cost_of_transport(trace, trial.mass * trial.gravity), "fell": trace.fell}


def cost_of_transport(trace: Trace, weight: float) -> float:
    """Work of the motors over weight times distance, once the robot walks: dimensionless; less is better.

    The distance is that of the trunk every 0.5 s, so that its sway does not count as distance.

    Args:
        trace: a walk at one command.
        weight: of the robot [N].

    Returns:
        NaN where it came no farther than half a metre.
    """
    first = round(_WALKS_AFTER / PHYSICS_DT)
    distance = np.linalg.norm(np.diff(trace.position[first::_HALF_SECOND], axis=0), axis=1).sum()
    work = trace.power[first:].sum() * PHYSICS_DT
    return float(work / (weight * distance)) if distance > 0.5 else float("nan")


def _stand(trial: WalkTrial, walker: Walker, job: Job) -> dict[str, Any]:
    return _drift(trial.run(walker, _constant(0, 0, 0), TRIAL_SECONDS, phase=job.index / 20), 1.0)


def _stop(trial: WalkTrial, walker: Walker, job: Job) -> dict[str, Any]:
    rng = np.random.default_rng([job.seed, job.index, 7])
    moving = rng.uniform([-0.3, -0.4, -1.0], [1.0, 0.4, 1.0])
    sequence = [(0.0, moving), (3.0, np.zeros(3))]
    trace = trial.follow(walker, sequence, TRIAL_SECONDS, phase=job.index % 20 / 20)
    return _drift(trace, 5.0)


def _drift(trace: Trace, after: float) -> dict[str, Any]:
    """Creeping speed [m/s] and turning rate [rad/s] over the rest of a trial."""
    first = round(after / PHYSICS_DT)
    if trace.fell or len(trace.position) <= first + 1:
        return {"fell": True, "speed": float("nan"), "turn": float("nan")}
    seconds = (len(trace.position) - first) * PHYSICS_DT
    moved = float(np.linalg.norm(trace.position[-1] - trace.position[first]))
    return {"fell": False, "speed": moved / seconds, "turn": abs(float(trace.velocity[first:, 2].mean()))}


TRIALS: dict[str, Callable[[WalkTrial, Walker, Job], dict[str, Any]]] = {
    "sequence": _sequence,
    "sprint": _sprint,
    "push": _push,
    "pace": _pace,
    "stand": _stand,
    "stop": _stop,
}
"""Kind of trial -> what runs it."""


def jobs_of(walker: str, config: WalkerBenchConfig) -> list[Job]:
    """All trials of one walker."""
    many = max(4, config.sequences // 5)

    def group(kind: str, level: float, count: int) -> list[Job]:
        return [Job(walker, kind, level, i, config.seed) for i in range(count)]

    jobs = group("sequence", 0.0, config.sequences) + group("sprint", 1.0, min(20, many))
    for push in PUSHES:
        jobs += group("push", push, many)
    for pace in PACES:
        jobs += group("pace", pace, max(2, many // 8))
    return jobs + group("stand", 0.0, min(20, many)) + group("stop", 0.0, many)


def table_of(jobs: list[Job], results: list[dict[str, Any]]) -> dict[str, Estimate]:
    """Rows of the table of one walker."""

    def results_of(kind: str, level: float | None = None) -> list[dict[str, Any]]:
        played = zip(jobs, results, strict=True)
        return [result for job, result in played if job.kind == kind and level in (None, job.level)]

    def upright(of_kind: list[dict[str, Any]]) -> Estimate:
        return wilson([not result["fell"] for result in of_kind])

    def mean(of_kind: list[dict[str, Any]], name: str) -> Estimate:
        return bootstrap_of([result[name] for result in of_kind])

    sequences = results_of("sequence")
    rows = {"upright_share": upright(sequences)}
    n = np.array([result["n"] for result in sequences], dtype=float)
    for row, key in (("planar_error_m_s", "planar"), ("yaw_rate_error_rad_s", "turn")):
        squares = np.array([result[key] for result in sequences])
        # Root mean square over all samples: a sequence that ended early counts for less.
        rows[row] = bootstrap(len(n), lambda i, s=squares: float(np.sqrt(s[i].sum() / n[i].sum())))
    seconds = [result["seconds"] for result in results_of("sprint")]
    rows["two_metres_s"] = bootstrap_of(seconds)
    slowest = max(seconds)
    rows["two_metres_worst_s"] = Estimate(slowest, slowest, slowest)
    for push in PUSHES:
        rows[f"push_{push}_upright_share"] = upright(results_of("push", push))
    for pace in PACES:
        rows[f"cost_of_transport_{pace}"] = mean(results_of("pace", pace), "cost")
    for kind in ("stand", "stop"):
        rows[f"{kind}_upright_share"] = upright(results_of(kind))
        rows[f"{kind}_drift_m_s"] = mean(results_of(kind), "speed")
        rows[f"{kind}_drift_rad_s"] = mean(results_of(kind), "turn")
    rows["step_us"] = mean(sequences, "step_us")
    return rows


def measure_walkers(config: WalkerBenchConfig) -> dict[str, Any]:
    """Run all trials.

    Returns:
        Per walker its table and identification, and the settings.

    Raises:
        InputError: a walker that cannot be loaded, or settings out of range.
    """
    if config.sequences < 1 or config.workers < 1:
        raise InputError(
            f"sequences {config.sequences}, workers {config.workers}; expected at least 1 of each; try 20, 2"
        )
    names = [config.walker] + ([config.reference] if config.reference else [])
    # All are loaded before the first trial: a name that is wrong is not found out after minutes.
    hashes = {name: load_walker(name).sha256 for name in names}
    tables = {}
    for name, sha256 in hashes.items():
        jobs = jobs_of(name, config)
        results = run_jobs(TrialPlayer(), jobs, config.workers, f"bench walker {name}", unit="trials")
        tables[name] = {"sha256": sha256, "rows": table_of(jobs, results)}
    return {"walkers": tables, "sequences": config.sequences, "seed": config.seed}


def draw(names: list[str], seed: int, path: str) -> None:
    """Write the picture: the first random command sequence of a bench, and a short walk."""
    trial = WalkTrial()
    walks = {}
    for name in names:
        rng = np.random.default_rng(seed)
        walker = load_walker(name)
        sequence = command_sequence(rng, TRIAL_SECONDS)
        tracked = trial.follow(walker, sequence, TRIAL_SECONDS, phase=rng.random())
        means = cycle_means(tracked, walker.cycle)
        middles = np.arange(len(means)) * PHYSICS_DT + walker.cycle / 2
        short = trial.follow(walker, SHORT_WALK, TRIAL_SECONDS)
        walks[name] = Walk(middles, means, short.position, footprints(short))
    save_figure(plot_walking(walks, sequence, TRIAL_SECONDS), path)


def main(config: WalkerBenchConfig) -> None:
    """Run the benchmark, print the table; write JSON, picture and video where asked."""
    if config.plot:
        check_picture_name(config.plot)
    if config.video:
        check_video_name(config.video)
    check_outputs([config.json, config.plot, config.video])
    result = measure_walkers(config)
    tables = [walker["rows"] for walker in result["walkers"].values()]
    print(estimate_table([Path(name).name for name in result["walkers"]], tables), flush=True)
    finish(config, result)
    if config.plot:
        draw(list(result["walkers"]), config.seed, config.plot)
        print(f"wrote {config.plot}")
    if config.video:
        print(f"wrote {write_tour(config.walker, config.video)}")
