"""The picture of the bootstrap: all resamples are in it, and the bar is the interval that came."""

from __future__ import annotations

import numpy as np

from soccer_lib.course import figures
from soccer_lib.course.figures.resampling import RESAMPLES
from tests.support.drawn import intervals


def test_scores_resamples_and_interval_are_drawn():
    scores = np.array([-2.5, -2.5, -1.0, 10.0])
    figure = figures.plot_resampling(scores, (-2.0, 4.5))
    above, below = figure.axes
    assert above.collections[0].get_offsets()[:, 0].tolist() == scores.tolist()
    assert [line.get_xdata()[0] for line in above.lines] == [1.0], "the mean"
    assert sum(bar.get_height() for bar in below.patches) == RESAMPLES
    ((low, high),) = [[x for x, _ in ends] for ends in intervals(below)]
    assert (low, high) == (-2.0, 4.5)
    bottom = min(y for ends in intervals(below) for _, y in ends)
    assert below.get_ylim()[0] < bottom < 0, "the bar lies below the counts"
