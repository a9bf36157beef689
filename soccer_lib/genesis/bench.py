"""`bench genesis`: how much faster many arms in one scene are than one, in turn within one run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.evaluation.intervals import bootstrap_of
from soccer_lib.genesis.envs import ReachingEnv
from soccer_lib.genesis.layout import JOINTS
from soccer_lib.genesis.scene import ArmScene
from soccer_lib.genesis.vec import ReachVecEnv
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs import atomic_write_json, machine_record, version_record
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.outputs import check_outputs


@dataclass(frozen=True)
class GenesisBenchConfig:
    """Time the single environment of Genesis against batches of arms, with random actions."""

    arms: str = "1,16,64,256"
    """Arms of each batch, comma-separated."""
    steps: Annotated[int, Range(10, 10**6, whole=True)] = 200
    """Env steps of one timed run of the single environment; a batch takes as many steps of its scene."""
    rounds: Annotated[int, Range(1, 1000, whole=True)] = 5
    """Timed runs of each, in turn."""
    json: str = ""
    """File for the result; nothing is written without it."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        self.counts()

    def counts(self) -> list[int]:
        """Arms of each batch as numbers."""
        try:
            numbers = [int(part) for part in self.arms.split(",")]
        except ValueError:
            raise InputError(f"--arms got {self.arms!r}; expected numbers with commas; try 1,16,64") from None
        return [Range(1, 100_000, whole=True).number("--arms", number, "try 1,16,64") for number in numbers]


Timed = Callable[[int], float]
"""Steps of the scene -> CPU seconds that they took."""


def _single(env: ReachingEnv) -> Timed:
    rng = np.random.default_rng(0)

    def run(steps: int) -> float:
        env.reset(seed=0)
        start = time.process_time()
        for _ in range(steps):
            _, _, success, truncated, _ = env.step(rng.uniform(-1, 1, JOINTS))
            if success or truncated:
                env.reset()
        return time.process_time() - start

    return run


def _batch(env: ReachVecEnv) -> Timed:
    rng = np.random.default_rng(0)

    def run(steps: int) -> float:
        env.seed(0)
        env.reset()
        start = time.process_time()
        for _ in range(steps):
            env.step(rng.uniform(-1, 1, (env.num_envs, JOINTS)))
        return time.process_time() - start

    return run


def measure_batches(config: GenesisBenchConfig) -> dict[str, Any]:
    """Time everything and return env steps a CPU second and ratios to the single environment.

    CPU seconds: what else the machine does does not count. A ratio is taken within a round, and the
    interval is over the rounds.
    """
    runs: dict[str, tuple[int, Timed]] = {"single": (1, _single(ReachingEnv()))}
    for count in config.counts():
        runs[str(count)] = (count, _batch(ReachVecEnv(ArmScene(count))))
    for _, timed in runs.values():
        timed(10)  # what is compiled at first use
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(config.rounds):
        for name, (count, timed) in runs.items():
            rates[name].append(count * config.steps / timed(config.steps))
    result: dict[str, Any] = {"env steps per CPU second": {}, "times the single environment": {}}
    for name, values in rates.items():
        ratio = bootstrap_of(np.array(values) / np.array(rates["single"]), np.median)
        result["env steps per CPU second"][name] = float(np.median(values))
        result["times the single environment"][name] = list(ratio)
    return result


def main(config: GenesisBenchConfig) -> None:
    """Measure, print a table, and write it where that is asked for."""
    check_outputs([config.json])
    result = measure_batches(config)
    ratios = result["times the single environment"]
    print_progress(f"{'arms':<8}{'env steps a CPU second':>24}{'times the single one':>34}")
    for name, rate in result["env steps per CPU second"].items():
        value, low, high = ratios[name]
        print_progress(f"{name:<8}{rate:>24,.0f}{f'{value:.1f} [{low:.1f}, {high:.1f}]':>34}")
    if config.json:
        record = {**result, "machine": machine_record(), "versions": version_record()}
        atomic_write_json(config.json, record)
        print_progress(f"wrote {config.json}")
