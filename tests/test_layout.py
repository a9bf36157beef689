"""Every entry of the layout tables against the real environments."""

from __future__ import annotations

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.errors import InputError
from soccer_lib.layout import FULL, JOINTS, RAW, TORQUE_LIMIT
from soccer_lib.sim.stock import make_stock
from soccer_lib.tasks import TASKS


def moving_stock(task: str, team: int):
    """A stock environment a few steps in, with everything in motion."""
    env = make_stock(task, team=team)
    env.reset(seed=7)
    rng = np.random.default_rng(7)
    for _ in range(40):
        observation, _, _, _, info = env.step(rng.uniform(-20, 20, 12))
    return env, observation, info


def expected_fields(env, info, task: str) -> dict[str, np.ndarray]:
    """What each field must hold, read from MuJoCo and the stock info by name."""
    data, team = env.sim.data._data, env.current_team
    joints = ["robot_0:" + "_".join(word.capitalize() for word in joint.split("_")) for joint in JOINTS]
    expected = {
        "joint_pos": np.array([data.joint(joint).qpos[0] for joint in joints]),
        "joint_vel": np.array([data.joint(joint).qvel[0] for joint in joints]),
        "goal_xpos_rel_robot": info[f"goal_team_{team}_rel_robot"],
        "goal_xpos_rel_ball": info[f"goal_team_{team}_rel_ball"],
        "goalkeeper_xpos_rel_robot": info[f"goalkeeper_team_{team}_xpos_rel_robot"],
        "goalkeeper_velp_rel_robot": info[f"goalkeeper_team_{team}_velp_rel_robot"],
    }
    return {**info, **expected}


@pytest.mark.parametrize("team", [0, 1])
@pytest.mark.parametrize("task", TASKS)
def test_raw_layout_is_the_stock_observation(task, team):
    env, observation, info = moving_stock(task, team)
    expected = expected_fields(env, info, task)
    assert RAW[task].size == observation.size
    for field in RAW[task].fields:
        np.testing.assert_array_equal(
            observation[field.slice], np.asarray(expected[field.name], dtype=np.float32), err_msg=field.name
        )
        assert np.any(expected[field.name]), f"{field.name} is all zero: the test would not see it moved"


@pytest.mark.parametrize("task", TASKS)
def test_full_layout_is_made_of_the_stock_info(task):
    env = sl.make_env(task, observation="full", fast=False)
    env.reset(seed=3)
    rng = np.random.default_rng(3)
    for _ in range(30):
        observation, _, _, _, info = env.step(rng.uniform(-0.5, 0.5, 12))
    expected = expected_fields(env.unwrapped.stock, info, task)
    rotation = env.unwrapped.data.sensor("robot_0:torso_quat").data
    w, x, y, z = rotation
    expected["projected_gravity"] = -np.array(
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]
    )
    expected["task_one_hot"] = np.eye(3)[TASKS[task].one_hot] if TASKS[task].in_competition else np.zeros(3)
    assert observation.shape == (89,) == (FULL.size,)
    for field in FULL.fields:
        np.testing.assert_allclose(
            observation[field.slice], expected[field.name], rtol=1e-6, atol=2e-6, err_msg=field.name
        )


def test_action_table_is_the_stock_action_space():
    env = make_stock("penalty_kick")
    np.testing.assert_array_equal(env.action_space.high, TORQUE_LIMIT)
    np.testing.assert_array_equal(env.action_space.low, -TORQUE_LIMIT)


def test_layouts_name_what_they_do_not_have():
    with pytest.raises(InputError, match="no field 'ball'"):
        FULL["ball"]
    rows = FULL.table()
    assert rows[0]["entries"] == "0 to 11" and rows[-1]["entries"] == "86 to 88"
