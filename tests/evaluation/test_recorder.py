"""What a recorder keeps of an episode, and that it changes nothing in it."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.envs.make import get_state, make_env
from soccer_lib.errors import InputError
from soccer_lib.evaluation import trajectory
from soccer_lib.policies import load_policy
from tests.support.states import assert_same

WAVE = [np.full(12, 0.1 * np.sin(k / 20), np.float32) for k in range(100)]


def test_rows_come_every_20_ms_whatever_the_control():
    torque = trajectory.trace_episode(make_env("goalie_penalty_kick"), WAVE, seed=1)
    assert np.allclose(torque.time, np.arange(10) * 0.02) and len(torque.rewards) == 100
    joint = trajectory.trace_episode(make_env("penalty_kick", control="joint"), [np.zeros(12)] * 7, seed=1)
    assert np.allclose(joint.time, np.arange(7) * 0.02) and len(joint.rewards) == 7
    assert joint.torque.shape == joint.joint_pos.shape == (7, 12) and joint.report is None


def test_a_trajectory_holds_what_the_environment_says():
    env = make_env("goalie_penalty_kick")
    env.reset(seed=0)
    rewards = [env.step(action)[1] for action in WAVE]
    joint_pos = env.unwrapped.joint_pos.copy()
    traced = trajectory.trace_episode(
        env, [*WAVE, WAVE[0]], seed=0
    )  # the row at 0.2 s is read before step 101
    assert traced.rewards[:100].tolist() == [float(reward) for reward in rewards]
    assert np.array_equal(traced.joint_pos[10], joint_pos) and len(traced.time) == 11
    assert np.allclose(traced.robot[0, :2], (-6.83, 0), atol=0.1) and abs(traced.robot[0, 2]) > 3.1
    assert np.allclose(traced.ball[0], (-8.77, 0, 0.11))
    weighted = sum(traced.weights[name] * values for name, values in traced.terms.items())
    assert np.allclose(weighted, traced.rewards, rtol=1e-5)


def test_recording_changes_no_bit_of_the_simulation():
    plain, traced = make_env("obstacle_penalty_kick"), make_env("obstacle_penalty_kick")
    plain.reset(seed=3)
    for action in WAVE:
        plain.step(action)
    trajectory.trace_episode(traced, WAVE, seed=3)
    assert_same(get_state(plain), get_state(traced))
    assert traced.unwrapped.tape is None


def test_an_episode_ends_with_its_outcome_and_who_cannot_act_is_named():
    fallen = trajectory.trace_episode(make_env("kick_to_target"), load_policy("zero"), seed=0)
    assert fallen.events[-1] == (fallen.time[-1], "fall") and fallen.report["outcome"] == "fall"
    cut = trajectory.trace_episode(make_env("penalty_kick"), load_policy("zero"), seconds=0.1)
    assert cut.step_time[-1] == pytest.approx(0.1) and cut.report is None
    with pytest.raises(InputError, match="cannot act"):
        trajectory.trace_episode(make_env("penalty_kick"), "stand")


def test_a_touch_is_an_event():
    env = make_env("kick_to_target")
    recorder = trajectory.Recorder(env)
    recorder.reset(seed=0)
    env.unwrapped.data.joint("env:ball").qvel[:3] = (2.0, 0.0, 0.0)
    for action in WAVE:
        recorder.step(action)
    assert [what for _, what in recorder.trajectory().events] == ["touch"]
