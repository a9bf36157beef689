"""Replay: step an environment with recorded torques and see whether the score comes out the same."""

from __future__ import annotations

import importlib
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import gymnasium as gym
import numpy as np
import tyro

from soccer_lib.errors import InputError, SimulationError, one_line
from soccer_lib.evaluate.outputs import check_outputs
from soccer_lib.evaluate.pool import run_jobs
from soccer_lib.evaluate.record import RecordedEpisode, read_record
from soccer_lib.evaluate.result import aligned
from soccer_lib.runs import Heartbeat, atomic_write_json, version_record
from soccer_lib.scoring import official_score
from soccer_lib.sim import SoccerSim, make_sim, make_stock
from soccer_lib.sim.stock import check_versions
from soccer_lib.tasks import TASKS


@dataclass(frozen=True)
class ReplayConfig:
    """Replay recorded episodes and compare the scores."""

    file: Annotated[str, tyro.conf.Positional]
    """The npz file that evaluate --record wrote."""
    stock: bool = False
    """Step the stock environment of gym.make instead of the fast simulation; about 8 times slower."""
    workers: int = 0
    """Processes; 0 takes one a core."""
    json: str = ""
    """File for the comparison."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        if self.workers < 0:
            raise InputError(f"--workers got {self.workers}; expected 0 (one a core) or more; try 0")


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

    recorded: RecordedEpisode
    score: float | None
    terms: dict[str, float]
    length: int
    ended: bool

    @property
    def equal(self) -> bool:
        """Whether score, every reward term and length are the same to the last digit."""
        # A blow-up ends an episode only here; the stock environment plays on.
        ended = self.ended or self.recorded.outcome == "unstable"
        return (
            self.score == self.recorded.score
            and _same_terms(self.terms, self.recorded.terms)
            and self.length == len(self.recorded.torques)
            and ended
        )


def _same_terms(left: Mapping[str, float], right: Mapping[str, float]) -> bool:
    return left.keys() == right.keys() and all(_same(value, right[name]) for name, value in left.items())


def _same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


class StockEngine:
    """The environment of `gym.make`, untouched; the broken goal_keeper through its mended subclass."""

    def __init__(self, task: str, team: int) -> None:
        check_versions()
        importlib.import_module("sai_mujoco")
        if task == "goal_keeper":
            self.env: gym.Env = gym.wrappers.TimeLimit(make_stock(task, team=team), TASKS[task].max_steps)
        else:
            self.env = gym.make(TASKS[task].gym_id, team=team)

    def play(self, seed: int, torques: np.ndarray) -> tuple[dict[str, float], int, bool]:
        """Reset and play; returns the last reward terms, the steps taken and whether it was over."""
        self.env.reset(seed=seed)
        steps = 0
        for torque in torques:
            steps += 1
            _, _, terminated, truncated, info = self.env.step(torque)
            if terminated or truncated:
                break
        return _plain(info["reward_terms"]), steps, bool(terminated or truncated)

    def close(self) -> None:
        """Close the environment."""
        self.env.close()


class FastEngine:
    """The exact fast simulation."""

    def __init__(self, task: str, team: int) -> None:
        self.sim: SoccerSim = make_sim(task, team=team)

    def play(self, seed: int, torques: np.ndarray) -> tuple[dict[str, float], int, bool]:
        """Reset and play; returns the last reward terms, the steps taken and whether it was over."""
        self.sim.reset(seed=seed)
        over = False
        for torque in torques:
            if over := self.sim.advance(torque):
                break
        return _plain(self.sim.terms()), self.sim.n_steps, over

    def close(self) -> None:
        """Close the environment."""
        self.sim.close()


def _plain(terms: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in terms.items()}


class Replayer:
    """Replays recorded episodes; keeps one engine for each task."""

    def __init__(self, stock: bool) -> None:
        self.stock = stock
        self._engines: dict[tuple[str, int], StockEngine | FastEngine] = {}

    def __call__(self, episode: RecordedEpisode) -> ReplayedEpisode:
        """Replay one episode."""
        key = (episode.task, episode.team)
        if key not in self._engines:
            self._engines[key] = (StockEngine if self.stock else FastEngine)(*key)
        terms, length, ended = self._engines[key].play(episode.seed, episode.torques)
        score = official_score(episode.task, terms) if TASKS[episode.task].in_competition else None
        return ReplayedEpisode(episode, score, terms, length, ended)

    def close(self) -> None:
        """Close the engines."""
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()


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
    episodes = read_record(path)
    beat = Heartbeat(None, len(episodes), "episodes", label="replay")
    return run_jobs(Replayer(stock), episodes, workers, beat.update if progress else lambda n: None)


def replay_table(replayed: Sequence[ReplayedEpisode]) -> str:
    """Recorded and replayed scores with every digit, one line an episode."""
    rows = [["task", "seed", "start", "steps", "recorded", "replayed", ""]]
    for episode in replayed:
        recorded = episode.recorded
        scores = [_digits(recorded.score), _digits(episode.score)]
        place = [recorded.task, str(recorded.seed), str(recorded.start), str(episode.length)]
        rows.append([*place, *scores, "equal" if episode.equal else "DIFFERS"])
    return "\n".join(aligned(rows))


def _digits(score: float | None) -> str:
    return "terms only" if score is None else repr(score)


def replay_record(replayed: Sequence[ReplayedEpisode], stock: bool) -> dict[str, Any]:
    """The comparison for a JSON file."""
    return {
        "engine": "stock" if stock else "fast",
        "n_episodes": len(replayed),
        "n_equal": sum(episode.equal for episode in replayed),
        "episodes": [
            {
                "task": episode.recorded.task,
                "seed": episode.recorded.seed,
                "start": episode.recorded.start,
                "team": episode.recorded.team,
                "recorded": episode.recorded.score,
                "replayed": episode.score,
                "recorded_terms": episode.recorded.terms,
                "replayed_terms": episode.terms,
                "length": episode.length,
                "equal": episode.equal,
            }
            for episode in replayed
        ],
        "versions": version_record(),
    }


def run_replay(config: ReplayConfig) -> None:
    """The command `replay`.

    Raises:
        SimulationError: an episode came out differently.
    """
    check_outputs({"--json": config.json}, inputs={"the record": config.file})
    replayed = replay(config.file, stock=config.stock, workers=config.workers)
    print(replay_table(replayed))
    if config.json:
        atomic_write_json(config.json, replay_record(replayed, config.stock))
    different = [episode for episode in replayed if not episode.equal]
    if different:
        raise SimulationError(_complaint(different, len(replayed), config))
    engine = "stock environment" if config.stock else "fast simulation"
    print(f"All {len(replayed)} episodes are equal to the last digit in the {engine}.")


def _complaint(different: Sequence[ReplayedEpisode], count: int, config: ReplayConfig) -> str:
    first = different[0].recorded
    remedy = "compare the versions in both files" if config.stock else "judge with --stock"
    return one_line(
        f"{len(different)} of {count} episodes differ, first {first.task} seed {first.seed}; "
        f"expected equal scores, terms and lengths; {remedy}"
    )
