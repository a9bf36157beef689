"""Factors and their ranges: read, refused, drawn."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.tasks import TASKS
from soccer_lib.variation import FACTORS, read_ranges
from soccer_lib.variation.factors import check_factors_of, draw_factors


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"mas": [0.8, 1.2]}, ["'mas'", "did you mean 'mass'?"]),
        ({"mass": [1.2, 0.8]}, ["mass", "lower end first", "[0.8, 1.2]"]),
        ({"mass": [0.8, 9]}, ["mass got 9", "0.2 up to 5"]),
        ({"mass": [0.8]}, ["mass got [0.8]", "[lowest, highest]"]),
        ({"mass": [0.8, 1.0, 1.2]}, ["[lowest, highest]"]),
        ({"mass": "heavy"}, ["mass got 'heavy'"]),
        ({"noise": [0, float("nan")]}, ["noise got nan"]),
    ],
)
def test_bad_ranges_are_refused_in_a_line(table, words):
    with pytest.raises(InputError) as error:
        read_ranges(table)
    assert all(word in str(error.value) for word in words) and "\n" not in str(error.value)


def test_a_number_is_a_range_of_one_value():
    ranges = read_ranges({"delay": 0.1})
    assert draw_factors(ranges, "kick_to_target", np.random.default_rng(0)) == {"delay": 0.1}


def test_draws_lie_in_their_range_and_come_from_the_generator():
    ranges = read_ranges({"mass": [0.8, 1.2], "joint_offset": [-0.1, 0.1]})
    first = draw_factors(ranges, "kick_to_target", np.random.default_rng(3))
    assert first == draw_factors(ranges, "kick_to_target", np.random.default_rng(3))
    assert first != draw_factors(ranges, "kick_to_target", np.random.default_rng(4))
    rng = np.random.default_rng(0)
    masses = [draw_factors(ranges, "kick_to_target", rng)["mass"] for _ in range(400)]
    assert 0.8 <= min(masses) < 0.81 and 1.19 < max(masses) <= 1.2
    assert len(first["joint_offset"]) == 12 and len(set(first["joint_offset"])) == 12


def test_a_task_draws_no_factor_of_another():
    ranges = read_ranges({"keeper_speed": [0, 1], "target_angle": [-30, 30], "mass": 1})
    drawn = {task: set(draw_factors(ranges, task, np.random.default_rng(0))) for task in TASKS}
    assert drawn["goalie_penalty_kick"] == {"keeper_speed", "mass"}
    assert drawn["kick_to_target"] == {"target_angle", "mass"} and drawn["penalty_kick"] == {"mass"}


def test_a_factor_that_no_task_has_is_refused():
    check_factors_of(["kick_to_target", "goalie_penalty_kick"], ["keeper_speed"], "--randomise")
    with pytest.raises(InputError, match="keeper_speed means nothing for kick_to_target"):
        check_factors_of(["kick_to_target"], ["keeper_speed"], "--randomise")


def test_every_factor_names_its_unit_and_its_tasks_exist():
    for factor in FACTORS.values():
        assert any(word in factor.meaning for word in ("[", "times", "own unit"))
        assert set(factor.tasks) <= set(TASKS)
        if factor.nominal is not None:
            assert factor.allowed.low <= factor.nominal <= factor.allowed.high
