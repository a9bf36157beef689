"""Scores of several agents side by side, as a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.comparison.summaries import Result, scored_tasks, sorted_summaries
from soccer_lib.view.style import (
    ACCENT,
    FAINT,
    INTERVAL,
    QUIET,
    REFERENCE,
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

DO_NOTHING = {"goalie_penalty_kick": -0.99, "obstacle_penalty_kick": -0.99, "kick_to_target": -0.30}
"""Official score of a robot that stands to the end; kick_to_target gives -0.30 to -0.25."""

BEST_PUBLIC = {"goalie_penalty_kick": 4.17}
"""The best public policy: velocity commands to a walker, PPO; 18 of 20 goals. Elsewhere none scores."""

LEAST_RANGE = {
    "goalie_penalty_kick": (-2.9, 4.9),
    "obstacle_penalty_kick": (-2.9, 4.9),
    "kick_to_target": (-0.6, 2.3),
}
"""The least range of scores that a panel shows: from a failure to a success."""


@styled
def plot_results(results: Mapping[str, Result]) -> Figure:
    """Official scores of agents, one panel a task: mean, 95% interval, single episodes, known results.

    Args:
        results: name of the agent -> evaluation, its summary, or the path of its JSON file.

    Returns:
        A matplotlib figure; `save_figure` writes it, `picture` shows it in a notebook.

    Raises:
        InputError: nothing to draw, or a file that is not an evaluation's.
    """
    summaries = sorted_summaries(results)
    tasks = scored_tasks(summaries)
    figure = new_figure(1.3 + 3.0 * len(tasks), 1.6 + 0.6 * len(summaries))
    panels = figure.subplots(1, len(tasks), sharey=True, squeeze=False)[0]
    for axes, task in zip(panels, tasks, strict=True):
        _draw_task(axes, task, summaries)
    name_rows(panels[0], list(summaries))
    panels[0].set_ylim(len(summaries) - 0.45, -0.75)
    legend = "dot: mean; bar: 95% interval; small dots: episodes; hollow: nothing varies"
    # One panel is too narrow for one line.
    figure.supxlabel(textwrap.fill(f"official score ({legend})", 20 + 35 * len(tasks)))
    return figure


def _draw_task(axes: Axes, task: str, summaries: Mapping[str, Mapping[str, Any]]) -> None:
    axes.set_title(title_of(task), pad=30)  # above the names of the known results
    _draw_known(axes, task)
    for row, summary in enumerate(summaries.values()):
        axes.axhline(row, color=FAINT, linewidth=0.6, zorder=0)
        if f"{task}/comp_total" in summary:
            _draw_score(axes, task, row, summary)
    low, high = axes.get_xlim()
    axes.set_xlim(min(low, LEAST_RANGE[task][0]), max(high, LEAST_RANGE[task][1]))
    axes.locator_params(axis="x", nbins=6)


def _draw_known(axes: Axes, task: str) -> None:
    """Reference lines, named above the panel at two heights."""
    for scores, name, dashes, height in (
        (DO_NOTHING, "do nothing", REFERENCE["linestyle"], 3),
        (BEST_PUBLIC, "best public", (0, (1, 1.5)), 14),
    ):
        if task in scores:
            axes.axvline(scores[task], **REFERENCE | {"linestyle": dashes}, zorder=1)
            axes.annotate(
                f"{name} {signed(scores[task])}",
                (scores[task], 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(0, height),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )


def _draw_score(axes: Axes, task: str, row: int, summary: Mapping[str, Any]) -> None:
    mean = summary[f"{task}/comp_total"]
    low, high = summary[f"{task}/comp_total_ci95"]
    scores = [episode["score"] for episode in summary.get("episodes", ()) if episode["task"] == task]
    # Spread by a fixed pattern, so that the same file always gives the same picture.
    spread = 0.18 * np.modf(np.arange(len(scores)) * 0.618)[0] + 0.1
    axes.scatter(scores, row + spread, s=9, color=QUIET, alpha=0.45, linewidths=0, zorder=2)
    varies = high > low
    if varies:
        axes.plot([low, high], [row, row], **INTERVAL)
    face = ACCENT if varies else "white"
    axes.plot(mean, row, "o", markersize=8, color=ACCENT, mfc=face, mew=1.8, zorder=4)
    write_value(axes, mean, row, 13)
