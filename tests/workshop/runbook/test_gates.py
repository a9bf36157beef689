"""Floors under figures: worked out by hand, and figures known before their step has run."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from soccer_lib.cli.main import parse_command
from soccer_lib.errors import InputError
from soccer_lib.evaluation.statistics import summarise
from soccer_lib.learn.candidates import score_figures
from soccer_lib.tasks import COMPETITION, tasks_named
from soccer_lib.workshop.runbook.figures import expected_figures, most_points
from soccer_lib.workshop.runbook.gates import judge_gate
from soccer_lib.workshop.runbook.steps import Gate
from tests.support.episodes import make_episode


def write(path: Path, **figures) -> Path:
    path.write_text(json.dumps(figures))
    return path


@pytest.mark.parametrize(
    ("gate", "floor", "passed"),
    [
        ({"at_least": 24.0}, 24.0, True),  # on the floor is not below it
        ({"at_least": 24.01}, 24.01, False),
        ({"share": 0.6, "of": True}, 0.6 * 40, True),
        ({"share": 0.61, "of": True}, 0.61 * 40, False),
        ({"share": 1.0, "at_least": -16.0, "of": True}, 24.0, True),
        ({"share": 1.0, "at_least": -15.0, "of": True}, 25.0, False),
    ],
)
def test_a_floor_is_a_number_or_a_share_of_another_figure_less_some_points(gate, floor, passed, tmp_path):
    mine = write(tmp_path / "mine.json", sum=24.0)
    if "of" in gate:
        gate = {**gate, "of": write(tmp_path / "theirs.json", other=40.0), "of_figure": "other"}
    verdict = judge_gate(Gate("sum", mine, **gate))
    assert (verdict.floor, verdict.passed) == (pytest.approx(floor), passed)
    assert "sum 24, at least" in str(verdict) and ("other" in str(verdict)) == ("of" in gate)


@pytest.mark.parametrize("value", [None, "24", True])
def test_what_is_no_number_is_refused(value, tmp_path):
    with pytest.raises(InputError, match="sum in .*mine.json got"):
        judge_gate(Gate("sum", write(tmp_path / "mine.json", sum=value), 1.0))


def test_a_missing_figure_is_told_with_those_that_there_are(tmp_path):
    with pytest.raises(InputError, match="expected one of: total; did you mean 'total'"):
        judge_gate(Gate("totl", write(tmp_path / "mine.json", total=1.0, name="x"), 1.0))


def test_a_share_of_nothing_is_no_floor(tmp_path):
    mine = write(tmp_path / "mine.json", sum=-2.0)
    theirs = write(tmp_path / "theirs.json", sum=-2.27)
    with pytest.raises(InputError, match="more than 0 to take a share of"):
        judge_gate(Gate("sum", mine, share=0.6, of=theirs, of_figure="sum"))
    assert judge_gate(Gate("sum", mine, of=theirs, of_figure="sum")).passed


def test_the_largest_scores_by_hand():
    goalie, target = tasks_named("goalie_penalty_kick,kick_to_target")
    # 0.25 for the way to the ball, 2.5 for the goal, 1.5 a m/s up to 30 m/s, less 1 for the time.
    assert most_points(goalie) == pytest.approx(0.25 + 2.5 + 45.0 - 1.0)
    assert most_points(target) == pytest.approx(2.0 + 0.5 - 0.3)
    assert most_points(tasks_named("goal_keeper")[0]) == math.inf


def test_the_figures_of_an_evaluation_are_those_that_it_writes():
    _, _, settings = parse_command(
        "evaluate --policy stand --tasks all goal_keeper --episodes 3 --json runs/a.json".split()
    )
    [known] = expected_figures("evaluate", settings).values()
    tasks = [*COMPETITION, "goal_keeper"]
    written = summarise([make_episode(task, 1.0, str(seed)) for task in tasks for seed in range(3)])
    assert set(known) == {name for name, value in written.items() if not isinstance(value, list)}
    assert (known["goal_keeper/n_episodes"], known["kick_to_target/fall_rate"]) == (3, 1.0)
    assert known["comp_total_sum"] == pytest.approx(2 * 46.75 + 2.2)


def test_the_figures_of_a_training_are_those_of_its_best():
    _, _, settings = parse_command(
        "train --tasks kick_to_target --total-timesteps 7 --save-dir runs/a".split()
    )
    [(file, known)] = expected_figures("train", settings).items()
    written = score_figures([make_episode("kick_to_target", 1.0)])
    assert file == Path("runs/a/status.json")
    assert set(known) == {*written, "step", "total_timesteps"} and known["step"] == 7
