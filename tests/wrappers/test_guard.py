"""The guard: what is no finite number stops at the boundary, is named, and leaves a trace to look at."""

from __future__ import annotations

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.envs.make import _assert_order, layers
from soccer_lib.errors import InputError, SimulationError
from soccer_lib.runs import load_npz
from soccer_lib.wrappers import EpisodeReport, Guard

ACTION = np.full(12, 0.1, dtype=np.float32)


def spoiled(tmp_path, entry, value, task="kick_to_target", after=30, **arguments):
    """An environment whose observation gets a bad entry once `after` steps are played."""
    env = sl.make_env(task, control="joint", guard=tmp_path, **arguments)
    inner = next(layer for layer in layers(env) if hasattr(layer, "layout"))
    good, calls = inner.observation, []

    def observation(raw):
        calls.append(1)
        seen = good(raw).copy()
        if len(calls) > after + 1:
            seen[entry] = value
        return seen

    inner.observation = observation
    return env


@pytest.mark.parametrize(
    ("observation", "entry", "value", "name"),
    [
        ("raw", 13, np.nan, r"observation\[13\] \(joint_vel\[1\]\) is nan"),
        ("full", 88, np.inf, r"observation\[88\] \(task_one_hot\[2\]\) is inf"),
        ("agent", 89, -np.inf, r"observation\[89\] \(time_left\[0\]\) is -inf"),
    ],
)
def test_bad_observation_is_named_and_dumped(tmp_path, observation, entry, value, name):
    env = spoiled(tmp_path, entry, value, observation=observation)
    env.reset(seed=1)
    for _ in range(30):
        env.step(ACTION)
    with pytest.raises(
        SimulationError, match=rf"kick_to_target: {name}.*expected finite.*try.*last 20"
    ) as error:
        env.step(ACTION)
    [path] = tmp_path.glob("guard-*.npz")
    assert str(path) in str(error.value) and "\n" not in str(error.value)
    dump = load_npz(path)
    assert dump["actions"].shape == (20, 12) and dump["observations"].shape == (
        20,
        env.observation_space.shape[0],
    )
    np.testing.assert_array_equal(dump["observations"][-1][entry], value)
    assert np.isfinite(dump["observations"][:-1]).all() and dump["rewards"].shape == (20,)
    physics = sl.get_state(env)["KickToTargetSim"]["physics"]
    np.testing.assert_array_equal(dump["state.KickToTargetSim.physics"], physics)


def test_bad_first_observation_is_named(tmp_path):
    env = spoiled(tmp_path, 0, np.nan, after=-1)
    with pytest.raises(SimulationError, match=r"joint_pos\[0\]\) is nan at 0.000 s.*the last 0 steps"):
        env.reset(seed=1)


def test_bad_reward_is_named(tmp_path):
    env = sl.make_env("penalty_kick", control="joint", guard=tmp_path, compiled=False)
    env.unwrapped.reward = lambda terms: np.float32("nan")
    env.reset(seed=0)
    with pytest.raises(SimulationError, match="reward is nan at 0.020 s"):
        env.step(ACTION)


def test_bad_action_is_named_and_dumped_and_a_wrong_shape_only_named(tmp_path):
    env = sl.make_env("penalty_kick", control="joint", guard=tmp_path)
    env.reset(seed=0)
    for _ in range(3):
        env.step(ACTION)
    with pytest.raises(InputError, match="shape"):
        env.step(ACTION[:5])
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match=r"action\[0\] \(left_hip_pitch\) is nan.*the last 3 steps"):
        env.step(np.full(12, np.nan))
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.filterwarnings("ignore:overflow")
def test_large_finite_numbers_pass(tmp_path):
    env = spoiled(tmp_path, 12, np.float32(3e30), after=0)
    env.reset(seed=0)
    assert env.step(ACTION)[0][12] == np.float32(3e30)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_does_not_hide_the_finding(tmp_path):
    (tmp_path / "file").write_text("")
    env = spoiled(tmp_path / "file", 0, np.nan, after=0)
    env.reset(seed=0)
    with pytest.raises(SimulationError, match=r"joint_pos\[0\]\) is nan.*no dump of the last steps"):
        env.step(ACTION)


def test_what_is_no_folder_is_refused():
    with pytest.raises(InputError, match="guard got 3; expected True, False or a folder"):
        sl.make_env("penalty_kick", guard=3)


def test_guard_can_be_left_out_and_stands_before_the_report():
    env = sl.make_env("penalty_kick", guard=False)
    assert not any(isinstance(layer, Guard) for layer in layers(env))
    with pytest.raises(AssertionError, match="wrong order"):
        _assert_order(Guard(EpisodeReport(env.env)))
