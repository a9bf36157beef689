"""The contract as data: what stands where in observations and actions, with units and frames.

Sources: the observation methods of sai-mujoco 0.1.30 and the competition's preprocessor (89 entries).
`tests/test_layout.py` holds every entry against the real environments. Slice with these tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from soccer_lib.errors import InputError

JOINTS: tuple[str, ...] = tuple(
    f"{side}_{joint}"
    for side in ("left", "right")
    for joint in ("hip_pitch", "hip_roll", "hip_yaw", "knee_pitch", "ankle_pitch", "ankle_roll")
)
"""The twelve leg joints in the order of observations and actions."""

TORQUE_LIMIT = np.array([45, 45, 30, 65, 24, 15] * 2, dtype=np.float32)
"""Largest torque of each joint [N m]; shape (12,)."""

DEFAULT_POSE = np.array([-0.2, 0.0, 0.0, 0.4, -0.25, 0.0] * 2, dtype=np.float32)
"""Joint angles that joint targets are relative to [rad]; shape (12,)."""

KP = np.array([200, 200, 200, 200, 50, 50] * 2, dtype=np.float32)
"""Stiffness of the joint-target controller [N m/rad]; shape (12,)."""

KD = np.array([5, 5, 5, 5, 1, 1] * 2, dtype=np.float32)
"""Damping of the joint-target controller [N m s/rad]; shape (12,)."""

JOINT_STATE = slice(0, 24)
"""Joint positions and velocities: every observation begins with them."""

COMMAND_SCALE = np.array([1.5, 0.6, 1.3], dtype=np.float32)
"""What 1 stands for in a command: forward [m/s], sideways [m/s], yaw rate [rad/s]; shape (3,)."""


class Sensed(NamedTuple):
    """What the robot's own sensors say; in an environment float32, as it is observed.

    Attributes:
        joint_pos: joint positions [rad]. Shape: (12,).
        joint_vel: joint velocities [rad/s]. Shape: (12,).
        quat_xyzw: orientation of the trunk. Shape: (4,).
        gyro: angular velocity in the trunk frame [rad/s]. Shape: (3,).
        velocimeter: velocity in the trunk frame [m/s]. Shape: (3,).
    """

    joint_pos: np.ndarray
    joint_vel: np.ndarray
    quat_xyzw: np.ndarray
    gyro: np.ndarray
    velocimeter: np.ndarray


@dataclass(frozen=True)
class Field:
    """A run of entries with one meaning.

    Attributes:
        name: the upstream's own word where it has one.
        size: number of entries.
        unit: SI unit, "" for pure numbers.
        frame: "joint", "world" (world axes), "trunk" (axes of the trunk's IMU), "heading" (level, x where
            the robot faces) or "" for flags.
        meaning: one line for tables.
        start: index of the first entry.
    """

    name: str
    size: int
    unit: str
    frame: str
    meaning: str
    start: int = 0

    @property
    def slice(self) -> slice:
        """Where the entries stand."""
        return slice(self.start, self.start + self.size)


class Layout:
    """An ordered table of fields; slice an observation by name.

    Example:
        >>> RAW["kick_to_target"]["ball_xpos_rel_robot"]
        slice(24, 27, None)
    """

    def __init__(self, name: str, fields: list[Field]) -> None:
        self.name = name
        start, placed = 0, []
        for field in fields:
            placed.append(Field(field.name, field.size, field.unit, field.frame, field.meaning, start))
            start += field.size
        self.fields: tuple[Field, ...] = tuple(placed)
        self.size = start
        self._by_name = {field.name: field for field in self.fields}

    def __getitem__(self, name: str) -> slice:
        """The slice of a field.

        Raises:
            InputError: if the layout has no such field.
        """
        if name not in self._by_name:
            raise InputError(
                f"layout '{self.name}' has no field '{name}'; it has {', '.join(self._by_name)}; "
                "print soccer_lib.layout.Layout.table() for the whole table"
            )
        return self._by_name[name].slice

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def table(self) -> list[dict[str, str]]:
        """One row a field, for printing or a notebook."""
        return [
            {
                "entries": f"{f.start}" if f.size == 1 else f"{f.start} to {f.start + f.size - 1}",
                "name": f.name,
                "unit": f.unit,
                "frame": f.frame,
                "meaning": f.meaning,
            }
            for f in self.fields
        ]


def _vector(name: str, unit: str, meaning: str, frame: str = "world") -> Field:
    return Field(name, 3, unit, frame, meaning)


_JOINT_POS = Field("joint_pos", 12, "rad", "joint", "joint positions, order of JOINTS, after the step")
_JOINT_VEL = Field("joint_vel", 12, "rad/s", "joint", "joint velocities, order of JOINTS, after the step")
_BALL = [
    _vector("ball_xpos_rel_robot", "m", "ball site minus IMU site"),
    _vector("ball_velp_rel_robot", "m/s", "velocity of the ball site minus that of the IMU"),
    _vector("ball_velr_rel_robot", "rad/s", "angular velocity of the ball minus that of the trunk"),
]
_GOAL = [
    _vector("goal_xpos_rel_robot", "m", "own target goal minus IMU site"),
    _vector("goal_xpos_rel_ball", "m", "own target goal minus ball site"),
]
_KEEPER = [
    _vector("goalkeeper_xpos_rel_robot", "m", "goalkeeper minus IMU site"),
    _vector("goalkeeper_velp_rel_robot", "m/s", "goalkeeper's velocity minus the IMU's"),
]
_TARGET = [
    _vector("target_xpos_rel_robot", "m", "target point minus IMU site"),
    _vector("target_velp_rel_robot", "m/s", "target's velocity (zero) minus the IMU's"),
]
_DEFENDERS = Field("defender_xpos", 9, "m", "world", "the three defenders' positions (absolute)")
_PROPRIOCEPTION = [_JOINT_POS, _JOINT_VEL]

RAW: dict[str, Layout] = {
    "goalie_penalty_kick": Layout("raw goalie_penalty_kick", [*_PROPRIOCEPTION, *_BALL, *_GOAL, *_KEEPER]),
    "obstacle_penalty_kick": Layout(
        "raw obstacle_penalty_kick", [*_PROPRIOCEPTION, *_BALL, *_GOAL, *_TARGET, _DEFENDERS]
    ),
    "kick_to_target": Layout("raw kick_to_target", [*_PROPRIOCEPTION, *_BALL, *_TARGET]),
    "penalty_kick": Layout("raw penalty_kick", [*_PROPRIOCEPTION, *_BALL, *_GOAL]),
    "goal_keeper": Layout("raw goal_keeper", [*_PROPRIOCEPTION, *_BALL]),
}
"""The stock observation of each task."""

FULL = Layout(
    "full",
    [
        *_PROPRIOCEPTION,
        _vector("projected_gravity", "", "unit vector of gravity", "trunk"),
        _vector("robot_gyro", "rad/s", "angular velocity of the trunk", "trunk"),
        _vector("robot_accelerometer", "m/s^2", "proper acceleration at the IMU", "trunk"),
        _vector("robot_velocimeter", "m/s", "velocity of the IMU", "trunk"),
        _vector("goal_team_0_rel_robot", "m", "south goal minus IMU site"),
        _vector("goal_team_1_rel_robot", "m", "north goal minus IMU site"),
        _vector("goal_team_0_rel_ball", "m", "south goal minus ball site"),
        _vector("goal_team_1_rel_ball", "m", "north goal minus ball site"),
        *_BALL,
        Field("player_team", 2, "", "", "one-hot: kicks at the south (0) or north (1) goal"),
        _vector("goalkeeper_team_0_xpos_rel_robot", "m", "south goalkeeper minus IMU; zero without one"),
        _vector("goalkeeper_team_0_velp_rel_robot", "m/s", "its velocity minus the IMU's; zero without one"),
        _vector("goalkeeper_team_1_xpos_rel_robot", "m", "north goalkeeper minus IMU; zero without one"),
        _vector("goalkeeper_team_1_velp_rel_robot", "m/s", "its velocity minus the IMU's; zero without one"),
        _vector("target_xpos_rel_robot", "m", "target point minus IMU; zero without one"),
        _vector("target_velp_rel_robot", "m/s", "minus the IMU's velocity; zero without a target"),
        Field("defender_xpos", 9, "m", "world", "three defenders; without them the IMU's position, 3 times"),
        Field("task_one_hot", 3, "", "", "goalie, obstacle, kick_to_target; zeros for other tasks"),
    ],
)
"""The 89 entries of the competition's preprocessor, for every task."""

