"""What the robot was paid for, over time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.view.field import caption
from soccer_lib.view.figures import ACCENT, INK, PINK, QUIET, new_figure, tidy
from soccer_lib.view.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_reward_terms(trajectory: Trajectory, weights: Mapping[str, float] | None = None) -> Figure:
    """Each weighted reward term over time, one panel a term, and last what they add up to.

    Args:
        trajectory: of `trace_episode`.
        weights: term -> weight; None for the stock environment's own dense reward.

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
    titles = {name: f"{name}  x {weights[name]:g}" for name in shares}
    shares["sum"] = np.sum(list(shares.values()), axis=0)
    rows = math.ceil(len(shares) / 4)
    figure = new_figure(11, 1.0 + 1.6 * rows)
    for index, (name, values) in enumerate(shares.items()):
        axes = figure.add_subplot(rows, 4, index + 1)
        tidy(axes)
        axes.set_title(titles.get(name, "sum of the terms"), fontsize=9, color=INK, loc="left")
        axes.axhline(0, color=QUIET, linewidth=0.8)
        axes.plot(trajectory.step_time, values, color=INK if name == "sum" else ACCENT, linewidth=1.5)
        for time, _ in trajectory.events[: -1 if trajectory.report else None]:
            axes.axvline(time, color=PINK, linewidth=1, linestyle=":")
        axes.margins(y=0.15)
        if np.abs(values).max() < 0.01:
            axes.set_ylim(-1, 1)
    figure.suptitle(caption(trajectory), fontsize=11, color=INK, x=0.01, ha="left")
    figure.supxlabel("time [s]   (points a physics step; dotted: touches and kicks)", fontsize=9, color=QUIET)
    return figure
