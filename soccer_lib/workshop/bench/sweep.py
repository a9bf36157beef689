"""`bench sweep`: what pruning saves, and what is lost where workers are killed.

Pruning: pairs of studies that try the same settings, drawn at random, once with every trial run to its end
and once with a pruner. Three pairs say little of luck with the order of trials, so the trials of the whole
studies are also put before the pruner in many shuffled orders. Killing: a study of real workers, one of which
is ended by SIGKILL again and again.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from soccer_lib.control.weights import DATA
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import SimulationError
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs.files import load_record
from soccer_lib.runs.folder import CHECKOUT, metrics_of
from soccer_lib.workshop.bench.report import LiveTable, finish
from soccer_lib.workshop.studies.curve import student_interval

DEMONSTRATIONS = 30
"""Episodes that the clones of the pruning studies learn from."""

_KILLED = {
    "preset": "scratch", "tasks": ["kick_to_target"], "n_envs": 2, "n_steps": 16, "batch_size": 32,
    "net_arch": "16,16", "total_timesteps": 64, "checkpoint_interval": 32, "eval_freq": 32,
    "kick_from": [0.5], "eval_seeds": [0], "eval_episodes": 1, "final_episodes": 1,
}  # fmt: skip
SHUFFLES = 200
"""Orders in which the trials are put before the pruner once more."""

EQUAL = 0.25
"""Difference between two bests that nobody would miss: a hundredth of a goal with a hard ball [points]."""

_ENDS = (1, 2, 3)
"""Optuna's numbers for complete, pruned and failed."""


