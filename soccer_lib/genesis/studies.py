"""Studies of reaching: one training for each kind and seed, held-out targets, intervals; for the lessons."""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from soccer_lib.control.weights import DATA
from soccer_lib.errors import known_name
from soccer_lib.evaluation.intervals import Estimate, bootstrap_of, wilson
from soccer_lib.genesis.callbacks import success_rates
from soccer_lib.genesis.config import GenesisTrainConfig
from soccer_lib.genesis.evaluate import agent_result
from soccer_lib.genesis.train import Scenes, train_reach
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs import RunFolder, atomic_write_json, load_json, machine_record, version_record
from soccer_lib.runs.files import MANIFEST, load_record, to_plain, write_manifest
from soccer_lib.runs.folder import metrics_of
from soccer_lib.runs.heartbeat import print_progress

COMMAND = "genesis study"

Kind = dict[str, Any]

_SHORT: Kind = {"total_timesteps": 50_000}

STUDIES: dict[str, dict[str, Kind]] = {
    "ppo": {"PPO, 64 arms": {}},
    "algorithms": {
        "SAC, 16 arms": {"algorithm": "SAC", "eval_freq": 4_000},
        "TD3, 16 arms": {"algorithm": "TD3", "eval_freq": 4_000},
    },
    "rewards": {
        "shaped": {"reward": "shaped", **_SHORT},
        "distance": {"reward": "distance", **_SHORT},
        "progress": {"reward": "progress", **_SHORT},
        "sparse": {"reward": "sparse", **_SHORT},
        "sparse, curriculum": {"reward": "sparse", "curriculum": True, **_SHORT},
        "shaped, curriculum": {"reward": "shaped", "curriculum": True, **_SHORT},
    },
    "physics": {"as built": {}, "randomised": {"physics": "hard"}},
    "stages": {
        "hold from nothing": {"stage": "hold", "total_timesteps": 60_000},
        "reach, then hold": {"stages": ("reach", "hold"), "total_timesteps": 60_000},
        "posture, reach, hold": {"stages": ("posture", "reach", "hold"), "total_timesteps": 60_000},
    },
}
"""Study -> kind -> what differs from the preset `batched`; `stages` share the steps of the run evenly."""

SEEDS = {"ppo": 5, "rewards": 5}
"""Runs of each kind, where a study has another number than `DEFAULT_SEEDS`."""

DEFAULT_SEEDS = 3
"""Runs of each kind."""

_OF_A_RUN = ("save_dir", "seed", "device", "start_from", "episodes")

TESTED = {"physics": ("none", "mild", "hard")}
"""Study -> levels of physics that its agents are tested under; elsewhere only none."""


