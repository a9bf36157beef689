"""Several tasks in one environment: drawn by weight, complete in its state, one size."""

from __future__ import annotations

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.errors import InputError
from soccer_lib.tasks import tasks_named
from soccer_lib.wrappers.multitask import task_shares
from tests.envs.test_envs import check_quietly

TWO = ["goalie_penalty_kick", "kick_to_target"]
JOINT = {"control": "joint", "observation": "robot"}


def episodes(env, count, seed=None):
    """Task, first observation and return of each episode, played with the same actions."""
    seen = []
    for number in range(count):
        observation, info = env.reset(seed=seed if number == 0 else None)
        total, over = 0.0, False
        for action in np.random.default_rng(number).uniform(-1, 1, (30, 12)).astype(np.float32):
            *_, reward, terminated, truncated, step_info = env.step(action)
            total += reward
            if over := terminated or truncated:
                break
        assert step_info["task_name"] == info["task_name"] == env.unwrapped.task.name
        assert not over or step_info["episode_report"]["task"] == info["task_name"]
        seen.append((info["task_name"], observation.tobytes(), total))
    return seen


def test_shares_by_hand():
    tasks = tasks_named("all")
    assert list(task_shares(tasks).values()) == pytest.approx([1 / 3] * 3)
    weights = {"kick_to_target": 2, "LowerT1ObstaclePenaltyKick-v0": 0}
    assert task_shares(tasks, weights) == pytest.approx({TWO[0]: 1 / 3, TWO[1]: 2 / 3})


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"kick_to_targt": 1}, "did you mean 'kick_to_target'"),
        ({"penalty_kick": 1}, "unknown task in task_weights 'penalty_kick'"),
        ({"kick_to_target": -1}, "kick_to_target got -1"),
        ({"kick_to_target": float("nan")}, "got nan"),
        ({"kick_to_target": float("inf")}, "got inf"),
        ({"kick_to_target": "2"}, "got '2'"),
        (dict.fromkeys(TWO, 0), "task_weights are 0"),
    ],
)
def test_bad_weights_are_one_line(weights, message):
    with pytest.raises(InputError, match=message) as error:
        sl.make_env(TWO, observation="full", task_weights=weights)
    assert "\n" not in str(error.value)


def test_raw_observations_of_several_tasks_are_refused():
    with pytest.raises(InputError, match="goalie_penalty_kick 45, kick_to_target 39.*'full'"):
        sl.make_env(TWO)


def test_tasks_are_drawn_by_weight_and_seed():
    env = sl.make_env("goalie_penalty_kick,kick_to_target", task_weights={TWO[1]: 3}, **JOINT)
    drawn = [env.reset(seed=7 if i == 0 else None)[1]["task_name"] for i in range(200)]
    assert 0.65 < drawn.count(TWO[1]) / 200 < 0.85
    assert drawn[:20] == [env.reset(seed=7 if i == 0 else None)[1]["task_name"] for i in range(20)]
    assert {env.reset(seed=seed)[1]["task_name"] for seed in range(20)} == set(TWO)


def test_first_episodes_of_a_seed_are_those_of_the_tasks_alone():
    env = sl.make_env(TWO, **JOINT)
    first = {}
    for task, observation, total in episodes(env, 8, seed=11):
        first.setdefault(task, (observation, total))
    assert set(first) == set(TWO)
    alone = sl.make_env(TWO[1], **JOINT)
    assert alone.reset(seed=11)[0].tobytes() == first[TWO[1]][0]


def test_same_seed_same_episodes_and_state_goes_on_bit_for_bit():
    env, other = sl.make_env(TWO, **JOINT), sl.make_env(TWO, **JOINT)
    episodes(env, 3, seed=5)
    state = sl.get_state(env)
    rest = env.step(np.ones(12, np.float32))[0].tobytes(), episodes(env, 5)
    episodes(other, 2, seed=6)
    sl.set_state(other, state)
    assert (other.step(np.ones(12, np.float32))[0].tobytes(), episodes(other, 5)) == rest


def test_state_of_other_tasks_is_refused():
    state = sl.get_state(sl.make_env(TWO, **JOINT))
    with pytest.raises(InputError, match="obstacle_penalty_kick"):
        sl.set_state(sl.make_env("all", **JOINT), state)
    with pytest.raises(InputError, match="layers"):
        sl.set_state(sl.make_env(TWO[0], **JOINT), state)


def test_seed_of_make_env_counts():
    seeded, plain = sl.make_env(TWO, seed=4, **JOINT), sl.make_env(TWO, **JOINT)
    assert seeded.reset()[0].tobytes() == plain.reset(seed=4)[0].tobytes()


def test_checkers_pass_and_describe_shows_the_shares():
    env = sl.make_env("all", observation="agent", task_weights={"kick_to_target": 2})
    check_quietly(env)
    text = sl.describe(env)
    assert "MultiTask" in text and "kick_to_target 50%" in text and "Guard" in text
    assert text.count("observation ") == 1


def test_one_task_left_is_a_plain_environment():
    env = sl.make_env(TWO, task_weights={TWO[1]: 0})
    assert env.reset(seed=0)[0].shape == (45,)
