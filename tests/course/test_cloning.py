"""Pictures of clones: losses, answers, drift and studies, with numbers chosen by hand."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.course import figures
from soccer_lib.tasks import COMPETITION
from soccer_lib.view.style import ACCENT, GREEN, ORANGE, PINK
from tests.support.drawn import colour_of, intervals, legend_colours, lines, points


@pytest.fixture
def losses():
    epochs = [
        {"epoch": 1, "train/loss": 4.0, "val/loss": 5.0, "val/kick_recall": None, "val/kick_precision": 0.5},
        {"epoch": 2, "train/loss": 2.0, "val/loss": 3.0, "val/kick_recall": 0.25, "val/kick_precision": 1.0},
    ]
    others = [{"train/loss": [9.0, 8.0, 7.0], "val/loss": [6.0, 5.5, 5.0]}]
    return figures.plot_losses(epochs, others).axes


def test_training_and_validation_are_told_apart(losses):
    left, _ = losses
    assert points(left)["training"] == [[1, 4], [2, 2]] and points(left)["validation"] == [[1, 5], [2, 3]]
    assert legend_colours(left.get_legend()) == {"training": ACCENT, "validation": ORANGE}
    faint = {line.get_color(): line.get_ydata().tolist() for line in left.lines if line.get_linewidth() < 1}
    assert faint == {ACCENT: [9, 8, 7], ORANGE: [6, 5.5, 5]}
    assert left.get_yscale() == "log"


def test_recall_and_precision_have_a_gap_where_there_is_none(losses):
    _, right = losses
    recall, precision = (lines(right)[name].get_ydata() for name in ("recall", "precision"))
    assert np.isnan(recall[0]) and recall[1] == 0.25 and list(precision) == [0.5, 1.0]
    assert legend_colours(right.get_legend()) == {"recall": GREEN, "precision": PINK}


def test_answers_are_counted_beyond_the_threshold():
    answers = {"first": np.array((0.9, 0.8, 0.5, -0.5)), "second": np.array((1.0, 1.0))}
    (axes,) = figures.plot_kick_answers(answers, 0.8).axes
    first, second = (line for line in axes.lines if line.get_marker() == ".")
    assert first.get_xdata().tolist() == [0.9, 0.8, 0.5, -0.5] and second.get_xdata().tolist() == [1, 1]
    assert np.abs(first.get_ydata()).max() <= 0.25 and np.abs(second.get_ydata() - 1).max() <= 0.25
    # At the threshold itself nothing is asked for: one of four.
    assert {text.xy[1]: text.get_text() for text in axes.texts} == {0: "25% kick", 1: "100% kick"}
    assert axes.lines[-1].get_xdata()[0] == 0.8
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second"]
    bottom, top = axes.get_ylim()
    assert bottom > top


@pytest.fixture
def study():
    rates = {f"{task}/success_rate": rate for task, rate in zip(COMPETITION, (1.0, 0.5, 0.0), strict=True)}
    scores = {0: (30.0, 34.0), 1: (38.0,)}
    return {
        "striker": {"score": 39.0},
        "groups": [
            {"x": 0, "mean": 32.0, "ci95": [31.0, 36.0]},
            {"x": 1, "mean": 38.0, "ci95": [None, None]},
        ],
        "entries": [{"x": x, "score": score, **rates} for x, group in scores.items() for score in group],
    }


def test_a_study_has_its_means_intervals_and_clones(study):
    (axes,) = figures.plot_study(study, "DAgger", "rounds", {"here": (1, 20.0)}).axes
    drawn = points(axes)
    assert drawn["mean of the clones, 95% interval"] == [[0, 32], [1, 38]]
    assert drawn["one clone"] == [[0, 30], [0, 34], [1, 38]] and drawn["here"] == [[1, 20]]
    assert intervals(axes) == [[[0, 31], [0, 36]]]  # one clone has none
    assert axes.get_ylim() == (17, 43)  # from the lowest score - 3 to the striker's + 4
    colours = legend_colours(axes.figure.legends[0])
    assert colours["mean of the clones, 95% interval"] == ACCENT and colours["here"] == ORANGE
    (striker,) = (text for text in axes.texts if text.get_text() == "striker")
    assert striker.xy[1] == 39 and axes.lines[0].get_ydata()[0] == 39
    assert axes.get_xlabel() == "rounds" and axes.get_title(loc="left") == "DAgger"
    assert colour_of(lines(axes)["here"]) == ORANGE


def test_a_study_as_a_table(study):
    head, _, first, second = figures.study_table(study).splitlines()
    assert head.split()[:3] == ["kind", "clones", "sum"]
    assert first.split() == ["0", "2", "32.00", "31.00", "to", "36.00", "100%", "50%", "0%"]
    assert second.split()[:4] == ["1", "1", "38.00", "-"]
