"""Curves of a training run, from its `metrics.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from soccer_lib.view.style import ACCENT, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CURVES = (
    "comp_eval/C_overall",
    "rollout/ep_rew_mean",
    "val/loss",
    "train/loss",
    "val/kick_recall",
    "train/actor_loss",
    "train/critic_loss",
)
"""What is drawn, where a run has it, most telling first."""

MOST = 4
"""Panels of a figure."""

Lines = Sequence[Mapping[str, Any]]


def curves_of(lines: Lines) -> dict[str, list[tuple[float, float]]]:
    """Figure -> its course over steps, or epochs: x and value of each line that has both.

    Args:
        lines: of `metrics_of`.
    """
    found = {}
    for name in CURVES:
        points = [(line.get("step", line.get("epoch")), line.get(name)) for line in lines]
        drawn = [(x, y) for x, y in points if isinstance(x, int | float) and isinstance(y, int | float)]
        if len(drawn) > 1 and len(found) < MOST:
            found[name] = drawn
    return found


@styled
def plot_curves(lines: Lines) -> Figure | None:
    """A panel for each of the run's first `MOST` curves; None where it has none."""
    curves = curves_of(lines)
    if not curves:
        return None
    figure = new_figure(3.2 * len(curves) + 0.4, 2.6)
    panels = figure.subplots(1, len(curves), squeeze=False)[0]
    for axes, (name, points) in zip(panels, curves.items(), strict=True):
        axes.plot(*zip(*points, strict=True), color=ACCENT, linewidth=1.5)
        axes.set_title(name)
        axes.grid(axis="y")
        axes.locator_params(axis="x", nbins=4)
    figure.supxlabel("env steps" if "step" in lines[-1] else "epoch")
    return figure