@dataclass(frozen=True)
class GenesisStudyConfig:
    """Train an arm once for each kind and seed of a study; run again to continue."""

    out: str = "runs/genesis/studies"
    """folder for the results, a file a study [path]"""
    only: tuple[str, ...] = ()
    """studies to make; without a name all"""
    timesteps: Annotated[int | None, Range(1, 10**9, whole=True)] = None
    """env steps of each run; by default as in the preset [count]"""
    seeds: Annotated[int | None, Range(1, 80, whole=True)] = None
    """runs of each kind; by default 3 or 5, as the study says [count]"""
    episodes: Annotated[int, Range(1, 10_000, whole=True)] = 100
    """held-out targets of each agent [count]"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        for name in self.only:
            known_name("study", name, STUDIES)


def make_reach_study(config: GenesisStudyConfig, name: str, scenes: Scenes) -> dict[str, Any]:
    """Train and test every agent of a study, those excepted that are there.

    Returns:
        The content of `NAME.json`.
    """
    out = Path(config.out) / f"{name}.json"
    seeds = config.seeds or SEEDS.get(name, DEFAULT_SEEDS)
    settings = study_settings(name, seeds, config.timesteps, config.episodes)
    if out.is_file() and load_record(out).get("settings") == settings:
        print_progress(f"{out} is finished; remove it to make it again")
        return load_record(out)
    folder = RunFolder.open(out.with_suffix(".parts"), settings, COMMAND)
    entries = []
    for seed in range(seeds):
        for kind, differs in STUDIES[name].items():
            done = folder.path / f"{kind.replace(' ', '_')}_{seed}.json"
            if not done.is_file():
                entry = train_kind(config, name, kind, dict(differs), seed, folder.path, scenes)
                atomic_write_json(done, entry)
            entries.append(load_json(done))
    record = {
        "command": command_of(config, name),
        "settings": settings,
        "entries": entries,
        "versions": version_record(),
        "machine": machine_record(),
    }
    atomic_write_json(out, record)
    write_manifest(out.parent, [file.name for file in out.parent.glob("*.json") if file.name != MANIFEST])
    shutil.rmtree(folder.path)
    return to_plain(record)


def study_settings(name: str, seeds: int, timesteps: int | None, episodes: int) -> dict[str, Any]:
    """What a study was made with, presets filled in: a file of other settings is made again."""
    filled = {}
    for kind, differs in STUDIES[name].items():
        flags = {flag: value for flag, value in differs.items() if flag != "stages"}
        record = dataclasses.asdict(GenesisTrainConfig(**flags).resolved())
        filled[kind] = {flag: value for flag, value in record.items() if flag not in _OF_A_RUN}
    return to_plain(
        {
            "kinds": STUDIES[name],
            "filled in": filled,
            "seeds": seeds,
            "timesteps": timesteps,
            "episodes": episodes,
        }
    )


def train_kind(
    config: GenesisStudyConfig, study: str, kind: str, differs: Kind, seed: int, parts: Path, scenes: Scenes
) -> dict[str, Any]:
    """One agent: trained, in one stage or several, and tested."""
    stages = differs.pop("stages", ("",))
    run = ""
    curve: list[list[float]] = []
    minutes = 0.0
    steps = 0
    for number, stage in enumerate(stages):
        folder = parts / f"{kind.replace(' ', '_')}_{seed}{f'_{stage}' if stage else ''}"
        base = GenesisTrainConfig(save_dir=str(folder), seed=seed, start_from=run, episodes=config.episodes)
        training = dataclasses.replace(base, **differs | ({"stage": stage} if stage else {}))
        total = config.timesteps or training.resolved().total_timesteps or 1
        training = dataclasses.replace(training, total_timesteps=max(1, total // len(stages)))
        figures = train_reach(training, scenes)
        lines = metrics_of(folder)
        if number == len(stages) - 1:
            curve = [[steps + step, rate] for step, rate in success_rates(lines)]
        minutes += figures["cpu_minutes"]
        steps += figures["steps"]
        run = str(folder)
    tests = {}
    for level in TESTED.get(study, ("none",)):
        result = agent_result(Path(run), config.episodes, level, scenes)
        tests[level] = result.summary() | {"success": result.success.astype(int).tolist()}
    return {
        "kind": kind,
        "seed": seed,
        "steps": steps,
        "cpu_minutes": round(minutes, 3),
        "curve": curve,
        "tests": tests,
    }


def command_of(config: GenesisStudyConfig, name: str) -> str:
    """What makes a study again."""
    words = [f"python -m soccer_lib genesis study --out data/genesis --only {name}"]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.name not in ("out", "only") and value != field.default:
            words.append(f"--{field.name} {value}")
    return " ".join(words)


def read_study(name: str, folder: Path = DATA / "genesis") -> dict[str, Any]:
    """A committed study.

    Raises:
        InputError: it is not there.
    """
    known_name("study", name, STUDIES)
    return load_record(folder / f"{name}.json", "settings")


def pooled_rates(study: dict[str, Any], level: str = "none") -> dict[str, Estimate]:
    """Share of reached targets of each kind, all seeds together; the interval is over the seeds.

    Targets of one agent hang together: an interval over targets alone would be too narrow. Where every seed
    has the same share it is Wilson's over one agent's targets.
    """
    rates = {}
    for kind in study["settings"]["kinds"]:
        tests = [entry["tests"][level]["success"] for entry in study["entries"] if entry["kind"] == kind]
        shares = [float(np.mean(successes)) for successes in tests]
        alike = len(set(shares)) == 1
        rates[kind] = wilson([bool(one) for one in tests[0]]) if alike else bootstrap_of(shares)
    return rates


def points_by_seed(study: dict[str, Any], kind: str, level: str = "none") -> dict[int, float]:
    """Share of reached targets of each agent of a kind [percent], by its seed: pairs for a difference."""
    known_name("kind", kind, study["settings"]["kinds"])
    entries = [entry for entry in study["entries"] if entry["kind"] == kind]
    return {entry["seed"]: 100 * float(np.mean(entry["tests"][level]["success"])) for entry in entries}


def curves_of_study(study: dict[str, Any]) -> dict[str, list[list[list[float]]]]:
    """Step and share of reached targets of every run, by kind."""
    kinds = study["settings"]["kinds"]
    return {kind: [entry["curve"] for entry in study["entries"] if entry["kind"] == kind] for kind in kinds}


def main(config: GenesisStudyConfig) -> None:
    """Run the command."""
    scenes = Scenes()
    try:
        for name in config.only or STUDIES:
            study = make_reach_study(config, name, scenes)
            for level in TESTED.get(name, ("none",)):
                for kind, (value, low, high) in pooled_rates(study, level).items():
                    where = f" under {level} physics" if len(TESTED.get(name, ())) > 1 else ""
                    print_progress(f"{name}: {kind}{where}: {value:.1%} [{low:.1%}, {high:.1%}]")
    finally:
        scenes.close()
