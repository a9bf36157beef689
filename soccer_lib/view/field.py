"""The field from above, drawn with matplotlib: no OpenGL is needed. World axes [m]."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.view.pitch import GOALS, LINES
from soccer_lib.view.style import ACCENT, INK, ORANGE, PINK, RED, YELLOW, new_figure, styled, title_of

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

SOLID_Y = 0.5
"""Defenders beyond this |y| [m] stop no ball: MuJoCo's collision tree keeps them where the
model was compiled."""

DEFENDER_HALF = 0.28
KEEPER_HALF = 0.7
"""Half widths [m]."""

KEEPER_SWING = 1.0
"""How far the keeper's middle goes to each side [m]."""

_GRASS = "#dfead9"
_TOUCH = ("D", 5, "ball")
_KICK = ("P", 10, "robot")
"""Mark, its size, and whose place it is at."""

_MARGIN = 0.9
_LEAST_WIDTH = 5.0
_LEGEND_ENTRY = 1.6
"""Width of the longest one [inches]."""


def draw_pitch(axes: Axes) -> None:
    """Grass, lines and goals, x and y to the same scale."""
    axes.set(aspect="equal", facecolor=_GRASS)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    for line in LINES:
        axes.plot(*line.T, color="white", linewidth=2, zorder=1)
    for goal in GOALS:
        axes.plot(*goal.T, color=INK, linewidth=2.5, zorder=2)


class FieldMap:
    """One trajectory on one pair of axes: what stands still is drawn once, `show` moves the rest."""

    def __init__(self, axes: Axes, trajectory: Trajectory, aspect: float = 16 / 9) -> None:
        self.axes = axes
        self.trajectory = trajectory
        draw_pitch(axes)
        self._make_movers()
        self._draw_opponents()
        self._draw_marks()
        self._choose_window(aspect)

    def _make_movers(self) -> None:
        def empty_line(marker: str = "-", **appearance: object) -> Line2D:
            return self.axes.plot([], [], marker, **{"color": ACCENT, "zorder": 6, **appearance})[0]

        self._robot = empty_line("o", markersize=11, label="robot and its heading")
        self._heading = empty_line(linewidth=3, label="_heading")
        self._robot_path = empty_line(linewidth=1.5, zorder=4, label="robot's path")
        self._ball = empty_line("o", color="white", mec=INK, mew=1.5, markersize=8, zorder=7, label="ball")
        self._ball_path = empty_line("--", color=INK, linewidth=1.5, zorder=5, label="ball's path")
        self._keeper = empty_line(color=ORANGE, linewidth=6, zorder=4)
        self.clock = self.axes.annotate(
            "", (0.01, 0.97), xycoords="axes fraction", va="top", fontsize=10, color=INK, zorder=9
        )

    def _draw_opponents(self) -> None:
        team = int(self.trajectory.goal[0] > 0)
        self._keeper_path = self.trajectory.path(f"goalkeeper_team_{team}_geom")
        if self._keeper_path is not None:
            self._keeper.set_label("keeper")
            x = self._keeper_path[0, 0]
            reach = KEEPER_SWING + KEEPER_HALF
            self.axes.plot([x, x], [-reach, reach], ":", color=ORANGE, zorder=3, label="the keeper's range")
        for index in range(3):
            path = self.trajectory.path(f"defender_geom{index}")
            if path is None:
                continue
            x, y, _ = path[-1]
            solid = abs(y) < SOLID_Y
            label = "defender" if solid else "defender without effect"
            width = 6 if solid else 1.5
            ends = [y - DEFENDER_HALF, y + DEFENDER_HALF]
            self.axes.plot([x, x], ends, color=RED, linewidth=width, zorder=4, label=label)

    def _draw_marks(self) -> None:
        """The target, and where touches and kicks happened."""
        from matplotlib.patches import Circle

        episode = self.trajectory
        if episode.target is not None:
            x, y, height = episode.target
            label = "target" if height < 0.1 else f"target, {height:.1f} m high"
            circle = Circle((x, y), episode.target_radius, facecolor=YELLOW, edgecolor=INK, zorder=3)
            circle.set_label(label)
            self.axes.add_patch(circle)
        for time, event in episode.events[: -1 if episode.report else None]:
            row = episode.row(time)
            # A kick is marked where the robot was when it was asked for it, a touch where the ball was.
            marker, size, places = _TOUCH if event == "touch" else _KICK
            x, y = getattr(episode, places)[row, :2]
            self.axes.plot(x, y, marker, color=PINK, markersize=size, zorder=6, label=event)

    def _choose_window(self, aspect: float) -> None:
        """Show all that happens, and the goal where it is near."""
        episode = self.trajectory
        points = [*episode.robot[:, :2], *episode.ball[:, :2]]
        if episode.target is not None:
            points.append(episode.target[:2])
        if abs(episode.ball[0, 0] - episode.goal[0]) < 4 and episode.target_radius != 0.4:
            points += [*GOALS[int(episode.goal[0] < 0)]]
        low = np.min(points, axis=0) - _MARGIN
        high = np.max(points, axis=0) + _MARGIN
        width, height = np.maximum(high - low, _LEAST_WIDTH / aspect)
        half_width = max(width, height * aspect) / 2
        half_height = max(height, width / aspect) / 2
        x, y = (low + high) / 2
        self.axes.set(xlim=(x - half_width, x + half_width), ylim=(y - half_height, y + half_height))

    def show(self, row: int) -> list[Artist]:
        """Draw the state of one row and the paths up to it; returns what has changed, from the bottom up."""
        episode = self.trajectory
        x, y, yaw = episode.robot[row]
        self._robot.set_data([x], [y])
        self._heading.set_data([x, x + 0.45 * math.cos(yaw)], [y, y + 0.45 * math.sin(yaw)])
        self._robot_path.set_data(*episode.robot[: row + 1, :2].T)
        self._ball.set_data(*episode.ball[row : row + 1, :2].T)
        self._ball_path.set_data(*episode.ball[: row + 1, :2].T)
        if self._keeper_path is not None:
            x, y, _ = self._keeper_path[row]
            self._keeper.set_data([x, x], [y - KEEPER_HALF, y + KEEPER_HALF])
        self.clock.set_text(f"{episode.time[row]:.1f} s")
        paths = [self._robot_path, self._ball_path, self._keeper]
        return [*paths, self._heading, self._robot, self._ball, self.clock]


