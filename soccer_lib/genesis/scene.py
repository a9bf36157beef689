"""Many arms in one Genesis scene, behind the few words that a task needs: reset, move, read, set_physics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from soccer_lib.errors import InputError, SimulationError, one_line
from soccer_lib.genesis import engine
from soccer_lib.genesis.layout import DT
from soccer_lib.genesis.physics import nominal_physics
from soccer_lib.genesis.robots import robot_named
from soccer_lib.ranges import Range

SUBSTEPS = 2
"""Physics steps of an env step: 100 Hz."""

OPEN = 0.04
"""Where the fingers rest [m]."""

MARKER = 0.03
"""Radius of the ball that marks a target in pictures [m]."""


class ArmState(NamedTuple):
    """What is read from n arms.

    Attributes:
        joint_pos: [rad]. Shape: (n, 7).
        joint_vel: [rad/s]. Shape: (n, 7).
        tool: tool centre point, seen from the base [m]. Shape: (n, 3).
    """

    joint_pos: np.ndarray
    joint_vel: np.ndarray
    tool: np.ndarray


class ArmScene:
    """`n_envs` arms that do not see each other, in one scene, stepped together.

    Args:
        n_envs: how many.
        robot: name of the arm.
        use_gpu: see `engine.start`.
        show_viewer: open a window.
        camera: width and height of pictures; None for none, which is faster.
        seed: of Genesis' own random numbers.

    Raises:
        InputError: a number below 1, an unknown robot, no GPU or no display.
        ResourceError: the kernel caches cannot be written.
        SimulationError: the scene cannot be built.
    """

    def __init__(
        self,
        n_envs: int = 1,
        robot: str = "franka",
        use_gpu: engine.Gpu = False,
        show_viewer: bool = False,
        camera: tuple[int, int] | None = None,
        seed: int = 0,
    ) -> None:
        self.n_envs = Range(1, 100_000, whole=True).number("n_envs", n_envs, "try 64")
        self.robot = robot_named(robot)
        gs = engine.start(use_gpu, seed, show_viewer)
        try:
            self._build(gs, show_viewer, camera)
        except (InputError, KeyboardInterrupt):
            raise
        except Exception as error:
            remedy = "leave out the viewer" if show_viewer else "try fewer n_envs"
            raise SimulationError(
                f"Genesis did not build the scene ({one_line(error, 200)}); expected {n_envs} arms; {remedy}"
            ) from error
        fingers = [self.arm.get_joint(name).dofs_idx_local[0] for name in self.robot.fingers]
        self._dofs = [self.arm.get_joint(name).dofs_idx_local[0] for name in self.robot.joints]
        self._fingers = fingers
        self._hand = self.arm.get_link(self.robot.hand)
        self._tool = np.array(self.robot.tool)
        self._nominal = {
            # The gripper's actuator is no position controller and has no such gains.
            "kp": self.arm.get_dofs_kp(self._dofs).cpu().numpy()[0],
            "kv": self.arm.get_dofs_kv(self._dofs).cpu().numpy()[0],
            "damping": self.arm.get_dofs_damping().cpu().numpy()[0],
            "mass": self.arm.get_links_mass().cpu().numpy()[0],
            "inertia": self.arm.get_links_inertia().cpu().numpy()[0],
        }
        self.physics = [nominal_physics() for _ in range(self.n_envs)]
        self.reset(np.arange(self.n_envs), np.tile(self.robot.home, (self.n_envs, 1)))

    def _build(self, gs: Any, show_viewer: bool, camera: tuple[int, int] | None) -> None:
        self.scene = gs.Scene(
            sim_options=gs.options.SimOptions(dt=DT, substeps=SUBSTEPS),
            # Without them damping and masses are one for all environments.
            rigid_options=gs.options.RigidOptions(
                batch_dofs_info=True, batch_links_info=True, enable_self_collision=False
            ),
            vis_options=gs.options.VisOptions(rendered_envs_idx=[0]),
            show_viewer=show_viewer,
        )
        self.scene.add_entity(gs.morphs.Plane())
        self.arm = self.scene.add_entity(gs.morphs.MJCF(file=self.robot.file))
        self._marker = None
        self._camera = None
        if camera is not None or show_viewer:
            self._marker = self.scene.add_entity(
                gs.morphs.Sphere(radius=MARKER, pos=(0.5, 0.0, 0.3), collision=False, fixed=True),
                surface=gs.surfaces.Default(color=(0.84, 0.37, 0.0)),
            )
        if camera is not None:
            self._camera = self.scene.add_camera(
                res=camera, pos=(1.7, -1.3, 1.0), lookat=(0.35, 0.0, 0.35), fov=38, GUI=False
            )
        self.scene.build(n_envs=self.n_envs)

    def reset(self, rows: np.ndarray, joints: np.ndarray) -> None:
        """Put arms into a posture, at rest, and let them hold it.

        Args:
            rows: which arms.
            joints: [rad]. Shape: (rows, 7).
        """
        if not len(rows):
            return
        fingers = np.full((len(rows), len(self._fingers)), OPEN)
        posture = np.concatenate([joints, fingers], axis=1).astype(np.float32)
        everything = [*self._dofs, *self._fingers]
        self.arm.set_dofs_position(posture, everything, envs_idx=rows, zero_velocity=True)
        self.arm.control_dofs_position(posture, everything, envs_idx=rows)

    def move(self, targets: np.ndarray) -> None:
        """Let the position controllers of all arms pull toward their targets for one env step.

        Args:
            targets: [rad]. Shape: (n_envs, 7).

        Raises:
            SimulationError: Genesis failed.
        """
        self.arm.control_dofs_position(targets.astype(np.float32), self._dofs)
        try:
            self.scene.step()
        except Exception as error:
            raise SimulationError(
                f"Genesis failed in a step: {one_line(error, 200)}; expected it to go on; try use_gpu=False"
            ) from error

    def read(self) -> ArmState:
        """Where all arms are."""
        place = _numbers(self._hand.get_pos())
        quat = _numbers(self._hand.get_quat())
        return ArmState(
            _numbers(self.arm.get_dofs_position(self._dofs)),
            _numbers(self.arm.get_dofs_velocity(self._dofs)),
            place + turn(quat, self._tool),
        )

    def set_physics(self, rows: np.ndarray, physics: Sequence[Mapping[str, float]]) -> None:
        """Give arms their physics, all of it: nothing is left of what they had before.

        Args:
            rows: which arms.
            physics: of each, every trait of `physics.TRAITS`.
        """
        changed = [
            (row, dict(traits))
            for row, traits in zip(rows, physics, strict=True)
            if self.physics[row] != dict(traits)
        ]
        if not changed:
            return
        rows = np.array([row for row, _ in changed])
        for row, traits in changed:
            self.physics[row] = traits
        column = {name: np.array([[traits[name]] for _, traits in changed]) for name in changed[0][1]}
        gravity = np.concatenate([np.zeros((len(rows), 2)), -column["gravity"]], axis=1)
        self.scene.sim.set_gravity(gravity.astype(np.float32), envs_idx=rows)
        # Not set_dofs_kv: that is the velocity gain of the position controller.
        self.arm.set_dofs_damping(_single(column["damping"] * self._nominal["damping"]), envs_idx=rows)
        # A controller of a hundredth of the stiffness with the old velocity gain would creep.
        strength = column["strength"]
        self.arm.set_dofs_kp(_single(strength * self._nominal["kp"]), self._dofs, envs_idx=rows)
        self.arm.set_dofs_kv(_single(np.sqrt(strength) * self._nominal["kv"]), self._dofs, envs_idx=rows)
        # Not set_mass: it scales what an arm has, and what is rounded on the way adds up over the episodes.
        mass = column["mass"]
        self.arm.set_links_mass(_single(mass * self._nominal["mass"]), envs_idx=rows)
        self.arm.set_links_inertia(_single(mass[:, :, None, None] * self._nominal["inertia"]), envs_idx=rows)
        # Not set_friction_ratio: that is of surfaces, and this arm touches nothing.
        friction = np.tile(column["friction"], (1, len(self._dofs)))
        self.arm.set_dofs_frictionloss(_single(friction), self._dofs, envs_idx=rows)

    def show_targets(self, rows: np.ndarray, places: np.ndarray) -> None:
        """Put the marker of pictures to the targets [m]. Shape: (rows, 3)."""
        if self._marker is not None and len(rows):
            self._marker.set_pos(_single(places), envs_idx=rows)

    def picture(self) -> np.ndarray:
        """What the camera sees of the first arm: uint8, Shape: (height, width, 3).

        Raises:
            InputError: the scene has no camera.
        """
        if self._camera is None:
            raise InputError(
                "this scene has no camera; expected one for pictures; make it with camera=(640, 480)"
            )
        return np.asarray(self._camera.render()[0])[..., :3].astype(np.uint8)

    def close(self) -> None:
        """End the scene and give its memory back."""
        if self.scene is not None:
            self.scene.destroy()
            self.scene = None
            engine.release_memory()


def turn(quat: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """A vector of a body's frame in world axes.

    Args:
        quat: w, x, y, z of each body. Shape: (n, 4).
        vector: Shape: (3,).

    Returns:
        Shape: (n, 3).

    Example:
        >>> turn(np.array([[np.sqrt(0.5), 0.0, np.sqrt(0.5), 0.0]]), np.array([0.0, 0.0, 1.0])).round(6) + 0.0
        array([[1., 0., 0.]])
    """
    axis = quat[:, 1:]
    sideways = 2.0 * np.cross(axis, vector)
    return vector + quat[:, :1] * sideways + np.cross(axis, sideways)


def _numbers(tensor: Any) -> np.ndarray:
    return tensor.cpu().numpy().astype(float)


def _single(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32)
