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
        self._dofs = [slice(start + 3, start + 6) for start in model.body_dofadr[starts]]
        self._jacobian = np.zeros((2, self.rows, 3, model.nv))
        axes = [data.cdof[dofs].reshape(-1) for dofs in self._dofs]
        self._sources = *axes, data.qvel, data.sensordata
        self._notes = [np.zeros((self.rows, source.size)) for source in self._sources]
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
        if not self.count:
            return
        *axes, qvel, readings = (notes[: self.count] for notes in self._notes)
        jacobian = self._jacobian[:, : self.count]
        for own, dofs, rows in zip(jacobian, self._dofs, axes, strict=True):
            own[:, :, dofs] = rows.reshape(self.count, 3, 6)[:, :, :3].transpose(0, 2, 1)
        self.count = 0
        ball, trunk = (jacobian @ qvel[:, :, None])[..., 0]
        self._sink(np.concatenate((ball - trunk, readings[:, self._shown]), axis=1, dtype=np.float32))
