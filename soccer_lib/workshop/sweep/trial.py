"""One trial: runs of `train` or `bc` in ordinary run folders, judged at rungs, each in its own seed."""

from __future__ import annotations

import dataclasses
import functools
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from soccer_lib.demos.files import read_dataset
from soccer_lib.errors import InputError, SimulationError, one_line
from soccer_lib.evaluation.episode import EPISODE_LIMIT, N_STARTS, EpisodeJob
from soccer_lib.evaluation.player import EpisodePlayer
from soccer_lib.evaluation.statistics import summarise
from soccer_lib.learn.candidates import FRESH_SEED as VALUE_SEED
from soccer_lib.learn.imitation.actor import Actor
from soccer_lib.learn.imitation.bc import bc, clone_spec
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.learn.train import train
from soccer_lib.policies import LearnedPolicy, Policy, PolicySpec
from soccer_lib.runs import RunFolder, atomic_write_json, load_json
from soccer_lib.runs.files import load_record
from soccer_lib.runs.pool import run_jobs
from soccer_lib.tasks import tasks_named
from soccer_lib.workshop.studies.curve import student_interval
from soccer_lib.workshop.sweep.plan import Plan, training_seed_of
from soccer_lib.workshop.sweep.study import Study, TrialClaim

COST = "sweep.json"
"""File in a run folder: processor time so far, of starts that were killed up to their last rung too."""

_LEFT = ("checkpoints", "replay")
"""What a run would go on from; not needed where a trial has its result."""


class Pruned(Exception):
    """A trial ends at a rung: others were better there."""


@dataclasses.dataclass
class TrialClock:
    """Processor time of a trial, this process and its children, kept in its folder [min]."""

    folder: Path
    before: float = 0.0

    def __post_init__(self) -> None:
        if (self.folder / COST).is_file():
            self.before = float(load_json(self.folder / COST)["cpu_minutes"])
        self._began = _processor_time()

    def note(self) -> dict[str, float]:
        """Write it down and return it as a note for the study."""
        minutes = round(self.before + (_processor_time() - self._began) / 60, 4)
        notes = {"cpu_minutes": minutes}
        atomic_write_json(self.folder / COST, notes)
        return notes


