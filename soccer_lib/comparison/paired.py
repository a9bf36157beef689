"""Two agents on the same episodes: the difference of their scores, its interval, and what may be said of it.

Episodes of one task, seed and start make a pair. Resampled are the distinct pairs, as in
`evaluation.statistics`; a task that does not vary (the goalie task from its official start) has one pair,
whose difference is exact.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.evaluation import Episode
from soccer_lib.evaluation.episode import N_STARTS
from soccer_lib.evaluation.intervals import Z_95
from soccer_lib.evaluation.statistics import interval, resample_means

LEAST_PAIRS = 6
"""Distinct pairs that a verdict needs: five favour the same agent by chance once in 16 times, six in 32."""

Z_80 = 0.84
"""Quantile of the normal distribution at 80%: how often so many episodes would show a true difference."""

MOST_EPISODES = 90_000
"""Seeds that figures are reported from; a difference that needs more is none for practice."""

BETTER = "better"
WORSE = "worse"
EQUAL = "equal"
OPEN = "cannot tell"
TOO_FEW = "too few"

ONE_SCENE = ("goalie_penalty_kick",)
"""Tasks in which no seed changes anything: there are as many episodes as distinct starts."""

SUM = "sum"
"""Scope of the sum over the tasks."""


class Pairs(NamedTuple):
    """The pairs of one task.

    Attributes:
        values: difference in score of each distinct pair.
        copies: how often each of them was played.
    """

    values: list[float]
    copies: list[int]

    @property
    def played(self) -> int:
        """Pairs, with those that came more than once."""
        return sum(self.copies)

    @property
    def mean(self) -> float:
        """Mean difference of all pairs."""
        return float(np.average(self.values, weights=self.copies))

    @property
    def variance(self) -> float:
        """Variance of the distinct pairs, each with its copies; 0 where there is one."""
        distinct = len(self.values)
        if distinct == 1:
            return 0.0
        about_mean = np.average((np.array(self.values) - self.mean) ** 2, weights=self.copies)
        return float(about_mean * distinct / (distinct - 1))

    @property
    def enough(self) -> bool:
        """Whether they allow a verdict: `LEAST_PAIRS` different ones, or one that came again and again."""
        return len(self.values) >= LEAST_PAIRS or (len(self.values) == 1 and self.played >= LEAST_PAIRS)


@dataclass(frozen=True)
class ScoreDifference:
    """One agent's score minus another's, in one task or in the sum of all.

    Attributes:
        scope: the task, or `SUM`.
        mean: of the differences.
        low, high: ends of the 95% interval; NaN where there are too few pairs, equal where nothing varies.
        pairs: distinct ones; of the sum those of the task that has fewest, among those that vary.
        played: pairs of each task, copies included.
        verdict: `BETTER`, `WORSE`, `EQUAL`, `OPEN` or `TOO_FEW`, of the first agent.
        settled_by: episodes of each task that would show a difference of this size 4 times in 5; None where
            the verdict is not open, or where no number of episodes would.
        short_of_starts: tasks that have too few different starts to show a difference of this size.
    """

    scope: str
    mean: float
    low: float
    high: float
    pairs: int
    played: int
    verdict: str
    settled_by: int | None = None
    short_of_starts: tuple[str, ...] = ()

    def __str__(self) -> str:
        interval = f" [{self.low:+.2f}, {self.high:+.2f}]" if self.low < self.high else ""
        return f"{self.mean:+.2f}{interval} {self.verdict}"


def pairs_of(first: Sequence[Episode], second: Sequence[Episode]) -> dict[str, Pairs]:
    """Pair the episodes of two agents by task, seed and start.

    Raises:
        InputError: one of them played episodes that the other did not play.
    """
    others = {(episode.task, episode.seed, episode.start): episode for episode in second}
    places = [(episode.task, episode.seed, episode.start) for episode in first]
    if sorted(others) != sorted(places):
        raise InputError(
            f"{len(first)} and {len(second)} episodes came that are not the same ones; expected equal tasks, "
            "seeds and starts for both agents; play both with the same settings"
        )
    pairs = {}
    for task in dict.fromkeys(episode.task for episode in first):
        gains: dict[tuple[str, str], float] = {}
        copies: Counter[tuple[str, str]] = Counter()
        for episode in (episode for episode in first if episode.task == task):
            other = others[task, episode.seed, episode.start]
            assert episode.score is not None and other.score is not None  # tasks of the competition
            both = (episode.fingerprint, other.fingerprint)
            gains[both] = episode.score - other.score
            copies[both] += 1
        pairs[task] = Pairs(list(gains.values()), [copies[both] for both in gains])
    return pairs


def differences(first: Sequence[Episode], second: Sequence[Episode]) -> list[ScoreDifference]:
    """ScoreDifference of two agents' scores in each task, and in the sum where there are several.

    Args:
        first: episodes of the agent that the verdict is about.
        second: the same episodes played by the other one.

    Raises:
        InputError: they are not the same episodes.
    """
    pairs = pairs_of(first, second)
    resampled = {task: resample_means(one.values, one.copies, task) for task, one in pairs.items()}
    found = [_difference(task, {task: pairs[task]}, resampled[task]) for task in pairs]
    if len(pairs) > 1:
        # Tasks are independent: their resamples are added one by one.
        found.append(_difference(SUM, pairs, sum(resampled.values(), np.zeros(1))))
    return found


def _difference(scope: str, pairs: dict[str, Pairs], resampled: np.ndarray) -> ScoreDifference:
    mean = sum(one.mean for one in pairs.values())
    varying = {task: one for task, one in pairs.items() if len(one.values) > 1} or pairs
    distinct = min(len(one.values) for one in varying.values())
    played = min(one.played for one in pairs.values())
    if not all(one.enough for one in pairs.values()):
        return ScoreDifference(scope, mean, math.nan, math.nan, distinct, played, TOO_FEW)
    low, high = interval(resampled, mean)
    verdict = BETTER if low > 0 else WORSE if high < 0 else EQUAL if low == high else OPEN
    advice = (settling(varying, mean), _short(varying, mean)) if verdict == OPEN else ()
    return ScoreDifference(scope, mean, low, high, distinct, played, verdict, *advice)


def settling(pairs: Mapping[str, Pairs], mean: float) -> int | None:
    """Episodes of each task that would show a difference of `mean` four times in five.

    Of n pairs a task the mean has the standard error sqrt(sum of variances / n). Its interval leaves out zero
    in 80% of all cases where the mean is 1.96 + 0.84 standard errors. A task whose starts repeat, or that has
    only so many, keeps its share of the error from there on.

    Args:
        pairs: task -> its pairs.
        mean: sum of their means.

    Returns:
        The number; None where it is beyond `MOST_EPISODES`, or where no number would do.

    Example:
        >>> settling({"kick_to_target": Pairs([-1.0, 1.0] * 2, [1] * 4)}, 0.5)  # (2.8 / 0.5)^2 x 4/3
        42
    """
    choices = range(1, MOST_EPISODES + 1)
    index = bisect_left(choices, True, key=lambda episodes: _settled(pairs, mean, episodes))
    return choices[index] if index < len(choices) else None


def _settled(pairs: Mapping[str, Pairs], mean: float, episodes: float) -> bool:
    """Whether so many episodes of each task would show a difference of `mean` four times in five."""
    limits = {task: _distinct_limit(task, one) for task, one in pairs.items()}
    squared_error = sum(one.variance / min(episodes, limits[task]) for task, one in pairs.items())
    return (Z_95 + Z_80) ** 2 * squared_error <= mean**2


def _short(pairs: Mapping[str, Pairs], mean: float) -> tuple[str, ...]:
    """The tasks whose starts are all there is, where those hide a difference of `mean` for ever."""
    limited = {task: one for task, one in pairs.items() if _distinct_limit(task, one) < math.inf}
    return () if _settled(limited, mean, math.inf) else tuple(limited)


def _distinct_limit(task: str, pairs: Pairs) -> float:
    """How many distinct pairs of a task there can be."""
    if len(pairs.values) < pairs.played:
        return len(pairs.values)
    return N_STARTS if task in ONE_SCENE else math.inf


def sentence(first: str, second: str, difference: ScoreDifference) -> str:
    """What a difference lets one say, for a reader who has seen no other line.

    Args:
        first: name of the agent that the verdict is about.
        second: name of the other one.
        difference: `first` minus `second`.
    """
    where = "in the sum" if difference.scope == SUM else f"in {difference.scope}"
    size = f"{difference.mean:+.2f}"
    if difference.verdict == TOO_FEW:
        return (
            f"{first} and {second} {where}: too few: {difference.pairs} distinct pairs ({size}), and a "
            f"verdict needs {LEAST_PAIRS}; try --episodes 20 --starts distinct"
        )
    if difference.verdict == EQUAL:
        return f"{first} and {second} score the same {where}, in each of {difference.played} pairs"
    if difference.low == difference.high:
        return f"{first} is {difference.verdict} than {second} {where}: {size} in every pair, nothing varies"
    evidence = f"{size} [{difference.low:+.2f}, {difference.high:+.2f}], {difference.pairs} pairs"
    if difference.verdict == OPEN:
        return f"cannot tell {first} and {second} apart {where}: {evidence}; {_advice(difference)}"
    return f"{first} is {difference.verdict} than {second} {where}: {evidence}"


def _advice(difference: ScoreDifference) -> str:
    """What would settle an open verdict."""
    if difference.settled_by:
        return f"about {difference.settled_by:,} episodes a task would settle a difference of this size"
    if difference.short_of_starts:
        tasks = " and ".join(difference.short_of_starts)
        words = f"no number of episodes would settle it: too few different starts in {tasks}"
        return f"{words}; leave it out with --tasks" if difference.scope == SUM else words
    return f"even {MOST_EPISODES:,} episodes a task would not settle it: for practice they are equal"
