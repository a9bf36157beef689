"""The course's robot in both simulators: the same body, the same torques, side by side.

Both bodies are driven alike: 500 times a second joint torques are applied, and the state is read as the
walker's sensors would say it. So whatever parts the two comes from the simulators.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from soccer_lib.errors import InputError, SimulationError
from soccer_lib.genesis import engine
from soccer_lib.genesis.scene import turn
from soccer_lib.layout import JOINTS, KD, KP, TORQUE_LIMIT, Sensed
from soccer_lib.tasks import PHYSICS_DT

START_HEIGHT = 0.68
"""Of the trunk above the floor at the start: on straight legs its soles are 7 mm above it [m]."""

WALKER_STEPS = 10
"""Physics steps for which the walker's joint targets hold: 20 ms."""

STAND_KP = np.full(12, 200.0)
"""Stiffness that keeps straight legs upright [N m/rad]; soft ankles would let it tip. Shape: (12,)."""

STAND_KD = np.full(12, 5.0)
"""Damping beside it [N m s/rad]. Shape: (12,)."""

FALLEN = 0.4
"""Height of the trunk below which the robot has fallen [m], as in the soccer environments."""

FRICTION = 1.0
"""Of soles and floor."""


class BodyState(NamedTuple):
    """What is read of a body.

    Attributes:
        place: of the trunk [m]. Shape: (3,).
        quat: orientation of the trunk, w, x, y, z. Shape: (4,).
        velocity: of the trunk in world axes [m/s]. Shape: (3,).
        spin: angular velocity of the trunk in its own axes [rad/s]. Shape: (3,).
        joint_pos, joint_vel: order of `layout.JOINTS` [rad, rad/s]. Shape: (12,).
    """

    place: np.ndarray
    quat: np.ndarray
    velocity: np.ndarray
    spin: np.ndarray
    joint_pos: np.ndarray
    joint_vel: np.ndarray

    def sense(self) -> Sensed:
        """The same as the robot's sensors say it."""
        single = np.float32
        back = self.quat * [1, -1, -1, -1]
        return Sensed(
            self.joint_pos.astype(single),
            self.joint_vel.astype(single),
            self.quat[[1, 2, 3, 0]].astype(single),
            self.spin.astype(single),
            turn(back[None], self.velocity)[0].astype(single),
        )


class BodyTrace(NamedTuple):
    """A body over time.

    Attributes:
        time: [s]. Shape: (n,).
        place: of the trunk [m]. Shape: (n, 3).
        quat: of the trunk, w, x, y, z. Shape: (n, 4).
        joint_pos: [rad]. Shape: (n, 12).
    """

    time: np.ndarray
    place: np.ndarray
    quat: np.ndarray
    joint_pos: np.ndarray

    @property
    def fell_at(self) -> float | None:
        """When the trunk was below 0.4 m for the first time [s]; None if it never was."""
        low = np.flatnonzero(self.place[:, 2] < FALLEN)
        return float(self.time[low[0]]) if len(low) else None


def robot_file() -> Path:
    """The XML of the robot's lower body, of sai-mujoco.

    Raises:
        InputError: sai-mujoco is not installed.
    """
    import importlib.util

    found = importlib.util.find_spec("sai_mujoco")
    if found is None or found.origin is None:
        raise InputError(
            "sai-mujoco is not installed; expected it for the robot's XML; try: pip install --no-deps "
            "sai-mujoco==0.1.30"
        )
    return Path(found.origin).parent / "assets/robots/t1/v1/robot_lower.xml"


def mujoco_joint(name: str) -> str:
    """A joint's name in the XML: left_hip_pitch is Left_Hip_Pitch there."""
    return "_".join(part.capitalize() for part in name.split("_"))


