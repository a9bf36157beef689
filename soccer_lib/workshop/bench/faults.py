"""`bench faults`: training runs that are killed at random moments, beside the same runs left alone.

Each run is the real command in a process of its own, ended by SIGKILL again and again, every second time as
it begins to write a checkpoint, and started anew with the same words. What it ends with has to be what the
undisturbed run ended with, bit for bit: final weights, best policy, every figure of its metrics but times.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.files import write_dataset
from soccer_lib.errors import SimulationError, known_name
from soccer_lib.learn.algorithms import run_spec, start_actor
from soccer_lib.learn.config import TrainConfig
from soccer_lib.policies import LearnedPolicy, write_policy
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs import atomic_write_json
from soccer_lib.runs.files import sha256_of
from soccer_lib.runs.folder import CHECKOUT, metrics_of
from soccer_lib.workshop.bench.checkpoint_cost import measure_all
from soccer_lib.workshop.bench.report import LiveTable, finish

_SMALL: dict[str, Any] = {
    "tasks": ("kick_to_target",),
    "n_envs": 4,
    "workers": 0,
    "net_arch": "32,32",
    "eval_freq": 400,
    "eval_seeds": (0,),
    "eval_episodes": 1,
    "kick_from": (0.5,),
    "final_episodes": 1,
}
_ALGORITHMS: dict[str, dict[str, Any]] = {
    "ppo": {"preset": "scratch", "n_steps": 16, "n_epochs": 2, "batch_size": 32},
    "td3": {"algo": "td3", "buffer_size": 800, "learning_starts": 100, "batch_size": 32},
    "sac": {"algo": "sac", "buffer_size": 800, "learning_starts": 100, "batch_size": 32},
}
_FROM_CLONE: dict[str, Any] = {
    "preset": "finetune",
    "bc_weights": "clone",
    "freeze_bc_layers": 1,
    "freeze_until_step": 600,
    "critic_first": 0.0,  # so that the actor learns in a run as short as these
}
_KINDS: dict[str, dict[str, Any]] = {
    "": {},
    " one": {"n_envs": 1},
    " workers": {"workers": 2, "tasks": ("all",)},
    " normaliser": {"normalize_obs": True},
    " frozen": _FROM_CLONE,
    " demonstrations": {
        **_FROM_CLONE,
        "bc_replay_dataset": "demonstrations",
        "bc_replay_fraction": 0.2,
    },
}

CASES: dict[str, dict[str, Any]] = {
    algorithm + kind: {**_SMALL, **settings, **changes}
    for algorithm, settings in _ALGORITHMS.items()
    for kind, changes in _KINDS.items()
    if (algorithm, kind) != ("ppo", " demonstrations")  # it has no buffer
}
CASES["ppo stages"] = {**CASES["ppo"], "stages": ({"name": "first"}, {"name": "second", "lr": 1e-4})}
"""Kinds of runs, by what may be lost in them."""

RESULTS = ("final_model.safetensors", "best_model_competition.safetensors")
"""Files that a run ends with."""

MOST_TIME = 0.02
"""Of a run's CPU time that its checkpoints may take."""

MOST_GB = 2.0
"""What a run of a million steps may leave on the disk [GB]."""

_WAIT = 600.0
"""How long a run may take to begin, or to come to its next checkpoint [s]."""


