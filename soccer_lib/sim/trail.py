"""What each physics step shows of the ball's turning, noted at 500 Hz and worked out in one go."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from soccer_lib.sim.core import SoccerSim


class SpinTrail:
    """Notes of the last physics steps, in the numbers of the stock observation.

    Noting copies a few dozen numbers. The angular velocities are the stock ones bit for bit: the
    rotational Jacobian of a site is the axes of the joints that its body hangs on, and zeros.

    Args:
        sim: the simulation.
        sink: receives what was noted: angular velocity of the ball minus that of the trunk, world axes
            [rad/s], orientation of the trunk x y z w and its gyro [rad/s]; float32, Shape: (n, 10).

    Attributes:
        count: physics steps that are noted.
    """

    rows = 64

    def __init__(self, sim: SoccerSim, sink: Callable[[np.ndarray], None]) -> None:
        model, data = sim.model, sim.data
        self._sink = sink
        # Ball and trunk are free bodies: three axes of translation, then three of rotation.
        starts = [int(model.site(name).bodyid[0]) for name in ("ball", "robot_0:imu")]
        dofs = [slice(start + 3, start + 6) for start in model.body_dofadr[starts]]
        axes = [data.cdof[own].reshape(-1) for own in dofs]
        self._sources = *axes, data.qvel, data.sensordata
        self._notes = [np.zeros((self.rows, source.size)) for source in self._sources]
        self._jacobian = np.zeros((2, self.rows, 3, model.nv))
        self._columns = [
            (jacobian[:, :, own], notes.reshape(-1, 3, 6)[:, :, :3].transpose(0, 2, 1))
            for jacobian, own, notes in zip(self._jacobian, dofs, self._notes[:2], strict=True)
        ]
        entries = np.arange(model.nsensordata)
        fields = sim._sensors["robot_quat"], sim._sensors["robot_gyro"]
        self._shown = np.concatenate([entries[field] for field in fields])
        self.count = 0

    def note(self) -> None:
        """Note the physics step that has just been taken."""
        row, (ball, trunk, qvel, readings) = self.count, self._notes
        ball[row], trunk[row], qvel[row], readings[row] = self._sources
        self.count = row + 1
        if self.count == self.rows:
            self.flush()

    def flush(self) -> None:
        """Hand over what has been noted."""
        n, self.count = self.count, 0
        if not n:
            return
        for columns, axes in self._columns:
            columns[:n] = axes[:n]
        qvel, readings = self._notes[2:]
        ball, trunk = (self._jacobian[:, :n] @ qvel[:n, :, None])[..., 0]
        shown = np.empty((n, 10), dtype=np.float32)
        np.subtract(ball, trunk, out=shown[:, :3])
        shown[:, 3:] = readings[:n, self._shown]
        self._sink(shown)
