"""Exercises of the lessons on Genesis: the tool's place, returns of many arms, a curriculum, pruning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from soccer_lib.course.checks.answers import Answers
from soccer_lib.course.checks.judge import Property, example, judge

_HALF = float(np.sqrt(0.5))


def check_tool_point(point: Callable[..., Any]) -> bool:
    """Check a function (place, quat) -> the point 0.1034 m along the hand's own z axis.

    Quaternions are w, x, y, z, as Genesis has them.
    """
    origin = np.zeros(3)
    ahead = np.array([0.5, 0.1, 0.4])
    upright = np.array([1.0, 0.0, 0.0, 0.0])
    down = np.array([0.0, 1.0, 0.0, 0.0])
    forward = np.array([_HALF, 0.0, _HALF, 0.0])
    left = np.array([_HALF, -_HALF, 0.0, 0.0])
    # 60 degrees about the axis (2, 1, 2) / 3: its third column by Rodrigues' formula.
    slanted = np.array([np.cos(np.pi / 6), *(np.sin(np.pi / 6) * np.array([2, 1, 2]) / 3)])
    column = 0.5 * np.array([0, 0, 1]) + np.sin(np.pi / 3) * np.array([1, -2, 0]) / 3
    column = column + 0.5 * (2 / 3) * np.array([2, 1, 2]) / 3
    return judge(
        point,
        [
            example(
                "an upright hand has its tool above it", (origin, upright), np.array([0, 0, 0.1034]), 1e-6
            ),
            example("the hand's place counts", (ahead, upright), ahead + [0, 0, 0.1034], 1e-6),
            example("turned upside down the tool is below", (ahead, down), ahead - [0, 0, 0.1034], 1e-6),
            example("a quarter turn about y: ahead", (origin, forward), np.array([0.1034, 0, 0]), 1e-6),
            example("a quarter turn about -x: to the left", (origin, left), np.array([0, 0.1034, 0]), 1e-6),
            example(
                "any turn: the third column of the hand's axes", (ahead, slanted), ahead + 0.1034 * column
            ),
        ],
    )


def check_returns(returns: Callable[..., Any]) -> bool:
    """Check a function (rewards, over) -> the return of every episode that ended.

    Both have a row for each step and a column for each arm; `over` is True in the last step of an episode.
    The order of the returns does not matter.
    """

    def sums(
        sentence: str, rewards: list[list[float]], over: list[list[bool]], expected: list[float]
    ) -> Property:
        def compare(answers: Answers) -> None:
            arguments = (np.array(rewards, dtype=float), np.array(over, dtype=bool))
            got = answers(*arguments, shape=(len(expected),))
            if not np.allclose(np.sort(got), np.sort(expected), atol=1e-6):
                shown = f"{expected}, in any order"
                raise answers.miss(arguments, shown, f"{np.round(got, 3).tolist()}")

        return sentence, compare

    no = False
    yes = True
    return judge(
        returns,
        [
            sums("an episode's rewards are added up", [[1], [2], [4]], [[no], [no], [yes]], [7]),
            sums("the next one starts from 0", [[1], [2], [4], [8]], [[no], [yes], [no], [yes]], [3, 12]),
            sums("what has not ended is left out", [[1], [2], [4]], [[no], [yes], [no]], [3]),
            sums("each arm has its own sum", [[1, 10], [2, 20]], [[no, no], [yes, yes]], [3, 30]),
            sums(
                "arms end at different steps",
                [[1, 10], [2, 20], [4, 40]],
                [[yes, no], [no, no], [yes, yes]],
                [1, 6, 70],
            ),
            sums("where nothing ended there is nothing", [[1, 10]], [[no, no]], []),
        ],
    )


def check_difficulty(rule: Callable[..., Any]) -> bool:
    """Check a function (difficulty, successes) -> the next difficulty.

    Wanted: 0.1 more once at least 80% succeeded, never above 1, and as it is otherwise.
    """
    good = [True] * 8 + [False] * 2
    poor = [True] * 7 + [False] * 3
    return judge(
        rule,
        [
            example("8 of 10 are enough: a step up", (0.1, good), 0.2),
            example("7 of 10 are not", (0.1, poor), 0.1),
            example("the step is as wide higher up", (0.5, [True] * 20), 0.6),
            example("above 1 there is nothing", (1.0, good), 1.0),
            example("nor is there half a step above it", (0.95, good), 1.0),
            example("it never goes down", (0.5, [False] * 10), 0.5),
            example("the share counts, not the number", (0.3, [True] * 8 + [False] * 12), 0.3),
        ],
    )


def check_prune(rule: Callable[..., Any]) -> bool:
    """Check a function (value, others) -> whether a trial is ended.

    Wanted: True where the value is below the median of the others at the same step, and never with fewer
    than four others.
    """

    def says(sentence: str, value: float, others: list[float], expected: bool) -> Property:
        def compare(answers: Answers) -> None:
            got = bool(answers(value, others, kind=bool))
            if got is not expected:
                raise answers.miss((value, others), str(expected), str(got))

        return sentence, compare

    return judge(
        rule,
        [
            says("below the middle of the others it ends", 0.1, [0.2, 0.5, 0.6, 0.7, 0.9], True),
            says("above it goes on", 0.65, [0.2, 0.5, 0.6, 0.7, 0.9], False),
            says("the median counts, not the mean", 0.2, [0.1, 0.1, 0.15, 0.9, 0.95], False),
            says("nor the best", 0.85, [0.2, 0.5, 0.6, 0.9, 0.7], False),
            says("between two middle ones the median is their mean", 0.35, [0.9, 0.2, 0.4, 0.1], False),
            says("the others need not come in order", 0.5, [0.1, 0.9, 0.2, 0.3, 0.8], False),
            says("a tie goes on", 0.6, [0.2, 0.5, 0.6, 0.7, 0.9], False),
            says("with three others it is too early", 0.0, [0.5, 0.6, 0.7], False),
            says("with none too", 0.0, [], False),
        ],
    )