@dataclasses.dataclass(frozen=True)
class SweepBenchConfig:
    """Measure what pruning saves and whether kills lose a trial; the exit code is 1 where a claim fails."""

    parts: tuple[Literal["pruning", "kills"], ...] = ("pruning", "kills")
    """what to do"""
    out: str = "runs/bench/sweep"
    """folder of the studies; the same command goes on where it was [path]"""
    studies: Annotated[int, Range(1, 100, whole=True)] = 3
    """pairs of studies [count]"""
    trials: Annotated[int, Range(2, 1000, whole=True)] = 20
    """trials of each of them [count]"""
    orders_of: Annotated[int, Range(2, 1000, whole=True)] = 30
    """trials in each shuffled order, drawn from those of all studies [count]"""
    pruner: Literal["hyperband", "halving", "median"] = "median"
    """what prunes"""
    epochs: Annotated[int, Range(5, 1000, whole=True)] = 20
    """epochs of their clones [count]"""
    killed_trials: Annotated[int, Range(2, 1000, whole=True)] = 30
    """trials of the study whose worker is killed [count]"""
    kills: Annotated[int, Range(0, 20, whole=True)] = 2
    """kills of a worker [count]"""
    seed: Annotated[int, Range(0, 100, whole=True)] = 0
    """seed of the first pair, and of the moments of the kills"""
    json: str = ""
    """file for the result; nothing is written without it"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)


def main(config: SweepBenchConfig) -> int:
    """Run the parts, print what they found, return 1 where a claim does not hold."""
    result: dict[str, Any] = {}
    if "pruning" in config.parts:
        result["pruning"] = measure_pruning(config)
    if "kills" in config.parts:
        result["kills"] = kill_workers(config)
    finish(config, result)
    return 0 if all(part["holds"] for part in result.values()) else 1


def measure_pruning(config: SweepBenchConfig) -> dict[str, Any]:
    """Pairs of studies: processor time, and what the best of each has on the same fresh episodes."""
    from soccer_lib.workshop.sweep.command import sweep
    from soccer_lib.workshop.sweep.config import SweepConfig

    out = Path(config.out)
    space = _goalie_space(out, config.epochs)
    table = LiveTable(
        {
            "study": 8,
            "all [min]": 12,
            "pruned [min]": 14,
            "saved": 8,
            "best": 10,
            "with": 10,
            "difference": 12,
        }
    )
    pairs = []
    for seed in range(config.seed, config.seed + config.studies):
        found = {}
        for pruner in ("none", config.pruner):
            settings = SweepConfig(
                f"seed{seed}_{pruner}", space, config.trials, out=str(out), seed=seed, sampler="random",
                pruner=pruner, top=1, fresh_runs=0, workers=1, episodes=20,
            )  # fmt: skip
            with contextlib.redirect_stdout(io.StringIO()):
                found[pruner] = sweep(settings)
        whole = found["none"]
        short = found[config.pruner]
        pair = {
            "seed": seed,
            "cpu_minutes": [whole["cpu_minutes"], short["cpu_minutes"]],
            "saved": 1 - short["cpu_minutes"] / whole["cpu_minutes"],
            "best": [whole["best"], short["best"]],
            "score": [whole["reported"]["score"], short["reported"]["score"]],
            "pruned": short["counts"]["pruned"],
        }
        pairs.append(pair)
        first, second = pair["score"]
        table.row(
            [
                str(seed), *(f"{minutes:.2f}" for minutes in pair["cpu_minutes"]), f"{pair['saved']:.0%}",
                f"{first:.2f}", f"{second:.2f}", f"{second - first:+.2f}",
            ]
        )  # fmt: skip
    differences = [pair["score"][1] - pair["score"][0] for pair in pairs]
    saved = float(np.mean([pair["saved"] for pair in pairs]))
    low, high = _interval(differences)
    print(
        f"saved {saved:.0%} of the CPU time; best with pruning - without: {np.mean(differences):+.2f} "
        f"[{low:.2f}, {high:.2f}] points, {len(pairs)} pairs"
    )
    shuffled = shuffle_orders(config, [out / f"seed{pair['seed']}_none" for pair in pairs])
    return {
        "pairs": pairs,
        "saved": saved,
        "difference": float(np.mean(differences)),
        "difference_ci95": [low, high],
        "shuffled": shuffled,
        "holds": saved >= 1 / 3 and low <= 0 <= high and shuffled["difference"] >= -EQUAL,
    }


def shuffle_orders(config: SweepBenchConfig, folders: list[Path]) -> dict[str, Any]:
    """Put trials that ran to their end before the pruner, in many orders: what it saves, and what it costs.

    Args:
        config: of the bench.
        folders: of studies without a pruner.

    Returns:
        Share of the epochs saved, and best with pruning - without: means, and what nine in ten lie between.
    """
    from soccer_lib.workshop.sweep.plan import Plan

    records = [load_record(folder / "sweep.json") for folder in folders]
    trials = [one for record in records for one in record["trials"]]
    plan = Plan.from_record("shuffled", {**records[0]["plan"], "pruner": config.pruner})
    rng = np.random.default_rng(config.seed)
    count = min(config.orders_of, len(trials))
    found = []
    for _ in range(SHUFFLES):
        order = [trials[place] for place in rng.permutation(len(trials))[:count]]
        share, best = _pruned(plan, order)
        found.append((1 - share, best - max(one["value"] for one in order)))
    saved, difference = np.array(found).T
    spread = {"saved": np.quantile(saved, (0.05, 0.95)), "difference": np.quantile(difference, (0.05, 0.95))}
    print(
        f"{SHUFFLES} orders of {count} of these trials: saved {saved.mean():.0%} [{spread['saved'][0]:.0%}, "
        f"{spread['saved'][1]:.0%}] of the epochs; best with pruning - without: {difference.mean():+.2f} "
        f"[{spread['difference'][0]:.2f}, {spread['difference'][1]:.2f}] points"
    )
    return {
        "trials": count,
        "saved": float(saved.mean()),
        "saved_90": spread["saved"].tolist(),
        "difference": float(difference.mean()),
        "difference_90": spread["difference"].tolist(),
    }


def _pruned(plan: Any, trials: list[dict[str, Any]]) -> tuple[float, float]:
    """Share of the epochs that are learned where these trials come in this order, and the best score."""
    import optuna

    from soccer_lib.workshop.sweep.search import pruner_of

    _, total = plan.rungs
    study = optuna.create_study(direction="maximize", pruner=pruner_of(plan))
    epochs = 0
    for one in trials:
        trial = study.ask()
        rungs = {int(step): score for step, score in one["rungs"].items()}
        for step, score in rungs.items():
            trial.report(score, step)
            if trial.should_prune():
                epochs += step
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            epochs += total
            study.tell(trial, one["value"])
    return epochs / (total * len(trials)), study.best_value


def _goalie_space(out: Path, epochs: int) -> str:
    """Clones of the striker in the goalie task alone, which train and play in seconds."""
    out.mkdir(parents=True, exist_ok=True)
    data = out / "demonstrations.npz"
    if not data.is_file():
        demonstrations = read_dataset(DATA / "demos" / "striker.npz")
        goalie = np.flatnonzero(["/goalie" in name for name in demonstrations.source])
        chosen = np.isin(demonstrations.episode_id, goalie[:DEMONSTRATIONS])
        write_dataset(data, demonstrations.take(chosen), {})
    fixed = {"dataset": [str(data)], "epochs": epochs, "patience": epochs, "tasks": ["goalie_penalty_kick"]}
    drawn = {
        "lr": {"low": 1e-4, "high": 1e-2, "log": True},
        "batch_size": {"choices": [64, 128, 256]},
        "kick_balance": {"low": 0.0, "high": 1.0},
        "averaging": {"choices": [0.9, 0.99, 0.999]},
        "net_arch": {"choices": ["64,64", "128,128", "256,256"]},
    }
    # There are 20 different episodes of this task: a score on all of them has no luck in it.
    counts = {"rung_episodes": 4, "final_episodes": 20}
    space = out / "clones.json"
    table = {"command": "bc", **counts, "fixed": fixed, "space": drawn}
    space.write_text(json.dumps(table), encoding="utf-8")
    return str(space)


def _interval(differences: list[float]) -> list[float]:
    if len(set(differences)) < 2:  # the same settings won every time: the same weights, to the bit
        return [differences[0], differences[0]]
    return [float(end) for end in student_interval(differences)]


def kill_workers(config: SweepBenchConfig) -> dict[str, Any]:
    """Two workers, one of which is killed within its trials: every trial has to have one result."""
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    space = out / "killed.json"
    drawn = {"lr": {"low": 1e-4, "high": 1e-2, "log": True}, "gamma": {"low": 0.9, "high": 0.99}}
    space.write_text(json.dumps({"fixed": _KILLED, "space": drawn}), encoding="utf-8")
    words = ["sweep", "--study", "killed", "--space", str(space), "--trials", str(config.killed_trials)]
    words += ["--workers", "2", "--out", str(out), "--episodes", "4", "--top", "2"]
    folder = out / "killed"
    command = [sys.executable, "-u", "-m", "soccer_lib", *words]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    process = subprocess.Popen(command, env=environment)
    try:
        killed = _kill(config, process, folder)
    except BaseException:
        process.terminate()  # it lets its workers save
        process.wait()
        raise
    if process.returncode:
        raise SimulationError(f"the sweep ended with {process.returncode}; expected 0; look into {folder}")
    record = load_record(folder / "sweep.json")
    ended = collections.Counter(_ended(folder))
    trials = range(config.killed_trials)
    steps = [[line["step"] for line in metrics_of(folder / f"trial_{number:04d}_seed0")] for number in trials]
    whole = max(steps, key=len)
    again = sum(one != whole[: len(one)] for one in steps)  # pruned ones are shorter
    results = sum(ended[number] == 1 for number in trials)
    print(
        f"{results} results of {config.killed_trials} after {len(killed)} kills (trials {killed}), "
        f"{sum(count > 1 for count in ended.values())} told twice, {again} with a step learned twice; best: "
        f"trial {record['best']}, evaluated again"
    )
    holds = results == config.killed_trials and max(ended.values()) == 1 and not again
    return {
        "results": results,
        "killed": killed,
        "counts": record["counts"],
        "holds": holds and len(killed) == config.kills,
    }


def _kill(config: SweepBenchConfig, process: subprocess.Popen[bytes], folder: Path) -> list[int]:
    """Kill workers on the way of a sweep and wait for its end; returns the trials that they were in."""
    draw = np.random.default_rng(config.seed)
    killed: list[int] = []
    while len(killed) < config.kills and process.poll() is None:
        time.sleep(float(draw.uniform(2, 6)))
        working = _working(folder)
        if working and len(_ended(folder)) >= (len(killed) + 1) * config.killed_trials // (config.kills + 2):
            worker, trial = working[-1]  # the one that was begun last: what took a killed one's place
            os.kill(worker, signal.SIGKILL)
            killed.append(trial)
            print(f"killed worker {worker} in trial {trial}")
    process.wait()
    return killed


def _journal(folder: Path) -> list[dict[str, Any]]:
    file = folder / "journal.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [json.loads(line) for line in lines]


def _ended(folder: Path) -> list[int]:
    """Trials by the lines that tell their end; one that is told twice comes twice."""
    return [line["trial_id"] for line in _journal(folder) if line["op_code"] == 6 and line["state"] in _ENDS]


def _working(folder: Path) -> list[tuple[int, int]]:
    """Workers that are in a trial, by the logs: process and trial."""
    found = []
    for log in sorted((folder / "workers").glob("*.log")):
        said = re.findall(r"^worker (\d+) (?:begins|goes on with) trial (\d+)", log.read_text(), re.MULTILINE)
        if said:
            worker, trial = map(int, said[-1])
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, 0)
                if trial not in _ended(folder):
                    found.append((worker, trial))
    return found