class MujocoBody:
    """The robot on a plane in MuJoCo."""

    name = "MuJoCo"

    def __init__(self) -> None:
        import mujoco

        self._mujoco = mujoco
        spec = mujoco.MjSpec.from_file(str(robot_file()))
        # Drawn only: none of them collides.
        for geom in list(spec.geoms):
            if geom.type == mujoco.mjtGeom.mjGEOM_MESH:
                spec.delete(geom)
        for mesh in list(spec.meshes):
            spec.delete(mesh)
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 0.25], friction=[FRICTION, 0.005, 1e-4]
        )
        spec.option.timestep = PHYSICS_DT
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        joints = [self.model.joint(mujoco_joint(name)) for name in JOINTS]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._qvel = np.array([joint.dofadr[0] for joint in joints])

    def reset(self, height: float = START_HEIGHT) -> None:
        """Put the robot upright on straight legs, its trunk at a height [m]."""
        self._mujoco.mj_resetData(self.model, self.data)
        self.data.qpos[:7] = (0, 0, height, 1, 0, 0, 0)
        self.data.qpos[7:] = 0
        self._mujoco.mj_forward(self.model, self.data)

    def step(self, torque: np.ndarray) -> None:
        """Apply torques [N m] for 2 ms. Shape: (12,)."""
        self.data.qfrc_applied[self._qvel] = torque
        self._mujoco.mj_step(self.model, self.data)

    def read(self) -> BodyState:
        """Where it is."""
        data = self.data
        return BodyState(
            data.qpos[:3].copy(),
            data.qpos[3:7].copy(),
            data.qvel[:3].copy(),
            data.qvel[3:6].copy(),
            data.qpos[self._qpos],
            data.qvel[self._qvel],
        )

    def mass(self) -> float:
        """Of the whole robot [kg]."""
        return float(self.model.body_mass.sum())

    def close(self) -> None:
        """Nothing to end."""


class GenesisBody:
    """The robot on a plane in Genesis.

    Args:
        morph_height: `pos` of the morph [m]. It is added to the XML's own z of -0.7; `reset` sets the height
            afterwards, which is the cure.
        use_gpu: see `engine.start`.
        camera: width and height of pictures; None for none.
    """

    name = "Genesis"

    def __init__(
        self,
        morph_height: float = 0.0,
        use_gpu: engine.Gpu = False,
        camera: tuple[int, int] | None = None,
    ) -> None:
        path = robot_file()
        gs = engine.start(use_gpu)
        self.scene = gs.Scene(
            sim_options=gs.options.SimOptions(dt=PHYSICS_DT, substeps=1),
            # The robot's XML asks MuJoCo for the same integrator.
            rigid_options=gs.options.RigidOptions(integrator=gs.integrator.implicitfast),
            show_viewer=False,
        )
        self.scene.add_entity(gs.morphs.Plane(), material=gs.materials.Rigid(friction=FRICTION))
        self.robot = self.scene.add_entity(
            gs.morphs.MJCF(file=str(path), pos=(0.0, 0.0, morph_height)),
            material=gs.materials.Rigid(friction=FRICTION),
        )
        self._camera = None
        if camera is not None:
            self._camera = self.scene.add_camera(
                res=camera, pos=(2.0, -1.8, 0.9), lookat=(0.3, 0.0, 0.4), fov=35, GUI=False
            )
        self.scene.build(n_envs=1)
        self._dofs = [self.robot.get_joint(mujoco_joint(name)).dofs_idx_local[0] for name in JOINTS]
        self.built_height = float(_row(self.robot.get_pos())[2])

    def reset(self, height: float = START_HEIGHT) -> None:
        """Put the robot upright on straight legs, its trunk at a height [m], wherever the morph was put."""
        posture = np.zeros((1, self.robot.n_qs), dtype=np.float32)
        posture[0, :7] = (0, 0, height, 1, 0, 0, 0)
        self.robot.set_qpos(posture, zero_velocity=True)

    def step(self, torque: np.ndarray) -> None:
        """Apply torques [N m] for 2 ms. Shape: (12,)."""
        self.robot.control_dofs_force(torque[None].astype(np.float32), self._dofs)
        try:
            self.scene.step()
        except Exception as error:
            raise SimulationError(
                f"Genesis failed in a step: {error}; expected it to go on; try smaller torques"
            ) from error

    def read(self) -> BodyState:
        """Where it is."""
        quat = _row(self.robot.get_quat())
        back = quat * [1, -1, -1, -1]
        return BodyState(
            _row(self.robot.get_pos()),
            quat,
            _row(self.robot.get_vel()),
            turn(back[None], _row(self.robot.get_ang()))[0],
            _row(self.robot.get_dofs_position(self._dofs)),
            _row(self.robot.get_dofs_velocity(self._dofs)),
        )

    def picture(self) -> np.ndarray:
        """What the camera sees: uint8, Shape: (height, width, 3).

        Raises:
            InputError: it was made without one.
        """
        if self._camera is None:
            raise InputError("this body has no camera; expected one; make it with camera=(640, 480)")
        return np.asarray(self._camera.render()[0])[..., :3].reshape(-1, *self._camera.res[::-1], 3)[0]

    def mass(self) -> float:
        """Of the whole robot [kg]."""
        return float(self.robot.get_mass().reshape(-1)[0])

    def close(self) -> None:
        """End the scene."""
        self.scene.destroy()
        engine.release_memory()


