"""`study`: how a clone's score depends on the demonstrations, the observation and the rounds of DAgger."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import itertools
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.evaluation import evaluate
from soccer_lib.learn.imitation.bc import bc
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.learn.imitation.hidden import AUTO
from soccer_lib.policies import Policy
from soccer_lib.runs import RunFolder, atomic_write_json, load_json, machine_record, version_record
from soccer_lib.runs.files import MANIFEST, sha256_of, to_plain, write_manifest
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import DAGGER_SEED, TUNING

SCORED = 20_000
"""First seed of the episodes that clones are scored on; a choice between kinds is made by `TUNING` seeds."""

SEES_ALL = "agent, all of it"
"""The kind that sees all of its observation; from the others `bc` hides what misleads them."""

LAYOUT_OF = {"full": "full", "robot": "robot", "agent": "agent", SEES_ALL: "agent"}
"""Kinds of clones, and the observation that each learns from."""

SETTINGS_OF = {"amount": {"amounts"}, "observation": set(), "dagger": {"rounds", "round_episodes"}}
"""Settings that only one study depends on."""


@dataclasses.dataclass(frozen=True)
class StudyConfig:
    """Train clones of many kinds, score each, and write the curves of lesson 03; run again to continue."""

    out: str = "runs/curves"
    """folder for bc_amount.json, bc_observation.json and bc_dagger.json [path]"""
    dataset: str = "data/demos/striker.npz"
    """dataset of the striker's demonstrations [path]"""
    amounts: tuple[int, ...] = (5, 20, 50)
    """demonstrations of each task that a clone learns from [count]"""
    rounds: int = 2
    """rounds of DAgger [count]"""
    round_episodes: int = 20
    """episodes of each task that a clone plays in a round of DAgger [count]"""
    seeds: int = 5
    """clones of each kind [count]"""
    epochs: int = 100
    """passes over the data, at most [count]"""
    episodes: int = 12
    """episodes of each task that a clone is scored on; every seed has its own [count]"""


def run_studies(config: StudyConfig) -> None:
    """Make the three curves, those that are finished excepted."""
    for study in (amount_study, observation_study, dagger_study):
        study(config)


def amount_study(config: StudyConfig) -> dict[str, Any]:
    """Clones of few and of many demonstrations, drawn anew for each seed."""
    data = read_dataset(config.dataset)
    tasks = data.column("tasks")

    def draw(count: int, seed: int) -> Dataset:
        order = np.random.default_rng(seed).permutation(len(data.source))
        episodes = [order[tasks[order] == task][:count] for task in np.unique(tasks)]
        return data.take(np.isin(data.episode_id, np.concatenate(episodes)))

    return _study(config, "amount", config.amounts, draw)


def observation_study(config: StudyConfig) -> dict[str, Any]:
    """Clones of the same episodes, seen in world axes, in the robot's, and with its controller's state."""
    data = read_dataset(config.dataset)
    seeds = data.column("seeds")
    episodes = len(seeds) // len(np.unique(data.column("tasks")))

    @functools.cache
    def seen_as(layout: str) -> Dataset:
        if layout == data.observation_layout:
            return data
        first_seed = int(seeds.min())
        return collect_dataset(
            PlayedDatasetConfig(from_policy="striker", observation=layout, episodes=episodes, seed=first_seed)
        )

    return _study(
        config, "observation", list(LAYOUT_OF), lambda kind, seed: seen_as(LAYOUT_OF[kind]), TUNING.start
    )


def dagger_study(config: StudyConfig) -> dict[str, Any]:
    """Clones before and after each round in which the striker corrects them."""
    data = read_dataset(config.dataset)
    return _study(config, "dagger", ("rounds",), lambda x, seed: data, rounds=config.rounds)


@dataclasses.dataclass(frozen=True)
class _Job:
    task: str
    x: int | str
    seed: int


