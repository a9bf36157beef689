"""Policies of a run that were judged by the official score, and how the best of them is chosen.

The highest of many scores on a few episodes is high by luck too. So the top three play fresh episodes, and
what the run started from is kept where none of them beats it.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm

from soccer_lib.evaluation.episode import EPISODE_LIMIT, N_STARTS, Episode, EpisodeJob
from soccer_lib.evaluation.player import EpisodePlayer
from soccer_lib.evaluation.statistics import summarise
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.normaliser import write_normaliser
from soccer_lib.policies import LearnedPolicy, write_policy
from soccer_lib.policies.learned import read_policy
from soccer_lib.runs import RunFolder, atomic_write_bytes
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import TUNING
from soccer_lib.tasks import tasks_named

TOP = 3
"""Candidates that play fresh episodes at the end."""

FRESH_SEED = 100
"""First seed of the fresh episodes: evaluations on the way stay below."""

BEST = "best_model_competition"


@dataclass(frozen=True)
class Candidate:
    """A policy at one step of the run.

    Attributes:
        step: env steps that it has learned from.
        score: sum of the mean official scores of the run's tasks (of the stock return where a task has none).
        file: its policy file.
    """

    step: int
    score: float
    file: Path


@dataclass
class Candidates:
    """The judged policies of a run.

    Attributes:
        config: of the run, resolved.
        folder: of the run.
        judged: in the order of their steps.
    """

    config: TrainConfig
    folder: RunFolder
    judged: list[Candidate] = field(default_factory=list)
    _player: EpisodePlayer | None = None

    @property
    def tasks(self) -> list[str]:
        """What is played."""
        return [task.name for task in tasks_named(",".join(self.config.tasks))]

    def judge(
        self, variants: Sequence[LearnedPolicy], step: int, model: BaseAlgorithm
    ) -> tuple[LearnedPolicy, dict[str, float]]:
        """Play the evaluation's episodes with variants of one policy and keep the best of them.

        Returns:
            The best variant, and its figures to log.
        """
        starts = [k * N_STARTS // self.config.eval_episodes for k in range(self.config.eval_episodes)]
        jobs = [
            EpisodeJob(task, seed, start)
            for task in self.tasks
            for seed in self.config.eval_seeds
            for start in starts
        ]
        results = [score_figures(self.play(policy, jobs)) for policy in variants]
        number = max(range(len(variants)), key=lambda i: results[i]["comp_eval/C_overall"])
        policy = variants[number]
        figures = results[number]
        file = self.folder.path / "snapshots" / f"step_{step:09d}.safetensors"
        write_policy(file, policy)
        self.judged.append(Candidate(step, figures["comp_eval/C_overall"], file))
        if self.judged[-1] in self.top():
            save_model(file.with_suffix(".zip"), model)
            normaliser = model.get_vec_normalize_env()
            if normaliser is not None:
                write_normaliser(file.with_suffix(".npz"), normaliser)
        return policy, figures

    def words(self) -> list[str]:
        """What a line of progress says of them: the last official score."""
        return [f"official {self.judged[-1].score:.2f}"] if self.judged else []

    def get_state(self) -> list[list[Any]]:
        """Step, score and file's name of each that was judged."""
        return [[one.step, one.score, one.file.name] for one in self.judged]

    def set_state(self, state: list[list[Any]]) -> None:
        """Continue from a `get_state`."""
        folder = self.folder.path / "snapshots"
        self.judged = [Candidate(step, score, folder / name) for step, score, name in state]

    def needs(self) -> dict[str, str | None]:
        """Files of the best ones, by their path in the run folder; their policies know their own hashes."""
        files = [
            one.file.with_suffix(ending)
            for one in self.top()
            for ending in (".safetensors", ".json", ".zip", ".npz")
        ]
        present = filter(Path.is_file, files)
        return {file.relative_to(self.folder.path).as_posix(): None for file in present}

    def tidy(self, needed: Collection[str]) -> None:
        """Remove models beside policies that are no longer among the best, where no checkpoint needs them."""
        for one in self.judged:
            if one not in self.top():
                for ending in (".zip", ".npz"):
                    file = one.file.with_suffix(ending)
                    if file.relative_to(self.folder.path).as_posix() not in needed:
                        file.unlink(missing_ok=True)

    def top(self) -> list[Candidate]:
        """The best ones, and the start of the run: the first one that was judged at step 0."""
        best = sorted(self.judged, key=lambda candidate: -candidate.score)[:TOP]
        start = [candidate for candidate in self.judged if candidate.step == 0]
        return list(dict.fromkeys([*start, *best]))

    def crown(self) -> tuple[Candidate, dict[str, Any]]:
        """Let the top play fresh episodes and write the best; an earlier one wins a tie.

        Its figures have the 95% interval of their sum, where all tasks are of the competition.
        """
        episodes = -(-self.config.final_episodes // len(self.tasks))
        n_seeds = len(TUNING) - FRESH_SEED
        jobs = [
            EpisodeJob(task, FRESH_SEED + number % n_seeds, number % N_STARTS)
            for task in self.tasks
            for number in range(episodes)
        ]
        played = {candidate: self.play(read_policy(candidate.file), jobs) for candidate in self.top()}
        results = {candidate: score_figures(episodes) for candidate, episodes in played.items()}
        best = max(results, key=lambda candidate: results[candidate]["comp_eval/C_overall"])
        policy = read_policy(best.file)
        write_policy(self.folder.path / f"{BEST}.safetensors", policy)
        for ending, name in ((".zip", f"{BEST}.zip"), (".npz", f"{BEST}_normaliser.npz")):
            if best.file.with_suffix(ending).is_file():
                atomic_write_bytes(self.folder.path / name, best.file.with_suffix(ending).read_bytes())
        summary = summarise(played[best])
        # The sum of a run with a task outside the competition has no interval.
        known = all(f"{task}/comp_total" in summary for task in self.tasks)
        interval = {"comp_eval/C_overall_ci95": summary["comp_total_sum_ci95"]} if known else {}
        return best, results[best] | interval

    def play(self, policy: LearnedPolicy, jobs: Sequence[EpisodeJob]) -> list[Episode]:
        """Play episodes in this process, in environments that stay."""
        if self._player is None:
            self._player = EpisodePlayer(policy, fast=True, deterministic=True, keep_torques=False)
        self._player.policy = policy
        return run_jobs(self._player, jobs, workers=1, limit=EPISODE_LIMIT)


def score_figures(episodes: Sequence[Episode]) -> dict[str, float]:
    """Means by task, under the names that logs use; `comp_eval/C_overall` is their sum."""
    figures: dict[str, float] = {}
    total = 0.0
    for task in dict.fromkeys(episode.task for episode in episodes):
        played = [episode for episode in episodes if episode.task == task]
        scores = [episode.episode_return if episode.score is None else episode.score for episode in played]
        figures[f"comp_eval/{task}"] = fmean(scores)
        figures[f"comp_eval/{task}/success_rate"] = fmean(episode.success for episode in played)
        total += fmean(scores)
    return {**figures, "comp_eval/C_overall": total, "eval_comp/comp_total_sum": total}


def save_model(path: Path, model: BaseAlgorithm) -> None:
    """Write a model as SB3 does, but whole or not at all."""
    content = io.BytesIO()
    model.save(content)
    atomic_write_bytes(path, content.getvalue())
