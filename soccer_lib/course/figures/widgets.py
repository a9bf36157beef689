"""Things to touch in a notebook: each has a function for its picture, and shows some without sliders."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import mujoco
import numpy as np

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import TRUNK, Recorder, Trajectory
from soccer_lib.layout import DEFAULT_POSE, JOINTS
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.view.body import draw_body, draw_pose
from soccer_lib.view.field import FieldMap, caption
from soccer_lib.view.opengl import opengl_backend
from soccer_lib.view.scene import SceneRenderer
from soccer_lib.view.style import new_figure, picture, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOUR = (
    (0.0, 0.5, 0.0, 0.8),
    (0.0, -0.5, 0.0, 0.8),
    (0.4, 0.0, 0.0, 0.5),
    (*PATTERNS["placed"], 1.5),
    (0.0, 0.0, 0.0, 1.0),
)
"""Forward, sideways, turn, each in [-1, 1], and for how long [s]: what `drive` plays without a front end.

A step aside and back, then to the ball: a kick asked for too far away is refused, and the robot walks on.
"""

POSES = {
    "straight": np.zeros(12),
    "default pose": DEFAULT_POSE,
    "squat": np.tile([-0.8, 0.0, 0.0, 1.6, -0.8, 0.0], 2),
}
"""What `joint_pose_explorer` shows without a front end [rad]."""

NO_KICK = "walk"
"""The choice of `drive` that plays the sliders."""

_SOLE = 0.04


def has_front_end() -> bool:
    """Whether this is a notebook's kernel and ipywidgets is installed."""
    from IPython import get_ipython

    return importlib.util.find_spec("ipywidgets") is not None and hasattr(get_ipython(), "kernel")


@styled
def episode_figure(trajectory: Trajectory, time: float) -> Figure:
    """One moment of an episode: the field from above and the robot from its side."""
    row = trajectory.row(time)
    figure = new_figure(9.6, 3.4)
    left, right = figure.subplots(1, 2, width_ratios=(16, 9))
    FieldMap(left, trajectory).show(row)
    left.set_title(caption(trajectory))
    if opengl_backend():
        with SceneRenderer(trajectory, (300, 300)) as renderer:
            right.imshow(renderer.draw(trajectory.geom_xpos[row], trajectory.geom_xmat[row]))
        right.axis("off")
    else:
        draw_pose(right, trajectory, row)
    return figure


def episode_scrubber(trajectory: Trajectory, interactive: bool = True) -> None:
    """A slider over the time of an episode [s]."""
    end = float(trajectory.time[-1])
    fixed = {f"{time:.1f} s": {"time": time} for time in (0.0, end / 2, end)}
    explore(lambda time: episode_figure(trajectory, time), {"time": (0.0, end)}, fixed, interactive)


@styled
def pose_figure(env: gym.Env, joint_pos: Sequence[float] | np.ndarray) -> Figure:
    """The robot with the given joint angles [rad], Shape: (12,), from its side and from the front.

    Forward kinematics only, in separate data: the environment stays as it is.
    """
    model = env.unwrapped.model
    names = env.unwrapped.stock.robots[0].robot_joints
    data = mujoco.MjData(model)
    for name, angle in zip(names, joint_pos, strict=True):
        data.joint(name).qpos = angle
    mujoco.mj_kinematics(model, data)
    trunk = data.body(TRUNK)
    data.geom_xpos[:, 2] -= data.geom_xpos[model.body(TRUNK).geomadr[0] :, 2].min() - _SOLE
    heading = math.atan2(trunk.xmat[3], trunk.xmat[0])
    figure = new_figure(6.4, 3.2)
    for axes, title, turn in zip(figure.subplots(1, 2), ("side", "front"), (0.0, math.pi / 2), strict=True):
        draw_body(axes, model, data.geom_xpos, data.geom_xmat, heading + turn)
        axes.set_title(title, loc="center")
    return figure


def joint_pose_explorer(env: gym.Env, interactive: bool = True) -> None:
    """Twelve sliders [rad] that bend the joints within their ranges."""
    names = env.unwrapped.stock.robots[0].robot_joints
    ranges = [env.unwrapped.model.joint(name).range for name in names]
    fixed = {name: dict(zip(JOINTS, pose, strict=True)) for name, pose in POSES.items()}
    sliders = dict(zip(JOINTS, ranges, strict=True))
    explore(lambda **joints: pose_figure(env, list(joints.values())), sliders, fixed, interactive)


