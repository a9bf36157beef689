"""Drawing a state of the simulation without a window: the stock look, or a light one that is quick.

Nothing here touches the simulation. A picture is made from poses of geoms, which are written into separate
data; the light look even has a separate model, with an ellipsoid for every mesh.
"""

from __future__ import annotations

import atexit
import math
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.evaluation.trajectory import BALL, TARGETS, TRUNK, Trajectory, snapshot
from soccer_lib.view.opengl import need_opengl
from soccer_lib.view.pitch import LENGTH, LINES, WIDTH

Size = tuple[int, int]
"""Width and height of a picture [pixels]."""

_BOX = mujoco.mjtGeom.mjGEOM_BOX
_CYLINDER = mujoco.mjtGeom.mjGEOM_CYLINDER
_MESH = mujoco.mjtGeom.mjGEOM_MESH
_ELLIPSOID = mujoco.mjtGeom.mjGEOM_ELLIPSOID

_GRASS = (0.27, 0.5, 0.22, 1)
_LINE = (1, 1, 1, 1)
_SHADOW = (0, 0, 0, 0.35)
_TARGET = (0.94, 0.89, 0.26, 0.6)
_COLOURS = {"ball": (1, 1, 1, 1), "goalkeeper": (0.9, 0.62, 0, 1), "defender": (0.84, 0.37, 0, 1)}
_SHADOW_RADII = (0.2, 0.1)
"""Of robot and ball [m]."""


class SceneRenderer:
    """Draws states of one trajectory. Close it, or use it in a `with`.

    Cameras: "follow" (behind the robot), "side" (at its right), "goal" (beside the goal or target, back at
    the robot) and "shot" (from its right at robot and goal). The direction of the first two is that of the
    trajectory's start.

    Args:
        trajectory: gives the model, the goal and the target.
        size: of the pictures.
        light: the quick look; False draws every mesh, shadows and reflections.

    Raises:
        InputError: the size does not fit MuJoCo's frame buffer.
        ResourceError: there is no OpenGL.
    """

    def __init__(self, trajectory: Trajectory, size: Size = (320, 180), light: bool = True) -> None:
        need_opengl()
        model = trajectory.model
        width, height = size
        most = (model.vis.global_.offwidth, model.vis.global_.offheight)
        if not (0 < width <= most[0] and 0 < height <= most[1]):
            raise InputError(f"size got {size}; expected at most {most} pixels; try (640, 360)")
        self._light = light
        self._trunk = model.body(TRUNK).geomadr[0]
        self._ball = model.geom(BALL).id
        self._aim = (trajectory.goal if trajectory.target is None else trajectory.target)[:2]
        self._ahead = _direction_of_play(trajectory)
        self._parts = np.arange(model.ngeom)
        self._centres = np.zeros((model.ngeom, 3))
        if light:
            self._parts, self._centres = drawn_geoms(model)
            model = stand_in(trajectory)
        self._data = mujoco.MjData(model)
        mujoco.mj_forward(model, self._data)
        for name in TARGETS:
            if mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_SITE, name) >= 0:
                self._data.site(name).xpos[:] = trajectory.target
        self._renderer = mujoco.Renderer(model, height, width)
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            self._renderer.scene.flags[flag] = not light
        atexit.register(self.close)  # before EGL itself goes, which would complain

    def draw(self, geom_xpos: np.ndarray, geom_xmat: np.ndarray, camera: str = "follow") -> np.ndarray:
        """Draw one state.

        Args:
            geom_xpos: where every geom of the simulation is [m], Shape: (n_geoms, 3).
            geom_xmat: its axes, Shape: (n_geoms, 9).
            camera: see the class.

        Returns:
            picture, uint8, Shape: (height, width, 3).

        Raises:
            InputError: there is no such camera.
        """
        data = self._data
        count = len(self._parts)
        axes = geom_xmat[self._parts].reshape(-1, 3, 3)
        data.geom_xmat[:count] = axes.reshape(-1, 9)
        data.geom_xpos[:count] = geom_xpos[self._parts] + np.einsum("nij,nj->ni", axes, self._centres)
        robot = geom_xpos[self._trunk, :2]
        if self._light:
            ball = geom_xpos[self._ball, :2]
            data.geom_xpos[count : count + len(_SHADOW_RADII), :2] = robot, ball
        self._renderer.update_scene(data, self._camera(camera, robot))
        return self._renderer.render()

    def _camera(self, name: str, robot: np.ndarray) -> mujoco.MjvCamera:
        """The camera of that name for a robot at x, y [m]."""
        ahead = self._ahead
        back = robot - self._aim
        start = math.degrees(math.atan2(ahead[1], ahead[0]))
        away = math.degrees(math.atan2(back[1], back[0]))
        views = {  # looks at x, y [m]; distance [m]; azimuth, elevation [degrees]
            "follow": (robot + 1.2 * ahead, 3.6, start - 14, -20),
            "side": (robot + 0.6 * ahead, 3.0, start + 90, -10),
            "goal": (robot - 0.5 * back, 3.4 + 0.5 * math.hypot(*back), away - 55, -18),
            "shot": (robot - 0.5 * back, 2.2 + math.hypot(*back), away + 235, -14),
        }
        if name not in views:
            raise unknown_name("camera", name, views)
        camera = mujoco.MjvCamera()
        camera.lookat[2] = 0.5
        camera.lookat[:2], camera.distance, camera.azimuth, camera.elevation = views[name]
        return camera

    def close(self) -> None:
        """Free the drawing context."""
        atexit.unregister(self.close)
        self._renderer.close()

    def __enter__(self) -> SceneRenderer:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def _direction_of_play(trajectory: Trajectory) -> np.ndarray:
    """From the robot's start to the ball, or between ball and target, to see both. Shape: (2,)."""
    start = trajectory.robot[0, :2]
    ahead = _unit(trajectory.ball[0, :2] - start)
    if trajectory.target is None:
        return ahead
    return _unit(ahead + _unit(trajectory.target[:2] - start))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(math.hypot(*vector), 1e-9)


