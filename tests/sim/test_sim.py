"""The fast simulation is the stock environment, bit for bit, and its state is complete."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.errors import InputError
from soccer_lib.sim import make_sim
from soccer_lib.tasks import TASKS
from soccer_lib.workshop.bench.exact import at_feet, compare, differing_fields, identical

ENDS = {
    "goalie_penalty_kick": {"success", "blocked", "out_of_field", "fall"},
    "obstacle_penalty_kick": {"success", "blocked", "out_of_field", "fall"},
    "kick_to_target": {"success", "out_of_field", "fall"},
    "penalty_kick": {"success", "out_of_field", "fall", "time_limit"},
    "goal_keeper": {"success", "conceded", "out_of_field", "fall"},
}


@pytest.mark.parametrize("team", [0, 1])
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.golden
def test_bit_identical_to_the_stock_environment(task, team):
    found = compare(task, team, steps=2_600)
    assert found.steps == 2_600
    assert dict(found.mismatches) == {}
    assert found.touches > 20
    assert ENDS[task] <= set(found.outcomes), f"the scenes of {task} no longer reach {ENDS[task]}"


def test_comparison_sees_one_wrong_bit():
    info = {"a": np.zeros(3), "reward_terms": {"x": 0.5}}
    left = (np.zeros(3, np.float32), 1.0, False, False, info)
    assert differing_fields(left, left) == []
    nudged = np.zeros(3, np.float32)
    nudged[1] = np.nextafter(np.float32(0), np.float32(1))
    assert differing_fields(left, (nudged, *left[1:])) == ["observation"]
    other = {"a": np.zeros(3), "reward_terms": {"x": np.nextafter(0.5, 1)}}
    assert differing_fields(left, (*left[:4], other)) == ["term x"]
    assert not identical(0.0, -0.0)


def play(env, actions):
    """Bits of everything that a series of steps returns, across resets."""
    trace = []
    for action in actions:
        observation, reward, terminated, truncated, info = env.step(action)
        report, terms = info.pop("episode_report", None), info.pop("reward_terms")
        values = {key: np.asarray(value).tobytes() for key, value in info.items()}
        trace.append((observation.tobytes(), reward, terminated, truncated, values, terms, report))
        if terminated or truncated:
            trace.append(env.reset()[0].tobytes())
    return trace


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("task", TASKS)
def test_restored_state_goes_on_bit_for_bit(task, fast):
    first, second = (sl.make_env(task, fast=fast, team=-1) for _ in range(2))
    actions = np.random.default_rng(0).uniform(-1, 1, (330, 12)).astype(np.float32)
    first.reset(seed=3)
    at_feet(first.unwrapped)
    second.reset(seed=99)
    play(first, actions[:130])
    state = sl.get_state(first)
    seen = first.unwrapped.observation().tobytes()
    expected = play(first, actions[130:])
    sl.set_state(second, state)
    assert second.unwrapped.observation().tobytes() == seen
    assert play(second, actions[130:]) == expected
    sl.set_state(first, state)
    assert play(first, actions[130:]) == expected


@pytest.mark.parametrize("task", TASKS)
def test_a_state_in_a_simulation_that_never_began_draws_the_same_next_episode(task):
    first, fresh = (make_sim(task) for _ in range(2))
    first.reset(seed=3)
    fresh.set_state(first.get_state())
    for _ in range(2):
        assert first.reset()[0].tobytes() == fresh.reset()[0].tobytes()
    assert np.array_equal(first.stock.np_random.random(4), fresh.stock.np_random.random(4))


def test_state_of_another_task_is_refused():
    state = make_sim("penalty_kick").get_state()
    with pytest.raises(InputError, match="task='penalty_kick'"):
        make_sim("kick_to_target").set_state(state)


@pytest.mark.parametrize("fast", [True, False])
def test_blow_up_ends_the_episode_as_truncated(fast):
    env = sl.make_env("penalty_kick", fast=fast)
    env.reset(seed=0)
    env.unwrapped.data.qvel[0] = 1e30
    *_, truncated, info = env.step(np.zeros(12))
    assert truncated and info["sim_unstable"]
    assert info["episode_report"]["outcome"] == "unstable"
    env.reset(seed=0)
    *_, truncated, info = env.step(np.zeros(12))
    assert not truncated and "sim_unstable" not in info


@pytest.mark.parametrize("fast", [True, False])
def test_out_of_range_torques_are_clipped_and_counted(fast):
    sim = make_sim("penalty_kick", fast=fast)
    sim.reset(seed=0)
    torque = np.zeros(12)
    torque[[0, 5]] = 1000, -1000
    sim.step(torque)
    np.testing.assert_array_equal(sim.ctrl[[0, 5]], [45, -15])
    assert sim.clipped == 2


def test_bad_torques_are_named():
    sim = make_sim("penalty_kick")
    sim.reset(seed=0)
    torque = np.zeros(12)
    torque[3] = np.nan
    with pytest.raises(InputError, match=r"action\[3\] \(left_knee_pitch\) is nan"):
        sim.step(torque)
    with pytest.raises(InputError, match=r"shape \(11,\)"):
        sim.step(np.zeros(11))
    assert sim.n_steps == 0


def test_tape_holds_every_torque():
    sim = make_sim("penalty_kick")
    sim.reset(seed=0)
    assert sim.taped.shape == (0, 12)
    sim.tape = bytearray()
    torques = np.random.default_rng(1).uniform(-10, 10, (5, 12)).astype(np.float32)
    for torque in torques:
        sim.step(torque)
    np.testing.assert_array_equal(sim.taped, torques)
    assert sim.taped.dtype == np.float32


def test_the_reach_bound_holds_for_random_poses():
    sim = make_sim("penalty_kick")
    rng, model, data = np.random.default_rng(0), sim.model, sim.data
    for _ in range(50):
        sim.reset(seed=0)
        sim.joint_pos[:] = rng.uniform(-3, 3, 12)
        mujoco.mj_forward(model, data)
        geoms = sorted(sim.robot_geoms)
        reach = np.linalg.norm(data.geom_xpos[geoms] - sim.readings.imu, axis=1) + model.geom_rbound[geoms]
        assert reach.max() < sim.ball_reach
