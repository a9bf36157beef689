"""How a walker walks: what it was told and what it did, where its feet landed, and a video of a tour."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

import gymnasium as gym
import numpy as np

from soccer_lib.envs.make import make_env
from soccer_lib.evaluation.trajectory import Trajectory, trace_episode
from soccer_lib.layout import COMMAND_SCALE
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.view.style import ACCENT, INK, ORANGE, QUIET, legend_patch, new_figure, styled, turned_box
from soccer_lib.view.video import captioned, trajectory_frames, write_video

if TYPE_CHECKING:
    from soccer_lib.view.style import Axes, Figure

TOUR = (
    ("walk ahead", (0.6, 0.0, 0.0), 2.0),
    ("turn left on the way", (0.4, 0.0, 0.8), 2.2),
    ("turn right on the spot", (0.0, 0.0, -0.9), 2.0),
    ("sideways to the left", (0.0, 0.35, 0.0), 2.0),
    ("stop", (0.0, 0.0, 0.0), 1.8),
)
"""What the video shows: caption; forward, sideways velocity [m/s], yaw rate [rad/s]; for how long [s]."""

TOUR_SEED = 9
"""A start with the ball far enough ahead that it stays where it is: a ball off the field ends the episode."""

_FOOT = (0.223, 0.1)
"""Length and width of a sole [m]."""

_SHADES = {"left foot": 0.9, "right foot": 0.4}
_ROWS = ("forward [m/s]", "sideways [m/s]", "yaw rate [rad/s]")


@dataclass(frozen=True)
class Walk:
    """What is drawn of one walker.

    Attributes:
        time: middle of each gait cycle that was averaged [s]. Shape: (n,).
        velocity: averaged forward, sideways velocity [m/s] and yaw rate [rad/s]. Shape: (n, 3).
        path: trunk on the short walk [m]. Shape: (m, 2).
        prints: 0 left or 1 right, x, y [m], direction [rad] of each footprint. Shape: (k, 4).
    """

    time: np.ndarray
    velocity: np.ndarray
    path: np.ndarray
    prints: np.ndarray


@styled
def plot_walking(walks: dict[str, Walk], sequence: Sequence[tuple[float, np.ndarray]], end: float) -> Figure:
    """Tracking on the left, footprints of each walker on the right.

    Args:
        walks: one or two walkers: name or file -> what it did.
        sequence: start time [s] and value of each command of the tracking.
        end: of the last command [s].
    """
    figure = new_figure(6.4 + 3.2 * len(walks), 6.0)
    left, right = figure.subfigures(1, 2, width_ratios=(6.4, 3.2 * len(walks)))
    colours = dict(zip(walks, (ACCENT, ORANGE)[: len(walks)], strict=True))
    starts, commands = zip(*sequence, strict=True)
    for index, axes in enumerate(left.subplots(3, 1, sharex=True)):
        axes.stairs(np.array(commands)[:, index], (*starts, end), color=INK, baseline=None, label="command")
        for name, walk in walks.items():
            axes.plot(
                walk.time, walk.velocity[:, index], color=colours[name], linewidth=1.8, label=Path(name).name
            )
        axes.set_title(_ROWS[index])
        axes.margins(x=0, y=0.15)
    axes.set_xlabel("time [s]   (averaged over one gait cycle)")
    left.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3)
    panels = right.subplots(1, len(walks), sharex=True, sharey=True, squeeze=False)[0]
    for axes, (name, walk) in zip(panels, walks.items(), strict=True):
        _draw_prints(axes, walk, colours[name])
        axes.set_title(f"footprints: {Path(name).name}")
    axes.set_xlabel("x, y in world axes [m]", loc="right")
    shades = [legend_patch(color=QUIET, alpha=shade, label=foot) for foot, shade in _SHADES.items()]
    handles = [*axes.get_legend_handles_labels()[0], *shades]
    right.legend(handles=handles, loc="outside upper left", ncols=2 * len(walks))
    return figure


def _draw_prints(axes: Axes, walk: Walk, colour: str) -> None:
    axes.set(aspect="equal", anchor="N")
    axes.grid(axis="y")
    shades = tuple(_SHADES.values())
    for foot, x, y, yaw in walk.prints:
        looks = {"facecolor": colour, "edgecolor": "white", "alpha": shades[int(foot)]}
        axes.add_patch(turned_box((x, y), _FOOT, yaw, **looks))
    axes.plot(*walk.path.T, color=INK, linewidth=1.2, label="trunk")
    axes.plot(*walk.path[0], "o", color=INK, markersize=6, label="start")


def write_tour(walker: str, path: str | os.PathLike[str], fps: int = 25) -> Path:
    """Write the video of a walker on `TOUR`, with captions; returns the file as `write_video` does."""
    env = make_env("kick_to_target", control="command", walker=walker, info="terms")
    frames = trajectory_frames(tour(env), fps=fps, size=(640, 360))
    return write_video(captioned(frames, _captions(fps)), path, fps)


def tour(env: gym.Env) -> Trajectory:
    """The robot on `TOUR`, in an environment that takes commands."""
    step_seconds = env.get_wrapper_attr("hold") * PHYSICS_DT
    actions: list[np.ndarray] = []
    for _, command, seconds in TOUR:
        action = (np.array(command) / COMMAND_SCALE).astype(np.float32)
        actions += [action] * round(seconds / step_seconds)
    return trace_episode(env, actions, seed=TOUR_SEED)


def _captions(fps: int) -> Iterator[str]:
    for caption, _, seconds in TOUR:
        yield from [caption] * round(seconds * fps)
    yield from repeat(caption)
