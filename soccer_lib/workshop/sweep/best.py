"""Which trial is named: the best ones are run and played again, on seeds that nothing was chosen by.

The highest of many scores is high by luck too, and more so the more there are: the winner's curse. So the
score that a trial was ranked by is laid beside what its policy has on fresh episodes, and beside what its
settings come to with fresh training seeds. The named one then plays a third set, by which nothing was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from soccer_lib.errors import InputError
from soccer_lib.evaluation import evaluate
from soccer_lib.policies import load_policy
from soccer_lib.policies.catalogue import policy_file
from soccer_lib.runs import atomic_write_json
from soccer_lib.runs.files import atomic_copy, load_record, sha256_of
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.seeds import REPORTED
from soccer_lib.workshop.sweep.config import SweepConfig
from soccer_lib.workshop.sweep.plan import training_seed_of
from soccer_lib.workshop.sweep.space import FRESH_SEED
from soccer_lib.workshop.sweep.study import Study, Trial


def ranked(study: Study) -> list[Trial]:
    """Trials of the sweep that ran to their end, best first."""
    done = [one for one in study.trials() if one.fresh_of is None and one.state == "done"]
    return sorted((one for one in done if one.value is not None), key=lambda one: -(one.value or 0.0))


def name_best(config: SweepConfig, study: Study) -> dict[str, Any]:
    """Play the best trials again and name one; its policy is copied into the study's folder.

    Returns:
        Number of the best trial, the rows of the contenders, and the figures of the named policy.

    Raises:
        InputError: no trial ran to its end.
    """
    contenders = ranked(study)[: config.top]
    if not contenders:
        reasons = [one.notes["reason"] for one in study.trials() if "reason" in one.notes]
        raise InputError(
            f"no trial of {study.plan.name} ran to its end; expected one; "
            + (f"the last one said: {reasons[-1]}" if reasons else "try a larger --budget, or --pruner none")
        )
    rows = [_contender(config, study, trial) for trial in contenders]
    best = max(rows, key=lambda row: row["fresh"])
    played = {**best["played"], **best["played_runs"]}
    name = max(played, key=lambda run: played[run]["score"])
    folder = study.folder / name
    reported = _play(config, study, folder, REPORTED.start)
    file = policy_file(folder)
    endings = [file.with_suffix(ending) for ending in (".safetensors", ".json")]
    atomic_copy([one for one in endings if one.is_file()], study.folder)
    number = best["trial"]
    run = int(name.rpartition("seed")[2]) - study.plan.seed
    trial = next(one for one in contenders if one.number == number)
    seed = training_seed_of(study.plan, run)
    words = study.plan.space.words(trial.drawn, seed, f"runs/{study.plan.name}_best")
    return {
        "best": number,
        "policy": name,
        "reported": reported,
        "command": ["python", "-m", "soccer_lib", study.plan.space.command, *words],
        "contenders": rows,
        "curse": fmean(row["sweep"] for row in rows) - fmean(row["fresh"] for row in rows),
    }


def _contender(config: SweepConfig, study: Study, trial: Trial) -> dict[str, Any]:
    """One of the best trials: its score in the sweep, and on fresh episodes also of fresh runs."""
    folders = [study.folder_of(trial, run) for run in range(study.plan.seeds)]
    again = [
        study.folder_of(one)
        for one in study.trials()
        if one.fresh_of is not None
        and one.fresh_of[0] == trial.number
        and one.fresh_of[1] < study.plan.seeds + config.fresh_runs
        and one.state == "done"
    ]
    played = {folder.name: _play(config, study, folder, FRESH_SEED) for folder in folders}
    played_runs = {folder.name: _play(config, study, folder, FRESH_SEED) for folder in again}
    policy = _mean(played.values())
    return {
        "trial": trial.number,
        "sweep": trial.value,
        "sweep_ci95": trial.notes.get("interval"),
        "policy": policy,
        "runs": _mean(played_runs.values()) if again else None,
        # What is named is settings: what counts is what they come to once more, where they were run again.
        "fresh": _mean(played_runs.values()) if again else policy,
        "played": played,
        "played_runs": played_runs,
        "drawn": trial.drawn,
    }


def _mean(played: Sequence[dict[str, Any]] | Any) -> float:
    return fmean(one["score"] for one in played)


def _play(config: SweepConfig, study: Study, folder: Path, seed: int) -> dict[str, Any]:
    """Score of a run's policy on episodes from a seed on, with its interval; kept beside the study."""
    policy_sha256 = sha256_of(policy_file(folder))
    request = {"policy_sha256": policy_sha256, "episodes": config.episodes, "seed": seed}
    file = study.folder / "played" / f"{folder.name}_from_{seed}.json"
    if file.is_file():
        known = load_record(file)
        if {name: known.get(name) for name in request} == request:
            return known
    print_progress(f"{folder.name} plays {config.episodes} episodes of each task, seeds from {seed}")
    tasks = study.plan.space.config(
        {one.name: one.edges[0] for one in study.plan.space.parameters}, 0, "x"
    ).tasks
    result = evaluate(
        load_policy(folder), ",".join(tasks), config.episodes, seed, "distinct", workers=config.workers,
        progress=False,
    )  # fmt: skip
    summary = result.summary
    figures = {**request, "score": summary["comp_total_sum"], "ci95": summary["comp_total_sum_ci95"]}
    figures |= {
        name: value for name, value in summary.items() if name.endswith(("/comp_total", "/success_rate"))
    }
    atomic_write_json(file, figures)
    return figures
