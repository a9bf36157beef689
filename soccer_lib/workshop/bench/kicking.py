"""How kicks fly: the balls' paths from the side and from above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from soccer_lib.view.style import ACCENT, INK, PINK, REFERENCE, new_figure, styled

if TYPE_CHECKING:
    from soccer_lib.view.style import Axes, Figure

SHOWN = (3.2, 1.0, 2.0)
"""How far ahead, to each side and up the picture reaches [m]."""

_STANDS = {"color": ACCENT, "label": "robot stayed up"}
_FELL = {"color": PINK, "label": "robot fell"}


class BallPath(NamedTuple):
    """The way of one struck ball.

    Attributes:
        centre: ahead, left of the robot's heading, up from the ground [m]. Shape: (n, 3).
        fell: whether the robot fell.
    """

    centre: np.ndarray
    fell: bool


@styled
def plot_kicks(kicks: Mapping[str, Sequence[BallPath]], line: float) -> Figure:
    """The balls' paths, a column for each kick: from the side, and from above.

    Args:
        kicks: name of the kick -> its struck balls.
        line: distance at which direction and height are measured [m].
    """
    figure = new_figure(1.0 + 3.4 * len(kicks), 5.0)
    ahead, aside, up = SHOWN
    panels = figure.subplots(2, len(kicks), sharex=True, sharey="row", squeeze=False)
    for (side, above), (name, paths) in zip(panels.T, kicks.items(), strict=True):
        for axes in (side, above):
            _prepare(axes, line)
        for path in paths:
            # A little beyond the edge, so that the line does not end in sight.
            x, y, z = path.centre[path.centre[:, 0] < ahead + 1].T
            colour = (_FELL if path.fell else _STANDS)["color"]
            side.plot(x, z, color=colour, linewidth=1, alpha=0.45)
            above.plot(x, y, color=colour, linewidth=1, alpha=0.45)
        side.set_title(f"{name}, {len(paths)} balls")
        side.set(xlim=(-0.1, ahead), ylim=(0, up), aspect="equal")
        above.set(ylim=(-aside, aside), aspect="equal")
        above.axhline(0, color=INK, linewidth=0.8, linestyle=":")
    panels[0, 0].set_ylabel("up [m]")
    panels[1, 0].set_ylabel("left [m]")
    panels[1, -1].set_xlabel("ahead, along the heading at the trigger [m]", loc="right")
    marks = [figure.axes[0].plot([], [], **outcome)[0] for outcome in (_STANDS, _FELL)]
    figure.legend(handles=marks, loc="outside upper left", ncols=2)
    return figure


def _prepare(axes: Axes, line: float) -> None:
    axes.grid(axis="y")
    axes.axvline(line, **REFERENCE)
