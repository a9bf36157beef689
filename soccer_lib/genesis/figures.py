"""Figures of the arm and of the two simulators, in the house's style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.evaluation.intervals import Estimate
from soccer_lib.genesis.robots import arm_points
from soccer_lib.genesis.targets import BOX, START
from soccer_lib.layout import JOINTS
from soccer_lib.view.style import (
    ACCENT,
    FAINT,
    GREEN,
    INK,
    INTERVAL,
    ORANGE,
    PINK,
    QUIET,
    RED,
    REFERENCE,
    SKY,
    name_rows,
    new_figure,
    styled,
    write_heading,
)

if TYPE_CHECKING:
    from soccer_lib.genesis.booster import BodyTrace
    from soccer_lib.genesis.evaluate import ReachResult

COLOURS = (ACCENT, RED, GREEN, ORANGE, PINK, SKY)

Curve = Sequence[tuple[float, float]]
"""x and y of each point."""


@styled
def plot_reach_map(result: ReachResult) -> Any:
    """Where targets were reached: from above and from the side, a dot a target."""
    figure = new_figure(8.4, 3.6)
    low, high = result.success_rate[1:]
    write_heading(
        figure,
        f"{result.success.sum()} of {len(result.success)} targets reached "
        f"({low:.0%} to {high:.0%} of all, 95% interval)",
    )
    panels = figure.subplots(1, 2)
    for axes, (across, up), title in zip(
        panels, ((0, 1), (0, 2)), ("from above", "from the left"), strict=True
    ):
        frame = BOX[[across, across, across, across, across], [0, 1, 1, 0, 0]]
        axes.plot(frame, BOX[[up] * 5, [0, 0, 1, 1, 0]], color=FAINT, linewidth=1)
        for reached, colour, label in ((True, ACCENT, "reached"), (False, RED, "not reached")):
            chosen = result.targets[result.success == reached]
            axes.scatter(chosen[:, across], chosen[:, up], s=14, color=colour, label=label)
        axes.scatter(START[across], START[up], marker="x", color=INK, label="tool at the start")
        axes.set_aspect("equal")
        axes.set_title(title)
        axes.set_xlabel("x, ahead [m]")
        axes.set_ylabel(("y, left [m]", "z, up [m]")[up - 1])
        axes.grid(False)
    panels[1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def plot_postures(home: np.ndarray, postures: np.ndarray, targets: np.ndarray) -> Any:
    """The arm at home and in other postures, as lines, from the side and from above.

    Args:
        home: [rad]. Shape: (7,).
        postures: [rad]. Shape: (n, 7).
        targets: of the postures [m]. Shape: (n, 3).
    """
    figure = new_figure(8.4, 3.8)
    lines = [(home, INK), *((posture, colour) for posture, colour in zip(postures, COLOURS, strict=False))]
    for axes, (across, up), title in zip(
        figure.subplots(1, 2), ((0, 2), (0, 1)), ("from the side", "from above"), strict=True
    ):
        for posture, colour in lines:
            points = arm_points(posture[None])[0]
            width = 2.4 if colour == INK else 1.4
            axes.plot(
                points[:, across], points[:, up], color=colour, linewidth=width, marker="o", markersize=3
            )
        axes.scatter(targets[:, across], targets[:, up], s=90, facecolor="none", edgecolor=RED, linewidth=1.5)
        axes.margins(0.12)
        axes.set_aspect("equal")
        axes.set_title(title)
        axes.set_xlabel("x, ahead [m]")
        axes.set_ylabel(("y, left [m]", "z, up [m]")[up - 1])
        axes.grid(False)
    return figure


@styled
def plot_learning(
    runs: Mapping[str, Sequence[Curve]], x_label: str = "env steps", y_label: str = "targets reached"
) -> Any:
    """A line for each run, a colour for each name; what a line shows is a share, from 0 to 1."""
    figure = new_figure(6.4, 3.2)
    axes = figure.subplots()
    for colour, (name, curves) in zip(COLOURS, runs.items(), strict=False):
        for number, curve in enumerate(curves):
            points = np.array(curve, dtype=float).reshape(-1, 2)
            axes.plot(*points.T, color=colour, linewidth=1.4, alpha=0.8, label=None if number else name)
    axes.axhline(0.95, **REFERENCE)
    axes.set_ylim(-0.03, 1.05)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def plot_rates(rates: Mapping[str, Estimate], title: str = "targets reached", start: float = 0.0) -> Any:
    """A share with its interval for each name, the first one at the top."""
    figure = new_figure(6.4, 0.9 + 0.38 * len(rates))
    axes = figure.subplots()
    for row, (value, low, high) in enumerate(rates.values()):
        axes.plot([low, high], [row, row], **INTERVAL)
        axes.plot(value, row, "o", color=ACCENT, zorder=4)
        axes.annotate(f"{value:.0%}", (value, row), xytext=(0, 7), textcoords="offset points", ha="center")
    name_rows(axes, list(rates))
    axes.invert_yaxis()
    axes.margins(y=0.3)
    axes.set_xlim(start - 0.03, 1.03)
    axes.set_title(title)
    return figure


@styled
def plot_terms(terms: Mapping[str, np.ndarray], weights: Mapping[str, float], dt: float) -> Any:
    """What each reward term paid over an episode, weighted, and the sum; success beyond the top as a number.

    Args:
        terms: unweighted values of each step. Shape: (steps,) each.
        weights: of the terms.
        dt: length of a step [s].
    """
    figure = new_figure(6.4, 3.0)
    axes = figure.subplots()
    total: Any = 0.0
    # Success pays many times what a step of the way does: on one scale the way would be a flat line.
    ways = [weights[name] * np.asarray(values) for name, values in terms.items() if name != "success"]
    for colour, (name, values) in zip(COLOURS, terms.items(), strict=False):
        paid = weights[name] * np.asarray(values)
        total = total + paid
        axes.plot(np.arange(len(paid)) * dt, paid, color=colour, linewidth=1.4, label=name)
    axes.plot(np.arange(len(total)) * dt, total, color=INK, linewidth=1.0, linestyle=":", label="reward")
    low, high = min(map(np.min, ways), default=0.0), max(map(np.max, ways), default=0.0)
    margin = 0.2 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)
    if "success" in terms and np.max(terms["success"]) > 0:
        step = int(np.argmax(terms["success"]))
        text = f"success: {weights['success'] * terms['success'][step]:+g}"
        axes.annotate(text, (step * dt, high + margin), ha="right", va="top")
    axes.set_xlabel("time [s]")
    axes.set_ylabel("paid in a step")
    axes.grid(axis="y")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def plot_bodies(traces: Mapping[str, BodyTrace], joints: Sequence[str] = ("left_knee_pitch",)) -> Any:
    """The trunk's height, its way ahead and joints over time, simulators over each other."""
    figure = new_figure(9.0, 2.7)
    panels = figure.subplots(1, 2 + len(joints))
    for (name, trace), colour, style in zip(traces.items(), (ACCENT, RED), ("-", "--"), strict=False):
        rows = [trace.place[:, 2], trace.place[:, 0]]
        rows += [trace.joint_pos[:, JOINTS.index(joint)] for joint in joints]
        for axes, values in zip(panels, rows, strict=True):
            axes.plot(trace.time, values, color=colour, linestyle=style, linewidth=1.5, label=name)
    names = ["height of the trunk [m]", "way ahead [m]", *(f"{joint} [rad]" for joint in joints)]
    for axes, name in zip(panels, names, strict=True):
        axes.set_title(name)
        axes.set_xlabel("time [s]")
        axes.grid(axis="y")
    panels[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


@styled
def plot_trials(trials: Sequence[Mapping[str, Any]], x_name: str = "lr") -> Any:
    """What each trial of a study came to, and where pruned ones were cut.

    Args:
        trials: each with `values` (step -> value so far), `pruned` and `settings`.
        x_name: the setting whose influence the right panel shows.
    """
    figure = new_figure(8.4, 3.0)
    left, right = figure.subplots(1, 2)
    for trial in trials:
        steps = sorted(trial["values"])
        colour = RED if trial["pruned"] else ACCENT
        values = [trial["values"][step] for step in steps]
        left.plot(steps, values, color=colour, linewidth=1.2, marker="o", markersize=3)
        if steps:
            right.plot(trial["settings"][x_name], values[-1], "o", color=colour)
    left.set_title("course of each trial; red: pruned")
    left.set_xlabel("env steps")
    left.set_ylabel("mean success so far")
    left.grid(axis="y")
    right.set_xscale("log")
    # Plain numbers: the house's style writes no formulas.
    right.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    right.set_title(f"last value by {x_name}")
    right.set_xlabel(x_name)
    right.tick_params(colors=QUIET)
    return figure
