"""Where the balls of many episodes went, coloured by outcome, and how success depends on the start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from soccer_lib.comparison.starts import Bin
from soccer_lib.comparison.trail import Trail
from soccer_lib.view.field import draw_pitch
from soccer_lib.view.pitch import LENGTH, WIDTH
from soccer_lib.view.style import (
    ACCENT,
    GREEN,
    GREY,
    INK,
    INTERVAL,
    ORANGE,
    PINK,
    QUIET,
    RED,
    YELLOW,
    legend_line,
    new_figure,
    styled,
    title_of,
)

if TYPE_CHECKING:
    from soccer_lib.view.style import Axes, Figure

COLOURS = {
    "success": GREEN,
    "blocked": ORANGE,
    "out_of_field": RED,
    "fall": PINK,
    "time_limit": GREY,
}
"""Outcome of an episode -> colour of its ball's trail; others are grey."""

_ROWS = 14
"""Rows of the lower panels: as many as the task with the most bins needs."""

_NEAR_GOAL = {"xlim": (-LENGTH - 1.9, -LENGTH + 2.7), "ylim": (-2.2, 2.2)}
_WHOLE_FIELD = {"xlim": (-LENGTH - 0.3, LENGTH + 0.3), "ylim": (-WIDTH - 0.3, WIDTH + 0.3)}


@styled
def plot_trails(
    trails: Mapping[str, Sequence[Trail]], success: Mapping[str, Mapping[str, Sequence[Bin]]]
) -> Figure:
    """A column for each task: the field with all trails, and success by start geometry.

    Args:
        trails: task -> its episodes.
        success: task -> name of a number of the start -> its bins.
    """
    figure = new_figure(5.2 * len(trails) + 0.4, 8.2)
    panels = figure.subplots(2, len(trails), squeeze=False, height_ratios=(5, 4))
    for (field, shares), (task, played) in zip(panels.T, trails.items(), strict=True):
        draw_pitch(field)
        _draw_trails(field, played)
        field.set(**(_WHOLE_FIELD if task == "kick_to_target" else _NEAR_GOAL))
        field.set_title(f"{title_of(task)}, {len(played)} episodes")
        _draw_success(shares, success[task])
    outcomes = Counter(trail.outcome for played in trails.values() for trail in played)
    marks = [
        legend_line(color=COLOURS.get(outcome, GREY), linewidth=2, label=f"{title_of(outcome)} {count}")
        for outcome, count in outcomes.most_common()
    ]
    figure.legend(
        handles=marks,
        loc="outside upper left",
        ncols=len(marks),
    )
    return figure


def _draw_trails(axes: Axes, trails: Sequence[Trail]) -> None:
    """Failures on top of successes: they are what one looks for."""
    for trail in sorted(trails, key=lambda trail: trail.outcome != "success"):
        colour = COLOURS.get(trail.outcome, GREY)
        alpha = 0.4 if trail.outcome == "success" else 0.9
        axes.plot(*trail.ball[:, :2].T, color=colour, linewidth=1, alpha=alpha, zorder=5)
        axes.plot(*trail.ball[0, :2], "o", color="white", mec=INK, mew=0.6, markersize=3.5, zorder=6)
        axes.plot(*trail.ball[-1, :2], "o", color=colour, markersize=2.5, zorder=6)
        if trail.target is not None:
            axes.plot(*trail.target[:2], "o", color=YELLOW, mec=INK, mew=0.6, markersize=5, zorder=4)


def _draw_success(axes: Axes, numbers: Mapping[str, Sequence[Bin]]) -> None:
    """One row for each bin, under the name of its number; the rows are as high in all tasks."""
    labels: list[str] = []
    for name, bins in numbers.items():
        labels.append(name)
        for start in bins:
            row = len(labels)
            labels.append(f"{start.label}  ")
            value, low, high = start.success
            axes.plot([low, high], [row, row], **INTERVAL)
            axes.plot(value, row, "o", color=ACCENT, markersize=6)
            axes.annotate(f"{start.episodes}", (1.04, row), va="center", fontsize=8)
    axes.set_yticks(range(len(labels)), labels)
    for tick, label in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set(color=INK if label in numbers else QUIET)
    axes.set(xlim=(-0.03, 1.12), ylim=(_ROWS - 0.4, -0.6), xticks=(0, 0.25, 0.5, 0.75, 1))
    axes.set_xlabel("success, 95% interval (right: episodes)")
