"""Curves of a run: the points that are drawn."""

from __future__ import annotations

from soccer_lib.view.curves import MOST, curves_of, plot_curves
from tests.support.drawn import titles


def test_points_are_those_of_lines_that_have_both():
    lines = [
        {"step": 0, "comp_eval/C_overall": 1.0},
        {"step": 10, "train/actor_loss": 0.5},
        {"step": 20, "comp_eval/C_overall": 3.0, "train/actor_loss": None},
        {"step": 30, "comp_eval/C_overall": "bad", "train/actor_loss": 0.25},
    ]
    assert curves_of(lines) == {
        "comp_eval/C_overall": [(0, 1.0), (20, 3.0)],
        "train/actor_loss": [(10, 0.5), (30, 0.25)],
    }


def test_a_clone_has_epochs():
    lines = [{"epoch": epoch, "val/loss": 1 / epoch} for epoch in (1, 2, 4)]
    figure = plot_curves(lines)
    (axes,) = figure.axes
    assert axes.lines[0].get_xydata().tolist() == [[1, 1], [2, 0.5], [4, 0.25]]
    assert figure.get_supxlabel() == "epoch" and titles(figure) == ["val/loss"]


def test_no_more_panels_than_fit_and_none_for_nothing():
    many = ("comp_eval/C_overall", "rollout/ep_rew_mean", "val/loss", "train/loss", "train/critic_loss")
    lines = [{"step": step, **dict.fromkeys(many, step)} for step in (0, 1)]
    assert len(plot_curves(lines).axes) == MOST
    assert plot_curves([]) is None and plot_curves([{"step": 1, "val/loss": 1.0}]) is None
