"""Drawing a state of the simulation without a window: the stock look, or a light one that is quick.

Nothing here touches the simulation. A picture is made from poses of geoms, which are written into data of
the drawing's own; the light look has even a model of its own, with an ellipsoid for every mesh.
"""

from __future__ import annotations

import atexit
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import mujoco
import numpy as np

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.evaluation.trajectory import BALL, TARGETS, TRUNK, Trajectory, snapshot
from soccer_lib.view.opengl import need_opengl
from soccer_lib.view.pitch import LENGTH, LINES, WIDTH
from soccer_lib.view.style import INK, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Size = tuple[int, int]
"""Width and height of a picture [pixels]."""

_BOX, _CYLINDER = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CYLINDER
_MESH, _ELLIPSOID = mujoco.mjtGeom.mjGEOM_MESH, mujoco.mjtGeom.mjGEOM_ELLIPSOID
_GRASS, _LINE, _SHADE, _AIM = (0.27, 0.5, 0.22, 1), (1, 1, 1, 1), (0, 0, 0, 0.35), (0.94, 0.89, 0.26, 0.6)
_PAINT = {"ball": (1, 1, 1, 1), "goalkeeper": (0.9, 0.62, 0, 1), "defender": (0.84, 0.37, 0, 1)}
_SHADOWS = (0.2, 0.1)


class Scene:
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
        model, (width, height) = trajectory.model, size
        most = (model.vis.global_.offwidth, model.vis.global_.offheight)
        if not (0 < width <= most[0] and 0 < height <= most[1]):
            raise InputError(f"size got {size}; expected at most {most} pixels; try (640, 360)")
        self._trunk, self._ball, self._light = model.body(TRUNK).geomadr[0], model.geom(BALL).id, light
        self._aim = (trajectory.goal if trajectory.target is None else trajectory.target)[:2]
        start = trajectory.robot[0, :2]
        self._ahead = _unit(trajectory.ball[0, :2] - start)
        if trajectory.target is not None:  # halfway between ball and target, to see both
            self._ahead = _unit(self._ahead + _unit(self._aim - start))
        self._parts, self._centres = np.arange(model.ngeom), np.zeros((model.ngeom, 3))
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
        data, count = self._data, len(self._parts)
        axes = geom_xmat[self._parts].reshape(-1, 3, 3)
        data.geom_xmat[:count] = axes.reshape(-1, 9)
        data.geom_xpos[:count] = geom_xpos[self._parts] + np.einsum("nij,nj->ni", axes, self._centres)
        robot, ball = geom_xpos[self._trunk, :2], geom_xpos[self._ball, :2]
        if self._light:
            data.geom_xpos[count : count + len(_SHADOWS), :2] = robot, ball
        self._renderer.update_scene(data, self._camera(camera, robot))
        return self._renderer.render()

    def _camera(self, name: str, robot: np.ndarray) -> mujoco.MjvCamera:
        back, start = robot - self._aim, math.degrees(math.atan2(self._ahead[1], self._ahead[0]))
        ahead, away = self._ahead, math.degrees(math.atan2(back[1], back[0]))
        views = {
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

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(math.hypot(*vector), 1e-9)


def draw_env(env: gym.Env, camera: str = "follow", size: Size = (640, 360), light: bool = True) -> np.ndarray:
    """Draw an environment as it is now, uint8, Shape: (height, width, 3); see `Scene`."""
    now = snapshot(env)
    with Scene(now, size, light) as scene:
        return scene.draw(now.geom_xpos[0], now.geom_xmat[0], camera)


def plot_frames(frames: Mapping[str, np.ndarray]) -> Figure:
    """Pictures with their titles, three in a row."""
    columns = min(3, len(frames))
    rows = math.ceil(len(frames) / columns)
    figure = new_figure(4.2 * columns, 2.7 * rows)
    for index, (title, frame) in enumerate(frames.items()):
        axes = figure.add_subplot(rows, columns, index + 1)
        axes.imshow(frame)
        axes.axis("off")
        axes.set_title(title, fontsize=10, color=INK, loc="left")
    return figure


def drawn_geoms(model: mujoco.MjModel) -> tuple[np.ndarray, np.ndarray]:
    """The geoms that can be seen, without the field's, and the middle of each in its own axes [m]."""
    seen = (model.geom_rgba[:, 3] > 0) & (model.geom_type != mujoco.mjtGeom.mjGEOM_PLANE)
    seen &= model.geom_bodyid != model.body("football_field").id
    centres = np.where(model.geom_type[:, None] == _MESH, model.geom_aabb[:, :3], 0.0)
    return np.flatnonzero(seen), centres[seen]


def stand_in(trajectory: Trajectory) -> mujoco.MjModel:
    """A small model with the looks of a trajectory's: first its `drawn_geoms`, two shadows, then the field.

    Meshes become ellipsoids (robot) or boxes of the same size, the field's mesh becomes plain lines.
    """
    spec, model = mujoco.MjSpec(), trajectory.model
    spec.visual.quality.offsamples, spec.visual.quality.shadowsize = 4, 0
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = [0.45] * 3, [0.5] * 3
    sky = {"type": mujoco.mjtTexture.mjTEXTURE_SKYBOX, "builtin": mujoco.mjtBuiltin.mjBUILTIN_GRADIENT}
    spec.add_texture(**sky, rgb1=[0.75, 0.85, 0.95], rgb2=[1] * 3, width=64, height=64)
    patches = {"type": mujoco.mjtTexture.mjTEXTURE_CUBE, "builtin": mujoco.mjtBuiltin.mjBUILTIN_CHECKER}
    spec.add_texture(name=BALL, **patches, rgb1=[1] * 3, rgb2=[0.1] * 3, width=32, height=32)
    spec.add_material(name=BALL, textures=["", BALL])
    add = spec.worldbody.add_geom
    for index in drawn_geoms(model)[0]:
        shape, size, name = model.geom_type[index], model.geom_size[index], model.geom(index).name
        if shape == _MESH:
            shape, size = _ELLIPSOID if model.geom_group[index] else _BOX, model.geom_aabb[index, 3:]
        paint = _PAINT.get(name.split("_")[0], model.geom_rgba[index])
        add(type=mujoco.mjtGeom(shape), size=size, rgba=paint, material=BALL if name == BALL else "")
    for radius in _SHADOWS:
        add(type=_CYLINDER, size=[radius, 0.001, 0], pos=[0, 0, 0.006], rgba=_SHADE)
    sun = mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    spec.worldbody.add_light(type=sun, pos=[0, 0, 10], dir=[0.3, 0.2, -1], castshadow=False)
    add(type=_BOX, size=[LENGTH + 3, WIDTH + 3, 0.05], pos=[0, 0, -0.05], rgba=_GRASS)
    for start, end in (pair for line in LINES for pair in zip(line[:-1], line[1:], strict=True)):
        half = (end - start) / 2
        turn = [0, 0, math.degrees(math.atan2(half[1], half[0]))]
        size = [math.hypot(*half) + 0.03, 0.04, 0.002]
        add(type=_BOX, size=size, pos=[*(start + half), 0.002], euler=turn, rgba=_LINE)
    if trajectory.target is not None:
        shape = _CYLINDER if trajectory.target[2] < 0.1 else _ELLIPSOID
        radius = trajectory.target_radius
        size = [radius, 0.006 if shape == _CYLINDER else radius, radius]
        add(type=shape, size=size, pos=trajectory.target, rgba=_AIM)
    return spec.compile()
