"""What an official score is made of, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.view.results import Result, scored_tasks, summary_of, title_of
from soccer_lib.view.style import (
    ACCENT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PINK,
    QUIET,
    RED,
    SKY,
    YELLOW,
    new_figure,
    tidy,
    write_value,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS = {
    "robot_distance_ball": (SKY, ""),
    "ball_vel_twd_goal": (ACCENT, "//"),
    "goal_scored": (GREEN, ""),
    "success": (GREEN, ".."),
    "distance": (SKY, ".."),
    "offside": (RED, "xx"),
    "ball_hits": (ORANGE, "\\\\"),
    "robot_fallen": (PINK, "++"),
    "ball_blocked": (YELLOW, "--"),
    "steps": (GREY, ""),
}
"""Colour and pattern of each component, the same in every picture; the patterns are for black and white."""


def plot_components(result: Result) -> Figure:
    """What the official score of one agent is made of: weighted components stacked, one bar a task.

    Args:
        result: an evaluation, its summary, or the path of its JSON file.

    Raises:
        InputError: there is no official score in it.
    """
    summary = summary_of(result)
    tasks = scored_tasks({"this evaluation": summary})
    names = dict.fromkeys(name for task in tasks for name in OFFICIAL_WEIGHTS[task])
    shown = [n for n in names if any(abs(summary.get(f"{task}/comp_{n}", 0)) >= 0.005 for task in tasks)]
    figure = new_figure(9.5, 1.5 + 0.7 * len(tasks))
    axes = figure.subplots()
    tidy(axes)
    axes.axvline(0, color=INK, linewidth=1)
    for row, task in enumerate(tasks):
        _draw_stack(axes, row, {name: summary.get(f"{task}/comp_{name}", 0.0) for name in shown})
        total = summary[f"{task}/comp_total"]
        axes.plot(total, row, "D", color="white", mec=INK, mew=1.6, markersize=8, zorder=5)
        write_value(axes, total, row, -21)
    axes.set_yticks(range(len(tasks)), [title_of(task) for task in tasks], color=INK, fontsize=11)
    axes.set_ylim(len(tasks) - 0.4, -0.6)
    axes.set_xlabel("points of the official score (diamond: their sum)", fontsize=9, color=QUIET)
    axes.margins(x=0.06)
    bars = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    place = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5), "frameon": False}
    size = {"fontsize": 9, "handlelength": 2.2, "handleheight": 1.4}
    axes.legend([bars[name] for name in shown], shown, labelcolor=INK, **place, **size)
    return figure


def _draw_stack(axes: Axes, row: int, parts: Mapping[str, float]) -> None:
    """Gains to the right of zero, losses to the left."""
    ends = {True: 0.0, False: 0.0}
    for name, points in parts.items():
        if points:
            colour, hatch = LOOKS[name]
            look = {"color": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.8, "zorder": 3}
            axes.barh(row, points, left=ends[points > 0], height=0.42, label=name, **look)
            ends[points > 0] += points
