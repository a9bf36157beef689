"""A committed strike: walk to the stance beside the ball, settle, swing, walk on."""

from __future__ import annotations

from collections.abc import Callable
from math import hypot

import numpy as np

from soccer_lib.control.approach import approach
from soccer_lib.control.kicks import Kick, load_kicks
from soccer_lib.control.macro import RECOVERY_TICKS, Macro
from soccer_lib.control.residual import TrunkState
from soccer_lib.control.walker import OwnWalker
from soccer_lib.geometry import turned, wrap
from soccer_lib.layout import Sensed
from soccer_lib.tasks import WALKER_DT

TOLERANCE = (0.011, 0.014)
"""Errors of place [m] and heading [rad] with which the robot stops; coming to rest adds to them."""

GOOD_ENOUGH = 2.5
"""Multiple of the tolerance with which a standing robot swings; beyond it, it lines up once more."""

RELAX = 0.5
"""Growth of the tolerance once the robot has been lining up for 0.6 s [1/s]."""

SETTLED_TICKS = 20
"""Walker steps of 20 ms that the robot stands before the swing."""

LONGEST = 300
"""Walker steps until the swing at most; then the strike is given up."""

MARCH = (1e-3, 0.0, 0.0)
"""A command that is no walk but keeps the clock running [m/s, m/s, rad/s]."""

STOPPING = (0.012, -0.004, -0.026)
"""What coming to rest adds to the errors of place [m] and heading [rad], kicking leg right."""

STANDING_FEET = 0.009
"""The middle between the feet of a standing robot, ahead of the trunk [m]."""


class Strike(Macro):
    """One kick from its trigger to the walk afterwards: "align", "settle", "swing", "recover".

    It is given up when the robot cannot reach its stance in time.

    Args:
        walker: whose gait it leaves and comes back to.
        kicks: by name; None for the project's own.
    """

    walker: OwnWalker
    kind = "kicks"
    stages = ("align", "settle", "swing")
    memory = (*Macro.memory, "mirrored", "heading", "begun")

    def __init__(self, walker: OwnWalker, kicks: dict[str, Kick] | None = None) -> None:
        self.kicks = load_kicks() if kicks is None else kicks
        self.names = self.kicks.keys()
        super().__init__(walker)

    def reset(self) -> None:
        """Forget any kick."""
        super().reset()
        self.mirrored = False
        self.heading = 0.0
        self.begun = np.zeros(12)

    @property
    def kick(self) -> Kick:
        """What is played."""
        return self.kicks[self.name]

    @property
    def resting(self) -> int:
        """All of the recovery but its last walker step, which ends the strike; see `Macro.resting`."""
        return RECOVERY_TICKS - 1 - self.tick if self.stage == "recover" else 0

    def start(self, name: str, ball: tuple[float, float], yaw: float) -> None:
        """Commit to a kick along the present heading; see `Macro.start`."""
        self.reset()
        self.name = name
        self.heading = yaw
        self.stage = "align"
        self.mirrored = min((False, True), key=lambda flip: self._effort(flip, ball, yaw))

    def error(self, mirrored: bool, ball: tuple[float, float], yaw: float) -> tuple[float, float, float]:
        """Where the trunk has to go, in the robot's heading frame [m], and how far it has to turn [rad].

        Args:
            mirrored: kick with the left foot.
            ball: the ball's centre in the robot's heading frame [m].
            yaw: heading of the robot [rad].
        """
        side = -1.0 if mirrored else 1.0
        turn = wrap(self.heading - side * self.kick.direction - yaw)
        ahead, left = self.kick.stance.tolist()
        x, y = turned((ahead, side * left), turn)
        return ball[0] - x, ball[1] - y, turn

    def _effort(self, mirrored: bool, ball: tuple[float, float], yaw: float) -> float:
        x, y, turn = self.error(mirrored, ball, yaw)
        return hypot(x, y) + 0.3 * abs(turn)

    def step(self, ball: Callable[[], tuple[float, float]], yaw: float, sensed: Sensed) -> np.ndarray:
        """Joint targets for the next 20 ms; see `Macro.step`."""
        self.waited += 1
        if self.stage == "settle" and self._standing_long():
            x, y, turn = self.error(self.mirrored, ball(), yaw)
            place, heading = self._tolerance()
            fine = hypot(x, y) < GOOD_ENOUGH * place and abs(turn) < GOOD_ENOUGH * heading
            self._enter("swing" if fine else "align")
            self.begun = sensed.joint_pos.astype(float)
        if self.stage in ("align", "settle") and self.waited > LONGEST:
            self.aborted = True
            self.stage = "idle"
        if self.stage == "swing":
            target = self.kick.target(self.begun, self.tick, TrunkState.of(sensed), self.mirrored)
            self.tick += 1
            if self.tick == self.kick.ticks:
                self._enter("recover")
                self.walker.resume((self.kick.resume + 0.5 * self.mirrored) % 1.0)
            return target
        command = (0.0, 0.0, 0.0)
        if self.stage == "align":
            command = self._align(ball(), yaw)
        elif self.stage == "settle":
            command = self._stop()
        elif self.stage == "recover":
            self.tick += 1
            if self.tick == RECOVERY_TICKS:
                self._enter("idle")
        return self.walker.step(np.array(command), sensed)

    def _tolerance(self) -> tuple[float, float]:
        grown = 1.0 + RELAX * max(0.0, WALKER_DT * self.waited - 0.6)
        return TOLERANCE[0] * grown, TOLERANCE[1] * grown

    def _align(self, ball: tuple[float, float], yaw: float) -> tuple[float, float, float]:
        """Command toward the stance. The trunk sways with every step; the feet tell where it will stand."""
        (x0, y0, yaw0), (x1, y1, yaw1) = self.walker.gait.feet
        sway = 0.5 * (x0 + x1) - STANDING_FEET, 0.5 * (y0 + y1)
        ball = (ball[0] - sway[0], ball[1] - sway[1])
        yaw += 0.5 * (yaw0 + yaw1)
        x, y, turn = self.error(self.mirrored, ball, yaw)
        # Coming to rest adds to the errors; with the left leg kicking it does so mirrored.
        side = -1.0 if self.mirrored else 1.0
        x += STOPPING[0]
        y += side * STOPPING[1]
        turn += side * STOPPING[2]
        place, heading = self._tolerance()
        if hypot(x, y) < place and abs(turn) < heading:
            self._enter("settle")
            return self._stop()
        return approach((x, y), ball, turn)

    def _stop(self) -> tuple[float, float, float]:
        """Stand still, but only with the kicking leg in the half cycle in which every kick was tuned."""
        gait = self.walker.gait
        coming = (gait.phase + WALKER_DT * gait.p.frequency + (0.5 if self.mirrored else 0.0)) % 1.0
        stop = gait.standing or coming < 0.25 or coming >= 0.75
        return (0.0, 0.0, 0.0) if stop else MARCH

    def _standing_long(self) -> bool:
        self.tick = self.tick + 1 if self.walker.gait.standing else 0
        return self.tick > SETTLED_TICKS
