"""Studies of training: one budget for all kinds of agents, each of them scored, seed by seed."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import shlex
import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from soccer_lib.comparison.paired import differences
from soccer_lib.demos.collect import collect_dataset, parts_folder
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.files import write_dataset
from soccer_lib.errors import InputError, known_name
from soccer_lib.evaluation import EvaluationResult, evaluate
from soccer_lib.evaluation.episode import N_STARTS, EpisodeJob
from soccer_lib.evaluation.play import env_for
from soccer_lib.evaluation.player import play_scored
from soccer_lib.formats.settings import read_settings, settings_text
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.imitation.bc import bc
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.learn.train import train
from soccer_lib.policies import Policy, load_policy
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs import RunFolder, atomic_write_json, load_json
from soccer_lib.runs.files import to_plain
from soccer_lib.runs.folder import metrics_of
from soccer_lib.runs.pool import run_jobs
from soccer_lib.tasks import COMPETITION
from soccer_lib.workshop.studies.agents import BESIDE_CLONE, COMMAND_NOISE, FACTORS_TESTED, KINDS, needs_clone
from soccer_lib.workshop.studies.curve import finished_curve, write_curve
from soccer_lib.workshop.studies.run import SCORED

SHARED_EPISODES = 50_000
"""First seed of the episodes that agents beside their clone all play."""

HINDSIGHT_EPISODES = 400
"""Episodes of each task whose shots teach what they hit."""


@dataclasses.dataclass(frozen=True)
class TrainingStudyConfig:
    """Train agents of many kinds, score each, write the curves of lessons 04, 05; run again to continue."""

    out: str = "runs/curves"
    """folder for rl_rewards.json, rl_curriculum.json and the others [path]"""
    clone: str = ""
    """what agents start from, where they do not learn from nothing: a run folder of bc, or its file [path]"""
    timesteps: Annotated[int, Range(1, 10**9, whole=True)] = 90_000
    """env steps of each run; 20 minutes of CPU on the EPYC with scratch [count]"""
    seeds: Annotated[int, Range(1, 400, whole=True)] = 5
    """runs of each kind [count]"""
    episodes: Annotated[int, Range(1, 10_000, whole=True)] = 12
    """episodes of each task that an agent is scored on; every seed has its own [count]"""
    factor_episodes: Annotated[int, Range(1, 10_000, whole=True)] = 6
    """the same under each factor, in the study randomised [count]"""
    settings: str = ""
    """settings of train over those of every kind: a TOML or JSON file, or JSON text"""
    only: tuple[str, ...] = ()
    """studies to make: rewards, rewards_from_clone, curriculum, randomised, networks, tuned, tuned_weak (the
    same from a weak clone), hindsight, tuned_td3, tuned_sac, cures; without a name all that have what they
    start from"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        for name in self.only:
            known_name("study", name, KINDS)
            if needs_clone(name) and not self.clone:
                raise InputError(f"study {name} came without --clone; expected a policy of bc; make one")


@dataclasses.dataclass(frozen=True)
class _Job:
    """One run; `task` and `seed` name it in the progress of the pool."""

    task: str
    kind: str
    seed: int


def run_training_studies(config: TrainingStudyConfig) -> None:
    """Make the curves, those that are finished excepted; the same call goes on where it was.

    Raises:
        SoccerError: settings that make no run, a failed environment, or a file that could not be written.
    """
    names = config.only or [name for name in KINDS if config.clone or not needs_clone(name)]
    for name in names:
        make_training_study(config, name)


def make_training_study(config: TrainingStudyConfig, name: str) -> dict[str, Any]:
    """Train and score an agent of each kind and seed.

    Returns:
        The content of `rl_NAME.json`.
    """
    out = Path(config.out) / f"rl_{name}.json"
    ignored = {"out", "only", *(() if name == "randomised" else ("factor_episodes",))}
    ignored |= set() if needs_clone(name) else {"clone"}
    settings = to_plain(
        {key: value for key, value in dataclasses.asdict(config).items() if key not in ignored}
        | {"kinds": KINDS[name]}
    )
    finished = finished_curve(out, settings)
    if finished:
        return finished
    run = RunFolder.open(out.with_suffix(".parts"), settings, "study training")  # locked as long as it lives
    parts = run.path
    jobs = [_Job(name, kind, seed) for seed in range(config.seeds) for kind in KINDS[name]]
    entries = run_jobs(functools.partial(_train, config, parts), jobs, label=f"study {name}")
    scores = {kind: [entry["score"] for entry in entries if entry["x"] == kind] for kind in KINDS[name]}
    record = {
        "command": _command(config, name),
        "settings": settings,
        "entries": entries,
    }
    return write_curve(out, record, scores, parts)


