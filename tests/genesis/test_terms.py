"""Reward terms, by hand."""

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.genesis.terms import PROFILES, Reach, pay_reach, read_profile

STEP = Reach(
    before=np.array([0.3, 0.2]),
    after=np.array([0.25, 0.3]),
    joint_vel=np.array([[1.0, 0.0], [2.0, 2.0]]),
    action=np.array([[0.5, 0.5], [1.0, 0.0]]),
    success=np.array([True, False]),
)


def test_each_term_by_hand():
    _, values = pay_reach(STEP, dict.fromkeys(("distance", "progress", "velocity", "action", "success"), 1.0))
    assert values["distance"] == pytest.approx([-0.25, -0.3])
    assert values["progress"] == pytest.approx([0.05, -0.1])
    assert values["velocity"] == pytest.approx([-0.5, -4.0])
    assert values["action"] == pytest.approx([-0.25, -0.5])
    assert values["success"] == pytest.approx([1.0, 0.0])


def test_the_reward_is_the_weighted_sum():
    total, _ = pay_reach(STEP, {"distance": 2.0, "success": 5.0})
    assert total == pytest.approx([-0.5 + 5.0, -0.6])


def test_standing_still_away_from_the_target_earns_nothing():
    still = Reach(np.full(1, 0.3), np.full(1, 0.3), np.zeros((1, 7)), np.zeros((1, 7)), np.zeros(1, bool))
    for weights in PROFILES.values():
        assert pay_reach(still, weights)[0] <= 0


def test_there_and_back_again_adds_up_to_nothing_by_progress():
    there = Reach(np.full(1, 0.3), np.full(1, 0.1), np.zeros((1, 7)), np.zeros((1, 7)), np.zeros(1, bool))
    back = Reach(np.full(1, 0.1), np.full(1, 0.3), np.zeros((1, 7)), np.zeros((1, 7)), np.zeros(1, bool))
    weights = PROFILES["progress"]
    assert pay_reach(there, weights)[0] + pay_reach(back, weights)[0] == pytest.approx(0.0)


def test_weights_are_read_from_a_name_a_table_and_a_text():
    assert read_profile("distance") == {"distance": 1.0}
    assert read_profile({"success": 2}) == {"success": 2.0}
    assert read_profile("distance=1, success=5") == {"distance": 1.0, "success": 5.0}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("shape", "unknown reward profile 'shape'.*did you mean 'shaped'"),
        ("distanze=1", "unknown reward term 'distanze'.*did you mean 'distance'"),
        ("distance=much", "weight of distance got 'much'"),
        ({"success": float("inf")}, "weight of success got inf"),
        ({}, "expected weights"),
        (3, "reward got 3; expected weights"),
    ],
)
def test_weights_that_are_none_are_refused(source, words):
    with pytest.raises(InputError, match=words):
        read_profile(source)
