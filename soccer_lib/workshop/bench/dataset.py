"""`bench dataset`: how near collecting demonstrations comes to bare physics, and whether all cores work.

Each worker plays an episode as `dataset --from` does, its file included, and then steps bare MuJoCo with
the same torques. Both are timed in CPU seconds of the process, so that other work on the machine does not
count; building the environments does not either.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mujoco

from soccer_lib.demos.collect import Collector, collector_of
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.errors import InputError
from soccer_lib.evaluation.episode import EpisodeJob
from soccer_lib.policies import load_policy
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import TRAINING, training_seeds
from soccer_lib.tasks import tasks_named
from soccer_lib.workshop.bench.report import LiveTable, finish


@dataclasses.dataclass(frozen=True)
class DatasetBenchConfig:
    """Time the collection of demonstrations against bare physics steps of the same episodes."""

    policy: str = "striker"
    """Who plays; any that `evaluate --policy` takes."""
    tasks: str = "all"
    """Tasks, comma-separated."""
    level: str = "own"
    """own, command or joint, as in `dataset`."""
    episodes: int = 4
    """Episodes of each task."""
    repeats: int = 3
    """Timed runs of each episode; the fastest counts."""
    workers: int = 0
    """Worker processes; 0 takes one per core."""
    json: str = ""
    """File for the result; nothing is written without it."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        for flag, value in (("episodes", self.episodes), ("repeats", self.repeats)):
            if value < 1:
                raise InputError(f"--{flag} got {value}; expected 1 or more; leave it at its default")


@dataclasses.dataclass
class TimedCollector:
    """Plays a job once to note its torques, then in turn as it is collected and in bare physics."""

    collector: Collector
    repeats: int

    def __call__(self, job: EpisodeJob) -> dict[str, float]:
        """Physics steps, CPU seconds of collecting them and of bare physics, and which process it was."""
        sim = self.collector.env(job.task).unwrapped
        sim.tape = bytearray()
        self.collector.play(job)
        torques = sim.taped
        sim.tape = None
        collecting = []
        bare = []
        for _ in range(self.repeats):
            start = time.process_time()
            self.collector(job)
            collecting.append(time.process_time() - start)
            sim.reset(seed=job.seed)
            start = time.process_time()
            for torque in torques:
                sim.ctrl[:] = torque
                mujoco.mj_step(sim.model, sim.data)
            bare.append(time.process_time() - start)
        # The fastest run counts: what else the machine does can only slow it down.
        return {
            "steps": len(torques),
            "process": os.getpid(),
            "collecting": min(collecting),
            "bare": min(bare),
        }


def main(config: DatasetBenchConfig) -> None:
    """Time all episodes, print the figures, write the JSON."""
    settings = PlayedDatasetConfig(from_policy=config.policy, level=config.level)
    collector = collector_of(settings, load_policy(config.policy))
    tasks = [task.name for task in tasks_named(config.tasks)]
    seeds = training_seeds(TRAINING[0].start, config.episodes)
    jobs = [EpisodeJob(task, seed) for seed in seeds for task in tasks]
    with tempfile.TemporaryDirectory() as folder:
        collector.folder = Path(folder)
        timings = run_jobs(TimedCollector(collector, config.repeats), jobs, config.workers, "bench dataset")
    result: dict[str, Any] = {}
    for task in tasks:
        timings_of_task = [timing for job, timing in zip(jobs, timings, strict=True) if job.task == task]
        result |= {f"{task}/{name}": value for name, value in figures_of(timings_of_task).items()}
    result |= figures_of(timings)
    result |= shares_of_workers(timings)
    table = LiveTable({"figure": 60, "value": 10})
    for name, value in result.items():
        table.row([name, f"{value:.3g}"])
    finish(config, result)


def figures_of(timings: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """How fast some episodes were collected, in itself and beside bare physics."""
    steps, collecting, bare = (
        sum(timing[name] for timing in timings) for name in ("steps", "collecting", "bare")
    )
    return {"ratio_collect_vs_raw": bare / collecting, "physics_steps_per_cpu_second": steps / collecting}


def shares_of_workers(timings: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """How many processes collected, and the least share of the work that one of them had."""
    seconds: Counter[float] = Counter()
    for timing in timings:
        seconds[timing["process"]] += timing["collecting"]
    return {"workers": len(seconds), "least_share_of_a_worker": min(seconds.values()) / seconds.total()}
