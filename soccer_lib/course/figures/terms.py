"""What the robot was paid for, over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.view.field import caption
from soccer_lib.view.style import (
    ACCENT,
    GREEN,
    ORANGE,
    PINK,
    QUIET,
    RED,
    new_figure,
    styled,
    title_of,
    write_heading,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUM = "sum of the terms"
COLOURS = (ACCENT, ORANGE, GREEN, RED, PINK)
"""Of episodes, in the order in which they come."""

_ZERO = 0.01


@styled
def plot_reward_terms(
    episodes: Trajectory | Mapping[str, Trajectory], weights: Mapping[str, float] | None = None
) -> Figure:
    """Weighted reward terms over time, one panel a term, and last what they add up to.

    Terms that are 0 all the time have no panel; a line below names them.

    Args:
        episodes: of `trace_episode`; several of one task by the name that the legend gives them.
        weights: term -> weight; None for the stock environment's own dense reward.

    Raises:
        InputError: no step was taken, none of the terms has a weight, or the tasks differ.
    """
    several = not isinstance(episodes, Trajectory)
    by_name = dict(episodes) if several else {"": episodes}
    tasks = [trajectory.task for trajectory in by_name.values()]
    if len(set(tasks)) != 1:
        raise InputError(
            f"episodes of tasks {tasks}; "
            "expected one task for all, at least one episode; draw a figure for each task"
        )
    first = next(iter(by_name.values()))
    weights = first.weights if weights is None else weights
    shares = {name: weighted_terms(trajectory, weights) for name, trajectory in by_name.items()}
    panels, zeros = _sort_terms(list(shares.values()))
    columns = min(4, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(2.75 * max(columns, 2), 1.2 + 1.8 * rows)
    for index, term in enumerate(panels):
        axes = figure.add_subplot(rows, columns, index + 1)
        axes.set_title(f"{term}  x {weights[term]:g}" if term in weights else SUM)
        axes.axhline(0, color=QUIET, linewidth=0.8)
        for (name, trajectory), colour in zip(by_name.items(), COLOURS, strict=False):
            _draw_term(axes, trajectory, shares[name][term], colour, name)
        axes.margins(y=0.15)
    write_heading(figure, title_of(first.task) if several else caption(first))
    note = f"\n0 all the time: {', '.join(zeros)}" if zeros else ""
    figure.supxlabel(
        f"time [s]   (points a physics step; dot: the last one; dotted: touches and kicks){note}"
    )
    if several:
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper right", ncols=len(by_name))
    return figure


def _sort_terms(shares: Sequence[Mapping[str, np.ndarray]]) -> tuple[list[str], list[str]]:
    """Terms that have a panel, the sum last, and terms that are 0 in every episode."""
    terms = dict.fromkeys(term for share in shares for term in share if term != SUM)
    moving = {term for share in shares for term, values in share.items() if np.abs(values).max() > _ZERO}
    panels = [term for term in terms if term in moving]
    zeros = [term for term in terms if term not in moving]
    return [*panels, SUM], zeros


def _draw_term(axes: Axes, episode: Trajectory, values: np.ndarray, colour: str, name: str) -> None:
    """One curve, its last point, and the moments of touches and kicks."""
    axes.plot(episode.step_time, values, color=colour, label=name)
    axes.plot(episode.step_time[-1:], values[-1:], "o", color=colour, markersize=4)
    for time, _ in episode.events[: -1 if episode.report else None]:
        axes.axvline(time, color=PINK, linewidth=1, linestyle=":")


def weighted_terms(
    trajectory: Trajectory, weights: Mapping[str, float] | None = None
) -> dict[str, np.ndarray]:
    """Weight times value of every reward term that has a weight, and last their sum. Shapes: (m,).

    Raises:
        InputError: no step was taken, or none of the terms has a weight.
    """
    weights = trajectory.weights if weights is None else weights
    shares = {name: weights[name] * values for name, values in trajectory.terms.items() if name in weights}
    if not shares:
        raise InputError(
            f"no weighted terms among {list(trajectory.terms)}; expected some of {list(weights)}; "
            "trace at least one step, or pass weights for these terms"
        )
    return {**shares, SUM: np.sum(list(shares.values()), axis=0)}
