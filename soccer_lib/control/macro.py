"""Macros: what a command sets off and what then runs by itself, such as a strike or a motion clip."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Collection
from math import atan2, hypot
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.control.leg import JOINT_HIGH, JOINT_LOW
from soccer_lib.control.residual import TrunkState
from soccer_lib.control.walker import OwnWalker, Walker
from soccer_lib.control.weights import DATA
from soccer_lib.errors import InputError, unknown_name
from soccer_lib.layout import JOINTS, Sensed
from soccer_lib.tasks import WALKER_DT

if TYPE_CHECKING:
    from soccer_lib.formats.clip import Clip

CLIPS = DATA / "clips"
"""The motion clips that the project recorded itself."""

REACH = (1.0, 1.2)
"""A macro starts with the ball's centre up to this far away [m] and this far off the heading [rad]."""

RECOVERY_TICKS = 40
"""Walker steps of standing still afterwards, in which commands wait."""

STILL_TICKS = 10
"""Walker steps that the robot stands before a clip."""

PATIENCE = 150
"""Walker steps in which it has to come to rest; then the clip is given up."""

BLEND_TICKS = 15
"""Walker steps in which the gait gives way to a clip, and the clip to the gait."""

TILT = 0.35
"""A clip is given up when the trunk pitches or rolls this far from the clip's own lean [rad]: 20 degrees."""

_LOW = JOINT_LOW - 0.3
_HIGH = JOINT_HIGH + 0.3