def _command(config: TrainingStudyConfig, name: str) -> str:
    words = [f"python -m soccer_lib study training --out data/curves --only {name}"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name not in ("out", "only") and value != field.default:
            words += [f"--{field.name.replace('_', '-')}", shlex.quote(str(value))]
    return " ".join(words)


def run_settings(config: TrainingStudyConfig, name: str, kind: str, seed: int, folder: Path) -> TrainConfig:
    """Settings of one run: one core, nothing evaluated on the way, the same steps for every kind."""
    settings: dict[str, Any] = {
        "total_timesteps": config.timesteps,
        "workers": 0,
        "eval_freq": 0,
        "final_episodes": 3,
        **KINDS[name][kind],
    }
    for key, value in read_settings(config.settings or {}, "--settings").items():
        settings[key] = tuple(value) if isinstance(value, list) else value
    for file in ("curriculum", "randomise"):
        if file in settings:
            settings[file] = settings_text(settings[file], file)
    if needs_clone(name):
        settings["bc_weights"] = config.clone
    return TrainConfig(save_dir=str(folder), seed=seed, device="cpu", **settings)


def _train(config: TrainingStudyConfig, parts: Path, job: _Job) -> dict[str, Any]:
    """Train and score one agent: the last one, not the best on the way.

    From which share of kicks on it kicks is chosen as in every run, on tuning seeds: with one share for all,
    an agent that learned when to kick and not yet how surely would count as one that never kicks.
    """
    folder = parts / f"{job.kind.replace(' ', '_')}_{job.seed}"
    done = parts / f"{folder.name}.done.json"  # the name of a kind may have a point in it
    if done.is_file():
        return load_json(done)
    with contextlib.redirect_stdout(io.StringIO()):
        train(run_settings(config, job.task, job.kind, job.seed, folder))
        if job.task == "hindsight":
            policy = taught_by_hindsight(folder)
        else:
            policy = load_policy(folder / "final_model.safetensors")
    shared = job.task in BESIDE_CLONE
    first = SHARED_EPISODES if shared else SCORED + config.episodes * job.seed
    result = _played(policy, config.episodes, first)
    figures = result.summary
    lines = metrics_of(folder)
    entry = {
        "x": job.kind,
        "seed": job.seed,
        "score": figures["comp_total_sum"],
        "ci95": figures["comp_total_sum_ci95"],
        **{key: value for key, value in figures.items() if key.endswith(("/comp_total", "/success_rate"))},
        "first success": first_success(lines),
        "cpu_minutes": lines[-1]["cpu_minutes"],
    }
    if job.task == "randomised":
        for name, value in FACTORS_TESTED.items():
            entry[f"under {name} {value:g}"] = _score_under(
                policy, {name: value}, config.factor_episodes, first
            )
    if shared:
        entry |= _gains(config, policy, result)
    atomic_write_json(done, entry)
    return to_plain(entry)


def taught_by_hindsight(folder: Path) -> Policy:
    """A clone of what the shots of a run's last agent did hit, all the same way; goes on where it was."""
    file = folder / "hindsight.npz"
    if not file.is_file():
        agent = str(folder / "final_model.safetensors")
        settings = PlayedDatasetConfig(
            str(file), from_policy=agent, hindsight=True, noise=0.04, seed=3000, workers=1, resume=True,
            episodes=HINDSIGHT_EPISODES,
        )  # fmt: skip
        write_dataset(file, collect_dataset(settings, progress=False), {"settings": settings})
        shutil.rmtree(parts_folder(settings))
    return bc(BCConfig((str(file),), str(folder / "hindsight"), epochs=40, device="cpu"))


def _played(policy: Policy, episodes: int, first: int, shaken: bool = False) -> EvaluationResult:
    changed = COMMAND_NOISE if shaken else ""
    asked: dict[str, Any] = {"starts": "distinct", "workers": 1, "progress": False, "randomise": changed}
    return evaluate(policy, "all", episodes, first, **asked)


@functools.cache
def _clone_played(clone: str, episodes: int, shaken: bool) -> EvaluationResult:
    return _played(load_policy(clone), episodes, SHARED_EPISODES, shaken)


def _gains(config: TrainingStudyConfig, policy: Policy, result: EvaluationResult) -> dict[str, Any]:
    """What an agent has more than its clone on the same episodes, undisturbed and under noise on commands."""
    shaken = _played(policy, config.episodes, SHARED_EPISODES, shaken=True)
    found: dict[str, Any] = {"score, shaken": shaken.summary["comp_total_sum"]}
    for name, played in (("gain", result), ("gain, shaken", shaken)):
        clone = _clone_played(config.clone, config.episodes, played is shaken)
        gain = differences(played.episodes, clone.episodes)[-1]
        found |= {name: gain.mean, f"{name}, ci95": [gain.low, gain.high]}
        found["clone" + name.removeprefix("gain")] = clone.summary["comp_total_sum"]
    return found


def first_success(lines: list[dict[str, Any]]) -> int | None:
    """Env steps until the first line in which an episode succeeded; None where none did."""
    for line in lines:
        if any(key.startswith("rollout/success/") and value for key, value in line.items()):
            return line["step"]
    return None


def _score_under(policy: Policy, ranges: dict[str, float], episodes: int, seed: int) -> float:
    """Sum over the tasks of the mean official score, each episode under the same disturbance."""
    total = 0.0
    for task in COMPETITION:
        env = env_for(policy.spec, task, randomise=ranges)
        jobs = [EpisodeJob(task, seed + number, number % N_STARTS) for number in range(episodes)]
        total += float(np.mean([play_scored(env, policy, job).score for job in jobs]))
        env.close()
    return total
