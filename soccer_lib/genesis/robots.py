"""The arms that there are, as data, and their kinematics in numpy: which posture puts the tool where.

The numbers of the Franka are those of `xml/franka_emika_panda/panda.xml` in the wheel of genesis-world 1.4.5.
`tests/genesis/` holds the kinematics against the simulation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from soccer_lib.errors import known_name


@dataclass(frozen=True)
class ArmFacts:
    """An arm.

    Attributes:
        file: MJCF file among the assets of Genesis.
        joints: names of the joints that an action moves, in its order.
        fingers: names of the other joints, which hold still.
        hand: link that carries the tool.
        tool: the tool centre point in the frame of that link [m]. Shape: (3,).
        home: posture at the start of an episode [rad].
        low, high: ends of the joints [rad].
    """

    file: str
    joints: tuple[str, ...]
    fingers: tuple[str, ...]
    hand: str
    tool: tuple[float, float, float]
    home: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


ROBOTS: dict[str, ArmFacts] = {
    "franka": ArmFacts(
        file="xml/franka_emika_panda/panda.xml",
        joints=tuple(f"joint{number}" for number in range(1, 8)),
        fingers=("finger_joint1", "finger_joint2"),
        hand="hand",
        # Between the finger tips; the link "hand" itself is the flange, 10 cm short of it.
        tool=(0.0, 0.0, 0.1034),
        home=(0.0, -0.785, 0.0, -2.356, 0.0, 1.571, 0.785),
        low=(-2.8973, -1.7628, -2.8973, -3.0718, -2.8973, -0.0175, -2.8973),
        high=(2.8973, 1.7628, 2.8973, -0.0698, 2.8973, 3.7525, 2.8973),
    )
}
"""Name -> arm."""

# Of each link, seen from the one before: where its frame is [m], and by how much it is turned about x [rad].
_LINKS = (
    ((0.0, 0.0, 0.333), 0.0),
    ((0.0, 0.0, 0.0), -np.pi / 2),
    ((0.0, -0.316, 0.0), np.pi / 2),
    ((0.0825, 0.0, 0.0), np.pi / 2),
    ((-0.0825, 0.384, 0.0), -np.pi / 2),
    ((0.0, 0.0, 0.0), np.pi / 2),
    ((0.088, 0.0, 0.0), np.pi / 2),
)
_FLANGE = 0.107
"""From the last link to the hand, along its z axis [m]."""

SOLVED = (0, 1, 3)
"""Joints that `posture_for` moves: base, shoulder and elbow; the others stay at home, so that one target has
one posture."""


def robot_named(name: str) -> ArmFacts:
    """The arm of that name.

    Raises:
        InputError: there is none.
    """
    known_name("robot", name, ROBOTS)
    return ROBOTS[name]


def tool_position(joints: np.ndarray) -> np.ndarray:
    """Where the Franka's tool centre point is.

    Args:
        joints: of each posture [rad]. Shape: (n, 7).

    Returns:
        In the frame of the base [m]. Shape: (n, 3).

    Example:
        >>> tool_position(np.array([ROBOTS["franka"].home])).round(3) + 0.0
        array([[0.307, 0.   , 0.487]])
    """
    return arm_points(joints)[:, -1]


def arm_points(joints: np.ndarray) -> np.ndarray:
    """The Franka's base, joints and tool in a row, as one would draw the arm.

    Args:
        joints: of each posture [rad]. Shape: (n, 7).

    Returns:
        In the frame of the base [m]. Shape: (n, 9, 3).
    """
    joints = np.asarray(joints, dtype=float)
    count = len(joints)
    place = np.zeros((count, 3))
    frame = np.broadcast_to(np.eye(3), (count, 3, 3))
    points = [place]
    for number, (offset, turn) in enumerate(_LINKS):
        place = place + frame @ np.array(offset)
        frame = frame @ _about_x(turn) @ _about_z(joints[:, number])
        points.append(place)
    tool = place + frame[:, :, 2] * (_FLANGE + ROBOTS["franka"].tool[2])
    return np.stack([*points, tool], axis=1)


def posture_for(targets: np.ndarray, steps: int = 30) -> np.ndarray:
    """The posture of base, shoulder and elbow that puts the Franka's tool to each target.

    Gauss and Newton's method with three joints for three coordinates, from the home posture on: the answer
    depends on the target alone, and so a policy that sees the target can learn it.

    Args:
        targets: [m]. Shape: (n, 3).
        steps: of the method [count].

    Returns:
        [rad]. Shape: (n, 7).
    """
    robot = ROBOTS["franka"]
    targets = np.asarray(targets, dtype=float)
    joints = np.tile(robot.home, (len(targets), 1))
    joints[:, 0] = np.arctan2(targets[:, 1], targets[:, 0])
    small = 1e-5
    for _ in range(steps):
        reached = tool_position(joints)
        columns = []
        for joint in SOLVED:
            moved = joints.copy()
            moved[:, joint] += small
            columns.append((tool_position(moved) - reached) / small)
        jacobian = np.stack(columns, axis=2)
        # A little damping keeps the step finite where the arm is stretched.
        square = jacobian.transpose(0, 2, 1) @ jacobian + 1e-6 * np.eye(3)
        wanted = jacobian.transpose(0, 2, 1) @ (targets - reached)[:, :, None]
        change = np.linalg.solve(square, wanted)[:, :, 0]
        joints[:, SOLVED] += np.clip(change, -0.3, 0.3)
        joints = np.clip(joints, robot.low, robot.high)
    return joints


def _about_x(angle: float) -> np.ndarray:
    cos = np.cos(angle)
    sin = np.sin(angle)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def _about_z(angles: np.ndarray) -> np.ndarray:
    """Shapes: (n,) to (n, 3, 3)."""
    turns = np.zeros((len(angles), 3, 3))
    turns[:, 0, 0] = turns[:, 1, 1] = np.cos(angles)
    turns[:, 1, 0] = np.sin(angles)
    turns[:, 0, 1] = -turns[:, 1, 0]
    turns[:, 2, 2] = 1.0
    return turns
