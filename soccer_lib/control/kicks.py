"""The kicks: keyframes of all joints, swung from a settled stance beside the ball. Made by `walker kick`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np

from soccer_lib.control.leg import JOINT_HIGH, JOINT_LOW
from soccer_lib.control.residual import TrunkState, mirror_joints
from soccer_lib.control.weights import DATA, check_sha256
from soccer_lib.errors import InputError
from soccer_lib.runs.files import load_npz
from soccer_lib.tasks import WALKER_DT

KICKS_FILE = DATA / "kicks" / "kicks.npz"
"""The kicks that the project tuned itself; a JSON of the same name holds their hash and provenance."""

PATTERNS: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "shot": (1.0, -1.0, 1.0),
        "placed": (-1.0, 1.0, -1.0),
        "loft_low": (1.0, -1.0, -1.0),
        "loft_high": (-1.0, 1.0, 1.0),
        "loft_mid": (1.0, 1.0, -1.0),
        "drive": (-1.0, -1.0, 1.0),
        "lob": (-1.0, -1.0, -1.0),
    }
)
"""The command that asks for each kick. A walking command never has all three entries that large."""

KICK_THRESHOLD = 0.8
"""Every entry of a command has to be beyond this to ask for a kick."""

LEAN = 0.05
"""Forward lean of the trunk that the support leg's feedback holds [rad]."""

FEEDBACK_JOINTS = (5, 4, 1, 0)
"""Ankle roll, ankle pitch, hip roll and hip pitch of the support leg take the feedback, in this order."""

_LOW = JOINT_LOW - 0.3
_HIGH = JOINT_HIGH + 0.3
_NUMBERS = ("direction", "speed", "height", "resume")
_MEASURED = {"line_speed": 0.0, "height_spread": 0.1, "aside": 0.0}


NO_KICK = -1
"""What `requested_kicks` says of a command that asks for no kick."""

_NAMES = tuple(PATTERNS)
_SIGNS = np.array(list(PATTERNS.values()))


def requested_kicks(commands: np.ndarray, threshold: float = KICK_THRESHOLD) -> np.ndarray:
    """Which kick each command asks for: an index in `PATTERNS`, or `NO_KICK`.

    A command asks for a kick where every entry is beyond the threshold in the signs of a pattern.

    >>> requested_kicks(np.array([(1.0, -1.0, 1.0), (1.0, 1.0, 1.0), (0.9, -0.9, -0.7)])).tolist()
    [0, -1, -1]

    Args:
        commands: numbers in [-1, 1]. Shape: (n, 3).
        threshold: how large each entry has to be.

    Returns:
        Shape: (n,), int.
    """
    commands = np.asarray(commands)
    fits = (commands[:, None, :] * _SIGNS > threshold).all(axis=2)
    return np.where(fits.any(axis=1), fits.argmax(axis=1), NO_KICK)


def requested_kick(command: np.ndarray, threshold: float = KICK_THRESHOLD) -> str | None:
    """Name of the kick that a command asks for, or None; see `requested_kicks`.

    Args:
        command: three numbers in [-1, 1]. Shape: (3,).
        threshold: how large each of them has to be.
    """
    if min(map(abs, command.tolist())) <= threshold:
        return None  # nearly all commands walk
    index = requested_kicks(command[None], threshold)[0]
    return None if index == NO_KICK else _NAMES[index]