@dataclasses.dataclass(frozen=True)
class FaultBenchConfig:
    """Kill training runs at random moments; the exit code is 1 where one ends otherwise than undisturbed."""

    cases: tuple[str, ...] = ("ppo", "td3 demonstrations", "sac normaliser")
    """kinds of runs: ppo, td3, sac, alone or followed by one, workers, normaliser, frozen, demonstrations,
    ppo stages; all for every one"""
    kills: Annotated[int, Range(1, 1000, whole=True)] = 20
    """kills of each run [count]"""
    steps: Annotated[int, Range(64, 10**6, whole=True)] = 3_000
    """env steps of each run [count]"""
    interval: Annotated[int, Range(1, 10**6, whole=True)] = 100
    """env steps from one checkpoint to the next [count]"""
    seed: Annotated[int, Range(0, 400, whole=True)] = 0
    """seed of the runs, and of the moments"""
    cost: Annotated[int, Range(0, 10**7, whole=True)] = 0
    """measure in place of that what checkpoints cost, over so many env steps of scratch and of TD3; the exit
    code is 1 beyond 2% of the CPU time or 2 GB for a million steps [count]"""
    json: str = ""
    """file for the result; nothing is written without it"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        for case in self.cases:
            known_name("case", case, [*CASES, "all"])


@dataclasses.dataclass
class Kills:
    """What came of the kills of one run.

    Attributes:
        steps: checkpoint that each start went on from, those of earlier stages counted; 0 where there was
            none yet.
        in_saves: kills that left a checkpoint half written.
        passed_over: checkpoints that a start found damaged.
    """

    steps: list[int] = dataclasses.field(default_factory=list)
    in_saves: int = 0
    passed_over: int = 0


class Run:
    """A training run, or one in stages, in processes that can be killed.

    Args:
        config: its settings.
        stages: what differs in each stage, and its name; empty for a run of `train`.
    """

    def __init__(self, config: TrainConfig, stages: Sequence[Mapping[str, Any]] = ()) -> None:
        self.folder = Path(config.save_dir)
        self.parts = [self.folder]
        self.steps = config.total_timesteps or 0
        words = ["train", *flags_of(config)]
        if stages:
            names = [f"{number}_{stage['name']}" for number, stage in enumerate(stages, start=1)]
            self.parts = [self.folder / name for name in names]
            recipe = self.folder.with_suffix(".json")
            changed = {f.name: getattr(config, f.name) for f in dataclasses.fields(config)}
            flags = {name: value for name, value in changed.items() if f"--{name.replace('_', '-')}" in words}
            del flags["save_dir"]
            atomic_write_json(recipe, {**flags, "stages": stages})
            words = ["stages", str(recipe), "--save-dir", str(self.folder)]
        self.command = [sys.executable, "-m", "soccer_lib", *words]

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Start it, or let it go on; its words go to a file."""
        with open(log, "wb") as stream:
            return subprocess.Popen(self.command, cwd=CHECKOUT, stdout=stream, stderr=subprocess.STDOUT)

    def finish(self, log: Path) -> dict[str, Any]:
        """Let it come to its end; returns what it came to.

        Raises:
            SimulationError: it ended with another exit code than 0.
        """
        process = self.start(log)
        if process.wait():
            words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise SimulationError(
                f"{self.folder} ended with exit code {process.returncode}: {words[-1:]}; expected 0; run the "
                "command by hand"
            )
        timeless = [
            {name: value for name, value in line.items() if "time/" not in name and "minutes" not in name}
            for part in self.parts
            for line in metrics_of(part)
        ]
        hashes = {name: [sha256_of(part / name) for part in self.parts] for name in RESULTS}
        return {**hashes, "metrics": json.loads(json.dumps(timeless))}

    def minutes(self) -> float:
        """How long it took, once it is done."""
        return sum(metrics_of(part)[-1]["minutes"] for part in self.parts)

    def killed(self, kills: int, rng: np.random.Generator, log: Path, seconds: float) -> Kills:
        """Kill it so many times, or until it is done.

        Args:
            kills: how many times.
            rng: draws the moments.
            log: file for its words.
            seconds: the longest that it may learn between two kills.
        """
        result = Kills()
        for number in range(kills):
            process = self.start(log)
            self._wait_for(process, self._learns)
            if number % 2:
                self._wait_for(process, self._saves)
                time.sleep(rng.uniform(0, 0.01))
            else:
                time.sleep(rng.uniform(0, seconds))
            process.send_signal(signal.SIGKILL)
            process.wait()
            words = log.read_text(encoding="utf-8", errors="replace")
            result.steps.append(self._went_on_from(words))
            result.in_saves += self._saves(process)
            result.passed_over += words.count("passed over")
            if process.returncode == 0:
                break  # it was done before the kill
        return result

    def _went_on_from(self, words: str) -> int:
        """The step in a process's words, as if all stages were one run."""
        before = step = 0
        for stage, number in re.findall(r"stage (\d+) of|goes on at step ([\d,]+)", words):
            if stage:
                before = (int(stage) - 1) * self.steps
            step = before + int(number.replace(",", "") or 0)
        return step

    def _learns(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether this process has locked the folder, or that of a stage, and made its environments."""
        for part in self.parts:
            status = part / "status.json"
            lock = part / "lock"
            if lock.is_file() and status.is_file():
                mine = lock.read_text(encoding="utf-8").strip() == str(process.pid)
                if mine and status.stat().st_mtime > lock.stat().st_mtime:
                    return True
        return False

    def _saves(self, process: subprocess.Popen[bytes]) -> bool:
        """Whether a checkpoint is half written."""
        return any(list(part.glob("checkpoints/.ckpt_*.tmp")) for part in self.parts)

    def _wait_for(
        self, process: subprocess.Popen[bytes], happened: Callable[[subprocess.Popen[bytes]], bool]
    ) -> None:
        """Wait until something happened, or the process has ended; a save is over within milliseconds."""
        until = time.monotonic() + _WAIT
        while process.poll() is None and time.monotonic() < until and not happened(process):
            time.sleep(0.0001)


def flags_of(config: TrainConfig) -> list[str]:
    """A run's settings as they are typed."""
    words: list[str] = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value == field.default:
            continue
        words.append(f"--{field.name.replace('_', '-')}")
        if value is not True:
            words += map(str, value if isinstance(value, tuple) else (value,))
    return words


def write_clone(path: Path) -> Path:
    """A policy that runs can start from: as wide as theirs, and new."""
    config = TrainConfig(**_SMALL, kick_share=0.05).resolved()
    actor = start_actor(config, None)
    policy = LearnedPolicy(actor.network(), run_spec(config, "clone"), record={"kicks": actor.kicks.tolist()})
    return write_policy(path, policy)


def write_demonstrations(path: Path) -> Path:
    """Three episodes of the striker, as runs take them into their buffer."""
    settings = PlayedDatasetConfig(from_policy="striker", tasks=_SMALL["tasks"], episodes=3, workers=1)
    return write_dataset(path, collect_dataset(settings, progress=False), {})


def judge_case(case: str, config: FaultBenchConfig, folder: Path) -> dict[str, Any]:
    """Run a case undisturbed, then killed, and compare."""
    settings = dict(CASES[case])
    stages = settings.pop("stages", ())
    if "bc_weights" in settings:
        settings["bc_weights"] = str(write_clone(folder / "clone.safetensors"))
    if "bc_replay_dataset" in settings:
        settings["bc_replay_dataset"] = str(write_demonstrations(folder / "demonstrations.npz"))
    common = {"total_timesteps": config.steps, "checkpoint_interval": config.interval, "seed": config.seed}
    runs = []
    for name in ("alone", "killed"):
        runs.append(Run(TrainConfig(**{**settings, **common, "save_dir": str(folder / name)}), stages))
    alone = runs[0].finish(folder / "alone.log")
    seconds = 60 * runs[0].minutes()
    rng = np.random.default_rng(config.seed)
    # Those in saves move a run on by a checkpoint each; all others together take it nearly to its end.
    kills = runs[1].killed(config.kills, rng, folder / "killed.log", 3 * seconds / config.kills)
    end = runs[1].finish(folder / "killed.log")
    return {
        "kills": len(kills.steps),
        "in_saves": kills.in_saves,
        "went_on_from": kills.steps,
        "never_back": kills.steps == sorted(kills.steps),
        "passed_over": kills.passed_over,
        "same": {name: alone[name] == end[name] for name in alone},
        "final_sha256": end[RESULTS[0]][-1],
    }


def main(config: FaultBenchConfig) -> int:
    """Judge all cases, or what checkpoints cost; a line for each as it is done."""
    if config.cost:
        return _judge_cost(config)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    cases = list(CASES) if "all" in config.cases else config.cases
    table = LiveTable({"case": 20, "kills": 7, "in saves": 10, "passed over": 13, "same bits": 11})
    result = {}
    for case in cases:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder:
            figures = result[case] = judge_case(case, config, Path(folder))
        same = all(figures["same"].values()) and figures["never_back"]
        cells = [case, *(str(figures[name]) for name in ("kills", "in_saves", "passed_over"))]
        table.row([*cells, "yes" if same else "NO"], f"weights {figures['final_sha256'][:12]}")
    finish(config, result)
    sound = all(all(figures["same"].values()) and figures["never_back"] for figures in result.values())
    return 0 if sound else 1


def _judge_cost(config: FaultBenchConfig) -> int:
    costs = measure_all(config.cost)
    finish(config, costs)
    return int(any(one["share"] > MOST_TIME or one["gb"] > MOST_GB for one in costs.values()))