class Macro:
    """One movement from its trigger to the walk afterwards, one `step` for each walker step.

    This one plays nothing: it is for walkers that know no macro.

    Attributes:
        kind: what it plays, for errors.
        names: the kicks of `kicks.PATTERNS` that may be asked for.
        stages: those in which what was asked for is still to come or under way.
        memory: attributes that make up its state.
        name: what was started last; "" before that.
        stage: "idle" while commands walk.
        tick: walker steps since the stage began.
        waited: walker steps since the trigger.
        aborted: what was started last has been given up.
    """

    kind = "none"
    names: Collection[str] = ()
    stages: tuple[str, ...] = ()
    memory: tuple[str, ...] = ("name", "stage", "tick", "waited", "aborted")

    def __init__(self, walker: Walker) -> None:
        self.walker = walker
        self.reset()

    def reset(self) -> None:
        """Forget what was started."""
        self.name = ""
        self.stage = "idle"
        self.tick = 0
        self.waited = 0
        self.aborted = False

    @property
    def active(self) -> bool:
        """Whether the robot is the macro's, not the commands'."""
        return self.stage != "idle"

    @property
    def committed(self) -> bool:
        """Whether what was asked for is still to come or under way."""
        return self.stage in self.stages

    @property
    def resting(self) -> int:
        """Walker steps to come in which all it does is to hold the walker at a command of zero."""
        return 0

    def rest(self, ticks: int) -> None:
        """Note walker steps of `resting` that were taken without `step`."""
        self.waited += ticks
        self.tick += ticks

    @staticmethod
    def allowed(ball: tuple[float, float]) -> bool:
        """Whether the ball, in the robot's heading frame [m], is where a macro can start."""
        return hypot(*ball) <= REACH[0] and abs(atan2(ball[1], ball[0])) <= REACH[1]

    def start(self, name: str, ball: tuple[float, float], yaw: float) -> None:
        """Begin.

        Args:
            name: of the kick that was asked for.
            ball: the ball's centre in the robot's heading frame [m].
            yaw: heading of the robot [rad].
        """
        raise NotImplementedError

    def step(
        self,
        ball: Callable[[], tuple[float, float]],
        yaw: float,
        sensed: Sensed,
    ) -> np.ndarray:
        """Joint targets for the next 20 ms.

        Args:
            ball: finds the ball's centre in the robot's heading frame [m]; called only where that matters.
            yaw: heading of the robot [rad].
            sensed: what the robot's sensors say.

        Returns:
            Shape: (12,), float32 [rad].
        """
        raise NotImplementedError

    def _enter(self, stage: str) -> None:
        self.stage = stage
        self.tick = 0

    def get_state(self) -> dict[str, Any]:
        """All that a bit-identical continuation needs."""
        return {"kind": self.kind, **copy.deepcopy({name: getattr(self, name) for name in self.memory})}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`.

        Raises:
            InputError: the state is that of another kind of macro.
        """
        if state["kind"] != self.kind:
            raise InputError(
                f"state has macro {state['kind']!r}; expected {self.kind!r}; "
                "make the environment that it was taken from"
            )
        for name in self.memory:
            setattr(self, name, copy.deepcopy(state[name]))


class ClipMacro(Macro):
    """Plays a motion clip on the legs, whichever kick is asked for, in its own time and from end to end.

    The robot comes to rest, the gait fades into the clip's first frame ("settle", "blend"), the clip runs
    ("play"), and its last frame fades into the gait ("recover"). The clip's joint angles are the targets of
    the PD that follows the walker; its speeds lead them by what the PD's damping holds back. A clip knows
    nothing of balance: hips and ankles answer a lean other than the clip's own as they do in the gait.

    Args:
        walker: whose gait it leaves and comes back to.
        clip: one part.

    Raises:
        InputError: a walker that is not our own kind, a clip of several parts.
    """

    names = tuple(PATTERNS)
    stages = ("settle", "blend", "play")

    walker: OwnWalker

    def __init__(self, walker: Walker, clip: Clip) -> None:
        if not isinstance(walker, OwnWalker):
            raise InputError(
                f"macro {clip.name!r} got walker={walker.name!r}; expected a walker of our own kind, which "
                "walks on from any pose; use walker='own'"
            )
        if len(clip.starts) > 1:
            raise InputError(
                f"{clip.source} has {len(clip.starts)} parts (split_points); expected one motion; split it"
            )
        self.kind = f"clip {clip.name}"
        self.clip = clip
        ends = WALKER_DT * np.arange(1, round(clip.seconds / WALKER_DT) + 1)
        played = clip.take(np.minimum(ends * clip.rate_hz, len(clip) - 1).round().astype(int))
        self.targets = played.joint_pos + walker.kd / walker.kp * played.joint_vel
        motion = (played.root_quat.tolist(), played.gyro.tolist(), played.velocity.tolist())
        self.trunks = [TrunkState(*frame) for frame in zip(*motion, strict=True)]
        self._after = {
            "settle": (STILL_TICKS, "blend"),
            "blend": (BLEND_TICKS, "play"),
            "play": (len(ends), "recover"),
            "recover": (RECOVERY_TICKS, "idle"),
        }
        super().__init__(walker)

    def start(self, name: str, ball: tuple[float, float], yaw: float) -> None:
        """Begin, whatever kick it is; see `Macro.start`."""
        self.reset()
        self.name = self.clip.name
        self._enter("settle")

    def step(self, ball: Callable[[], tuple[float, float]], yaw: float, sensed: Sensed) -> np.ndarray:
        """Joint targets for the next 20 ms; see `Macro.step`."""
        self.waited += 1
        self.tick = 0 if self.stage == "settle" and not self.walker.gait.standing else self.tick + 1
        frame = {"play": self.tick - 1, "recover": -1}.get(self.stage, 0)
        trunk = TrunkState.of(sensed)
        clip = self.trunks[frame]
        lean = trunk.pitch - clip.pitch
        roll = trunk.roll - clip.roll
        restless = self.stage == "settle" and self.waited > PATIENCE
        if self.committed and (restless or max(abs(lean), abs(roll)) > TILT):
            self.aborted = True
            self._leave("idle")
            return self.walker.step(np.zeros(3), sensed)
        target = self.targets[frame] + self._balance(lean, roll, np.subtract(trunk.gyro, clip.gyro))
        share = {"settle": 0.0, "blend": self.tick / BLEND_TICKS, "play": 1.0}.get(
            self.stage, max(1.0 - self.tick / BLEND_TICKS, 0.0)
        )
        if share < 1.0:
            target = share * target + (1.0 - share) * self.walker.step(np.zeros(3), sensed)
        lasts, follows = self._after[self.stage]
        if self.tick == lasts:
            self._leave(follows)
        return np.clip(target, _LOW, _HIGH).astype(np.float32)

    def _balance(self, lean: float, roll: float, turning: np.ndarray) -> np.ndarray:
        """What the gait adds to standing legs for a lean [rad] and its rate [rad/s]. Shape: (12,)."""
        p = self.walker.gait.p
        roll_rate, lean_rate, _ = turning.tolist()
        leg = (
            p.hip_pitch * lean + p.hip_pitch_rate * lean_rate,
            p.hip_roll * roll + p.hip_roll_rate * roll_rate,
            0.0,
            0.0,
            p.ankle_pitch * lean + p.ankle_pitch_rate * lean_rate,
            p.ankle_roll * roll + p.ankle_roll_rate * roll_rate,
        )
        return np.array(leg + leg)

    def _leave(self, stage: str) -> None:
        if self.stage == "play":
            self.walker.resume(0.0)
        self._enter(stage)


def load_clip(which: str | os.PathLike[str]) -> Clip:
    """The clip of a macro.

    Args:
        which: the name of a clip in data/clips, or the path of an npz file.

    Raises:
        InputError: no such clip or file, a file that is no clip, or one with its legs in another order than
            `layout.JOINTS`.
    """
    from soccer_lib.formats.clip import read_clip  # and scipy, which an agent without clips does not need

    known = {path.stem: path for path in sorted(CLIPS.glob("*.npz"))}
    path = known.get(str(which), Path(which))
    if path.suffix != ".npz":
        raise unknown_name("macro", str(which), [*known, "the path of an npz file"])
    clip = read_clip(path)
    names = [JOINTS[k] for k in np.argsort(clip.columns)]
    if names != list(JOINTS):
        raise InputError(
            f"macro {path} has its legs in the order {', '.join(names)}; expected {', '.join(JOINTS)}; "
            "put qpos, qvel and joint_names into this order"
        )
    return clip