def draw_env(env: gym.Env, camera: str = "follow", size: Size = (640, 360), light: bool = True) -> np.ndarray:
    """Draw an environment as it is now, uint8, Shape: (height, width, 3); see `SceneRenderer`."""
    state = snapshot(env)
    with SceneRenderer(state, size, light) as renderer:
        return renderer.draw(state.geom_xpos[0], state.geom_xmat[0], camera)


def drawn_geoms(model: mujoco.MjModel) -> tuple[np.ndarray, np.ndarray]:
    """The geoms that can be seen, without the field's, and the middle of each in its own axes [m]."""
    visible = (model.geom_rgba[:, 3] > 0) & (model.geom_type != mujoco.mjtGeom.mjGEOM_PLANE)
    visible &= model.geom_bodyid != model.body("football_field").id
    centres = np.where(model.geom_type[:, None] == _MESH, model.geom_aabb[:, :3], 0.0)
    return np.flatnonzero(visible), centres[visible]


def stand_in(trajectory: Trajectory) -> mujoco.MjModel:
    """A small model with the looks of a trajectory's: first its `drawn_geoms`, two shadows, then the field.

    Meshes become ellipsoids (robot) or boxes of the same size, the field's mesh becomes plain lines.
    """
    spec = mujoco.MjSpec()
    _add_light_and_sky(spec)
    _add_parts(spec, trajectory.model)
    for radius in _SHADOW_RADII:
        spec.worldbody.add_geom(type=_CYLINDER, size=[radius, 0.001, 0], pos=[0, 0, 0.006], rgba=_SHADOW)
    _add_field(spec)
    if trajectory.target is not None:
        radius = trajectory.target_radius
        on_the_ground = trajectory.target[2] < 0.1
        spec.worldbody.add_geom(
            type=_CYLINDER if on_the_ground else _ELLIPSOID,
            size=[radius, 0.006 if on_the_ground else radius, radius],
            pos=trajectory.target,
            rgba=_TARGET,
        )
    return spec.compile()


def _add_light_and_sky(spec: mujoco.MjSpec) -> None:
    spec.visual.quality.offsamples = 4
    spec.visual.quality.shadowsize = 0
    spec.visual.headlight.ambient = [0.45] * 3
    spec.visual.headlight.diffuse = [0.5] * 3
    sun = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    spec.worldbody.add_light(type=sun, pos=[0, 0, 10], dir=[0.3, 0.2, -1], castshadow=False)
    spec.add_texture(
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.75, 0.85, 0.95],
        rgb2=[1] * 3,
        width=64,
        height=64,
    )


def _add_parts(spec: mujoco.MjSpec, model: mujoco.MjModel) -> None:
    """The `drawn_geoms`, in their order; the ball in patches, so that one sees it roll."""
    spec.add_texture(
        name=BALL,
        type=mujoco.mjtTexture.mjTEXTURE_CUBE,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_CHECKER,
        rgb1=[1] * 3,
        rgb2=[0.1] * 3,
        width=32,
        height=32,
    )
    spec.add_material(name=BALL, textures=["", BALL])
    for index in drawn_geoms(model)[0]:
        name = model.geom(index).name
        shape = model.geom_type[index]
        size = model.geom_size[index]
        if shape == _MESH:
            shape = _ELLIPSOID if model.geom_group[index] else _BOX
            size = model.geom_aabb[index, 3:]
        colour = _COLOURS.get(name.split("_")[0], model.geom_rgba[index])
        material = BALL if name == BALL else ""
        spec.worldbody.add_geom(type=mujoco.mjtGeom(shape), size=size, rgba=colour, material=material)


def _add_field(spec: mujoco.MjSpec) -> None:
    """Grass and lines."""
    grass = [LENGTH + 3, WIDTH + 3, 0.05]
    spec.worldbody.add_geom(type=_BOX, size=grass, pos=[0, 0, -0.05], rgba=_GRASS)
    for line in LINES:
        for start, end in zip(line[:-1], line[1:], strict=True):
            half = (end - start) / 2
            turn = [0, 0, math.degrees(math.atan2(half[1], half[0]))]
            size = [math.hypot(*half) + 0.03, 0.04, 0.002]
            spec.worldbody.add_geom(
                type=_BOX, size=size, pos=[*(start + half), 0.002], euler=turn, rgba=_LINE
            )
