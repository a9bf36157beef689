"""The field from above, drawn with matplotlib: no OpenGL is needed. World axes [m]."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.view.pitch import GOALS, LINES
from soccer_lib.view.results import title_of
from soccer_lib.view.style import ACCENT, INK, ORANGE, PINK, QUIET, RED, YELLOW, new_figure

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SOLID_Y = 0.5
"""Defenders beyond this |y| [m] stop no ball: MuJoCo's collision tree keeps where the model was compiled."""

DEFENDER_HALF, KEEPER_HALF, KEEPER_SWING = 0.28, 0.7, 1.0
"""Half widths, and how far the keeper's middle goes to each side [m]."""

_GRASS, _MARGIN, _LEAST = "#dfead9", 0.9, 5.0


def draw_pitch(axes: Axes) -> None:
    """Grass, lines and goals, equally scaled."""
    axes.set(aspect="equal", facecolor=_GRASS)
    axes.tick_params(length=0, colors=QUIET, labelsize=8)
    axes.spines[:].set_visible(False)
    for line in LINES:
        axes.plot(*line.T, color="white", linewidth=2, zorder=1)
    for goal in GOALS:
        axes.plot(*goal.T, color=INK, linewidth=2.5, zorder=2)


class FieldMap:
    """One trajectory on one pair of axes: what stands still is drawn once, `show` moves the rest."""

    def __init__(self, axes: Axes, trajectory: Trajectory, aspect: float = 16 / 9) -> None:
        self.axes, self.trajectory = axes, trajectory
        draw_pitch(axes)
        self._make_movers()
        self._draw_opponents()
        self._draw_marks()
        self._choose_window(aspect)

    def _make_movers(self) -> None:
        def line(style: str = "-", **look: object) -> Artist:
            return self.axes.plot([], [], style, **{"color": ACCENT, "zorder": 6, **look})[0]

        self._robot = line("o", markersize=11, label="robot and its heading")
        self._heading = line(linewidth=3)
        self._robot_path = line(linewidth=1.5, zorder=4, label="robot's path")
        self._ball = line("o", color="white", mec=INK, mew=1.5, markersize=8, zorder=7, label="ball")
        self._ball_path = line("--", color=INK, linewidth=1.5, zorder=5, label="ball's path")
        self._keeper = line(color=ORANGE, linewidth=6, zorder=4, solid_capstyle="butt")
        self.clock = self.axes.annotate("", (0.01, 0.97), xycoords="axes fraction", va="top", zorder=9)

    def _draw_opponents(self) -> None:
        team = int(self.trajectory.goal[0] > 0)
        self._keeper_path = self.trajectory.path(f"goalkeeper_team_{team}_geom")
        if self._keeper_path is not None:
            self._keeper.set_label("keeper")
            x, reach = self._keeper_path[0, 0], KEEPER_SWING + KEEPER_HALF
            self.axes.plot([x, x], [-reach, reach], ":", color=ORANGE, zorder=3, label="the keeper's range")
        for index in range(3):
            place = self.trajectory.path(f"defender_geom{index}")
            if place is None:
                continue
            solid, (x, y, _) = abs(place[-1, 1]) < SOLID_Y, place[-1]
            look = {"linewidth": 6, "label": "defender"} if solid else {"label": "defender without effect"}
            ends = [y - DEFENDER_HALF, y + DEFENDER_HALF]
            self.axes.plot([x, x], ends, color=RED, zorder=4, solid_capstyle="butt", **look)

    def _draw_marks(self) -> None:
        """The target, and where touches and kicks happened."""
        from matplotlib.patches import Circle

        t = self.trajectory
        if t.target is not None:
            label = "target" if t.target[2] < 0.1 else f"target, {t.target[2]:.1f} m high"
            look = {"facecolor": YELLOW, "edgecolor": INK, "zorder": 3, "label": label}
            self.axes.add_patch(Circle(t.target[:2], t.target_radius, **look))
        for time, what in t.events[: -1 if t.report else None]:
            place = t.ball[t.row(time), :2]
            self.axes.plot(*place, "D", color=PINK, markersize=5, zorder=6, label=what)

    def _choose_window(self, aspect: float) -> None:
        """Show all that happens, and the goal where it is near."""
        t = self.trajectory
        points = [*t.robot[:, :2], *t.ball[:, :2], *([] if t.target is None else [t.target[:2]])]
        if abs(t.ball[0, 0] - t.goal[0]) < 4 and t.target_radius != 0.4:
            points += [*GOALS[int(t.goal[0] < 0)]]
        low, high = np.min(points, axis=0) - _MARGIN, np.max(points, axis=0) + _MARGIN
        width, height = np.maximum(high - low, _LEAST / aspect)
        half = np.array([max(width, height * aspect), max(height, width / aspect)]) / 2
        middle = (low + high) / 2
        self.axes.set(xlim=middle[0] + (-half[0], half[0]), ylim=middle[1] + (-half[1], half[1]))

    def show(self, row: int) -> list[Artist]:
        """Draw the state of one row and the paths up to it; returns what has changed, from the bottom up."""
        t = self.trajectory
        x, y, yaw = t.robot[row]
        self._robot.set_data([x], [y])
        self._heading.set_data([x, x + 0.45 * math.cos(yaw)], [y, y + 0.45 * math.sin(yaw)])
        self._robot_path.set_data(*t.robot[: row + 1, :2].T)
        self._ball.set_data(*t.ball[row : row + 1, :2].T)
        self._ball_path.set_data(*t.ball[: row + 1, :2].T)
        if self._keeper_path is not None:
            x, y, _ = self._keeper_path[row]
            self._keeper.set_data([x, x], [y - KEEPER_HALF, y + KEEPER_HALF])
        self.clock.set_text(f"{t.time[row]:.1f} s")
        paths = [self._robot_path, self._ball_path, self._keeper]
        return [*paths, self._heading, self._robot, self._ball, self.clock]


