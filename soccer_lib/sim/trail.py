"""What each physics step shows of the ball's turning, noted at 500 Hz and worked out in one go."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from soccer_lib.sim.core import SoccerSim


class SpinTrail:
    """Notes of the last physics steps, in the numbers of the stock observation.

    Noting copies a few dozen numbers. Ball and trunk are free bodies: their angular velocities are three of
    the generalised velocities, turned by the body's orientation at the start of the step. In single
    precision, as the observation has them, they are the stock ones.

    Args:
        sim: the simulation.
        sink: receives what was noted: angular velocity of the ball minus that of the trunk, world axes
            [rad/s], Shape: (n, 3); and of the orientation of the trunk x y z w and its gyro [rad/s] the
            entries `order`, Shape: (n, len(order)).
        order: see `sink`.

    Attributes:
        count: physics steps that are noted.
    """

    rows = 64

    def __init__(
        self, sim: SoccerSim, sink: Callable[[np.ndarray, np.ndarray], None], order: Sequence[int]
    ) -> None:
        model, data = sim.model, sim.data
        self._sink = sink
        bodies = [int(model.site(name).bodyid[0]) for name in ("ball", "robot_0:imu")]
        axes = data.xmat[min(bodies) : max(bodies) + 1].reshape(-1)
        self._sources = axes, data.qvel, data.sensordata
        ends = np.cumsum([source.size for source in self._sources])
        self._notes = np.zeros((self.rows, ends[-1]))
        self._places = np.split(self._notes, ends[:-1], axis=1)
        # Where in a row the numbers stand that count, each body's angular velocity (the last three of the
        # six of a free body) once for every row of its orientation.
        turned = [9 * (body - min(bodies)) + np.arange(9) for body in bodies]
        spins = [np.tile(ends[0] + model.body_dofadr[body] + np.arange(3, 6), 3) for body in bodies]
        readings = ends[1] + np.arange(model.nsensordata)
        shown = [readings[sim._sensors[name]] for name in ("robot_quat", "robot_gyro")]
        self._entries = np.concatenate((*turned, *spins, np.concatenate(shown)[order]))
        self.count = 0

    def note(self) -> None:
        """Note the physics step that has just been taken."""
        row, (axes, qvel, readings) = self.count, self._places
        axes[row], qvel[row], readings[row] = self._sources
        self.count = row + 1
        if self.count == self.rows:
            self.flush()

    def flush(self) -> None:
        """Hand over what has been noted."""
        n, self.count = self.count, 0
        if not n:
            return
        notes = self._notes[:n].take(self._entries, axis=1)
        parts = notes[:, :18] * notes[:, 18:36]
        spins = parts[:, ::3] + parts[:, 1::3] + parts[:, 2::3]
        self._sink(spins[:, :3] - spins[:, 3:], notes[:, 36:])
