"""The training plant: the robot alone on one plane, with the joint PD inside the physics.

Several times as fast as the soccer scene and close enough that nothing needs retuning afterwards: the
scene's feet stand on planes at a height of 0.01 m with friction 1. Results are always reported on the soccer
environments themselves.
"""

from __future__ import annotations

import copy
from pathlib import Path

import mujoco
import numpy as np

from soccer_lib.layout import KD, KP, TORQUE_LIMIT

TIME_STEP = 0.005
"""Physics step of the plant [s]; four make one step of the walker."""

SUBSTEPS = 4
_GROUND = 0.01
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
    m = copy.copy(model)
    trunk = m.body("Trunk").id

    def factor(share: float, size: int | None = None) -> np.ndarray | float:
        return 1 + spread * rng.uniform(-share, share, size)

    scale = factor(0.05, m.nbody)
    scale[trunk] = factor(0.1)
    m.body_mass[:] *= scale
    m.body_inertia[:] *= scale[:, None]
    m.body_ipos[trunk] += spread * rng.uniform(-0.015, 0.015, 3)
    strength = 1 + spread * rng.uniform(-0.12, 0.03)
    m.actuator_forcerange[:] *= strength
    gain = factor(0.06, m.nu)
    m.actuator_gainprm[:, 0] *= gain
    m.actuator_biasprm[:, 1] *= gain
    m.actuator_biasprm[:, 2] *= factor(0.1, m.nu)
    m.geom_friction[:, 0] = 1 + spread * rng.uniform(-0.25, 0.0)
    mujoco.mj_setConst(m, mujoco.MjData(m))
    return m


class Robot:
    """One robot of the plant. The arrays are views into MuJoCo's memory and follow the simulation."""

    def __init__(self, models: list[mujoco.MjModel], rng: np.random.Generator) -> None:
        """Args: models of equal layout, of which each episode draws one; source of random numbers."""
        self.models = models
        self.rng = rng
        self.data = mujoco.MjData(models[0])
        m, d = models[0], self.data
        self.qpos, self.qvel, self.ctrl = d.qpos, d.qvel, d.ctrl
        self.force = d.actuator_force
        self.gyro = self._sensor(m, "torso_gyro")
        self.velocimeter = self._sensor(m, "torso_vel")
        self.quat = self._sensor(m, "torso_quat")
        self.foot_sites = [m.site("left_foot").id, m.site("right_foot").id]
        self.site_xpos = d.site_xpos
        self.model = m
        self.delay = 0

    def _sensor(self, model: mujoco.MjModel, name: str) -> np.ndarray:
        sensor = model.sensor(name)
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

    def step(self, target: np.ndarray | list[float]) -> None:
        """Follow 12 joint targets [rad] for 20 ms."""
        if self.delay:
            mujoco.mj_step(self.model, self.data, self.delay)
        self.ctrl[:] = target
        if self.delay < SUBSTEPS:
            mujoco.mj_step(self.model, self.data, SUBSTEPS - self.delay)

    def push(self, vx: float, vy: float) -> None:
        """Change the trunk's horizontal velocity in the world [m/s]."""
        self.qvel[0] += vx
        self.qvel[1] += vy

    @property
    def fallen(self) -> bool:
        """Whether the trunk is too low or leans too far."""
        w, x, y, z = self.qpos[3:7].tolist()
        return self.qpos[2] < 0.45 or 1 - 2 * (x * x + y * y) < 0.6
