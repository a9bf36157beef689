"""What rewards make of recorded behaviours: rankings under sliders, and pay that adds up over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.course.figures.widgets import explore
from soccer_lib.course.shaping import Recording, audit_recordings
from soccer_lib.view.audit import plot_audit
from soccer_lib.view.style import ACCENT, GREEN, ORANGE, PINK, QUIET, RED, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (RED, ORANGE, ACCENT, GREEN, PINK, QUIET)


def weigh_recordings(recordings: Sequence[Recording], weights: Mapping[str, float]) -> Figure:
    """The audit's picture of recorded episodes of one task under some weights."""
    return plot_audit(audit_recordings(recordings, weights))


def explore_weights(
    recordings: Sequence[Recording],
    sliders: Mapping[str, tuple[float, float]],
    fixed: Mapping[str, Mapping[str, float]],
    interactive: bool = True,
) -> None:
    """Sliders of weights that pay recorded episodes again at once and show how they rank.

    Args:
        recordings: of one task.
        sliders: term or potential -> lowest and highest weight.
        fixed: title -> weights that are shown without sliders; those left out are 0.
        interactive: False shows the pictures at `fixed`.
    """
    shown = {title: {**dict.fromkeys(sliders, 0.0), **weights} for title, weights in fixed.items()}
    explore(lambda **weights: weigh_recordings(recordings, weights), sliders, shown, interactive)


@styled
def plot_pay(recordings: Sequence[Recording], panels: Mapping[str, Mapping[str, float]]) -> Figure:
    """What each behaviour has been paid so far, discounted, over time; a panel for each reward.

    Args:
        recordings: of one task.
        panels: title -> weights.
    """
    figure = new_figure(4.6 * len(panels), 3.4)
    for axes, (title, weights) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels.items(), strict=True
    ):
        for recording, colour in zip(recordings, _COLOURS, strict=False):
            so_far = np.cumsum(recording.discounts * recording.pay(weights))
            axes.plot(recording.times, so_far, color=colour, label=recording.episode.behaviour)
        axes.axhline(0, color=QUIET, linewidth=0.8)
        axes.set_title(title)
        axes.set_xlabel("time [s]")
    figure.supylabel("paid so far, discounted")
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)))
    return figure