def caption(trajectory: Trajectory) -> str:
    """The task, and how the episode ended."""
    if trajectory.report is None:
        return title_of(trajectory.task)
    return f"{title_of(trajectory.task)}: {trajectory.events[-1][1]} after {trajectory.time[-1]:.1f} s"


def plot_field(trajectory: Trajectory, time: float | None = None) -> Figure:
    """An episode from above: field, robot with heading, ball and their paths, keeper, defenders, target.

    Args:
        trajectory: of `trace_episode`, or `snapshot(env)` for the state as it is.
        time: which moment [s]; None for the last one.
    """
    return plot_fields([trajectory], time=time)


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
    columns, width = (1, 8.0) if len(trajectories) == 1 else (min(3, len(trajectories)), 4.4)
    rows = math.ceil(len(trajectories) / columns)
    figure = new_figure(width * columns, (width * 9 / 16 + 0.4) * rows + 0.5)
    handles: dict[str, Artist] = {}
    for index, trajectory in enumerate(trajectories):
        axes = figure.add_subplot(rows, columns, index + 1)
        FieldMap(axes, trajectory).show(trajectory.row(trajectory.time[-1] if time is None else time))
        axes.set_title(titles[index] if titles else caption(trajectory), fontsize=10, color=INK, loc="left")
        handles |= dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    axes.set_xlabel("x, y in world axes [m]", fontsize=8, color=QUIET, loc="right")
    look = {"frameon": False, "fontsize": 8, "labelcolor": QUIET, "ncols": min(len(handles), 3 * columns + 2)}
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", **look)
    return figure


def field_frames(
    trajectory: Trajectory, fps: int = 25, size: tuple[int, int] = (320, 180)
) -> Iterator[np.ndarray]:
    """Pictures of an episode from above in real time, uint8, Shape: (height, width, 3) each; no OpenGL."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    width, height = size
    figure = Figure(figsize=(6.4, 6.4 * height / width), dpi=width / 6.4)
    canvas = FigureCanvasAgg(figure)
    picture = FieldMap(figure.add_axes((0, 0, 1, 1)), trajectory, width / height)
    canvas.draw()
    empty = canvas.copy_from_bbox(figure.bbox)
    for row in trajectory.rows(fps):
        canvas.restore_region(empty)
        for artist in picture.show(row):
            picture.axes.draw_artist(artist)
        yield np.array(canvas.buffer_rgba())[..., :3]
