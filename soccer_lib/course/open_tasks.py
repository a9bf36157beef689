"""The open tasks of the lessons: no answer is kept here, the library says how good yours is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from soccer_lib.course.checks.answers import Answers, WrongAnswer
from soccer_lib.course.checks.wording import shown
from soccer_lib.course.figures.drive import Drive, drive_by
from soccer_lib.course.figures.samples import asks_for_kick
from soccer_lib.demos.dataset import Dataset
from soccer_lib.envs.make import make_env
from soccer_lib.errors import InputError, SimulationError, known_name
from soccer_lib.evaluation import EvaluationResult, evaluate
from soccer_lib.evaluation.intervals import bootstrap_of
from soccer_lib.geometry import turned
from soccer_lib.learn.imitation.kicks import kick_agreement
from soccer_lib.policies import Policy, PolicySpec

ANSWER_LIMIT = 60.0
"""Time for all answers of a learner's agent together [s]."""


_FEW = 10
"""Episodes that are played before other processes have started."""

ARRIVED = 0.1
"""How near a spot is near enough [m]."""

NEAR_MOMENT = 0.15
"""How near a moment is near enough [s]."""


class LearnersAgent(Policy):
    """A learner's function of the observation as a policy of the `command` interface."""

    def __init__(self, act: Callable[[np.ndarray], Any], observation: str = "robot") -> None:
        """Args: act: observation -> command, three numbers in [-1, 1]."""
        self.spec = PolicySpec("my_agent", control="command", observation=observation, walker="own")
        self._answers = Answers(act, ANSWER_LIMIT)

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Ask the learner's function."""
        return self._answers(observation, shape=(3,)).astype(np.float32), state


def score_agent(
    act: Callable[[np.ndarray], Any],
    tasks: str | Sequence[str] = "all",
    episodes: int = 3,
    seed: int = 100,
    observation: str = "robot",
) -> EvaluationResult | None:
    """Score a function of the observation as `evaluate` scores every agent.

    Args:
        act: observation -> command: forward, sideways, turn, each in [-1, 1].
        tasks: as `evaluate` takes them.
        episodes: of each task.
        seed: of the first; from 0 to 199 for trying out, from 10,000 on for the figure that you report.
        observation: what the function gets, as in `make_env`.

    Returns:
        The evaluation; None, after a sentence that says why, where the function is not written yet or an
        answer of it is not a command.
    """
    policy = LearnersAgent(act, observation)
    try:
        return evaluate(
            policy, tasks, episodes, seed, workers=1, starts="distinct", keep_torques=True, progress=False
        )
    except SimulationError as error:
        cause = error.__cause__
        if isinstance(cause, NotImplementedError):
            print("not written yet; nothing depends on it")
        elif isinstance(cause, WrongAnswer):
            print(f"an answer that is not a command:\n    input     {cause.given}")
            print(f"    expected  {cause.expected}\n    got       {cause.got}")
        else:
            raise
        return None


def score_rule(name: str, rule: Callable[[np.ndarray], Any], dataset: Dataset) -> float:
    """Say how well a rule finds the kicks of a dataset, each within a tenth of a second of the expert's.

    Args:
        name: of the rule.
        rule: observations, Shape: (n, n_entries) -> whether to kick, Shape: (n,), bool.
        dataset: of commands.

    Returns:
        F1, 2 x precision x recall / (precision + recall); NaN, after a sentence that says why, where the rule
        is not written yet or its answer is no mask.
    """
    try:
        guess = Answers(rule)(dataset.observations, shape=(len(dataset),), kind=bool)
    except NotImplementedError:
        print(f"{name}: not written yet; nothing depends on it")
        return math.nan
    except WrongAnswer as wrong:
        print(f"{name}: an answer that says no kicks:")
        print(f"    input     {wrong.given}\n    expected  {wrong.expected}\n    got       {wrong.got}")
        return math.nan
    truth = asks_for_kick(dataset)
    found = kick_agreement(guess[:, None], truth[:, None], dataset.episode_id)
    recall, precision = np.nan_to_num([found["kick_recall"], found["kick_precision"]])
    f1 = 2 * recall * precision / max(recall + precision, 1e-9)
    print(f"{name}: recall {recall:.2f}, precision {precision:.2f}, F1 {f1:.2f}")
    return float(f1)