def drive_sequence(
    env: gym.Env, sequence: Sequence[tuple[float, float, float, float]], seed: int | None = None
) -> Trajectory:
    """Drive the robot from a new start: (forward, sideways, turn, seconds), the first three in [-1, 1].

    Raises:
        InputError: the environment takes no commands.
    """
    recorder = _driver(env, seed)
    for *command, seconds in sequence:
        _hold(recorder, command, seconds)
    return recorder.trajectory()


def drive(env: gym.Env, interactive: bool = True, seed: int | None = None) -> None:
    """Three sliders for the command, a choice of kicks, and a button that plays it for half a second.

    A kick is played to its end. Without a front end the robot plays `TOUR` instead.

    Raises:
        InputError: the environment takes no commands.
    """
    if not _has_sliders(interactive):
        tour = drive_sequence(env, TOUR, seed)
        touches = [time for time, event in tour.events if event == "touch"]
        moments = (0.0, touches[0] if touches else tour.time[-1] / 2, tour.time[-1])
        _show({f"after {time:.2g} s": episode_figure(tour, time) for time in moments})
        return
    from ipywidgets import interactive as controls

    recorder = _driver(env, seed)

    def play(forward: float, sideways: float, turn: float, kick: str, start_again: bool) -> None:
        if start_again:
            recorder.reset(seed=seed)
        elif kick == NO_KICK:
            _hold(recorder, (forward, sideways, turn), 0.5)
        else:
            _hold(recorder, PATTERNS[kick], 0.1)
            if not (recorder.over or recorder.info.get("macro_triggered")):
                print(f"{kick}: refused, the ball is not within reach (1 m, ahead)")
        _show({"": episode_figure(recorder.trajectory(), recorder.sim.sim_time)})

    sliders = dict.fromkeys(("forward", "sideways", "turn"), (-1.0, 1.0, 0.1))
    choices = {"kick": [NO_KICK, *PATTERNS], "start_again": False}
    widget = controls(play, {"manual": True, "manual_name": "play"}, **sliders, **choices)
    _display(widget)
    widget.update()  # the first picture: the robot has landed and stands


def _driver(env: gym.Env, seed: int | None) -> Recorder:
    if env.action_space.shape != (3,):
        raise InputError(
            f"actions have shape {env.action_space.shape}; expected a command, (3,); "
            "use make_env(task, control='command')"
        )
    recorder = Recorder(env)
    recorder.reset(seed=seed)
    return recorder


def _hold(recorder: Recorder, command: Sequence[float], seconds: float) -> None:
    end = recorder.sim.sim_time + seconds - PHYSICS_DT / 2
    while not recorder.over and recorder.sim.sim_time < end:
        recorder.step(np.array(command, dtype=np.float32))


def _has_sliders(interactive: bool) -> bool:
    """Whether sliders would work; says so where they would not."""
    if interactive and has_front_end():
        return True
    print("no sliders (interactive=False or no notebook): pictures at fixed values instead")
    return False


def _show(figures: Mapping[str, Figure]) -> None:
    for name, figure in figures.items():
        print(name)
        _display(picture(figure))


def _display(thing: Any) -> None:
    from IPython.display import display

    display(thing)


def explore(
    draw: Callable[..., Figure],
    choices: Mapping[str, Sequence[Any]],
    fixed: Mapping[str, Mapping[str, Any]],
    interactive: bool,
) -> None:
    """Controls that redraw a figure, or the figure at named values where nobody can move them.

    Args:
        draw: takes the value of each control.
        choices: control -> lowest and highest value of a slider, or the texts of a menu.
        fixed: title -> values of the controls.
        interactive: False shows the figures at `fixed`.
    """
    if not _has_sliders(interactive):
        _show({name: draw(**values) for name, values in fixed.items()})
        return
    import ipywidgets

    layout = {"description_width": "9em"}
    controls = {}
    for name, values in choices.items():
        if isinstance(values[0], str):
            controls[name] = ipywidgets.Dropdown(options=list(values), description=name, style=layout)
        else:
            low, high = values
            controls[name] = ipywidgets.FloatSlider(
                max(0.0, low), min=low, max=high, step=0.02, description=name, style=layout
            )
    _display(ipywidgets.interactive(lambda **values: _show({"": draw(**values)}), **controls))