ROBOT = Layout(
    "robot",
    [
        Field(f.name, f.size, f.unit, "heading" if f.frame == "world" else f.frame, f.meaning)
        for f in FULL.fields
    ],
)
"""FULL with every world vector turned into the robot's heading frame (x ahead, y left, z up), the ball by
its true centre, and the defenders relative to the IMU."""

AGENT = Layout(
    "agent",
    [
        *ROBOT.fields,
        Field("time_left", 1, "", "", "share of the episode that is left, 1 at the reset"),
        Field("gait_phase", 2, "", "", "cosine and sine of the walker's phase; zeros without a walker"),
        Field("last_command", 3, "", "", "the command that was played last, in [-1, 1] of COMMAND_SCALE"),
        Field("kick_active", 1, "", "", "1 while a kick is played"),
    ],
)
"""ROBOT and what a playing agent has to know of its own controller."""

INFO_FIELDS: tuple[str, ...] = tuple(f.name for f in FULL.fields[3:-1])
"""Fields of FULL that are copied from the stock `info` as they are."""


def refuse_non_finite(action: np.ndarray, names: tuple[str, ...]) -> None:
    """Raise if an action has an entry that is no finite number.

    Args:
        action: Shape: (n,).
        names: what each entry means, n names.

    Raises:
        InputError: naming the first such entry.
    """
    bad = np.flatnonzero(~np.isfinite(action))
    if bad.size:
        index = int(bad[0])
        raise InputError(
            f"action[{index}] ({names[index]}) is {action[index]}; expected finite numbers; "
            "check the policy's output and its input for NaN"
        )