def is_false_kick(guess: Any, dataset: Dataset, times: np.ndarray, false: np.ndarray) -> bool:
    """Say whether a learner has found a false kick.

    Args:
        guess: number of the episode and time in it [s].
        dataset: what was played.
        times: of each sample in its episode [s]. Shape: (n,).
        false: which samples are false kicks. Shape: (n,), bool.
    """
    try:
        episode, moment = (float(number) for number in guess)
    except (TypeError, ValueError):
        print(f"my_false_kick is {shown(guess)}; expected an episode and a time [s]; try (3, 4.2)")
        return False
    near = false & (dataset.episode_id == episode) & (np.abs(times - moment) < NEAR_MOMENT)
    print("a false kick:" if near.any() else "no false kick there:", f"episode {episode:g}, {moment:g} s")
    return bool(near.any())


def checked_settings(settings: Any, config: type) -> dict[str, Any]:
    """A learner's settings of a dataclass of the library; none, after a sentence, where a name is unknown.

    Args:
        settings: name -> value.
        config: the dataclass.
    """
    try:
        for name in settings:
            known_name(f"setting of {config.__name__}", name, [field.name for field in fields(config)])
        return dict(settings)
    except (InputError, TypeError, ValueError) as error:
        why = f"my_settings is {shown(settings)}; expected name -> value; try {{'weight_decay': 0.3}}"
        print(f"nothing trained: {error if isinstance(error, InputError) else why}")
        return {}


def duel(first: str, second: str, task: str, episodes: int, seed: int = 100) -> bool:
    """Play two agents on the same starts and say whether the interval of their difference excludes 0.

    Args:
        first: as `load_policy` takes it.
        second: the same.
        task: of the competition.
        episodes: of each agent; with at least two there is an interval.
        seed: of the first; from 0 to 199 for trying out.

    Returns:
        Whether the difference is decided.
    """
    scores = []
    workers = 1 if isinstance(episodes, int) and episodes < _FEW else 0
    for policy in (first, second):
        result = evaluate(policy, task, episodes, seed, starts="distinct", workers=workers, progress=False)
        scores.append([episode.score for episode in result.episodes])
    mean, low, high = bootstrap_of(np.subtract(*scores))
    decided = episodes > 1 and not low <= 0 <= high
    verdict = "decided" if decided else "not told apart"
    print(f"{first} - {second}: {mean:.2f} [{low:.2f}, {high:.2f}] with {episodes} episodes: {verdict}")
    return decided


def score_sequence(
    sequence: Sequence[Sequence[float]], task: str = "goalie_penalty_kick", seed: int = 0
) -> float:
    """Drive a sequence to the episode's end and say what happened and what it scores.

    Args:
        sequence: forward, sideways, turn, each in [-1, 1], and for how long [s].
        task: of the competition.
        seed: of the start.

    Returns:
        The official score; NaN, after a sentence that says why, where the sequence is not one.
    """
    driver = _driven(task, sequence, seed)
    if driver is None:
        return math.nan
    while not driver.over:
        driver.hold((0.0, 0.0, 0.0), 0.5)
    print("\n".join(driver.said))
    report = driver.trajectory().report
    assert report is not None  # the episode is over
    return float(report["score"])


def time_to_spot(sequence: Sequence[Sequence[float]], spot: tuple[float, float] = (0.5, 1.5)) -> float:
    """How long the robot takes to a spot, on its feet, in goalie_penalty_kick [s].

    Args:
        sequence: forward, sideways, turn, each in [-1, 1], and for how long [s].
        spot: ahead of the start and to its left [m]; within 0.1 m the robot has arrived.

    Returns:
        The time; infinity where it falls before or does not come there, and NaN where the sequence is not
        one; a line says which.
    """
    driver = _driven("goalie_penalty_kick", sequence)
    if driver is None:
        return math.nan
    trajectory = driver.trajectory()
    x, y, heading = trajectory.robot[0].tolist()
    goal = np.add((x, y), turned(spot, heading))
    away = np.hypot(*(trajectory.robot[:, :2] - goal).T)
    arrived = np.flatnonzero(away <= ARRIVED)
    end = trajectory.report["time"] if trajectory.report else math.inf
    if len(arrived) and trajectory.time[arrived[0]] < end:
        print(f"at the spot after {trajectory.time[arrived[0]]:.2f} s")
        return float(trajectory.time[arrived[0]])
    print(f"{away.min():.2f} m away at best" + ("; then it fell" if trajectory.report else ""))
    return math.inf


def _driven(task: str, sequence: Sequence[Sequence[float]], seed: int = 0) -> Drive | None:
    """Drive a sequence; say what is wrong with it where it cannot be driven."""
    try:
        return drive_by(make_env(task, control="command"), sequence, seed)
    except InputError as error:
        print(f"not driven: {error}")
        return None
