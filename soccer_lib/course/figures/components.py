"""What an official score is made of, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from soccer_lib.comparison.summaries import Result, scored_tasks, summary_of
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.view.style import (
    ACCENT,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PINK,
    RED,
    SKY,
    YELLOW,
    name_rows,
    new_figure,
    signed,
    styled,
    title_of,
    write_value,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BAR_STYLES = {
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

_ROOM = 0.35
"""Share of the axis that a bar has to be long for its name and points."""


@styled
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
    # What is rounded to 0.00 everywhere would only fill the legend.
    visible = [n for n in names if any(abs(summary.get(f"{task}/comp_{n}", 0)) >= 0.005 for task in tasks)]
    figure = new_figure(9.5, 1.5 + 0.7 * len(tasks))
    axes = figure.subplots()
    axes.axvline(0, color=INK, linewidth=1)
    for row, task in enumerate(tasks):
        _draw_stack(axes, row, {name: summary.get(f"{task}/comp_{name}", 0.0) for name in visible})
        total = summary[f"{task}/comp_total"]
        axes.plot(total, row, "D", color="white", mec=INK, mew=1.6, markersize=8, zorder=5)
        write_value(axes, total, row, -21)
    name_rows(axes, [title_of(task) for task in tasks])
    axes.set_ylim(len(tasks) - 0.4, -0.6)
    axes.set_xlabel("points of the official score (diamond: their sum)")
    axes.margins(x=0.06)
    _write_large_shares(axes)
    handles, labels = axes.get_legend_handles_labels()
    bars = dict(zip(labels, handles, strict=True))
    axes.legend(
        [bars[name] for name in visible],
        visible,
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        labelcolor=INK,
        handlelength=2.2,
        handleheight=1.4,
    )
    return figure


def _write_large_shares(axes: Axes) -> None:
    """Write its points into each bar that has room for them, away from the diamond at its end."""
    low, high = axes.get_xlim()
    for container in axes.containers:
        for bar in container.patches:
            if abs(bar.get_width()) > _ROOM * (high - low):
                middle = (bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height() / 2)
                looks = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
                axes.annotate(
                    f"{container.get_label()}: {signed(bar.get_width())}",
                    middle,
                    ha="center",
                    va="center",
                    color=INK,
                    bbox=looks,
                    zorder=6,
                )


def _draw_stack(axes: Axes, row: int, components: Mapping[str, float]) -> None:
    """Gains to the right of zero, losses to the left."""
    gains = 0.0
    losses = 0.0
    for name, points in components.items():
        if not points:
            continue
        colour, hatch = BAR_STYLES[name]
        axes.barh(
            row,
            points,
            left=gains if points > 0 else losses,
            height=0.42,
            label=name,
            color=colour,
            hatch=hatch,
            edgecolor="white",
            linewidth=0.8,
            zorder=3,
        )
        if points > 0:
            gains += points
        else:
            losses += points
