"""Pictures of drift and of epochs, on the data that they draw; diagrams on what they say of the code."""

from __future__ import annotations

import numpy as np

from soccer_lib.course import figures
from soccer_lib.learn.imitation.actor import KICK_GAIN
from soccer_lib.view.style import ACCENT, GREEN, ORANGE
from tests.support.drawn import legend_colours, lines, points, titles, words


def test_a_second_has_the_mean_of_its_samples_and_none_where_there_are_few():
    times = np.array([0.1] * 5 + [1.5] * 5 + [2.5])
    values = np.array([1.0, 2, 3, 4, 5, 7, 7, 7, 7, np.nan, 99])
    figure = figures.plot_drift({"striker": (times, values)}, {"clone": (times, 2 * np.nan_to_num(values))})
    left, right = figure.axes
    assert points(left) == {"striker": [[0.5, 3.0]]}  # four samples of the next second are known
    assert points(right) == {"clone": [[0.5, 6.0], [1.5, 11.2]]}
    assert left.get_ylim()[0] == right.get_ylim()[0] == 0
    assert legend_colours(figure.legends[0]) == {"striker": ACCENT, "clone": ORANGE}


def test_whoever_is_in_both_panels_has_one_colour():
    one = (np.zeros(5), np.ones(5))
    figure = figures.plot_drift({"a": one, "b": one}, {"b": one, "c": one})
    left, right = (lines(axes) for axes in figure.axes)
    assert left["b"].get_color() == right["b"].get_color() == ORANGE and right["c"].get_color() == GREEN
    assert list(legend_colours(figure.legends[0])) == ["a", "b", "c"]


def test_epochs_have_their_clones_and_their_mean():
    entries = [
        {"x": x, "score": score, "val/loss": 1 / x, "val/kick_recall": 0.5}
        for x, score in ((10, 30.0), (10, 32.0), (20, 36.0))
    ]
    loss, _, score = figures.plot_epochs({"groups": [{"x": 10}, {"x": 20}], "entries": entries}).axes
    assert points(score)["mean"] == [[10, 31], [20, 36]]
    assert [line.get_ydata().tolist() for line in score.lines if line.get_marker() == "."] == [[30, 32], [36]]
    assert points(loss)["mean"] == [[10, 0.1], [20, 0.05]]


def test_the_kick_unit_is_drawn_as_it_acts():
    figure = figures.draw_kick_unit((0.5, -0.2, 0.1), (1, -1, 1))
    _, curve = figure.axes
    forward, sideways = (dict(points(curve)[name]) for name in ("forward", "sideways"))
    assert forward[-0.2] == forward[0.0] == 0.5  # silent below its threshold
    # tanh(artanh(0.5) + 30 x 0.05) = tanh(0.5493 + 1.5)
    assert np.isclose(forward[0.05], np.tanh(0.549306 + 1.5), atol=1e-5)
    assert sideways[0.2] < -0.99 and any(f"times {KICK_GAIN:.0f}" in text for text in words(figure))
    assert titles(figure)[0] == "one network, two questions"


def test_the_loop_of_dagger_names_its_four_steps():
    assert {"start", "fit, anew", "play", "label", "add"} <= set(words(figures.draw_dagger()))
