"""Moments of an episode: the field from above, the robot from its side, and the torques up to then."""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.course.figures.moving import MovingPicture
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.layout import JOINTS, TORQUE_LIMIT
from soccer_lib.sim.opengl import opengl_backend
from soccer_lib.view.body import draw_pose
from soccer_lib.view.field import FieldMap, caption
from soccer_lib.view.scene import SceneRenderer
from soccer_lib.view.style import INK, PINK, new_figure, styled, title_of

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRAME = (300, 300)
"""Size of the rendered robot [pixels]."""

Panel = Callable[["Axes", Trajectory], Any]
"""Draws a trajectory on axes, and returns what is moved to mark a moment."""


@functools.cache
def _drawing_thread() -> ThreadPoolExecutor:
    """The one thread that draws with OpenGL.

    A drawing context belongs to the thread that used it last, and JupyterLab hands what a slider sends to
    another thread than that of the cell.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="drawing")


def draw_torques(axes: Axes, trajectory: Trajectory) -> Any:
    """Each motor's torque over time, as a share of its limit; returns the line that marks a moment."""
    shares = (trajectory.torque / TORQUE_LIMIT).T
    end = max(float(trajectory.time[-1]), 0.02)
    extent = (float(trajectory.time[0]), end, len(JOINTS) - 0.5, -0.5)
    image = axes.imshow(
        shares, aspect="auto", cmap="RdBu", vmin=-1, vmax=1, extent=extent, interpolation="nearest"
    )
    axes.figure.colorbar(image, ax=axes, ticks=(-1, 0, 1), label="torque / limit", pad=0.01)
    axes.set_yticks(range(len(JOINTS)), map(title_of, JOINTS), fontsize=6)
    axes.axhline(5.5, color=INK, linewidth=0.8)
    axes.set_xlabel("time [s]")
    axes.grid(visible=False)
    return axes.axvline(float(trajectory.time[0]), color=PINK, linewidth=1.5)


class EpisodeView:
    """A figure of one episode that is drawn once; from moment to moment only what moves is drawn anew.

    The renderer stays open, since opening it takes longer than a picture; `close` frees it.

    Args:
        trajectory: of `trace_episode` or a drive.
        below: draws a panel over the time of the episode and returns the line that marks a moment; None for
            no panel.
    """

    def __init__(self, trajectory: Trajectory, below: Panel | None = draw_torques) -> None:
        self.trajectory = trajectory
        self._renderer = None
        if opengl_backend():
            self._renderer = _drawing_thread().submit(SceneRenderer, trajectory, FRAME).result()
        self._draw(below)
        self._picture = MovingPicture(self.figure, self._move)

    @styled
    def _draw(self, below: Panel | None) -> None:
        self.figure = new_figure(9.6, 4.9 if below else 3.4)
        rows = 2 if below else 1
        grid = self.figure.add_gridspec(rows, 2, width_ratios=(16, 9), height_ratios=(3.4, 1.5)[:rows])
        field = self.figure.add_subplot(grid[0, 0])
        self._map = FieldMap(field, self.trajectory)
        field.set_title(caption(self.trajectory))
        field.set(xlabel="x [m]", ylabel="y [m]")
        self._body = self.figure.add_subplot(grid[0, 1])
        self._body.axis("off")
        empty = np.full((*FRAME[::-1], 3), 255, np.uint8)
        self._frame = self._body.imshow(empty) if self._renderer else None
        self._cursor = below(self.figure.add_subplot(grid[1, :]), self.trajectory) if below else None

    def at(self, time: float) -> Figure:
        """The figure at a time since the reset [s]."""
        self._move(time)
        return self.figure

    def _move(self, time: float) -> list[Artist]:
        """Move all to a moment; returns what has changed, from the bottom up."""
        row = self.trajectory.row(time)
        moved = self._map.show(row)
        if self._cursor:
            self._cursor.set_xdata([self.trajectory.time[row]] * 2)
            moved.append(self._cursor)
        if self._renderer and self._frame:
            poses = (self.trajectory.geom_xpos[row], self.trajectory.geom_xmat[row])
            self._frame.set_data(_drawing_thread().submit(self._renderer.draw, *poses).result())
            return [*moved, self._frame]
        self._body.clear()
        draw_pose(self._body, self.trajectory, row)
        return [*moved, self._body]

    def png(self, time: float) -> bytes:
        """The same moment as a picture for a screen, of which only what moves is drawn."""
        return self._picture.png(time)

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            _drawing_thread().submit(self._renderer.close).result()
            self._renderer = None


def episode_figure(trajectory: Trajectory, time: float) -> Figure:
    """One moment of an episode: the field from above, the robot from its side, the torques over time."""
    view = EpisodeView(trajectory)
    try:
        return view.at(time)
    finally:
        view.close()
