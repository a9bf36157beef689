"""What each physics step shows of the ball's turning, noted at 500 Hz and worked out in one go."""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.sim.core import SoccerSim

COUNT, STILL, GAP = range(3)
"""Entries of `SpinTrail.marks`."""

_SURELY = 0.8
"""Share of the tracker's limit below which a turn does not count, whatever single precision makes of it."""


class SpinTrail:
    """Notes of the last physics steps, in the numbers of the stock observation.

    Noting copies a few dozen numbers, and none of them while the ball lies still. Ball and trunk are free
    bodies: their angular velocities are three of the generalised velocities, turned by the body's
    orientation at the start of the step. In single precision, as the observation has them, they are the
    stock ones.

    Args:
        sim: the simulation.
        tracker: a `BallTracker`.

    Attributes:
        notes: what has been noted, and not yet handed over. Shape: (rows, width).
        marks: rows noted, whether the ball lay still, whether steps were left out.
        bodies: the first and one behind the last body whose axes are noted.
        still_square: slower turns of the ball than its root are not noted [rad2/s2].
    """

    rows = 64

    def __init__(self, sim: SoccerSim, tracker: Any) -> None:
        model = sim.model
        data = sim.data
        self._sim = sim
        self.tracker = tracker
        self.marks = np.zeros(3, np.intp)
        bodies = [int(model.site(name).bodyid[0]) for name in ("ball", "robot_0:imu")]
        self.bodies = (min(bodies), max(bodies) + 1)
        axes = data.xmat[slice(*self.bodies)].reshape(-1)
        self._sources = axes, data.qvel, data.sensordata
        ends = np.cumsum([source.size for source in self._sources])
        self.notes = np.zeros((self.rows, ends[-1]))
        self._places = np.split(self.notes, ends[:-1], axis=1)
        # Where in a row the numbers stand that count, each body's angular velocity (the last three of the
        # six of a free body) once for every row of its orientation.
        turned = [9 * (body - min(bodies)) + np.arange(9) for body in bodies]
        spins = [model.body_dofadr[body] + np.arange(3, 6) for body in bodies]
        readings = np.arange(model.nsensordata)
        shown = [readings[sim.readings.sensors[name]] for name in ("robot_quat", "robot_gyro")]
        self._shown = np.concatenate(shown)[list(tracker.order)]
        tiled = [np.tile(ends[0] + spin, 3) for spin in spins]
        self._entries = np.concatenate((*turned, *tiled, ends[1] + self._shown))
        self._spin = data.qvel[spins[0][0] : spins[0][-1] + 1]
        self.still_square = (_SURELY * tracker.still) ** 2
        self.reset()

    def reset(self) -> None:
        """Forget all notes."""
        self.marks[:] = 0

    def note(self) -> None:
        """Note the physics step that has just been taken."""
        still = self._spin.dot(self._spin) < self.still_square
        marks = self.marks
        if still and marks[STILL]:
            marks[GAP] = True
            return
        if marks[GAP] or marks[COUNT] == self.rows:
            self._hand_over()
        marks[STILL] = still
        row = marks[COUNT]
        axes, qvel, readings = self._places
        axes[row], qvel[row], readings[row] = self._sources
        marks[COUNT] = row + 1

    def flush(self) -> None:
        """Hand over what has been noted, up to the last step."""
        gap = self.marks[GAP]
        self._hand_over()
        if gap:
            sim = self._sim
            readings = sim.readings
            readings.measure()
            shown = sim.data.sensordata.take(self._shown)
            self.tracker.push_rows((readings.ball_velr - readings.imu_velr)[None], shown[None])

    def _hand_over(self) -> None:
        marks = self.marks
        n = marks[COUNT]
        if n:
            notes = self.notes[:n].take(self._entries, axis=1)
            parts = notes[:, :18] * notes[:, 18:36]
            spins = parts[:, ::3] + parts[:, 1::3] + parts[:, 2::3]
            self.tracker.push_rows(spins[:, :3] - spins[:, 3:], notes[:, 36:])
        if marks[GAP]:
            self.tracker.skip()
        marks[COUNT] = 0
        marks[GAP] = False
