"""Policies: one predict for single observations and batches, and the baselines."""

from __future__ import annotations

import pickle

import mujoco
import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.policies import (
    BASELINES,
    Policy,
    PolicySpec,
    RowPolicy,
    check_policy,
    load_policy,
    stand_torque,
)
from soccer_lib.sim import make_sim


class Counter(RowPolicy):
    """Its action is how often it was asked since the episode began."""

    spec = PolicySpec("counter")

    def begin(self, seed=None):
        return 0

    def act(self, observation, state, deterministic):
        return np.full(12, state, np.float32), state + 1


@pytest.fixture
def rows() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(5, 45)).astype(np.float32)


@pytest.mark.parametrize("name", BASELINES)
def test_baselines_are_policies(name, rows):
    policy = load_policy(name)
    assert check_policy(policy) is policy and isinstance(policy, Policy)
    assert policy.spec == PolicySpec(name, control="torque", observation="raw", hold=1, walker=None)
    action, _ = policy.predict(rows[0])
    assert action.shape == (12,) and action.dtype == np.float32 and (np.abs(action) <= 1).all()
    assert pickle.loads(pickle.dumps(policy)).spec == policy.spec


@pytest.mark.parametrize("name", BASELINES)
def test_a_batch_changes_no_bit(name, rows):
    policy = load_policy(name)
    batch, states = policy.predict(rows, tuple(policy.begin(seed) for seed in range(5)))
    for seed, row in enumerate(rows):
        single, _ = policy.predict(row, policy.begin(seed))
        assert single.tobytes() == batch[seed].tobytes()
    again, _ = policy.predict(rows[:2], states[:2])
    assert again.shape == (2, 12)


def test_random_is_decided_by_the_seed(rows):
    policy = load_policy("random")
    first, state = policy.predict(rows[0], policy.begin(7))
    second, _ = policy.predict(rows[0], state)
    assert (first != second).any()
    assert (first == policy.predict(rows[1], policy.begin(7))[0]).all()
    assert (first != policy.predict(rows[0], policy.begin(8))[0]).any()
    assert (policy.predict(rows[0])[0] != policy.predict(rows[0])[0]).any()  # no state: a fresh generator


def test_states_and_episode_starts(rows):
    policy = Counter()
    _, state = policy.predict(rows[0])
    assert policy.predict(rows[0], state)[0][0] == 1
    assert policy.predict(rows[0], state, episode_start=True)[0][0] == 0
    actions, states = policy.predict(rows[:3], (4, 5, 6), episode_start=np.array([False, True, False]))
    assert actions[:, 0].tolist() == [4, 0, 6] and states == (5, 1, 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((2, 3, 45)),), "shape"),
        ((np.zeros((2, 45)), (0, 0, 0)), "3 states came with 2 observations"),
    ],
)
def test_bad_observations_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Counter().predict(*arguments)


def test_stand_needs_the_joints():
    with pytest.raises(InputError, match="12 entries"):
        load_policy("stand").predict(np.zeros(12, np.float32))


@pytest.mark.parametrize("name", ["nope", "runs/agent", "", "Stand"])
def test_unknown_names_list_what_there_is(name):
    with pytest.raises(InputError, match="expected one of: zero, random, stand"):
        load_policy(name)


def test_a_stranger_is_no_policy():
    with pytest.raises(InputError, match="object is no policy"):
        check_policy(object())


def test_standing_torques_are_single_precision_and_inside_the_limits():
    torque = stand_torque(np.full(45, 3.0, np.float32))
    assert torque.dtype == np.float32 and (np.abs(torque) <= TORQUE_LIMIT).all()


def test_stand_stays_up_from_disturbed_joints():
    """0.1 rad and 1 rad/s at every joint, in the fast simulation, for the whole 10 s."""
    sim = make_sim("goalie_penalty_kick")
    for seed in range(2):
        sim.reset(seed=0)
        rng = np.random.default_rng(seed)
        sim.joint_pos[:] = rng.uniform(-0.1, 0.1, 12)
        sim.joint_vel[:] = rng.uniform(-1, 1, 12)
        mujoco.mj_forward(sim.model, sim.data)
        while not sim.advance(stand_torque(sim.observation())):
            pass
        assert sim.outcome == "time_limit" and sim.n_steps == 5000
