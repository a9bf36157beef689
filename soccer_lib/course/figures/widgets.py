"""Things to touch in a notebook: each has a function for its picture, and shows some without sliders."""

from __future__ import annotations

import importlib.util
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import mujoco
import numpy as np

from soccer_lib.course.figures.moments import EpisodeView
from soccer_lib.course.figures.moving import SCREEN_DPI
from soccer_lib.evaluation.trajectory import TRUNK, Trajectory
from soccer_lib.layout import DEFAULT_POSE, JOINTS
from soccer_lib.view.body import draw_body
from soccer_lib.view.style import new_figure, picture, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

POSES = {
    "straight": np.zeros(12),
    "default pose": DEFAULT_POSE,
    "squat": np.tile([-0.8, 0.0, 0.0, 1.6, -0.8, 0.0], 2),
}
"""What `joint_pose_explorer` shows without a front end [rad]."""

_SOLE = 0.04

OF_ITS_SIZE = {"max_width": "calc(100% - 4px)", "align_self": "flex-start"}
"""Layout of a picture that is not stretched to the width of the page; its margins are 2 pixels each."""

_COLUMN = 6
"""Controls below each other; more stand beside them, so that the picture stays on the screen."""


def has_front_end() -> bool:
    """Whether this is a notebook's kernel and ipywidgets is installed."""
    from IPython import get_ipython

    return importlib.util.find_spec("ipywidgets") is not None and hasattr(get_ipython(), "kernel")


def episode_scrubber(trajectory: Trajectory, interactive: bool = True) -> None:
    """A slider over the time of an episode [s]."""
    end = float(trajectory.time[-1])
    fixed = {f"{time:.1f} s": {"time": time} for time in (0.0, end / 2, end)}
    view = EpisodeView(trajectory)
    explore(view.at, {"time": (0.0, end)}, fixed, interactive, view.png)


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


def has_sliders(interactive: bool) -> bool:
    """Whether sliders would work; says so where they would not."""
    if interactive and has_front_end():
        return True
    print("no sliders (interactive=False or no notebook): pictures at fixed values instead")
    return False


def show_figures(figures: Mapping[str, Figure]) -> None:
    """Show figures under their names."""
    for name, figure in figures.items():
        print(name)
        show(picture(figure))


def show(thing: Any) -> None:
    """Show a picture or a widget in the notebook."""
    from IPython.display import display

    display(thing)


@styled
def screen_png(figure: Figure) -> bytes:
    """The figure as a picture for a screen: a third of the time that one for a page takes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=SCREEN_DPI)
    return buffer.getvalue()


def explore(
    draw: Callable[..., Figure],
    choices: Mapping[str, Sequence[Any]],
    fixed: Mapping[str, Mapping[str, Any]],
    interactive: bool,
    quick: Callable[..., bytes] | None = None,
) -> None:
    """Controls that redraw a figure, or the figure at named values where nobody can move them.

    Args:
        draw: takes the value of each control.
        choices: control -> lowest and highest value of a slider, or the texts of a menu.
        fixed: title -> values of the controls.
        interactive: False shows the figures at `fixed`.
        quick: the same as a PNG, quicker; None takes the figure's.
    """
    if not has_sliders(interactive):
        for name, values in fixed.items():
            show_figures({name: draw(**values)})
        return
    import ipywidgets

    controls = {name: _control(name, values) for name, values in choices.items()}
    image = ipywidgets.Image(format="png", layout=OF_ITS_SIZE)

    def redraw(_: Any = None) -> None:
        values = {name: control.value for name, control in controls.items()}
        image.value = quick(**values) if quick else screen_png(draw(**values))

    for control in controls.values():
        control.observe(redraw, "value")
    redraw()
    listed = list(controls.values())
    columns = [ipywidgets.VBox(listed[start : start + _COLUMN]) for start in range(0, len(listed), _COLUMN)]
    # Beside each other where there is room: then both are on a screen of 768 pixels.
    show(ipywidgets.HBox([ipywidgets.HBox(columns), image], layout={"flex_flow": "row wrap"}))


def _control(name: str, values: Sequence[Any]) -> Any:
    """A menu of texts, or a slider between two numbers."""
    import ipywidgets

    style = {"description_width": "9em"}
    if isinstance(values[0], str):
        return ipywidgets.Dropdown(options=list(values), description=name, style=style)
    low, high = values
    start = max(0.0, low)
    layout = {"width": "26em"}
    return ipywidgets.FloatSlider(
        start, min=low, max=high, step=0.02, description=name, style=style, layout=layout
    )
