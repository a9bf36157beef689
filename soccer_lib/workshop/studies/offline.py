"""Studies of offline learning: what a critic adds to cloning, on good, mixed and noisy episodes."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import os
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from soccer_lib.control.weights import DATA
from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.dataset import Dataset, join
from soccer_lib.demos.files import read_dataset, write_dataset
from soccer_lib.errors import InputError, known_name
from soccer_lib.evaluation import evaluate
from soccer_lib.learn.offline.config import OfflineConfig
from soccer_lib.learn.offline.offline import check_python, offline
from soccer_lib.policies import Policy
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs import RunFolder, atomic_write_json, load_json
from soccer_lib.runs.files import sha256_of, to_plain
from soccer_lib.runs.pool import run_jobs
from soccer_lib.workshop.studies.curve import finished_curve, student_interval, write_curve
from soccer_lib.workshop.studies.kinds import some_of_each_task
from soccer_lib.workshop.studies.run import SCORED

PLAIN = "bc"
"""The kind that the others are compared with."""

BEST_HALF = "bc of the better half"
"""Clones of those episodes of each task that scored above its median: what no critic is needed for."""

METHODS: dict[str, dict[str, Any]] = {
    PLAIN: {"algo": "bc"},
    BEST_HALF: {"algo": "bc"},
    "iql": {"algo": "iql"},
    "iql, compared with the state": {"algo": "iql", "baseline": "state", "gamma": 0.99},
    "td3bc": {"algo": "td3bc"},
    "cql": {"algo": "cql"},
}
"""Kind -> its settings of `offline`."""

KINDS: dict[str, tuple[str, ...]] = {
    "mixed": (PLAIN, BEST_HALF, "iql", "td3bc"),
    "noisy": (PLAIN, BEST_HALF, "iql"),
    "expert": (PLAIN, "iql"),
    "mixed_more": (PLAIN, "iql, compared with the state", "cql"),
}
"""Study -> kinds that are compared. Mixed, and more of them: as many episodes of the striker as of `wander`;
noisy: the striker's with noise on what it does; expert: the striker's."""

NOISE = 0.6
"""Largest spread of the noise; each episode draws its own."""

POOL = 50
"""Episodes of each task that those of a seed are drawn from."""

SIZES: dict[str, Any] = {"net_arch": "128,64", "critic_arch": "128,128"}
"""Small networks, so that 60 runs take a quarter of an hour of CPU."""


@dataclasses.dataclass(frozen=True)
class OfflineStudyConfig:
    """Learn offline in several ways from good, mixed and noisy episodes; run again to continue."""

    out: str = "runs/curves"
    """folder for offline_mixed.json and the others [path]"""
    dataset: str = os.path.relpath(DATA / "demos" / "striker.npz")
    """the striker's demonstrations, played without noise [path]"""
    amount: Annotated[int, Range(1, POOL, whole=True)] = 20
    """episodes of each task and of each kind of player that a run learns from [count]"""
    seeds: Annotated[int, Range(1, 1000, whole=True)] = 5
    """runs of each kind [count]"""
    epochs: Annotated[int, Range(1, 1_000_000, whole=True)] = 40
    """passes over the data, at most [count]"""
    steps: Annotated[int, Range(1, 10**8, whole=True)] = 1000
    """gradient steps of the critic [count]"""
    episodes: Annotated[int, Range(1, 10_000, whole=True)] = 6
    """episodes of each task that a run is scored on; every seed has its own [count]"""
    first_seed: Annotated[int, Range(0, 99_000, whole=True)] = SCORED
    """first seed of the episodes that are scored"""
    python: str = OfflineConfig.python
    """the Python that has d3rlpy, as `make offline` sets it up [path]"""
    only: tuple[str, ...] = ()
    """studies to make: mixed, noisy, expert, mixed_more; without a name all"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        for name in self.only:
            known_name("study", name, KINDS)


@dataclasses.dataclass(frozen=True)
class _Job:
    """One run; `task` and `seed` name it in the progress of the pool."""

    task: str
    kind: str
    seed: int


def run_offline_studies(config: OfflineStudyConfig) -> None:
    """Make the curves, those that are finished excepted.

    Raises:
        SoccerError: no d3rlpy, episodes without rewards, or a file that could not be written.
    """
    check_python(config.python)
    expert = read_dataset(config.dataset)
    expert.column("rewards")
    counts = [int((expert.column("tasks") == task).sum()) for task in np.unique(expert.column("tasks"))]
    if min(counts) < config.amount:
        raise InputError(
            f"--amount got {config.amount}; expected at most the {min(counts)} episodes of each task in "
            f"{config.dataset}; take fewer, or another --dataset"
        )
    for name in config.only or KINDS:
        make_offline_study(config, name)


def make_offline_study(config: OfflineStudyConfig, name: str) -> dict[str, Any]:
    """Learn and score a run of each kind and seed.

    Returns:
        The content of `offline_NAME.json`; `differences` has each kind's score minus that of `PLAIN`, paired
        by seed.
    """
    out = Path(config.out) / f"offline_{name}.json"
    ignored = {"out", "only", "python"}
    settings = to_plain(
        {key: value for key, value in dataclasses.asdict(config).items() if key not in ignored}
    )
    kinds = {kind: METHODS[kind] for kind in KINDS[name]}
    settings |= {"kinds": to_plain(kinds), "sizes": SIZES, "dataset_sha256": sha256_of(config.dataset)}
    finished = finished_curve(out, settings)
    if finished:
        return finished
    run = RunFolder.open(out.with_suffix(".parts"), settings, "study offline")  # locked as long as it lives
    for seed in range(config.seeds):
        file = run.path / f"{seed}.npz"
        if not file.is_file():
            write_dataset(file, _episodes(config, run.path, name, seed), {})
    jobs = [_Job(name, kind, seed) for seed in range(config.seeds) for kind in kinds]
    entries = run_jobs(functools.partial(_learn, config, run.path), jobs, label=f"study offline {name}")
    scores = {kind: [entry["score"] for entry in entries if entry["x"] == kind] for kind in kinds}
    record = {
        "command": _command(config, name),
        "settings": settings,
        "differences": apart_from_plain(scores),
        "entries": entries,
    }
    return write_curve(out, record, scores, run.path)


def apart_from_plain(scores: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Each kind's score minus that of `PLAIN`, seed by seed: mean and 95% interval."""
    found = []
    for kind in scores:
        if kind != PLAIN:
            apart = np.subtract(scores[kind], scores[PLAIN])
            found.append({"x": kind, "mean": float(apart.mean()), "ci95": student_interval(apart.tolist())})
    return found


