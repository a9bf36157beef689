"""Diagrams of lessons 03 and 04: kick units, the loop of DAgger, and how a policy decides to walk or kick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.control.kicks import KICK_THRESHOLD
from soccer_lib.learn.imitation.actor import KICK_GAIN
from soccer_lib.view.style import ACCENT, GREEN, INK, ORANGE, QUIET, RED, REFERENCE, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@styled
def draw_kick_unit(walking: Sequence[float] = (0.5, -0.2, 0.1), signs: Sequence[int] = (1, -1, 1)) -> Figure:
    """The network with its kick units, and what comes out of it as the logit of a kick grows.

    Args:
        walking: the command that the features ask for.
        signs: of the kick.
    """
    figure = new_figure(10.4, 3.4)
    network, curve = figure.subplots(1, 2, width_ratios=(6, 5))
    _bare(network, (0, 10), (0, 6))
    _box(network, (1.1, 3), "observation", QUIET)
    _box(network, (3.6, 3), "hidden layers", ACCENT)
    _box(network, (6.2, 4.6), "features:\nwhere to walk", ACCENT)
    _box(network, (6.2, 1.4), "kick units:\nwhether to kick", RED)
    _box(network, (9, 3), "tanh of the sum:\ncommand", GREEN)
    for start, end in (
        ((1.95, 3), (2.7, 3)),
        ((4.45, 3.3), (5.25, 4.4)),
        ((4.45, 2.7), (5.25, 1.6)),
        ((7.15, 4.4), (8.05, 3.4)),
        ((7.15, 1.6), (8.05, 2.6)),
    ):
        _arrow(network, start, end, "")
    strength = f"times {KICK_GAIN:.0f}, in the signs of its kick"
    network.text(9.8, 0.2, strength, color=QUIET, fontsize=9, ha="right")
    network.set_title("one network, two questions")
    logits = np.linspace(-0.2, 0.2, 401)
    for name, command, sign, colour in zip(
        ("forward", "sideways", "turn"), walking, signs, (ACCENT, ORANGE, GREEN), strict=True
    ):
        answer = np.tanh(np.arctanh(command) + KICK_GAIN * np.maximum(logits, 0) * sign)
        curve.plot(logits, answer, color=colour, linewidth=2, label=name)
    for threshold in (-KICK_THRESHOLD, KICK_THRESHOLD):
        curve.axhline(threshold, **REFERENCE)
    curve.set(ylim=(-1.05, 1.05), xlim=(-0.2, 0.2))
    curve.set_xlabel("logit of the kick")
    curve.set_title("beyond the dashed lines all three ask for a kick")
    figure.legend(*curve.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


@styled
def draw_dagger() -> Figure:
    """The loop of DAgger: who plays, who labels, and what is learnt from."""
    figure = new_figure(8.4, 2.9)
    axes = figure.subplots()
    _bare(axes, (0, 12), (0, 6))
    _box(axes, (1.5, 4.4), "demonstrations\nof the expert", QUIET)
    _box(axes, (4.9, 4.4), "data set:\nall so far", ACCENT)
    _box(axes, (8.9, 4.4), "clone", ORANGE)
    _box(axes, (8.9, 1.3), "states that\nthe clone comes to", ORANGE)
    _box(axes, (4.9, 1.3), "the same states,\nexpert's commands", GREEN)
    _arrow(axes, (2.5, 4.4), (3.9, 4.4), "start")
    _arrow(axes, (5.9, 4.4), (7.9, 4.4), "fit, anew")
    _arrow(axes, (8.9, 3.6), (8.9, 2.1), "play")
    _arrow(axes, (7.8, 1.3), (6.1, 1.3), "label")
    _arrow(axes, (4.9, 2.1), (4.9, 3.6), "add")
    return figure


@styled
def draw_decision() -> Figure:
    """The hybrid policy: walk, and how, or which kick."""
    figure = new_figure(9.6, 3.2)
    axes = figure.subplots()
    _bare(axes, (0, 12), (0, 6))
    _box(axes, (1.1, 3), "observation", QUIET)
    _box(axes, (3.6, 3), "hidden layers", ACCENT)
    _box(axes, (6.4, 4.8), "mean of a command,\nspread of its noise", ACCENT)
    _box(axes, (6.4, 1.2), "logits: walk,\nor one of the kicks", RED)
    _box(axes, (9.1, 1.2), "draw one", RED)
    _box(axes, (11, 4.8), "a command", GREEN)
    _box(axes, (11, 1.2), "a kick", GREEN)
    _arrow(axes, (1.95, 3), (2.7, 3), "")
    _arrow(axes, (4.45, 3.3), (5.2, 4.5), "")
    _arrow(axes, (4.45, 2.7), (5.2, 1.5), "")
    _arrow(axes, (7.6, 1.2), (8.4, 1.2), "")
    _arrow(axes, (9.8, 1.2), (10.5, 1.2), "kick")
    _arrow(axes, (9.1, 1.9), (9.1, 4.2), "walk")
    _arrow(axes, (7.7, 4.8), (10.2, 4.8), "draw")
    return figure


def _bare(axes: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    axes.set(xlim=x, ylim=y)
    axes.axis("off")


def _box(axes: Axes, centre: tuple[float, float], text: str, colour: str) -> None:
    looks = {"boxstyle": "round,pad=0.5", "facecolor": "white", "edgecolor": colour, "linewidth": 1.8}
    axes.text(*centre, text, ha="center", va="center", color=INK, fontsize=9, bbox=looks, zorder=3)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], text: str) -> None:
    looks = {"arrowstyle": "-|>", "color": QUIET, "linewidth": 1.4}
    axes.annotate("", xy=end, xytext=start, arrowprops=looks, zorder=2)
    if text:
        x, y = np.mean([start, end], axis=0)
        axes.text(x + 0.15, y + 0.15, text, color=QUIET, fontsize=9, va="bottom", zorder=4)
