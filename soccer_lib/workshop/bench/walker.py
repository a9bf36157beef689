"""`bench walker`: survival, tracking, pushes and cost of transport on the stock scene."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from soccer_lib.control import Walker, load_walker
from soccer_lib.errors import InputError
from soccer_lib.runs.files import atomic_write_json
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.view.style import check_picture_name, save_figure
from soccer_lib.view.video import check_video_name
from soccer_lib.workshop.bench.rows import bootstrap, format_rows, interval_of, share_interval
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

SHORT_WALK = (
    (0.0, np.array([0.5, 0.0, 0.0])),
    (3.0, np.array([0.5, 0.0, 0.8])),
    (5.5, np.array([0.0, 0.3, 0.0])),
    (8.0, np.zeros(3)),
)
"""Walk whose footprints are drawn: start [s]; forward, sideways velocity [m/s] and yaw rate [rad/s]."""


@dataclass(frozen=True)
class WalkerBenchConfig:
    """Measure a walker on the stock scene; with --reference also another one, side by side."""

    walker: str = "own"
    """walker to measure: own, hub or a file"""
    reference: str = ""
    """second walker for the same table: hub or a file [empty: none]"""
    sequences: int = 200
    """random command sequences of 10 s [count]"""
    seed: int = 10_000
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


_trial: WalkTrial | None = None
_walkers: dict[str, Walker] = {}


def run_job(job: Job) -> dict:
    """Run one trial in a worker process and return its numbers."""
    global _trial
    if _trial is None:
        _trial = WalkTrial()
    if job.walker not in _walkers:
        _walkers[job.walker] = load_walker(job.walker)
    measure = {
        "sequence": _sequence,
        "sprint": _sprint,
        "push": _push,
        "pace": _pace,
        "stand": _stand,
        "stop": _stop,
    }
    return measure[job.kind](_trial, _walkers[job.walker], job)


def _constant(*command: float) -> Callable[[float], np.ndarray]:
    values = np.array(command)
    return lambda t: values


def _sequence(trial: WalkTrial, walker: Walker, job: Job) -> dict:
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


def _sprint(trial: WalkTrial, walker: Walker, job: Job) -> dict:
    trace = trial.run(walker, _constant(1.5, 0, 0), 6.0, phase=job.index / 20)
    far = np.linalg.norm(trace.position - trace.position[0], axis=1) >= 2.0
    return {
        "seconds": float(far.argmax() + 1) * PHYSICS_DT if far.any() else float("inf"),
        "fell": trace.fell,
    }


def _push(trial: WalkTrial, walker: Walker, job: Job) -> dict:
    rng = np.random.default_rng([job.seed, job.index])
    angles = rng.uniform(0, 2 * np.pi, 4)
    steps = (np.array([2.4, 3.8, 5.2, 6.6]) / PHYSICS_DT + rng.integers(0, 300, 4)).astype(int)
    pushes = {
        int(t): (job.level * float(np.cos(a)), job.level * float(np.sin(a)))
        for t, a in zip(steps, angles, strict=True)
    }
    trace = trial.run(walker, _constant(0.4, 0, 0), 8.0, phase=job.index % 20 / 20, pushes=pushes)
    return {"fell": trace.fell}


def _pace(trial: WalkTrial, walker: Walker, job: Job) -> dict:
    trace = trial.run(walker, _constant(job.level, 0, 0), 8.0, phase=job.index % 20 / 20)
    first = int(2.0 / PHYSICS_DT)
    path = np.linalg.norm(np.diff(trace.position[first::250], axis=0), axis=1).sum()
    work = trace.power[first:].sum() * PHYSICS_DT
    cost = work / (trial.mass * trial.gravity * path) if path > 0.5 else float("nan")
    return {"cost": float(cost), "fell": trace.fell}


def _stand(trial: WalkTrial, walker: Walker, job: Job) -> dict:
    return _drift(trial.run(walker, _constant(0, 0, 0), TRIAL_SECONDS, phase=job.index / 20), 1.0)


def _stop(trial: WalkTrial, walker: Walker, job: Job) -> dict:
    rng = np.random.default_rng([job.seed, job.index, 7])
    moving = rng.uniform([-0.3, -0.4, -1.0], [1.0, 0.4, 1.0])
    trace = trial.run(
        walker, lambda t: moving if t < 3 else 0 * moving, TRIAL_SECONDS, phase=job.index % 20 / 20
    )
    return _drift(trace, 5.0)


def _drift(trace: Trace, after: float) -> dict:
    """Creeping speed [m/s] and turning rate [rad/s] over the rest of a trial."""
    first = int(after / PHYSICS_DT)
    if trace.fell or len(trace.position) <= first + 1:
        return {"fell": True, "speed": float("nan"), "turn": float("nan")}
    seconds = (len(trace.position) - first) * PHYSICS_DT
    moved = float(np.linalg.norm(trace.position[-1] - trace.position[first]))
    return {"fell": False, "speed": moved / seconds, "turn": abs(float(trace.velocity[first:, 2].mean()))}


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


def table_of(jobs: list[Job], results: list[dict]) -> dict[str, list[float]]:
    """Rows of the table: value, low and high end of the 95% interval."""

    def pick(kind: str, level: float | None = None) -> list[dict]:
        wanted = zip(jobs, results, strict=True)
        return [r for j, r in wanted if j.kind == kind and level in (None, j.level)]

    sequences = pick("sequence")
    n = np.array([r["n"] for r in sequences], dtype=float)
    rows = {"upright_share": share_interval([not r["fell"] for r in sequences])}
    for row, key in (("planar_error_m_s", "planar"), ("yaw_rate_error_rad_s", "turn")):
        squares = np.array([r[key] for r in sequences])
        rows[row] = bootstrap(len(n), lambda i, s=squares: float(np.sqrt(s[i].sum() / n[i].sum())))
    sprint = np.array([r["seconds"] for r in pick("sprint")])
    rows["two_metres_s"] = interval_of(sprint)
    rows["two_metres_worst_s"] = [float(sprint.max())] * 3
    for push in PUSHES:
        rows[f"push_{push}_upright_share"] = share_interval([not r["fell"] for r in pick("push", push)])
    for pace in PACES:
        rows[f"cost_of_transport_{pace}"] = interval_of([r["cost"] for r in pick("pace", pace)])
    for kind in ("stand", "stop"):
        rows[f"{kind}_upright_share"] = share_interval([not r["fell"] for r in pick(kind)])
        rows[f"{kind}_drift_m_s"] = interval_of([r["speed"] for r in pick(kind)])
        rows[f"{kind}_drift_rad_s"] = interval_of([r["turn"] for r in pick(kind)])
    rows["step_us"] = interval_of([r["step_us"] for r in sequences])
    return rows


def measure(config: WalkerBenchConfig) -> dict:
    """Run all trials.

    Returns:
        Per walker its table (value, low, high) and identification, and the settings.

    Raises:
        InputError: a walker that cannot be loaded, or settings out of range.
    """
    if config.sequences < 1 or config.workers < 1:
        raise InputError(
            f"sequences {config.sequences}, workers {config.workers}; expected at least 1 of each; try 20, 2"
        )
    names = [config.walker] + ([config.reference] if config.reference else [])
    found = {name: load_walker(name) for name in names}
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # inherited by the workers
    tables = {}
    with multiprocessing.get_context("spawn").Pool(config.workers) as pool:
        for name in names:
            jobs, results, begun = jobs_of(name, config), [], time.monotonic()
            for result in pool.imap(run_job, jobs):
                results.append(result)
                if len(results) % 50 == 0 or len(results) == len(jobs):
                    passed = time.monotonic() - begun
                    print(
                        f"bench walker {name}: {len(results)}/{len(jobs)} trials, {passed:.0f} s", flush=True
                    )
            tables[name] = {"sha256": found[name].sha256, "rows": table_of(jobs, results)}
    return {"walkers": tables, "sequences": config.sequences, "seed": config.seed}


def draw(names: list[str], seed: int, path: str) -> None:
    """Write the picture: the first random command sequence of a bench, and a short walk."""
    trial, walks = WalkTrial(), {}
    for name in names:
        rng, walker = np.random.default_rng(seed), load_walker(name)
        sequence = command_sequence(rng, TRIAL_SECONDS)
        tracked = trial.follow(walker, sequence, TRIAL_SECONDS, phase=rng.random())
        means, short = cycle_means(tracked, walker.cycle), trial.follow(walker, SHORT_WALK, TRIAL_SECONDS)
        time = np.arange(len(means)) * PHYSICS_DT + walker.cycle / 2
        walks[name] = Walk(time, means, short.position, footprints(short))
    save_figure(plot_walking(walks, sequence, TRIAL_SECONDS), path)


def main(config: WalkerBenchConfig) -> None:
    """Run the benchmark, print the table; write JSON, picture and video where asked."""
    if config.plot:
        check_picture_name(config.plot)
    if config.video:
        check_video_name(config.video)
    check_outputs([config.json, config.plot, config.video])
    report = measure(config)
    tables = [walker["rows"] for walker in report["walkers"].values()]
    print(format_rows([Path(name).name for name in report["walkers"]], tables), flush=True)
    if config.json:
        atomic_write_json(config.json, report)
    if config.plot:
        draw(list(report["walkers"]), config.seed, config.plot)
        print(f"wrote {config.plot}")
    if config.video:
        print(f"wrote {write_tour(config.walker, config.video)}")
