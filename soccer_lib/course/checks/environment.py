"""Exercises of lesson 01: the heading frame, and the ball's centre."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from soccer_lib.course.checks.answers import Answers
from soccer_lib.course.checks.judge import example, judge
from soccer_lib.tasks import PHYSICS_DT


def check_heading_frame(turn: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> bool:
    """Check a function (world vector, trunk orientation x y z w) -> the vector in the heading frame."""
    vector = np.random.default_rng(2).normal(size=3)
    x, y, z = vector

    def facing(yaw: float, pitch: float = 0.0, roll: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
        return vector, Rotation.from_euler("ZYX", [yaw, pitch, roll]).as_quat()

    def leaning(answers: Answers) -> None:
        upright = answers(*facing(0.7), shape=(3,))
        answers.equals(facing(0.7, 0.3), upright)

    def leaning_aside(answers: Answers) -> None:
        upright = answers(*facing(0.7), shape=(3,))
        answers.equals(facing(0.7, 0.3, -0.4), upright)

    def height(answers: Answers) -> None:
        got = answers(*facing(0.7), shape=(3,))
        if not np.isclose(got[2], z):
            raise answers.miss(facing(0.7), f"z = {z:.3f}, as it was", f"z = {got[2]:.3f}")

    return judge(
        turn,
        [
            example("facing along the world's x axis changes nothing", facing(0), vector),
            example("facing along y, what lies along y is ahead (x)", facing(np.pi / 2), [y, -x, z]),
            example("facing backwards, ahead and left change sign", facing(np.pi), [-x, -y, z]),
            ("the height stays", height),
            ("leaning forward does not change the heading", leaning),
            ("nor does leaning to the side as well: it is where the robot's x axis points", leaning_aside),
        ],
    )


def check_ball_offset(offset: Callable[[np.ndarray], np.ndarray]) -> bool:
    """Check a function (angular velocities of n physics steps [rad/s]) -> ball point to ball centre [m]."""
    quarter = np.tile([0.0, np.pi / 2 / (100 * PHYSICS_DT), 0.0], (100, 1))
    tumbling = np.random.default_rng(3).normal(0, 30, (200, 3))
    truth = Rotation.identity()
    for spin in tumbling:
        truth = Rotation.from_rotvec(spin * PHYSICS_DT) * truth
    four_quarters = np.tile(quarter, (4, 1))
    up = [0, 0, 0.11]
    return judge(
        offset,
        [
            example(
                "a ball that has not turned: the centre is 0.11 m above the point",
                [np.zeros((5, 3))],
                up,
                1e-3,
            ),
            example("a quarter turn about y: the centre is 0.11 m ahead", [quarter], [0.11, 0, 0], 1e-3),
            example("four quarter turns: back above the point", [four_quarters], up, 1e-3),
            example(
                "turns about changing axes multiply, newest first; adding angles up is not enough",
                [tumbling],
                truth.apply(up),
                1e-3,
            ),
        ],
    )
