"""An exported agent gives the very torques that its environment gives, alone and in batches."""

from __future__ import annotations

import ast
import dataclasses

import numpy as np
import pytest

from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.export.pilot import TORQUE_UNIT
from soccer_lib.export.preprocessor import exported_layers, recipe_of
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.policies import PolicySpec, load_policy
from soccer_lib.policies.learned import LearnedPolicy
from soccer_lib.sim import make_sim
from soccer_lib.tasks import TASKS
from soccer_lib.wrappers.observation import full_observation
from tests.export.exported import ONE_HOT, linear, preprocessor_of, small_agent, torques_here, torques_there


@pytest.mark.parametrize(
    ("agent", "task", "actions"),
    [
        ("striker", "goalie_penalty_kick", 100),  # the whole episode: walk, strike, goal
        ("walk_at_ball", "kick_to_target", 12),
        ("stand", "obstacle_penalty_kick", 60),
        ("small", "obstacle_penalty_kick", 12),
        ("small with a hold of 33 steps", "kick_to_target", 20),
    ],
)
def test_every_torque_is_the_same_to_the_bit(agent, task, actions, tmp_path):
    policy = small_agent() if agent.startswith("small") else load_policy(agent)
    if "hold" in agent:
        policy.spec = dataclasses.replace(policy.spec, hold=33)
    here = torques_here(policy, task, 3, actions)
    there = torques_there(preprocessor_of(policy, tmp_path), task, 3, len(here))
    assert len(here) >= 60
    assert np.array_equal(there[:, 0], here)


def test_a_robot_of_a_batch_is_flown_as_if_it_were_alone_and_again_after_a_reset(tmp_path):
    policy = load_policy("striker")
    preprocessor = preprocessor_of(policy, tmp_path)
    first = torques_there(preprocessor, "kick_to_target", 5, 80, size=2)
    alone = torques_there(preprocessor, "kick_to_target", 6, 80)  # the same preprocessor, one robot fewer
    again = torques_there(preprocessor, "kick_to_target", 5, 80, size=2)
    assert np.array_equal(first, again)
    assert np.array_equal(first[:, 1], alone[:, 0])
    assert not np.array_equal(first[:, 0], first[:, 1])


def test_a_robot_whose_physics_blew_up_gets_no_torque_and_disturbs_no_other(tmp_path):
    preprocessor = preprocessor_of(load_policy("stand"), tmp_path)
    observation, info = make_sim("kick_to_target").reset(seed=1)
    lost = np.full_like(observation, np.nan)
    rows = {name: np.stack([value] * 2) for name, value in info.items() if isinstance(value, np.ndarray)}
    both = preprocessor.modify_state(np.stack([lost, observation]), rows)
    assert not both[0].any()
    assert np.array_equal(both[1:], preprocessor.modify_state(observation, info))


def test_one_robot_without_a_batch_gets_one_row(tmp_path):
    observation, info = make_sim("kick_to_target").reset(seed=1)
    torques = preprocessor_of(load_policy("stand"), tmp_path).modify_state(observation, info)
    assert torques.shape == (1, 12) and torques.dtype == np.float32
    # hip pitch: 200 N m/rad times -0.1 rad, in units of 64 N m
    assert torques[0, 0] == np.float32(-20.0) / 64


def test_torques_survive_their_unit_to_the_bit_and_shares_of_the_limits_would_not():
    torques = np.random.default_rng(0).uniform(-TORQUE_LIMIT, TORQUE_LIMIT, (1000, 12)).astype(np.float32)
    assert np.array_equal(torques / TORQUE_UNIT * TORQUE_UNIT, torques)
    assert np.abs(torques / TORQUE_UNIT).max() <= 1
    assert not np.array_equal(torques / TORQUE_LIMIT * TORQUE_LIMIT, torques)


def test_the_text_has_no_import_and_begins_with_the_class():
    text = recipe_of(load_policy("striker")).text()
    tree = ast.parse(text)
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)]
    assert names[0] == "Preprocessor"
    assert "__import__" not in text and "exec(" not in text


def test_a_plain_agent_hands_on_what_it_sees_and_the_joints(tmp_path):
    sim = make_sim("obstacle_penalty_kick")
    observation, info = sim.reset(seed=1)
    info = {**info, "task_index": ONE_HOT[1]}
    torque = preprocessor_of(small_agent("torque", "full", inputs=89), tmp_path)
    seen = full_observation(observation[:24], info, TASKS["obstacle_penalty_kick"])
    assert np.array_equal(torque.modify_state(observation, info)[0], seen)
    joint = preprocessor_of(small_agent("joint", "full", inputs=89), tmp_path)
    seen = [joint.modify_state(observation, info)[0]]
    for _ in range(10):
        observation, _, _, _, step_info = sim.step(np.ones(12, np.float32))
        seen.append(joint.modify_state(observation, {**step_info, "task_index": ONE_HOT[1]})[0])
    assert seen[0].shape == (89 + 24,)
    assert all(np.array_equal(row[:89], seen[0][:89]) for row in seen[:10])  # held for 20 ms
    assert not np.array_equal(seen[10][:89], seen[0][:89])
    assert np.array_equal(seen[10][89:], observation[:24])  # the joints are those of now


def test_layers_that_need_more_than_numpy_are_refused():
    assert {"linear", "tanh", "kick_or_walk"} <= exported_layers()
    layers = [linear(3, 96), ("gelu", {})]
    policy = LearnedPolicy(Network(layers), PolicySpec("odd", "command", "agent"))
    with pytest.raises(
        InputError, match="odd has layers that cannot be exported: gelu; expected some of .*relu"
    ):
        recipe_of(policy)


def test_an_agent_of_one_task_is_refused():
    with pytest.raises(InputError, match="small sees the stock observation of 54 entries.*train it with"):
        recipe_of(small_agent("torque", "raw", inputs=54))


def test_who_draws_at_random_is_refused():
    with pytest.raises(InputError, match="random draws from the episode's seed.*try stand"):
        recipe_of(load_policy("random"))
