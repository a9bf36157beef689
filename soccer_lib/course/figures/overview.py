"""Ideas drawn as boxes and arrows: who acts on whom, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soccer_lib.tasks import COMMAND_DT, PHYSICS_DT, WALKER_DT
from soccer_lib.view.style import ACCENT, GREEN, GREY, INK, ORANGE, QUIET, SKY, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_Point = tuple[float, float]

CLOCKS = {"policy": COMMAND_DT, "walker and kicks": WALKER_DT, "PD controllers": PHYSICS_DT}
"""Who decides how often, from the top of the control stack down: time between two decisions [s]."""

SENT = {"policy": ("3 velocities", "command"), "walker and kicks": ("12 joint targets", "joint")}
"""What goes down the stack from there, and the control interface that lets an agent send it itself."""

TORQUES = ("12 torques", "torque")

_BOX = (1.84, 0.8)
"""Size of a box [inches]."""

_WINDOW = COMMAND_DT
"""Time that the clocks are drawn for [s]."""


@styled
def plot_loop() -> Figure:
    """The loop of agent and environment, which every lesson turns: action, observation, reward, episode."""
    figure, axes = _canvas(8.4, 2.4)
    _draw_box(axes, (1.5, 1.3), "agent", "a policy: what it sees\nbecomes what it does", SKY)
    _draw_box(axes, (6.9, 1.3), "environment", "robot, ball and field\nin the physics engine", GREEN)
    _draw_arrow(axes, (2.55, 1.55), (5.85, 1.55), "action")
    _draw_arrow(axes, (5.85, 1.05), (2.55, 1.05))
    axes.text(4.2, 0.97, "observation, reward, over or not", ha="center", va="top", color=INK)
    axes.text(4.2, 1.3, "one step, again and again", ha="center", va="center", color=QUIET)
    axes.text(4.2, 2.1, "reset(seed): an episode begins", ha="center", color=INK)
    ends = "it ends: terminated (goal, fall, ball out of the field) or truncated (the time is up)"
    axes.text(4.2, 0.25, ends, ha="center", color=INK)
    return figure


@styled
def plot_control_stack() -> Figure:
    """From three numbers to twelve torques: who decides, how often, and where an agent can take over.

    Below each box are the moments in a tenth of a second at which it decides.
    """
    figure, axes = _canvas(9.6, 3.1)
    names = [*CLOCKS, "physics"]
    places = dict(zip(names, (1.1, 3.55, 6.0, 8.45), strict=True))
    colours = dict(zip(names, (SKY, ORANGE, GREY, GREEN), strict=True))
    for name, x in places.items():
        period = CLOCKS.get(name, PHYSICS_DT)
        _draw_box(axes, (x, 2.0), name, f"{1 / period:.0f} Hz, every {1000 * period:.0f} ms", colours[name])
        _draw_clock(axes, x, period, name)
    for name, following in zip(names[:-1], names[1:], strict=True):
        content, interface = SENT.get(name, TORQUES)
        middle = (places[name] + places[following]) / 2
        _draw_arrow(axes, (places[name] + 0.92, 2.0), (places[following] - 0.92, 2.0))
        axes.text(middle, 2.62, content, ha="center", color=INK)
        axes.text(middle, 2.84, f'control="{interface}"', ha="center", color=ACCENT, family="monospace")
    axes.plot([8.45, 8.45, 1.1], [2.4, 3.2, 3.2], color=INK, linewidth=1.2)
    _draw_arrow(axes, (1.1, 3.2), (1.1, 2.4))
    axes.text(4.8, 3.24, "observation: joints, ball, goal, opponents", ha="center", va="bottom", color=INK)
    axes.text(4.8, 0.68, "the moments in 0.1 s at which each of them decides", ha="center", color=QUIET)
    axes.set_ylim(0.5, 3.6)
    return figure


def _draw_clock(axes: Axes, x: float, period: float, name: str) -> None:
    """A mark for every decision within the window."""
    count = round(_WINDOW / period)
    times = [index * period / _WINDOW for index in range(count)]
    axes.plot([x - 0.85, x + 0.85], [0.95, 0.95], color=QUIET, linewidth=0.8)
    ticks = [x - 0.85 + 1.7 * time for time in times]
    axes.vlines(ticks, 0.95, 1.25, color=INK, linewidth=0.8, label=f"decisions of {name}")


@styled
def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty drawing whose coordinates are inches."""
    figure = new_figure(width, height)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.set(xlim=(0, width), ylim=(0, height))
    return figure, axes


def _draw_box(
    axes: Axes, centre: _Point, name: str, text: str, colour: str, size: _Point = (1.84, 0.8)
) -> None:
    """A box with a name and, below it, what it does."""
    from matplotlib.patches import FancyBboxPatch

    x, y = centre
    width, height = _BOX
    corner = (x - width / 2, y - height / 2)
    looks = {"boxstyle": "round,pad=0,rounding_size=0.08", "edgecolor": INK, "linewidth": 1.2}
    axes.add_patch(FancyBboxPatch(corner, width, height, facecolor=colour, alpha=0.35, **looks))
    rises = 0.12 + 0.07 * text.count("\n")
    axes.text(x, y + rises, name, ha="center", va="center", color=INK, fontsize=10, weight="bold")
    axes.text(x, y - 0.16, text, ha="center", va="center", color=INK, fontsize=8)


def _draw_arrow(axes: Axes, start: _Point, end: _Point, text: str = "") -> None:
    """An arrow, with a text above it."""
    looks = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=looks)
    if text:
        axes.text((start[0] + end[0]) / 2, start[1] + 0.08, text, ha="center", va="bottom", color=INK)
