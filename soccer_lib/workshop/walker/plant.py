"""The training plant: the robot alone on one plane, with the joint PD inside the physics.

Several times as fast as the soccer scene and close enough that nothing needs retuning afterwards: the
scene's feet stand on planes at a height of 0.01 m with friction 1. Results are always reported on the soccer
environments themselves.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import mujoco
import numpy as np

from soccer_lib.control.residual import TrunkState
from soccer_lib.layout import KD, KP, TORQUE_LIMIT

TIME_STEP = 0.005
"""Physics step of the plant [s]; four make one step of the walker."""

SUBSTEPS = 4
TRUNK_SHIFT = 0.015
"""Most that the trunk's centre of mass is moved along each axis [m]."""

_INTEGRATION = int(mujoco.mjtState.mjSTATE_INTEGRATION)
_DERIVED = ("sensordata", "site_xpos", "actuator_force")
_GROUND = 0.01  # height of the plane that the scene's feet stand on [m]
_DROP = 0.7  # height of the trunk at the environments' reset [m]


def build_model() -> mujoco.MjModel:
    """Compile the T1 of the soccer environments on a plane, with position actuators that act as its PD."""
    import sai_mujoco

    path = Path(sai_mujoco.__file__).parent / "assets/robots/t1/v1/robot_lower.xml"
    spec = mujoco.MjSpec.from_file(str(path))
    for geom in list(spec.geoms):
        if geom.type == mujoco.mjtGeom.mjGEOM_MESH:
            spec.delete(geom)
    for mesh in list(spec.meshes):
        spec.delete(mesh)
    spec.worldbody.add_geom(
        name="ground",
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[0, 0, 0.25],
        pos=[0, 0, _GROUND],
        friction=[1, 0.005, 1e-4],
    )
    spec.option.timestep = TIME_STEP
    for i, actuator in enumerate(spec.actuators):
        limit = float(TORQUE_LIMIT[i])
        actuator.gainprm[0] = KP[i]
        actuator.biastype = mujoco.mjtBias.mjBIAS_AFFINE
        actuator.biasprm[1:3] = -KP[i], -KD[i]
        actuator.ctrllimited = mujoco.mjtLimited.mjLIMITED_FALSE
        actuator.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
        actuator.forcerange = [-limit, limit]
    return spec.compile()


def randomised(model: mujoco.MjModel, rng: np.random.Generator, spread: float = 1.0) -> mujoco.MjModel:
    """Copy the model with other masses, motor strength, gains and ground friction.

    Args:
        model: the nominal model.
        rng: source of the random numbers.
        spread: 0 changes nothing, 1 is the range that training uses.
    """
    body = copy.copy(model)
    trunk = body.body("Trunk").id

    def factor(share: float, size: int | None = None) -> np.ndarray | float:
        return 1 + spread * rng.uniform(-share, share, size)

    # The order of the draws is part of the result: a seed gives the same bodies as long as it stays.
    mass = factor(0.05, body.nbody)
    mass[trunk] = factor(0.1)
    body.body_mass[:] *= mass
    body.body_inertia[:] *= mass[:, None]
    body.body_ipos[trunk] += spread * rng.uniform(-TRUNK_SHIFT, TRUNK_SHIFT, 3)
    body.actuator_forcerange[:] *= 1 + spread * rng.uniform(-0.12, 0.03)
    stiffness = factor(0.06, body.nu)
    body.actuator_gainprm[:, 0] *= stiffness
    body.actuator_biasprm[:, 1] *= stiffness
    body.actuator_biasprm[:, 2] *= factor(0.1, body.nu)
    body.geom_friction[:, 0] = 1 + spread * rng.uniform(-0.25, 0.0)
    # Masses have changed, and with them what MuJoCo derives from them.
    mujoco.mj_setConst(body, mujoco.MjData(body))
    return body


class Robot:
    """One robot of the plant. The arrays are views into MuJoCo's memory and follow the simulation."""

    def __init__(self, models: list[mujoco.MjModel], rng: np.random.Generator) -> None:
        """Args: models of equal layout, of which each episode draws one; source of random numbers."""
        self.models = models
        self.rng = rng
        self.model = models[0]
        self.data = mujoco.MjData(self.model)
        self.qpos = self.data.qpos
        self.qvel = self.data.qvel
        self.ctrl = self.data.ctrl
        self.force = self.data.actuator_force
        self.site_xpos = self.data.site_xpos
        self.gyro = self._sensor("torso_gyro")
        self.velocimeter = self._sensor("torso_vel")
        self.quat = self._sensor("torso_quat")
        self.foot_sites = [self.model.site(f"{side}_foot").id for side in ("left", "right")]
        self.delay = 0

    def _sensor(self, name: str) -> np.ndarray:
        sensor = self.model.sensor(name)
        return self.data.sensordata[sensor.adr[0] : sensor.adr[0] + sensor.dim[0]]

    def reset(self, noise: float = 0.0, delay: int = 0) -> None:
        """Hang the robot at the environments' reset height with straight legs.

        Args:
            noise: standard deviation of the joint angles [rad].
            delay: physics steps (0 to 4) before a new target acts.
        """
        self.model = self.models[self.rng.integers(len(self.models))]
        mujoco.mj_resetData(self.model, self.data)
        joints = noise * self.rng.standard_normal(12)
        joints[[3, 9]] = np.abs(joints[[3, 9]])  # knees do not bend backwards
        self.qpos[2] = _DROP
        self.qpos[7:19] = joints
        self.ctrl[:] = joints
        self.delay = delay
        mujoco.mj_forward(self.model, self.data)

    def get_state(self) -> dict[str, Any]:
        """Body, physics, and what of the last step is read before the next one."""
        physics = np.empty(mujoco.mj_stateSize(self.model, _INTEGRATION))
        mujoco.mj_getState(self.model, self.data, physics, _INTEGRATION)
        return {
            "model": next(i for i, model in enumerate(self.models) if model is self.model),
            "delay": self.delay,
            "physics": physics,
            "derived": {name: getattr(self.data, name).copy() for name in _DERIVED},
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`, bit for bit."""
        self.model = self.models[state["model"]]
        self.delay = state["delay"]
        mujoco.mj_setState(self.model, self.data, state["physics"], _INTEGRATION)
        for name, values in state["derived"].items():
            getattr(self.data, name)[:] = values

    def step(self, target: np.ndarray | list[float]) -> None:
        """Follow 12 joint targets [rad] for 20 ms."""
        if self.delay:
            mujoco.mj_step(self.model, self.data, self.delay)
        self.ctrl[:] = target
        if self.delay < SUBSTEPS:
            mujoco.mj_step(self.model, self.data, SUBSTEPS - self.delay)

    def trunk_state(self) -> TrunkState:
        """Lean, turning and velocity of the trunk, from the robot's own sensors."""
        w, x, y, z = self.quat.tolist()
        return TrunkState([x, y, z, w], self.gyro.tolist(), self.velocimeter.tolist())

    def push(self, vx: float, vy: float) -> None:
        """Change the trunk's horizontal velocity in the world [m/s]."""
        self.qvel[0] += vx
        self.qvel[1] += vy

    @property
    def fallen(self) -> bool:
        """Whether the trunk is too low or leans too far."""
        w, x, y, z = self.qpos[3:7].tolist()
        return self.qpos[2] < 0.45 or 1 - 2 * (x * x + y * y) < 0.6
