"""Replay: step an environment with recorded torques and see whether the score comes out the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym

from soccer_lib.evaluation.episode import Episode, fingerprint_of
from soccer_lib.evaluation.record import read_record
from soccer_lib.evaluation.result import aligned
from soccer_lib.runs.pool import run_jobs
from soccer_lib.scoring import official_components, official_score
from soccer_lib.sim import SoccerSim, make_sim, make_stock
from soccer_lib.sim.stock import check_versions
from soccer_lib.tasks import TASKS

CLAIMS = ("components", "outcome", "success", "fallen", "offside", "fingerprint")
"""What a record says of an episode besides score, terms and length; all of it is computed again."""


@dataclass(frozen=True)
class ReplayedEpisode:
    """One recorded episode and what came out of it again.

    Attributes:
        recorded: the episode of the file.
        score: the official score now; None outside the competition.
        terms: reward terms of the last step now.
        length: physics steps until the episode was over or the torques were used up.
        ended: the episode was over exactly after its last torque.
        judged: what the rules say of the episode, by the names of `CLAIMS`.
    """

    recorded: Episode
    score: float | None
    terms: dict[str, float]
    length: int
    ended: bool
    judged: dict[str, Any]

    @property
    def differences(self) -> list[str]:
        """What the record claims and the replay does not show, to the last digit."""
        then = self.recorded
        found = [name for name in ("score", "terms", "length") if getattr(self, name) != getattr(then, name)]
        found += [name for name in CLAIMS if self.judged[name] != getattr(then, name)]
        # A blow-up, which the rules saw too, ends an episode only here; the stock environment plays on.
        if not self.ended and self.judged["outcome"] != "unstable":
            found.append("end")
        return found

    @property
    def equal(self) -> bool:
        """Whether everything that can be computed again is the same."""
        return not self.differences


def stock_env(task: str) -> gym.Env:
    """The environment of `gym.make`, untouched; the broken goal_keeper through its mended subclass."""
    if task == "goal_keeper":
        return gym.wrappers.TimeLimit(make_stock(task), TASKS[task].max_steps)
    check_versions()
    return gym.make(f"sai_mujoco:{TASKS[task].gym_id}", team=0)


@dataclass
class Replayer:
    """Replays recorded episodes in the stock or the fast environment; keeps one for each task.

    The rules of the fast simulation, which is the stock one bit for bit, judge the episode in either case:
    the stock environment does not say how an episode ended.
    """

    stock: bool
    _envs: dict[str, gym.Env] = field(default_factory=dict)
    _judges: dict[str, SoccerSim] = field(default_factory=dict)

    def __call__(self, episode: Episode) -> ReplayedEpisode:
        """Replay one episode."""
        task = episode.task
        if task not in self._judges:
            self._judges[task] = make_sim(task)
            self._envs[task] = stock_env(task) if self.stock else self._judges[task]
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
        judge = self._judges[task]
        if self.stock:
            judge.reset(seed=episode.seed)
            for torque in torques[:length]:
                judge.step(torque)
        judged = {
            "components": official_components(task, terms) if TASKS[task].in_competition else {},
            "outcome": judge.outcome,
            "success": judge.success,
            "fallen": judge.fallen,
            "offside": judge.offside,
            "fingerprint": fingerprint_of(judge.start, torques),
        }
        return ReplayedEpisode(episode, score, terms, length, over, judged)


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
        rows.append([*place, *scores, "equal" if now.equal else f"DIFFERS: {', '.join(now.differences)}"])
    return "\n".join(aligned(rows))
