"""One study: train clones of its kinds, score each on episodes of its seed, and write the record."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import io
import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.control.network import Network
from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.evaluation import evaluate
from soccer_lib.learn.imitation.actor import Actor
from soccer_lib.learn.imitation.bc import bc
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.learn.imitation.drift import agreement
from soccer_lib.learn.imitation.hidden import AUTO
from soccer_lib.policies import LearnedPolicy, Policy
from soccer_lib.runs import RunFolder, atomic_write_json, load_json
from soccer_lib.runs.files import sha256_of, sha256_of_arrays, to_plain
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import DAGGER_SEED
from soccer_lib.workshop.studies.config import StudyConfig
from soccer_lib.workshop.studies.curve import finished_curve, write_curve

SCORED = 20_000
"""First seed of the episodes that clones are scored on; a choice between kinds is made by `TUNING` seeds."""

_LOGGED = ("train/loss", "val/loss", "val/kick_recall")
"""Figures of each epoch that a record keeps."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of clones.

    Attributes:
        x: its name, or the number that a curve is drawn over; with `rounds` or `kept_epochs` the entries
            have the number of the round or epoch instead.
        hides: whether `bc` hides from it what misleads clones.
        kick_units: whether kicks have units of their own.
        rounds: of DAgger.
        kept_epochs: epochs after which it is scored; none for the one that `bc` keeps.
    """

    x: int | str
    hides: bool = True
    kick_units: bool = True
    rounds: int = 0
    kept_epochs: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Job:
    """One clone; `task` and `seed` name it in the progress of the pool."""

    task: str
    kind: Kind
    seed: int


def make_study(
    config: StudyConfig,
    name: str,
    kinds: Sequence[Kind],
    demonstrations: Callable[[Kind, int], Dataset],
    first_seed: int = SCORED,
) -> dict[str, Any]:
    """Train and score a clone of each kind and seed; what is done waits beside the curve's file.

    Args:
        config: settings of all studies.
        name: of this one.
        kinds: to compare.
        demonstrations: of a kind and a seed.
        first_seed: of the episodes that are scored.

    Returns:
        The content of `bc_NAME.json`.
    """
    out = Path(config.out) / f"bc_{name}.json"
    settings = to_plain(config.settings_of(name))
    settings |= {"out": out.name, "dataset_sha256": sha256_of(config.dataset)}
    finished = finished_curve(out, settings)
    if finished:
        return finished
    run = RunFolder.open(out.with_suffix(".parts"), settings, "study")
    parts = run.path
    jobs = [_Job(name, kind, seed) for kind in kinds for seed in range(config.seeds)]
    for job in jobs:
        file = _data_file(parts, job)
        if not file.is_file():
            write_dataset(file, demonstrations(job.kind, job.seed), {})
    train_and_score = functools.partial(_clone, config, parts, first_seed)
    entries = list(itertools.chain(*run_jobs(train_and_score, jobs, label=f"study {name}")))
    scores: dict[int | str, list[float]] = {}
    for entry in entries:
        scores.setdefault(entry["x"], []).append(entry["score"])
    record = {
        "command": _command(config, name),
        "settings": settings,
        "striker": _score("striker", config.episodes * config.seeds, first_seed, workers=0),
        "entries": entries,
    }
    return write_curve(out, record, scores, parts)


def _data_file(parts: Path, job: _Job) -> Path:
    return parts / f"{job.kind.x}_{job.seed}.npz"


def _command(config: StudyConfig, name: str) -> str:
    """What makes the committed curve of these settings again."""
    words = [f"python -m soccer_lib study --out data/curves --only {name}"]
    given = config.settings_of(name)
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name in given and field.name != "out" and value != field.default:
            words += [f"--{field.name.replace('_', '-')}", *map(str, np.atleast_1d(value))]
    return " ".join(words)


def _clone(config: StudyConfig, parts: Path, first_seed: int, job: _Job) -> list[dict[str, Any]]:
    """Train and score one clone, at each of its stages: rounds of DAgger, or epochs."""
    file = _data_file(parts, job)
    done = file.with_suffix(".done.json")
    if done.is_file():
        return load_json(done)
    kind = job.kind
    first = first_seed + config.episodes * job.seed
    data = read_dataset(file)
    held_out = data.split(1 - BCConfig.validation_share, job.seed)[1]
    entries: list[dict[str, Any]] = []

    def note(policy: Policy, x: int | str) -> None:
        scored = _score(policy, config.episodes, first, workers=1)
        entries.append({"x": x, "seed": job.seed, **scored, **_errors(policy, held_out, "held out")})

    def play_round(policy: Policy, number: int) -> Dataset:
        note(policy, number - 1)
        settings = PlayedDatasetConfig(
            from_policy="clone",
            label_with="striker",
            episodes=config.round_episodes,
            seed=DAGGER_SEED + 1000 * number + config.round_episodes * job.seed,
            workers=1,
        )
        corrections = collect_dataset(settings, policy, progress=False)
        entries[-1] |= _errors(policy, corrections, "its own states")
        return corrections

    watched: list[tuple[dict[str, Any], Network]] = []

    def watch(figures: dict[str, Any], net: Actor) -> None:
        if figures["epoch"] in kind.kept_epochs:
            watched.append((figures, net.network()))

    # A tenth of the data gives a tenth of the steps in an epoch: 225 in 40 of them teach nobody to kick.
    times = min(config.more_passes, max(1, round(len(read_dataset(config.dataset)) / len(data))))
    learning = BCConfig(
        dataset=(),
        epochs=times * config.epochs,
        patience=config.epochs if kind.kept_epochs else times * BCConfig.patience,
        hide=(AUTO,) if kind.hides else (),
        kick_units=kind.kick_units,
        seed=job.seed,
        device="cpu",
        dagger_rounds=kind.rounds,
    )
    run = _run_folder(config, learning, data, file.stem if kind.rounds or kind.kept_epochs else "")
    demos = run.with_suffix(".npz")
    if not demos.is_file():
        write_dataset(demos, data, {})
    with contextlib.redirect_stdout(io.StringIO()):
        policy = bc(
            dataclasses.replace(learning, dataset=(str(demos),), out=str(run)), play_round, watch=watch
        )
    for figures, network in watched:
        note(LearnedPolicy(network, policy.spec), figures["epoch"])
        entries[-1] |= {name: figures[name] for name in _LOGGED}
    if not kind.kept_epochs:
        note(policy, kind.rounds or kind.x)
        _add_curves(entries, run / "metrics.jsonl")
    atomic_write_json(done, entries)
    return entries


def _run_folder(config: StudyConfig, learning: BCConfig, data: Dataset, stages: str) -> Path:
    """Where a clone is trained: with the same settings and data once for all studies, but for stages."""
    content = (to_plain(learning), sha256_of_arrays(data.arrays()), stages)
    return trained_clones(config) / hashlib.sha256(repr(content).encode()).hexdigest()[:16]


def trained_clones(config: StudyConfig) -> Path:
    """Where clones wait for the other studies that need them."""
    return Path(config.out) / "clones.parts"


def _add_curves(entries: list[dict[str, Any]], metrics: Path) -> None:
    """Add the figures of each epoch to the entry of its round."""
    for line in metrics.read_text().splitlines():
        epoch = json.loads(line)
        for name in _LOGGED:
            value = epoch[name]
            rounded = None if value is None else round(value, 6)
            entries[epoch["round"]].setdefault(name, []).append(rounded)


def _errors(policy: Policy, data: Dataset, where: str) -> dict[str, float]:
    """How a clone's answers differ from the expert's in some states; see `drift.agreement`."""
    found = agreement(policy.predict(data.observations)[0], data.actions)
    episodes = len(data.source)
    return {
        f"{where}: walk error": found.walk_error,
        f"{where}: false kicks an episode": float(found.false_kicks.sum() / episodes),
        f"{where}: missed kicks an episode": float(found.missed_kicks.sum() / episodes),
    }


@functools.cache
def _score(policy: Policy | str, episodes: int, seed: int, workers: int) -> dict[str, Any]:
    result = evaluate(policy, "all", episodes, seed, starts="distinct", workers=workers, progress=False)
    figures = result.summary
    ends = ("/comp_total", "/success_rate", "/macro_trigger_rate")
    kept = {key: value for key, value in figures.items() if key.endswith(ends)}
    return {"score": figures["comp_total_sum"], "ci95": figures["comp_total_sum_ci95"], **kept}
