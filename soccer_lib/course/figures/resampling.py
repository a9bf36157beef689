"""The bootstrap as a picture: scores, means of resamples, and the interval that they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.view.style import ACCENT, INK, INTERVAL, QUIET, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RESAMPLES = 1000


@styled
def plot_resampling(scores: np.ndarray, interval: tuple[float, float]) -> Figure:
    """Scores of episodes above, below them the means of resamples with the interval that was computed.

    Args:
        scores: of distinct episodes. Shape: (n,).
        interval: low and high end.
    """
    rng = np.random.default_rng(0)
    means = rng.choice(scores, size=(RESAMPLES, len(scores))).mean(axis=1)
    low, high = interval
    figure = new_figure(8.4, 3.6)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(1, 2))
    # Spread by a fixed pattern: equal scores would hide each other.
    spread = np.modf(np.arange(len(scores)) * 0.618)[0]
    above.scatter(scores, spread, s=14, color=QUIET, alpha=0.6, linewidths=0)
    above.axvline(np.mean(scores), color=INK, linewidth=1.2)
    above.set_title(f"{len(scores)} episodes; line: their mean")
    above.set_yticks([])
    above.set_ylim(-0.3, 1.3)
    counts, _, _ = below.hist(means, bins=40, color=ACCENT, alpha=0.35)
    floor = -0.08 * counts.max()
    below.set_ylim(2 * floor)
    below.axvline(np.mean(scores), color=INK, linewidth=1.2)
    below.plot([low, high], [floor, floor], **INTERVAL)
    below.set_title(f"means of {RESAMPLES:,} resamples; bar: the interval, {low:.2f} to {high:.2f}")
    below.set(xlabel="score", ylabel="resamples")
    return figure
