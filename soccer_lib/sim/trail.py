"""What each physics step shows of the ball's turning, noted at 500 Hz and worked out in one go."""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.sim.core import SoccerSim

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
    """

    rows = 64

    def __init__(self, sim: SoccerSim, tracker: Any) -> None:
        model = sim.model
        data = sim.data
        self._sim = sim
        self._tracker = tracker
        bodies = [int(model.site(name).bodyid[0]) for name in ("ball", "robot_0:imu")]
        axes = data.xmat[min(bodies) : max(bodies) + 1].reshape(-1)
        self._sources = axes, data.qvel, data.sensordata
        ends = np.cumsum([source.size for source in self._sources])
        self._notes = np.zeros((self.rows, ends[-1]))
        self._places = np.split(self._notes, ends[:-1], axis=1)
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
        self._still_square = (_SURELY * tracker.still) ** 2
        self.reset()

    def reset(self) -> None:
        """Forget all notes."""
        self._count = 0
        self._still = False
        self._gap = False

    def note(self) -> None:
        """Note the physics step that has just been taken."""
        still = self._spin.dot(self._spin) < self._still_square
        if still and self._still:
            self._gap = True
            return
        if self._gap or self._count == self.rows:
            self._hand_over()
        self._still = still
        row = self._count
        axes, qvel, readings = self._places
        axes[row], qvel[row], readings[row] = self._sources
        self._count = row + 1

    def flush(self) -> None:
        """Hand over what has been noted, up to the last step."""
        gap = self._gap
        self._hand_over()
        if gap:
            sim = self._sim
            readings = sim.readings
            readings.measure()
            shown = sim.data.sensordata.take(self._shown)
            self._tracker.push_rows((readings.ball_velr - readings.imu_velr)[None], shown[None])

    def _hand_over(self) -> None:
        n = self._count
        if n:
            notes = self._notes[:n].take(self._entries, axis=1)
            parts = notes[:, :18] * notes[:, 18:36]
            spins = parts[:, ::3] + parts[:, 1::3] + parts[:, 2::3]
            self._tracker.push_rows(spins[:, :3] - spins[:, 3:], notes[:, 36:])
        if self._gap:
            self._tracker.skip()
        self._count = 0
        self._gap = False
