"""Weights from files, and terms and potentials that a user writes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.errors import InputError
from soccer_lib.wrappers.rewards import PROFILES, add_potential, add_term, check_weights, read_weights
from soccer_lib.wrappers.rewards.field_state import FieldState, Step
from soccer_lib.wrappers.rewards.potential import POTENTIALS
from soccer_lib.wrappers.rewards.profiles import weights_of
from soccer_lib.wrappers.rewards.terms import TERMS
from soccer_lib.wrappers.rewards.users import written_by_users

FILE = """
only = true
score = 1
phi_near_ball = 0.5
[penalty]
phi_ball_on_its_way = 8
[target]
phi_near_ball = 2
"""


@pytest.fixture(autouse=True)
def tidy(monkeypatch):
    """What a test adds is gone after it."""
    for table in (POTENTIALS, TERMS):
        for name in list(table):
            monkeypatch.setitem(table, name, table[name])
    before = [set(table) for table in (POTENTIALS, TERMS)]
    yield
    for table, names in zip((POTENTIALS, TERMS), before, strict=True):
        for name in set(table) - names:
            del table[name]


def test_weights_of_a_file_by_kind_of_task(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(FILE)
    weights = read_weights(str(file))
    penalty = {"score": 1, "phi_near_ball": 0.5, "phi_ball_on_its_way": 8}
    assert weights_of("shaped", "goalie_penalty_kick", weights) == penalty
    assert weights_of("shaped", "kick_to_target", weights) == {"score": 1, "phi_near_ball": 2}
    del weights["only"]
    over = weights_of("shaped", "kick_to_target", weights)
    assert over == {**PROFILES["shaped"]["target"], "score": 1, "phi_near_ball": 2}
    weights = read_weights(str(file))
    env = sl.make_env("kick_to_target", reward="shaped", reward_weights=weights, control="joint")
    env.reset(seed=1)
    assert set(env.step(np.zeros(12, np.float32))[4]["reward_shares"]) == {"score", "phi_near_ball"}


def test_pairs_still_do():
    assert read_weights("time=-1, score = 2") == {"time": -1.0, "score": 2.0} and read_weights("") == {}


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"penalty": {"tim": 1}}, ["'tim'", "did you mean 'time'?"]),
        ({"target": {"time": math.nan}}, ["'time' got nan"]),
        ({"target": {"penalty": {}}}, ["expected term -> weight"]),
        ({"penalty": 1}, ["'penalty' got 1"]),
        ({"only": 1}, ["'only' got 1", "true or false"]),
    ],
)
def test_bad_tables_of_weights_are_refused_in_a_line(weights, words):
    with pytest.raises(InputError) as error:
        check_weights(weights)
    assert all(word in str(error.value) for word in words)


def test_a_potential_of_the_user_pays_its_change():
    def far_from_the_ball(scene):
        return abs(scene.ball)

    name = add_potential(far_from_the_ball)
    assert name == "phi_far_from_the_ball" and written_by_users({name: 1})
    assert written_by_users({"target": {name: 1}}) and not written_by_users({"phi_near_ball": 1})
    settings = {"reward_weights": {"only": True, name: 2.0}, "reward_gamma": 0.5}
    env = sl.make_env("kick_to_target", reward="shaped", control="joint", **settings)
    env.reset(seed=1)
    before = env.get_wrapper_attr("_before")
    reward = env.step(np.zeros(12, np.float32))[1]
    after = env.get_wrapper_attr("_before")
    assert reward == pytest.approx(2.0 * (0.5 * abs(after.ball) - abs(before.ball)))


def test_a_term_of_the_user_pays_its_value_and_a_truth_counts_1():
    def stood_up(step):
        return step.after.upright > 0.5

    assert add_term(stood_up) == "stood_up" and TERMS["stood_up"](Step()) == 1.0


def test_what_is_added_again_replaces_and_what_is_ours_stays():
    def mine(scene):
        return 0.25

    add_potential(mine)
    add_potential(mine)
    assert POTENTIALS["phi_mine"](FieldState()) == 0.25

    def near_ball(scene):
        return 1.0

    with pytest.raises(InputError, match="'phi_near_ball' is one of ours; .*my_phi_near_ball"):
        add_potential(near_ball)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (lambda scene: math.nan, "got nan; expected a finite number"),
        (lambda scene: math.inf, "got inf"),
        (lambda scene: None, "got None"),
        (lambda scene: "far", "got 'far'"),
        (lambda scene: 1 / abs(scene.ball - 2), "raised ZeroDivisionError"),
        (lambda: 1.0, "raised TypeError"),
    ],
)
def test_a_potential_that_is_no_finite_number_is_refused_in_a_line(body, words):
    with pytest.raises(InputError) as error:
        add_potential(body)
    assert words in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(InputError, match="expected a function"):
        add_potential(0.5)


def test_one_that_fails_later_ends_the_episode_in_a_line():
    def deep(scene):
        return math.nan if scene.height < 0.5 else 1.0

    env = sl.make_env(
        "kick_to_target", reward="shaped", reward_weights={add_potential(deep): 1.0}, control="joint"
    )
    env.reset(seed=1)
    with pytest.raises(InputError, match="'phi_deep' got nan"):
        for _ in range(100):
            env.step(np.ones(12, np.float32))
