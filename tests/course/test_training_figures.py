"""Pictures of a training run and of what critics believe, with numbers chosen by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from soccer_lib.course import figures
from soccer_lib.course.figures import training
from soccer_lib.view.style import ACCENT, INK, ORANGE
from tests.support.drawn import colour_of, lines, points

METRICS = [
    {"step": 100, "rollout/score/goalie_penalty_kick": 1.0, "rollout/kicks": 0.5, "train/approx_kl": None},
    {"step": 200, "rollout/score/goalie_penalty_kick": 3.0, "rollout/kicks": 1.0, "train/approx_kl": 0.02},
    {"step": 200, "comp_eval/C_overall": 12.0, "train/approx_kl": 0.2},
]


def test_a_series_has_a_point_where_there_is_a_value():
    steps, values = figures.series(METRICS, "train/approx_kl")
    assert steps.tolist() == [200, 200] and values.tolist() == [0.02, 0.2]
    assert [len(part) for part in figures.series(METRICS, "other")] == [0, 0]


def test_a_run_shows_scores_kicks_and_updates():
    scores, kicks, updates = figures.plot_run(METRICS, marks=(150,)).axes
    drawn = points(scores)
    assert drawn["goalie penalty kick"] == [[100, 1], [200, 3]]
    assert drawn["sum, without exploration"] == [[200, 12]]
    assert colour_of(lines(scores)["sum, without exploration"]) == INK
    assert points(kicks)["kicks"] == [[100, 0.5], [200, 1]] and "refused" not in points(kicks)
    assert updates.get_yscale() == "log" and "KL" in updates.get_title(loc="left")
    for axes in (scores, kicks, updates):
        assert [150, 150] in [list(line.get_xdata()) for line in axes.lines]


def test_a_run_without_updates_of_a_policy_shows_its_critics():
    critics = [{"step": 5, "train/critic_loss": 0.25}]
    updates = figures.plot_run(critics).axes[2]
    assert updates.lines[0].get_xydata().tolist() == [[5, 0.25]]
    assert updates.get_title(loc="left") == "loss of the critics"


def test_a_run_that_has_just_begun_is_an_empty_picture():
    assert all(
        np.size(line.get_xdata()) in (0, 2) for axes in figures.plot_run([]).axes for line in axes.lines
    )


@pytest.mark.parametrize(("status", "looks"), [("done", 1), ("running", 3)])
def test_a_folder_is_watched_until_its_run_ends(tmp_path, monkeypatch, status, looks):
    (tmp_path / "metrics.jsonl").write_text(json.dumps(METRICS[0]) + "\n")
    (tmp_path / "status.json").write_text(json.dumps({"status": status}))
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 1:
            with (tmp_path / "metrics.jsonl").open("a") as file:
                file.write(json.dumps(METRICS[1]) + "\n")
        else:
            (tmp_path / "status.json").write_text(json.dumps({"status": "done"}))

    shown = []
    monkeypatch.setattr("soccer_lib.course.live.time.sleep", pause)
    monkeypatch.setattr(training, "has_sliders", lambda interactive: interactive)
    monkeypatch.setattr(training, "_display", lambda drawn: shown.append(drawn) or Place(shown))
    seen = figures.watch_run(tmp_path)
    assert seen == METRICS[: len(seen)] and len(pauses) == looks - 1
    assert len(shown) == len(seen) == (2 if status == "running" else 1)


class Place:
    """Where a picture is replaced by the next."""

    def __init__(self, shown: list) -> None:
        self.update = shown.append


def test_without_a_front_end_a_run_is_drawn_once(tmp_path, monkeypatch):
    (tmp_path / "metrics.jsonl").write_text(json.dumps(METRICS[0]) + "\n")
    (tmp_path / "status.json").write_text(json.dumps({"status": "running"}))
    shown = []
    monkeypatch.setattr(training, "show", shown.append)
    assert figures.watch_run(tmp_path, interactive=False) == METRICS[:1]
    assert len(shown) == 1


def test_estimates_are_a_mean_and_a_band():
    values = np.array([[1.0, 3.0], [2.0, 6.0]])
    (axes,) = figures.plot_estimates({"one": values}, truth=0.5).axes
    assert points(axes)["one"] == [[1, 2], [2, 4]]
    band = axes.collections[0].get_paths()[0].vertices
    assert {(1, 1), (1, 3), (2, 2), (2, 6)} <= {tuple(point) for point in band.tolist()}
    assert axes.lines[0].get_ydata() == [0.5, 0.5]


def test_dots_are_at_the_highest_points():
    actions = np.array([-1.0, 0.0, 1.0])
    (axes,) = figures.plot_smoothing(actions, np.array([5.0, 1, 2]), np.array([0.0, 1, 3])).axes
    dots = {colour_of(line): line.get_xydata().tolist() for line in axes.lines if line.get_marker() == "o"}
    assert dots == {ORANGE: [[-1, 5]], ACCENT: [[1, 3]]}
