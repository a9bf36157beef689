"""What the robot was paid for, over time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import Trajectory
from soccer_lib.view.field import caption
from soccer_lib.view.results import title_of
from soccer_lib.view.style import ACCENT, GREEN, INK, ORANGE, PINK, QUIET, RED, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUM = "sum of the terms"
COLOURS = (ACCENT, ORANGE, GREEN, RED, PINK)


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
    shown = dict(episodes) if several else {"": episodes}
    if len({trajectory.task for trajectory in shown.values()}) != 1:
        raise InputError(
            f"episodes of tasks {[trajectory.task for trajectory in shown.values()]}; "
            "expected one task for all, at least one episode; draw a figure for each task"
        )
    shares = {name: weighted_terms(trajectory, weights) for name, trajectory in shown.items()}
    every = list(dict.fromkeys(term for share in shares.values() for term in share))
    seen = {
        term for share in shares.values() for term, values in share.items() if np.abs(values).max() > 0.01
    }
    panels = [term for term in every if term in {*seen, SUM}]
    first = next(iter(shown.values()))
    weights = first.weights if weights is None else weights
    columns = min(4, len(panels))
    rows = math.ceil(len(panels) / columns)
    figure = new_figure(2.75 * max(columns, 2), 1.2 + 1.8 * rows)
    for index, term in enumerate(panels):
        axes = figure.add_subplot(rows, columns, index + 1)
        tidy(axes)
        title = f"{term}  x {weights[term]:g}" if term in weights else SUM
        axes.set_title(title, fontsize=9, color=INK, loc="left")
        axes.axhline(0, color=QUIET, linewidth=0.8)
        for (name, trajectory), colour in zip(shown.items(), COLOURS, strict=False):
            values = shares[name][term]
            axes.plot(trajectory.step_time, values, color=colour, linewidth=1.5, label=name)
            axes.plot(trajectory.step_time[-1:], values[-1:], "o", color=colour, markersize=4)
            for time, _ in trajectory.events[: -1 if trajectory.report else None]:
                axes.axvline(time, color=PINK, linewidth=1, linestyle=":")
        axes.margins(y=0.15)
    figure.suptitle(title_of(first.task) if several else caption(first), fontsize=11, x=0.01, ha="left")
    rest = [term for term in every if term not in panels]
    note = f"\n0 all the time: {', '.join(rest)}" if rest else ""
    label = f"time [s]   (points a physics step; dot: the last one; dotted: touches and kicks){note}"
    figure.supxlabel(label, fontsize=9, color=QUIET)
    if several:
        look = {"frameon": False, "fontsize": 9, "ncols": len(shown)}
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper right", **look)
    return figure


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
