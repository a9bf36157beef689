"""Balls' trails and success by start: the numbers that are drawn."""

import numpy as np

from soccer_lib.comparison.starts import Bin
from soccer_lib.evaluation.intervals import Estimate
from soccer_lib.view.trails import COLOURS, plot_trails
from tests.support.made_up import made_up_trail


def test_the_picture_has_a_field_and_shares_for_each_task():
    target = np.array([2.0, 1.0, 0.0])
    trails = {
        "kick_to_target": [made_up_trail(target=target), made_up_trail("fall", target=target)],
        "goalie_penalty_kick": [made_up_trail("lost")],
    }
    numbers = {"turn [deg]": [Bin("0 to 45", 2, Estimate(0.5, 0.1, 0.9))]}
    figure = plot_trails(trails, dict.fromkeys(trails, numbers))
    assert [axes.get_title(loc="left") for axes in figure.axes[:2]] == [
        "kick to target, 2 episodes",
        "goalie penalty kick, 1 episodes",
    ]
    labels = [text.get_text() for text in figure.axes[2].get_yticklabels()]
    assert labels == ["turn [deg]", "0 to 45  "]
    assert [text.get_text() for text in figure.legends[0].texts] == ["success 1", "fall 1", "lost 1"]


def test_trails_are_drawn_as_they_went_failures_on_top_of_successes():
    """What is drawn later lies on top."""
    target = np.array([2.0, 1.0, 0.0])
    fall = made_up_trail("fall", target=target)
    fall.ball[1] = (3.0, -0.5, 0.11)
    played = [fall, made_up_trail("success"), made_up_trail("blocked"), made_up_trail("success")]
    figure = plot_trails({"goalie_penalty_kick": played}, {"goalie_penalty_kick": {}})
    paths = [line for line in figure.axes[0].lines if line.get_zorder() == 5]
    assert [line.get_color() for line in paths] == [
        COLOURS[outcome] for outcome in ("success", "success", "fall", "blocked")
    ]
    np.testing.assert_array_equal(paths[0].get_xydata(), [[0.0, 0.0], [1.0, 0.5]])
    np.testing.assert_array_equal(paths[2].get_xydata(), [[0.0, 0.0], [3.0, -0.5]])
    marks = [line.get_xydata().tolist() for line in figure.axes[0].lines if line.get_zorder() in (4, 6)]
    assert marks.count([[0.0, 0.0]]) == 4 and marks.count([[3.0, -0.5]]) == 1, "start and end of each"
    assert marks.count([[2.0, 1.0]]) == 1, "the target of the one that had it"


def test_success_is_drawn_with_the_whole_of_its_interval():
    bins = [Bin("0 to 45", 12, Estimate(0.5, 0.2, 0.9)), Bin("45 to 90", 3, Estimate(0.25, 0.0, 0.7))]
    figure = plot_trails({"kick_to_target": []}, {"kick_to_target": {"turn [deg]": bins}})
    panel = figure.axes[1]
    drawn = [line.get_xydata().tolist() for line in panel.lines]
    # Rows are counted from the name of the number downwards; the interval lies behind its value.
    assert drawn == [[[0.2, 1], [0.9, 1]], [[0.5, 1]], [[0.0, 2], [0.7, 2]], [[0.25, 2]]]
    assert [(text.get_text(), text.xy[1]) for text in panel.texts] == [("12", 1), ("3", 2)]
    bottom, top = panel.get_ylim()
    assert bottom > top, "the first row is on top"
