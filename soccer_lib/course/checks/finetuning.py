"""Exercises of lesson 04: the target of TD3, its smoothed actions, and targets that follow slowly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from soccer_lib.course.checks.answers import Answers
from soccer_lib.course.checks.judge import example, judge
from soccer_lib.course.checks.wording import shown


def check_td_target(target: Callable[..., Any]) -> bool:
    """Check a function (reward, done, q1, q2, held, hold, gamma) -> what the critics shall learn.

    Wanted is reward + (1 - done) x gamma^(held / hold) x the smaller of q1 and q2, row by row; reward, done,
    q1, q2 and held are arrays. Shape: (n,).
    """
    reward = np.array([0.5, -1.0, 2.0])
    first = np.array([4.0, -3.0, 1.0])
    second = np.array([1.0, 2.0, 6.0])
    goes_on = np.zeros(3)
    steps = np.array([50.0, 50.0, 50.0])
    kicks = np.array([50.0, 100.0, 400.0])
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(3, 20))
    ends = (np.arange(20) % 4 == 0).astype(float)
    lengths = np.arange(20, 420, 20).astype(float)
    many = (rows[0], ends, rows[1], rows[2], lengths, 100, 0.97)
    return judge(
        target,
        [
            example(
                "without a discount, the smaller estimate of each row is added to its reward",
                (reward, goes_on, first, second, steps, 50, 1.0),
                [1.5, -4.0, 3.0],
            ),
            example(
                "nothing follows the end of an episode: its target is the reward",
                (reward, np.ones(3), first, second, steps, 50, 0.9),
                reward,
            ),
            example(
                "a step that lasted its hold costs gamma once, of what follows and not of the reward",
                (reward, goes_on, first, second, steps, 50, 0.9),
                [0.5 + 0.9, -1.0 - 2.7, 2.0 + 0.9],
            ),
            example(
                "held for 2 or 8 holds, it costs gamma to the power of 2 or 8",
                (reward, goes_on, first, second, kicks, 50, 0.9),
                [0.5 + 0.9, -1.0 - 3 * 0.9**2, 2.0 + 0.9**8],
            ),
            example(
                "twenty transitions, some at their end, with a gamma of 0.97",
                many,
                rows[0] + (1 - ends) * 0.97 ** (lengths / 100) * np.minimum(rows[1], rows[2]),
            ),
        ],
    )


def check_smoothed(smoothed: Callable[..., Any]) -> bool:
    """Check a function (actions, noise, is_kick, clip) -> actions to ask the critics about.

    Noise is held within +-clip, the sum within [-1, 1], and a row that kicks stays as it is. Shapes: (n, 3)
    of actions and noise, (n,) of is_kick.
    """
    actions = np.array([[0.2, -0.4, 0.0], [0.9, 0.1, -0.8], [1.0, -1.0, 1.0]])
    small = np.array([[0.05, 0.1, -0.1], [0.02, -0.1, 0.1], [-0.05, 0.1, -0.1]])
    walks = np.zeros(3, bool)
    asks = np.array([False, False, True])
    twos = np.where(small > 0, 2.0, -2.0)
    safe = np.zeros_like(actions)

    def only_rows_that_kick(answers: Answers) -> None:
        got = answers(actions, small, asks, 0.5, shape=actions.shape)
        if not np.allclose(got[2], actions[2]):
            expected = f"the third row, which kicks, as it was: {shown(actions[2])}"
            raise answers.miss((actions, small, asks, 0.5), expected, shown(got[2]))
        if not np.allclose(got[:2], np.clip(actions + small, -1, 1)[:2]):
            expected = "noise on the rows that walk"
            raise answers.miss((actions, small, asks, 0.5), expected, shown(got[:2]))

    return judge(
        smoothed,
        [
            example("without noise nothing changes", (actions, safe, walks, 0.5), actions),
            example(
                "a little noise is added as it is",
                (actions[:2], small[:2], walks[:2], 0.5),
                (actions + small)[:2],
            ),
            example(
                "noise of +-2 counts as +-0.3 where clip is 0.3",
                (safe, twos, walks, 0.3),
                np.sign(twos) * 0.3,
            ),
            example(
                "no entry leaves [-1, 1]",
                (actions, twos, walks, 0.5),
                np.clip(actions + np.sign(twos) * 0.5, -1, 1),
            ),
            ("a kick stays a kick", only_rows_that_kick),
        ],
    )


def check_moved_target(moved: Callable[..., Any]) -> bool:
    """Check a function (target, online, tau) -> the target's weights, a share tau nearer to online."""
    target = np.array([[0.0, 1.0], [2.0, -3.0]])
    online = np.array([[1.0, 1.0], [4.0, 5.0]])

    def closes_in(answers: Answers) -> None:
        before = target
        for _ in range(3):
            after = answers(before, online, 0.5, shape=target.shape)
            if not np.allclose(online - after, 0.5 * (online - before)):
                expected = f"half as far away as before: {shown(online - 0.5 * (online - before))}"
                raise answers.miss((before, online, 0.5), expected, shown(after))
            before = after

    return judge(
        moved,
        [
            example("tau = 0 leaves the target where it is", (target, online, 0.0), target),
            example("tau = 1 copies the online weights", (target, online, 1.0), online),
            example(
                "tau = 0.25 goes a quarter of the way",
                (target, online, 0.25),
                target + 0.25 * (online - target),
            ),
            example("equal weights stay", (online, online, 0.3), online),
            ("with tau = 0.5, each move halves what is left", closes_in),
        ],
    )