def pd_torques(targets: np.ndarray, state: BodyState, kp: np.ndarray = KP, kd: np.ndarray = KD) -> np.ndarray:
    """What the joints' controllers pull with, within the motors' limits [N m]. Shape: (12,)."""
    torque = kp * (targets - state.joint_pos) - kd * state.joint_vel
    return np.clip(torque, -TORQUE_LIMIT, TORQUE_LIMIT)


def hold_pose(body: Any, seconds: float, height: float = START_HEIGHT) -> BodyTrace:
    """Drop the robot by 7 mm and let PD controllers hold its legs straight; it stays on its feet."""
    return _drive(body, seconds, height, lambda state: np.zeros(12), (STAND_KP, STAND_KD))


def walk(body: Any, command: np.ndarray, seconds: float, frames: list[np.ndarray] | None = None) -> BodyTrace:
    """Let the project's walker follow a command.

    Args:
        body: in either simulator.
        command: forward, sideways velocity [m/s], yaw rate [rad/s]. Shape: (3,).
        seconds: how long; a fall ends it.
        frames: takes a picture every 40 ms, of a body with a camera.
    """
    from soccer_lib.control import load_walker

    walker = load_walker("own")
    walker.reset()
    command = np.asarray(command, dtype=float)
    return _drive(
        body,
        seconds,
        START_HEIGHT,
        lambda state: walker.step(command, state.sense()).astype(float),
        (walker.kp, walker.kd),
        frames,
    )


def _drive(
    body: Any,
    seconds: float,
    height: float,
    targets_of: Any,
    gains: tuple[np.ndarray, np.ndarray],
    frames: list[np.ndarray] | None = None,
) -> BodyTrace:
    body.reset(height)
    rows = []
    state = body.read()
    targets = state.joint_pos
    for step in range(round(seconds / PHYSICS_DT)):
        if step % WALKER_STEPS == 0:
            targets = targets_of(state)
        if frames is not None and step % (2 * WALKER_STEPS) == 0:
            frames.append(body.picture())
        rows.append((step * PHYSICS_DT, state))
        body.step(pd_torques(targets, state, *gains))
        state = body.read()
        if state.place[2] < FALLEN / 2:
            break
    rows.append(((step + 1) * PHYSICS_DT, state))
    return BodyTrace(
        np.array([time for time, _ in rows]),
        np.array([state.place for _, state in rows]),
        np.array([state.quat for _, state in rows]),
        np.array([state.joint_pos for _, state in rows]),
    )


def _row(tensor: Any) -> np.ndarray:
    return tensor.cpu().numpy().astype(float).reshape(-1)
