"""Reward terms over time: weighted values, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.course import figures
from soccer_lib.course.figures.terms import SUM
from soccer_lib.errors import InputError
from soccer_lib.view.style import ACCENT, ORANGE, PINK
from tests.support.drawn import colour_of, legend_colours, titles
from tests.support.made_up import made_up_trajectory


def episode(**values):
    return made_up_trajectory(
        **{
            "task": "kick_to_target",
            "step_time": np.array((0.1, 0.2, 0.3)),
            "terms": {
                "distance": np.array((1.0, 2.0, 4.0)),
                "success": np.array((0.0, 0.0, 1.0)),
                "offside": np.zeros(3),
            },
            "weights": {"distance": 5.0, "success": -2.0, "offside": 3.0, "elsewhere": 1.0},
            **values,
        }
    )


def curve(axes, index: int) -> list[float]:
    """A curve, its last point and then the next one: after the line at zero."""
    return axes.lines[1 + 2 * index].get_ydata().tolist()


def test_each_term_has_a_panel_with_its_weighted_values_and_the_sum_is_last():
    figure = figures.plot_reward_terms(episode())
    assert titles(figure) == ["distance  x 5", "success  x -2", SUM]
    distance, success, total = figure.axes
    assert curve(distance, 0) == [5, 10, 20] and curve(success, 0) == [0, 0, -2]
    assert curve(total, 0) == [5, 10, 18]
    assert total.lines[1].get_xdata().tolist() == [0.1, 0.2, 0.3]
    assert [line.get_xydata().tolist() for line in total.lines[2:]] == [[[0.3, 18]]]  # the last point
    assert "0 all the time: offside" in figure.get_supxlabel()


def test_other_weights_give_other_values_and_a_term_without_one_is_left_out():
    figure = figures.plot_reward_terms(episode(), {"success": 10.0})
    assert titles(figure) == ["success  x 10", SUM]
    assert curve(figure.axes[0], 0) == curve(figure.axes[1], 0) == [0, 0, 10]
    with pytest.raises(InputError, match="no weighted terms"):
        figures.plot_reward_terms(episode(), {"smile": 1.0})


def test_episodes_share_panels_and_have_the_colours_of_the_legend():
    short = episode(
        step_time=np.array((0.1, 0.2)),
        terms={"distance": np.array((3.0, 1.0)), "success": np.zeros(2), "offside": np.zeros(2)},
    )
    figure = figures.plot_reward_terms({"long": episode(), "short": short})
    assert titles(figure) == ["distance  x 5", "success  x -2", SUM]  # one of them succeeds
    distance = figure.axes[0]
    assert curve(distance, 0) == [5, 10, 20] and curve(distance, 1) == [15, 5]
    assert legend_colours(figure.legends[0]) == {"long": ACCENT, "short": ORANGE}
    assert [colour_of(line) for line in distance.lines[1::2]] == [ACCENT, ORANGE]
    with pytest.raises(InputError, match="expected one task"):
        figures.plot_reward_terms({"a": episode(), "b": episode(task="penalty_kick")})


def test_touches_and_kicks_are_marked_and_the_end_is_in_the_title():
    ended = episode(
        time=np.array((0.3,)),
        events=[(0.1, "shot"), (0.2, "touch"), (0.3, "success")],
        report={"outcome": "success"},
    )
    figure = figures.plot_reward_terms(ended)
    marks = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_linestyle() == ":"]
    assert marks == [0.1, 0.2] and figure.axes[0].lines[-1].get_color() == PINK
    assert figure.get_suptitle() == "kick to target: success after 0.3 s"