def _command(config: OfflineStudyConfig, name: str) -> str:
    words = [f"python -m soccer_lib study offline --out data/curves --only {name}"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name not in ("out", "only", "python") and value != field.default:
            words += [f"--{field.name.replace('_', '-')}", str(value)]
    return " ".join(words)


def _episodes(config: OfflineStudyConfig, parts: Path, name: str, seed: int) -> Dataset:
    """What the runs of a seed learn from."""
    if name == "noisy":
        noisy = {"from_policy": "striker", "noise": NOISE, "as_played": True, "seed": 2000}
        return some_of_each_task(_pool(parts / "pool.npz", **noisy), config.amount, seed)
    expert = some_of_each_task(read_dataset(config.dataset), config.amount, seed)
    if name == "expert":
        return expert
    wandering = _pool(parts / "pool.npz", from_policy="wander", seed=1000)
    return join([expert, some_of_each_task(wandering, config.amount, seed)])


def _pool(file: Path, **settings: Any) -> Dataset:
    """Episodes that are played once for all seeds."""
    if not file.is_file():
        played = collect_dataset(
            PlayedDatasetConfig(output=str(file), episodes=POOL, resume=True, **settings)
        )
        write_dataset(file, played, {"settings": settings})
    return read_dataset(file)


def better_half(data: Dataset) -> Dataset:
    """Those episodes of each task that scored above its median."""
    scores = data.column("scores")
    tasks = data.column("tasks")
    medians = np.array([np.median(scores[tasks == task]) for task in tasks])
    return data.take((scores > medians)[data.episode_id])


def _learn(config: OfflineStudyConfig, parts: Path, job: _Job) -> dict[str, Any]:
    """Learn and score one run."""
    name = f"{job.seed}_{''.join(sign if sign.isalnum() else '_' for sign in job.kind)}"
    done = parts / f"{name}.done.json"
    if done.is_file():
        return load_json(done)
    file = parts / f"{job.seed}.npz"
    if job.kind == BEST_HALF:
        half = better_half(read_dataset(file))
        file = parts / f"{name}.npz"
        write_dataset(file, half, {})
    settings = {
        **METHODS[job.kind],
        **SIZES,
        "seed": job.seed,
        "epochs": config.epochs,
        "steps": config.steps,
    }
    with contextlib.redirect_stdout(io.StringIO()):
        policy = offline(
            OfflineConfig((str(file),), out=str(parts / name), device="cpu", python=config.python, **settings)
        )
    first = config.first_seed + config.episodes * job.seed
    entry = {"x": job.kind, "seed": job.seed, **_score(policy, config.episodes, first)}
    atomic_write_json(done, entry)
    return to_plain(entry)


def _score(policy: Policy, episodes: int, first: int) -> dict[str, Any]:
    result = evaluate(policy, "all", episodes, first, starts="distinct", workers=1, progress=False)
    kept = {
        key: value for key, value in result.summary.items() if key.endswith(("/comp_total", "/success_rate"))
    }
    return {"score": result.summary["comp_total_sum"], **kept}