@dataclass(frozen=True)
class Kick:
    """One kick with the right foot; mirrored it is one with the left.

    Attributes:
        name: as in `PATTERNS`.
        knots: joint angles that are reached one after another [rad]. Shape: (K, 12).
        durations: time from each of them to the next, the first from the stance [s]. Shape: (K,).
        feedback: support leg's answer to the trunk's lean and its rate, a pair for each of
            `FEEDBACK_JOINTS` [rad/rad, s]. Shape: (8,).
        stance: where the ball lies in the robot's heading frame before the swing [m]. Shape: (2,).
        direction: how much left of the robot's heading the ball flies [rad].
        speed: of the ball after the kick, median [m/s].
        height: of the observed ball point 2.2 m ahead, median [m].
        resume: gait phase with which the walker goes on afterwards.
        line_speed: of the observed ball point along the goal's normal, 2.2 m ahead, mean [m/s].
        height_spread: standard deviation of `height` [m].
        aside: how much left of where it is aimed the observed ball point crosses the goal line [rad]; that
            point turns with the ball, and who aims allows for it before asking.
    """

    name: str
    knots: np.ndarray
    durations: np.ndarray
    feedback: np.ndarray
    stance: np.ndarray
    direction: float
    speed: float
    height: float
    resume: float
    line_speed: float = _MEASURED["line_speed"]
    height_spread: float = _MEASURED["height_spread"]
    aside: float = _MEASURED["aside"]

    @property
    def ticks(self) -> int:
        """Length of the swing in walker steps of 20 ms."""
        return int(np.ceil(self.durations.sum() / WALKER_DT - 1e-9))

    def target(self, start: np.ndarray, tick: int, trunk: TrunkState, mirrored: bool) -> np.ndarray:
        """Joint targets of one walker step.

        Args:
            start: joint positions when the swing began [rad]. Shape: (12,).
            tick: walker steps since then, from 0.
            trunk: lean and turning of the trunk.
            mirrored: kick with the left foot.

        Returns:
            Shape: (12,), float32 [rad].
        """
        times = np.concatenate(([0.0], np.cumsum(self.durations)))
        time = min(WALKER_DT * (tick + 1), times[-1])
        after = max(int(np.searchsorted(times, time)), 1)
        share = (time - times[after - 1]) / (times[after] - times[after - 1])
        if after > 1:
            before = self.knots[after - 2]
        else:
            before = np.array(mirror_joints(start.tolist()) if mirrored else start, dtype=float)
        pose = (1 - share) * before + share * self.knots[after - 1]
        side = -1.0 if mirrored else 1.0
        roll = side * trunk.roll
        roll_rate = side * trunk.gyro[0]
        lean = trunk.pitch - LEAN
        lean_rate = trunk.gyro[1]
        signals = (roll, roll_rate, lean, lean_rate, roll, roll_rate, lean, lean_rate)
        pose[list(FEEDBACK_JOINTS)] += (self.feedback * signals).reshape(4, 2).sum(axis=1)
        pose = np.minimum(np.maximum(pose, _LOW), _HIGH)
        return np.array(mirror_joints(pose.tolist()) if mirrored else pose, dtype=np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """Content of a kicks file that belongs to this kick."""
        named = ((f.name, getattr(self, f.name)) for f in fields(self) if f.name != "name")
        return {f"{self.name}.{key}": np.asarray(value, dtype=float) for key, value in named}


@cache
def load_kicks(path: Path = KICKS_FILE) -> dict[str, Kick]:
    """The kicks of a file, by name.

    Raises:
        InputError: a missing, changed or unfitting file.
    """
    check_sha256(path, required=path == KICKS_FILE)
    return kicks_of(path, load_npz(path))


def kicks_of(path: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, Kick]:
    """Build the kicks from a file's arrays, shapes checked.

    Raises:
        InputError: a kick without a pattern, missing arrays, other shapes or numbers that are not finite.
    """
    kicks = {}
    for name in dict.fromkeys(key.partition(".")[0] for key in arrays):
        own = {key.partition(".")[2]: value for key, value in arrays.items() if key.startswith(f"{name}.")}
        own = {key: np.asarray(value) for key, value in _MEASURED.items()} | own  # older files lack them
        count = len(own.get("durations", ()))
        shapes = {"knots": (count, 12), "durations": (count,), "feedback": (8,), "stance": (2,)}
        shapes |= dict.fromkeys((*_NUMBERS, *_MEASURED), ())
        found = {key: value.shape for key, value in own.items()}
        fine = name in PATTERNS and count and found == shapes
        if not (fine and all(np.isfinite(value).all() for value in own.values())):
            raise InputError(
                f"kick '{name}' in {path} has {found}; expected finite {shapes} and a name of "
                f"{', '.join(PATTERNS)}; restore the file or run: walker kick"
            )
        scalars = {key: float(own.pop(key)) for key in (*_NUMBERS, *_MEASURED)}
        kicks[name] = Kick(
            name,
            own["knots"],
            own["durations"],
            own["feedback"],
            own["stance"],
            scalars["direction"],
            scalars["speed"],
            scalars["height"],
            scalars["resume"],
            scalars["line_speed"],
            scalars["height_spread"],
            scalars["aside"],
        )
    return kicks