def _processor_time() -> float:
    """Of this process and of its children that have ended [s]."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def run_trial(study: Study, claim: TrialClaim, keep: bool = False) -> str:
    """Run a claimed trial to its end and tell the study; a trial that was begun goes on where it was.

    Args:
        study: that it is of.
        claim: the trial.
        keep: leave the checkpoints of a trial that has its result.

    Returns:
        What came of it, in a line.

    Raises:
        ResourceError: no room or memory; the trial waits in its folder.
        KeyboardInterrupt, Terminated: the state is saved; the trial waits in its folder.
    """
    trial = claim.trial
    plan = study.plan
    name = trial.name
    clock = TrialClock(study.folder_of(trial))
    runs = [trial.fresh_of[1]] if trial.fresh_of is not None else list(range(plan.seeds))
    scores: list[float] = []
    interval: list[float] | None = None
    try:
        for number, run in enumerate(runs):
            watch = functools.partial(_judge, study, claim, clock) if number == 0 else _nothing
            score, interval = _run(study, claim, run, watch)
            scores.append(score)
            last = number == len(runs) - 1
            # Later runs have no rungs of their own: the mean of those that are done is judged.
            if not last and study.judge(claim, plan.rungs[1] * len(scores), fmean(scores), clock.note()):
                raise Pruned
    except Pruned:
        study.end(claim, "pruned", _last(study, claim), clock.note() | {"runs": scores})
        for run in runs[: len(scores) + 1]:
            _close(study.folder_of(trial, run), claim, keep)
        return f"{name} pruned"
    except (InputError, SimulationError) as error:
        reason = one_line(error, 300)
        study.end(claim, "failed", None, clock.note() | {"reason": reason})
        return f"{name} failed: {reason}"
    notes: dict[str, Any] = {**clock.note(), "runs": scores, "interval": interval}
    if len(scores) > 1:
        notes["interval"] = [float(end) for end in student_interval(scores)]
    study.end(claim, "done", fmean(scores), notes)
    for run in runs:
        _tidy(study.folder_of(trial, run), keep)
    return f"{name} done: official {fmean(scores):.2f}"


def _nothing(step: int, score: float) -> None:
    """Later runs of a trial go to their end."""


def _judge(study: Study, claim: TrialClaim, clock: TrialClock, step: int, score: float) -> None:
    every, total = study.plan.rungs
    rung = step // every * every  # as many environments as step together may pass it by a few
    if 0 < rung < total and study.judge(claim, rung, score, clock.note()):
        raise Pruned


def _last(study: Study, claim: TrialClaim) -> float | None:
    """Score of a trial at its last rung."""
    [trial] = [one for one in study.trials() if one.number == claim.trial.number]
    return list(trial.rungs.values())[-1] if trial.rungs else None


def _close(folder: Path, claim: TrialClaim, keep: bool) -> None:
    """Say in a run folder that its run was ended early."""
    if (folder / "status.json").is_file() and load_record(folder / "status.json").get("status") == "running":
        RunFolder(folder, True, claim.lock).set_status("pruned")
    _tidy(folder, keep)


def _tidy(folder: Path, keep: bool) -> None:
    for name in () if keep else _LEFT:
        shutil.rmtree(folder / name, ignore_errors=True)


def _run(
    study: Study, claim: TrialClaim, run: int, watch: Callable[[int, float], None]
) -> tuple[float, list[float]]:
    """One run of a trial: its official score and the interval of that."""
    trial = claim.trial
    folder = study.folder_of(trial, run)
    config = study.plan.space.config(trial.drawn, training_seed_of(study.plan, run), str(folder))
    if isinstance(config, BCConfig):
        return _clone(config, study.plan, watch)
    train(config, watch)
    status = load_record(folder / "status.json")
    return status["comp_eval/C_overall"], status["comp_eval/C_overall_ci95"]


def _clone(config: BCConfig, plan: Plan, watch: Callable[[int, float], None]) -> tuple[float, list[float]]:
    """A run of `bc`, which plays the official episodes of `train` at its rungs and at its end."""
    every, _ = plan.rungs
    at_rung, at_end = plan.space.episodes
    spec = clone_spec(Path(config.out).name, read_dataset(config.dataset[0]))

    def look(figures: dict[str, Any], net: Actor) -> None:
        epoch = figures["round"] * config.epochs + figures["epoch"]
        if epoch % every == 0:
            policy = LearnedPolicy(net.network(), spec)
            watch(epoch, play_episodes(policy, config.tasks, 0, at_rung)["comp_total_sum"])

    policy = bc(config, watch=look, sees_all=False)
    summary = play_episodes(policy, config.tasks, VALUE_SEED, at_end)
    return summary["comp_total_sum"], summary["comp_total_sum_ci95"]


def play_episodes(policy: Policy, tasks: Sequence[str], seed: int, episodes: int) -> dict[str, Any]:
    """Figures of so many official episodes of each task from distinct starts, in this process."""
    player = _player(dataclasses.replace(policy.spec, name="trial"), policy)
    player.policy = policy
    jobs = [
        EpisodeJob(task.name, seed + number, number % N_STARTS)
        for task in tasks_named(",".join(tasks))
        for number in range(episodes)
    ]
    return summarise(run_jobs(player, jobs, workers=1, limit=EPISODE_LIMIT))


_players: dict[PolicySpec, EpisodePlayer] = {}


def _player(spec: PolicySpec, policy: Policy) -> EpisodePlayer:
    """Who plays for policies of a kind; its environments stay."""
    if spec not in _players:
        _players[spec] = EpisodePlayer(policy, fast=True, deterministic=True, keep_torques=False)
    return _players[spec]
