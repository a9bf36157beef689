"""Replay: step an environment with recorded torques and see whether the score comes out the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import gymnasium as gym

from soccer_lib.evaluation.episode import Episode
from soccer_lib.evaluation.record import read_record
from soccer_lib.evaluation.result import aligned
from soccer_lib.runs.pool import run_jobs
from soccer_lib.scoring import official_score
from soccer_lib.sim import make_sim, make_stock
from soccer_lib.sim.stock import check_versions
from soccer_lib.tasks import TASKS


@dataclass(frozen=True)
class ReplayedEpisode:
    """One recorded episode and what came out of it again.

    Attributes:
        recorded: the episode of the file.
        score: the official score now; None outside the competition.
        terms: reward terms of the last step now.
        length: physics steps until the episode was over or the torques were used up.
        ended: the episode was over exactly after its last torque.
    """

    recorded: Episode
    score: float | None
    terms: dict[str, float]
    length: int
    ended: bool

    @property
    def equal(self) -> bool:
        """Whether score, every reward term and length are the same to the last digit."""
        then = self.recorded
        # A blow-up ends an episode only here; the stock environment plays on.
        ended = self.ended or then.outcome == "unstable"
        return (self.score, self.terms, self.length) == (then.score, then.terms, then.length) and ended


def stock_env(task: str) -> gym.Env:
    """The environment of `gym.make`, untouched; the broken goal_keeper through its mended subclass."""
    if task == "goal_keeper":
        return gym.wrappers.TimeLimit(make_stock(task), TASKS[task].max_steps)
    check_versions()
    return gym.make(f"sai_mujoco:{TASKS[task].gym_id}", team=0)


@dataclass
class Replayer:
    """Replays recorded episodes in the stock or the fast environment; keeps one for each task."""

    stock: bool
    _envs: dict[str, gym.Env] = field(default_factory=dict)

    def __call__(self, episode: Episode) -> ReplayedEpisode:
        """Replay one episode."""
        task = episode.task
        if task not in self._envs:
            self._envs[task] = stock_env(task) if self.stock else make_sim(task)
        env = self._envs[task]
        torques = episode.torques
        assert torques is not None  # a record has them
        env.reset(seed=episode.seed)
        over = False
        length = 0
        while not over and length < len(torques):
            _, _, terminated, truncated, info = env.step(torques[length])
            over = terminated or truncated
            length += 1
        terms = {name: float(value) for name, value in info["reward_terms"].items()}
        score = official_score(task, terms) if TASKS[task].in_competition else None
        return ReplayedEpisode(episode, score, terms, length, over)


def replay(
    path: str | os.PathLike[str], *, stock: bool = False, workers: int = 0, progress: bool = True
) -> list[ReplayedEpisode]:
    """Replay every episode of a file.

    Args:
        path: the npz file that `evaluate --record` wrote.
        stock: step the stock environment itself.
        workers: processes; 0 takes one a core.
        progress: print a line every few seconds.

    Raises:
        InputError: missing, damaged or foreign file.
    """
    return run_jobs(Replayer(stock), read_record(path), workers, "replay" if progress else "")


def replay_table(replayed: Sequence[ReplayedEpisode]) -> str:
    """Recorded and replayed scores with every digit, one line an episode."""
    rows = [["task", "seed", "start", "steps", "recorded", "replayed", ""]]
    for now in replayed:
        then = now.recorded
        scores = ["terms only" if score is None else repr(score) for score in (then.score, now.score)]
        place = [then.task, str(then.seed), str(then.start), str(now.length)]
        rows.append([*place, *scores, "equal" if now.equal else "DIFFERS"])
    return "\n".join(aligned(rows))
