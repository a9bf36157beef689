"""Pictures of a sweep: trials on their way, what mattered, and where in the space the good ones lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.view.style import ACCENT, GREY, INK, RED, name_rows, new_figure, styled

if TYPE_CHECKING:
    from soccer_lib.view.style import Figure
    from soccer_lib.workshop.sweep.space import Parameter
    from soccer_lib.workshop.sweep.study import Trial

_BREADTH = 0.18
"""How far a trial colours the map around it, as a share of a parameter's range."""

_GRID = 41
"""Places of the map along each axis."""


@styled
def plot_rungs(trials: Sequence[Trial], total: int, unit: str) -> Figure:
    """Official score of every trial at its rungs, and at its end for those that came to it."""
    figure = new_figure(5.6, 3.4)
    axes = figure.subplots()
    best = max((one for one in trials if one.state == "done"), key=lambda one: one.value or 0.0, default=None)
    for trial in trials:
        points = [*trial.rungs.items()]
        if trial.state == "done" and trial.value is not None:
            points.append((max(total, *trial.rungs) if trial.rungs else total, trial.value))
        if not points:
            continue
        looks = {"color": GREY, "alpha": 0.6, "linewidth": 1.0}
        if trial.state == "done":
            looks = {"color": ACCENT, "alpha": 0.7, "linewidth": 1.2}
        if trial is best:
            looks = {"color": RED, "alpha": 1.0, "linewidth": 1.8}
        axes.plot(*zip(*points, strict=True), marker="o", markersize=3, **looks)
    axes.grid(axis="y")
    axes.set_title("trials: best (red), to their end (blue), pruned (grey)")
    axes.set_xlabel(unit)
    axes.set_ylabel("official score")
    return figure


@styled
def plot_importance(importance: Mapping[str, float], note: str) -> Figure:
    """Share of the differences between good trials and all that each parameter has, most telling on top."""
    figure = new_figure(5.6, 0.9 + 0.32 * len(importance))
    axes = figure.subplots()
    names = list(importance)
    axes.barh(range(len(names)), [importance[name] for name in names], color=ACCENT, height=0.55)
    name_rows(axes, names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_title("importance of each parameter (PED-ANOVA)")
    axes.set_xlabel(note)
    return figure


@styled
def plot_contour(trials: Sequence[Trial], first: Parameter, second: Parameter) -> Figure:
    """Official score over two parameters: trials as dots, their mean by distance between them."""
    scored = [one for one in trials if one.value is not None]
    x = np.array([place(first, one) for one in scored])
    y = np.array([place(second, one) for one in scored])
    values = np.array([one.value for one in scored], dtype=float)
    grid = np.linspace(0, 1, _GRID)
    figure = new_figure(5.6, 4.0)
    axes = figure.subplots()
    levels = np.linspace(values.min(), max(values.max(), values.min() + 1e-6), 12)
    surface = axes.contourf(grid, grid, smooth(x, y, values, grid), levels, cmap="viridis", alpha=0.85)
    done = np.array([one.state == "done" for one in scored])
    for chosen, mark in ((done, "o"), (~done, "X")):
        axes.scatter(
            x[chosen], y[chosen], c=values[chosen], marker=mark, cmap="viridis", vmin=levels[0],
            vmax=levels[-1], edgecolors=INK, linewidths=0.8, s=36,
        )  # fmt: skip
    for axis, parameter in ((axes.xaxis, first), (axes.yaxis, second)):
        places, labels = ticks(parameter)
        axis.set_ticks(places, labels)
        axis.set_label_text(parameter.name)
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    axes.set_title("official score; crosses were pruned, at their last rung")
    figure.colorbar(surface, ax=axes, ticks=levels[::3], format="%.1f")
    return figure


def smooth(x: np.ndarray, y: np.ndarray, values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Mean of the values, weighted by a Gaussian of their distance. Shape: (grid, grid), y first."""
    across = (grid[:, None] - x) ** 2
    up = (grid[:, None] - y) ** 2
    # Far from all trials every weight would be 0 without the least of the distances taken off first.
    distance = (up[:, None] + across[None]) / (2 * _BREADTH**2)
    weights = np.exp(distance.min(axis=2, keepdims=True) - distance)
    return (weights * values).sum(axis=2) / weights.sum(axis=2)


def place(parameter: Parameter, trial: Trial) -> float:
    """Where a trial lies in the range of a parameter, from 0 to 1."""
    value = trial.drawn[parameter.name]
    if parameter.low is None or parameter.high is None:
        return parameter.choices.index(value) / (len(parameter.choices) - 1)
    ends = np.array([parameter.low, float(value), parameter.high])
    low, here, high = np.log(ends) if parameter.log else ends
    return float((here - low) / (high - low))


def ticks(parameter: Parameter) -> tuple[list[float], list[str]]:
    """Places along an axis and what is written there."""
    places = [0.0, 0.25, 0.5, 0.75, 1.0]
    if parameter.low is None or parameter.high is None:
        last = len(parameter.choices) - 1
        return [number / last for number in range(last + 1)], [str(one) for one in parameter.choices]
    low = np.log(parameter.low) if parameter.log else parameter.low
    high = np.log(parameter.high) if parameter.log else parameter.high
    values = [low + share * (high - low) for share in places]
    return places, [f"{np.exp(value) if parameter.log else value:.2g}" for value in values]
