"""Drift: how far from the demonstrations an agent is, and how wrong its answers are there, as time passes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.view.style import ACCENT, GREEN, ORANGE, PINK, QUIET, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (ACCENT, ORANGE, GREEN, PINK)
"""Of agents, in the order in which they come."""

FEWEST = 5
"""Samples below which a second has no mean."""


@styled
def plot_drift(
    distances: Mapping[str, tuple[np.ndarray, np.ndarray]],
    errors: Mapping[str, tuple[np.ndarray, np.ndarray]],
) -> Figure:
    """Distance to the nearest demonstration and error of the clone's answers, mean by second.

    Args:
        distances: who plays -> time of each sample [s], and how far the nearest demonstration is.
        errors: whose states -> time of each sample [s], and the clone's error there; NaN where there is none.
    """
    figure = new_figure(10.4, 3.6)
    left, right = figure.subplots(1, 2)
    names = list(dict.fromkeys([*distances, *errors]))
    colours = dict(zip(names, COLOURS, strict=False))
    for axes, curves in ((left, distances), (right, errors)):
        for name, (time, values) in curves.items():
            _draw_by_second(axes, time, values, color=colours[name], label=name)
        axes.set_ylim(bottom=0)
        axes.grid(axis="y")
        axes.set_xlabel("time in the episode [s]")
    left.set_title("distance to the nearest demonstration [standard deviations]")
    right.set_title("squared error of the clone's command where both walk")
    lines = {line.get_label(): line for axes in (right, left) for line in axes.lines}
    figure.legend([lines[name] for name in names], names, loc="outside lower center", ncols=len(names))
    return figure


def _draw_by_second(axes: Axes, time: np.ndarray, values: np.ndarray, **looks: Any) -> None:
    """Mean of the values of each second, at its middle; a second with few samples has none."""
    known = np.isfinite(values)
    seconds = time[known].astype(int)
    counts = np.bincount(seconds)
    enough = np.flatnonzero(counts >= min(FEWEST, counts.max(initial=1)))
    means = [values[known][seconds == second].mean() for second in enough]
    axes.plot(enough + 0.5, means, "o-", linewidth=2, markersize=4, **looks)


@styled
def plot_epochs(study: Mapping[str, Any]) -> Figure:
    """Loss, kicks that are found, and score of a study's clones by epoch: dots, and their mean.

    Args:
        study: content of `bc_epochs.json`.
    """
    figure = new_figure(10.4, 3.2)
    panels = figure.subplots(1, 3)
    titles = {
        "val/loss": "validation loss",
        "val/kick_recall": "share of the kicks that are found",
        "score": "official score, sum of the tasks",
    }
    epochs = [group["x"] for group in study["groups"]]
    for axes, (key, title) in zip(panels, titles.items(), strict=True):
        for epoch in epochs:
            values = [entry[key] for entry in study["entries"] if entry["x"] == epoch]
            axes.plot([epoch] * len(values), values, ".", color=QUIET, markersize=8, label="one clone")
        means = [
            np.mean([entry[key] for entry in study["entries"] if entry["x"] == epoch]) for epoch in epochs
        ]
        axes.plot(epochs, means, "o-", color=ACCENT, linewidth=2, markersize=6, label="mean")
        axes.set_title(title)
        axes.set_xlabel("epoch")
        axes.grid(axis="y")
    return figure
