"""Exercises of lesson 05: what a step is paid for a change of potential, and a potential of one's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from soccer_lib.course.checks.answers import Answers
from soccer_lib.course.checks.judge import example, judge


def check_shaping(pay: Callable[..., Any]) -> bool:
    """Check a function (before, after, gamma, ended) -> what a step is paid for a change of potential.

    Wanted is gamma x after - before; where the episode has ended nothing follows, and the potential is 0.
    """

    def cancels(answers: Answers) -> None:
        potential = [0.3, 0.8, 0.1, 0.6]
        gamma = 0.9
        total = 0.0
        for step in range(4):
            last = step == 3
            after = 0.5 if last else potential[step + 1]
            total += gamma**step * float(answers(potential[step], after, gamma, last))
        if abs(total + potential[0]) > 1e-6:
            arguments = (potential[3], 0.5, gamma, True)
            expected = "a discounted sum over four steps of -0.3, minus the first potential"
            raise answers.miss(arguments, expected, f"a sum of {total:.3f}")

    return judge(
        pay,
        [
            example("without a discount a step is paid the change", (0.2, 0.5, 1.0, False), 0.3),
            example("a step back costs what the step ahead paid", (0.5, 0.2, 1.0, False), -0.3),
            example("gamma counts for what comes after, and not for what was", (0.5, 0.5, 0.9, False), -0.05),
            example("after the end the potential is 0", (0.4, 0.9, 0.9, True), -0.4),
            ("over an episode everything but the first potential cancels", cancels),
        ],
    )


def check_potential(potential: Callable[..., Any]) -> bool:
    """Check a function (distance, off_line) -> how promising a place is, from 0 to 1.

    Distance is that to the ball [m]; off_line the angle between the way to the ball and the ball's way to the
    target [rad], 0 right behind the ball. Nearer and more behind are better, and everywhere it is told apart.
    """

    def within(answers: Answers) -> None:
        for distance in (0.0, 0.3, 1.0, 4.0, 12.0):
            for off_line in np.linspace(0, math.pi, 5).tolist():
                value = float(answers(distance, off_line))
                if not 0.0 <= value <= 1.0:
                    raise answers.miss((distance, off_line), "a number from 0 to 1", f"{value:.3f}")

    def rises(places: list[tuple[float, float]]) -> Callable[[Answers], None]:
        def compare(answers: Answers) -> None:
            for better, worse in zip(places, places[1:], strict=False):
                more = float(answers(*better))
                less = float(answers(*worse))
                if not more > less + 1e-9:
                    expected = f"less than the {more:.4f} of distance {better[0]:g}, off_line {better[1]:.2f}"
                    raise answers.miss(worse, expected, f"{less:.4f}")

        return compare

    side = math.pi / 2
    return judge(
        potential,
        [
            ("it lies between 0 and 1", within),
            ("behind the ball, nearer is more promising", rises([(0.3, 0.0), (1.0, 0.0), (3.0, 0.0)])),
            ("a metre away, behind the ball beats beside it", rises([(1.0, 0.0), (1.0, side)])),
            ("beside the ball beats in front of it", rises([(1.0, 0.8), (1.0, side), (1.0, 2.4)])),
            ("far away nearer is still better", rises([(6.0, 0.3), (8.0, 0.3), (10.0, 0.3)])),
        ],
    )