def caption(trajectory: Trajectory) -> str:
    """The task, and how the episode ended."""
    if trajectory.report is None:
        return title_of(trajectory.task)
    time, outcome = trajectory.events[-1]
    return f"{title_of(trajectory.task)}: {outcome} after {time:.1f} s"


def plot_field(trajectory: Trajectory, time: float | None = None) -> Figure:
    """An episode from above: field, robot with heading, ball and their paths, keeper, defenders, target.

    Args:
        trajectory: of `trace_episode`, or `snapshot(env)` for the state as it is.
        time: which moment [s]; None for the last one.
    """
    return plot_fields([trajectory], time=time)


@styled
def plot_fields(
    trajectories: Sequence[Trajectory], titles: Sequence[str] | None = None, time: float | None = None
) -> Figure:
    """Episodes from above, three in a row; see `plot_field`.

    Args:
        trajectories: at least one.
        titles: one each; task and outcome without them.
        time: which moment [s]; None for the last one.

    Raises:
        InputError: nothing to draw.
    """
    if not trajectories:
        raise InputError("no trajectories came; expected at least one; make one with trace_episode")
    columns = min(3, len(trajectories))
    width = 8.0 if columns == 1 else 4.4
    rows = math.ceil(len(trajectories) / columns)
    figure = new_figure(width * columns, (width * 9 / 16 + 0.4) * rows + 0.5)
    legend: dict[str, Artist] = {}
    for index, trajectory in enumerate(trajectories):
        axes = figure.add_subplot(rows, columns, index + 1)
        FieldMap(axes, trajectory).show(trajectory.row(trajectory.time[-1] if time is None else time))
        axes.set_title(titles[index] if titles else caption(trajectory))
        axes.set(xlabel="x [m]", ylabel="y [m]" if index % columns == 0 else "")
        handles, labels = axes.get_legend_handles_labels()
        legend |= dict(zip(labels, handles, strict=True))
    fitting = int(figure.get_figwidth() / _LEGEND_ENTRY)
    ncols = min(len(legend), fitting)
    figure.legend(legend.values(), legend.keys(), loc="outside lower center", ncols=ncols)
    return figure


def field_frames(
    trajectory: Trajectory, fps: int = 25, size: tuple[int, int] = (320, 180)
) -> Iterator[np.ndarray]:
    """Pictures of an episode from above in real time, uint8, Shape: (height, width, 3) each; no OpenGL."""
    canvas, field_map = _bare_map(trajectory, size)
    # The pitch is drawn once: a picture then takes a millisecond instead of forty.
    empty = canvas.copy_from_bbox(canvas.figure.bbox)
    for row in trajectory.rows(fps):
        canvas.restore_region(empty)
        for artist in field_map.show(row):
            field_map.axes.draw_artist(artist)
        yield np.array(canvas.buffer_rgba())[..., :3]


@styled
def _bare_map(trajectory: Trajectory, size: tuple[int, int]) -> tuple[FigureCanvasAgg, FieldMap]:
    """A map that fills the picture, drawn once; `size` [pixels]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    width, height = size
    figure = new_figure(6.4, 6.4 * height / width)
    figure.set_dpi(width / 6.4)
    figure.set_layout_engine("none")
    canvas = FigureCanvasAgg(figure)
    field_map = FieldMap(figure.add_axes((0, 0, 1, 1)), trajectory, width / height)
    canvas.draw()
    return canvas, field_map