def _study(
    config: StudyConfig,
    name: str,
    kinds: Sequence[int | str],
    demonstrations: Callable[[Any, int], Dataset],
    first_seed: int = SCORED,
    rounds: int = 0,
) -> dict[str, Any]:
    """Train and score a clone of each kind and seed; what is done waits beside the curve's file."""
    out = Path(config.out) / f"bc_{name}.json"
    of_other_studies = set().union(*SETTINGS_OF.values()) - SETTINGS_OF[name]
    settings = {key: value for key, value in to_plain(config).items() if key not in of_other_studies}
    settings |= {"out": out.name, "dataset_sha256": sha256_of(config.dataset)}
    if out.is_file():
        record = load_json(out)
        if record["settings"] == settings:
            print(f"{out} is finished; remove it to make it again")
            return record
    parts = RunFolder.open(out.with_suffix(".parts"), settings, "study").path
    jobs = [_Job(name, x, seed) for x in kinds for seed in range(config.seeds)]
    for job in jobs:
        file = parts / f"{job.x}_{job.seed}.npz"
        if not file.is_file():
            write_dataset(file, demonstrations(job.x, job.seed), {})
    train_and_score = functools.partial(_clone, config, parts, first_seed, rounds)
    entries = list(itertools.chain(*run_jobs(train_and_score, jobs, label=f"study {name}")))
    scores: dict[int | str, list[float]] = {}
    for entry in entries:
        scores.setdefault(entry["x"], []).append(entry["score"])
    record = {
        "command": _command(config),
        "settings": settings,
        "striker": _score("striker", config.episodes * config.seeds, first_seed, workers=0),
        "groups": [{"x": x, "mean": np.mean(s), "ci95": _interval(s)} for x, s in scores.items()],
        "entries": entries,
        "versions": version_record(),
        "machine": machine_record(),
    }
    atomic_write_json(out, record)
    write_manifest(out.parent, [file.name for file in out.parent.glob("*.json") if file.name != MANIFEST])
    shutil.rmtree(parts)
    return to_plain(record)


def _command(config: StudyConfig) -> str:
    """What makes the committed curves of these settings again."""
    words = ["python -m soccer_lib study --out data/curves"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name != "out" and value != field.default:
            words += [f"--{field.name.replace('_', '-')}", *map(str, np.atleast_1d(value))]
    return " ".join(words)


def _interval(scores: Sequence[float]) -> list[float]:
    """95% interval of the mean by Student's t: each seed is one sample; NaN for a single one."""
    half = stats.t.ppf(0.975, len(scores) - 1) * stats.sem(scores)
    return [np.mean(scores) - half, np.mean(scores) + half]


def _clone(config: StudyConfig, parts: Path, first_seed: int, rounds: int, job: _Job) -> list[dict[str, Any]]:
    """Train and score one clone, and score it before each round of DAgger as well."""
    data = parts / f"{job.x}_{job.seed}.npz"
    done = parts / f"{job.x}_{job.seed}.done.json"
    if done.is_file():
        return load_json(done)
    entries: list[dict[str, Any]] = []

    def note(policy: Policy, x: int | str) -> None:
        first = first_seed + config.episodes * job.seed
        entries.append({"x": x, "seed": job.seed, **_score(policy, config.episodes, first, workers=1)})

    def play_round(policy: Policy, number: int) -> Dataset:
        note(policy, number - 1)
        settings = PlayedDatasetConfig(
            from_policy="clone",
            label_with="striker",
            episodes=config.round_episodes,
            seed=DAGGER_SEED + 1000 * number + config.round_episodes * job.seed,
            workers=1,
        )
        return collect_dataset(settings, policy, progress=False)

    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        run = Path(folder, "run")
        learning = BCConfig(
            dataset=(str(data),),
            out=str(run),
            epochs=config.epochs,
            hide=() if job.x == SEES_ALL else (AUTO,),
            seed=job.seed,
            device="cpu",
            dagger_rounds=rounds,
        )
        note(bc(learning, play_round), rounds or job.x)
        for line in (run / "metrics.jsonl").read_text().splitlines():
            epoch = json.loads(line)
            for name in ("train/loss", "val/loss"):
                entries[epoch["round"]].setdefault(name, []).append(round(epoch[name], 6))
    atomic_write_json(done, entries)
    return entries


@functools.cache
def _score(policy: Policy | str, episodes: int, seed: int, workers: int) -> dict[str, Any]:
    result = evaluate(policy, "all", episodes, seed, starts="distinct", workers=workers, progress=False)
    figures = result.summary
    kept = {key: value for key, value in figures.items() if key.endswith(("/comp_total", "/success_rate"))}
    return {"score": figures["comp_total_sum"], "ci95": figures["comp_total_sum_ci95"], **kept}
