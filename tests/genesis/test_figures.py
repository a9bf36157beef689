"""Figures draw what they were given."""

import numpy as np
import pytest

from soccer_lib.evaluation.intervals import Estimate
from soccer_lib.genesis import figures
from soccer_lib.genesis.booster import BodyTrace
from soccer_lib.genesis.evaluate import ReachResult
from soccer_lib.genesis.robots import ROBOTS, posture_for
from soccer_lib.genesis.targets import START, held_out_targets
from soccer_lib.layout import JOINTS


def test_a_map_shows_every_target_once_in_each_view():
    targets = held_out_targets(5)
    success = np.array([True, True, False, True, False])
    result = ReachResult(targets, success, np.full(5, 10), np.full(5, 0.04))
    above, side = figures.plot_reach_map(result).axes
    reached, missed, start = (dots.get_offsets() for dots in above.collections)
    assert np.asarray(reached) == pytest.approx(targets[success][:, :2])
    assert np.asarray(missed) == pytest.approx(targets[~success][:, :2])
    assert np.asarray(start)[0] == pytest.approx(START[:2])
    assert np.asarray(side.collections[0].get_offsets()) == pytest.approx(targets[success][:, [0, 2]])


def test_arms_end_at_their_targets():
    targets = held_out_targets(2)
    figure = figures.plot_postures(np.array(ROBOTS["franka"].home), posture_for(targets), targets)
    ends = [np.asarray(line.get_xydata())[-1] for line in figure.axes[0].lines]
    assert ends[0] == pytest.approx(START[[0, 2]])
    assert np.array(ends[1:]) == pytest.approx(targets[:, [0, 2]], abs=1e-6)


def test_rates_stand_in_their_order_with_their_intervals():
    rates = {"one": Estimate(0.5, 0.4, 0.7), "two": Estimate(1.0, 0.9, 1.0)}
    [axes] = figures.plot_rates(rates).axes
    spans = [line.get_xdata() for line in axes.lines[::2]]
    assert np.array(spans) == pytest.approx(np.array([[0.4, 0.7], [0.9, 1.0]]))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "two"]


def test_a_curve_is_drawn_for_every_run_and_named_once():
    curves = {"a": [[[0, 0.1], [10, 0.9]], [[0, 0.2], [10, 0.8]]], "b": [[[0, 0.0]]]}
    [axes] = figures.plot_learning(curves).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"]
    assert np.asarray(axes.lines[1].get_xydata()) == pytest.approx(np.array([[0, 0.2], [10, 0.8]]))


def test_terms_add_up_to_the_dotted_line():
    terms = {"distance": np.array([-0.2, -0.1]), "success": np.array([0.0, 1.0])}
    [axes] = figures.plot_terms(terms, {"distance": 2.0, "success": 5.0}, 0.02).axes
    assert axes.lines[-1].get_ydata() == pytest.approx([-0.4, 4.8])
    # The way fills the axis; what success paid is written at its top.
    assert axes.get_ylim() == pytest.approx((-0.44, -0.16))
    assert [text.get_text() for text in axes.texts] == ["success: +5"]


def test_bodies_lie_over_each_other():
    time = np.arange(3) * 0.002
    place = np.column_stack([time, 0 * time, 0.6 + time])
    joints = np.tile(np.arange(12.0), (3, 1))
    trace = BodyTrace(time, place, np.zeros((3, 4)), joints)
    figure = figures.plot_bodies({"MuJoCo": trace, "Genesis": trace}, ("left_knee_pitch",))
    height, ahead, knee = figure.axes
    assert len(height.lines) == 2 and height.lines[0].get_ydata() == pytest.approx(place[:, 2])
    assert ahead.lines[1].get_ydata() == pytest.approx(time)
    assert knee.lines[0].get_ydata() == pytest.approx(np.full(3, JOINTS.index("left_knee_pitch")))


def test_pruned_trials_are_told_from_whole_ones():
    trials = [
        {"values": {10: 0.1, 20: 0.4}, "pruned": False, "settings": {"lr": 1e-3}},
        {"values": {10: 0.0}, "pruned": True, "settings": {"lr": 1e-5}},
    ]
    left, right = figures.plot_trials(trials).axes
    assert [line.get_color() for line in left.lines] == [figures.ACCENT, figures.RED]
    assert right.lines[0].get_xydata() == pytest.approx(np.array([[1e-3, 0.4]]))
    assert right.xaxis.get_major_formatter()(1e-3, 0) == "0.001"
