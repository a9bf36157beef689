"""The robot and the ground under it: what a model's numbers say of them, scaled and put back.

Everything is changed in MuJoCo's model, so that compiled steps, steps in Python and the stock environment's
own all have it.
"""

from __future__ import annotations

import math
from typing import Any

import mujoco
import numpy as np

from soccer_lib.sim import SoccerSim

_TRUNK = "robot_0:Trunk"
_GROUND = ("floor", "sai_logo1", "sai_logo2")
_REWRITTEN = "field_base"
"""The stock reset writes its friction anew, and nothing stands on it."""

_FEET = ("robot_0:left_foot_link", "robot_0:right_foot_link")
_CHANGED = ("body_mass", "body_inertia", "geom_friction", "actuator_gainprm", "qpos0", "jnt_range")


class Plant:
    """The model of a simulation, with its numbers as they were made.

    Args:
        sim: whose model has not been changed yet.
    """

    def __init__(self, sim: SoccerSim) -> None:
        model = sim.model
        self._model = model
        self._made = {name: getattr(model, name).copy() for name in _CHANGED}
        self._heavier = False
        bodies = [model.body(body).name for body in range(model.nbody)]
        self._robot = [body for body, name in enumerate(bodies) if name.startswith("robot_0:")]
        robot = sim.stock.robots[0]
        self._motors = [model.actuator(name).id for name in robot.robot_actuators]
        self._joints = [model.joint(name).id for name in robot.robot_joints]
        self._angles = model.jnt_qposadr[self._joints]
        field = bodies.index("football_field")
        names = [model.geom(geom).name for geom in range(model.ngeom)]
        self._standing = [
            geom
            for geom, body in enumerate(model.geom_bodyid)
            if names[geom] != _REWRITTEN
            and (names[geom] in _GROUND or body == field or bodies[body] in _FEET)
        ]

    def restore(self) -> None:
        """Put back what was changed, but the friction that the stock reset writes itself."""
        self.scale_mass(1.0)
        self.scale_friction(1.0)
        self.scale_motors(1.0)
        self.offset_joints(0.0)

    def scale_mass(self, factor: float) -> None:
        """Multiply the robot's masses and moments of inertia."""
        if factor == 1.0 and not self._heavier:
            return
        self._heavier = factor != 1.0
        for name in ("body_mass", "body_inertia"):
            getattr(self._model, name)[self._robot] = factor * self._made[name][self._robot]
        mujoco.mj_setConst(self._model, mujoco.MjData(self._model))  # what the solver derives from them

    def scale_friction(self, factor: float) -> None:
        """Multiply the friction between feet and ground.

        MuJoCo takes the larger of two touching bodies', and the ground under the feet is two planes above the
        field, hence both sides are scaled.
        """
        self._model.geom_friction[self._standing, 0] = factor * self._made["geom_friction"][self._standing, 0]

    def scale_motors(self, factor: float) -> None:
        """Multiply what the motors give for a torque."""
        self._model.actuator_gainprm[self._motors, 0] = (
            factor * self._made["actuator_gainprm"][self._motors, 0]
        )

    def offset_joints(self, offsets: float | np.ndarray) -> None:
        """Let joints read more than their angles by so much [rad]. Shape: (12,).

        `qpos0` is what a joint reads where the model was drawn: whoever reads `qpos` reads the offset, be it
        a controller or an observation. The stops stay where they are, and read more too.
        """
        self._model.qpos0[self._angles] = self._made["qpos0"][self._angles] + offsets
        stops = self._made["jnt_range"][self._joints]
        self._model.jnt_range[self._joints] = stops + np.reshape(offsets, (-1, 1))


def push_trunk(sim: SoccerSim, speed: float, angle: float) -> None:
    """Give the trunk a speed at once [m/s], in a direction over the ground [rad]."""
    first = sim.model.body(_TRUNK).dofadr[0]
    direction: Any = math.cos(angle), math.sin(angle)
    sim.data.qvel[first : first + 2] += speed * np.array(direction)
