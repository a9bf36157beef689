"""Pickled normalisers: data for who trusts them by name, and never read else."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from soccer_lib.errors import InputError
from soccer_lib.policies import load_policy
from tests.foreign.nets import ROWS, Space
from tests.foreign.weight_files import ELU

HINTS = {"activation": "elu", "output": "tanh", "observation": "agent"}


@pytest.fixture
def actor(tmp_path):
    """An actor whose VecNormalize lies beside: observations less 1, over 2, within 0.5."""
    torch.save(ELU.state_dict(), tmp_path / "actor.pth")
    made = VecNormalize(DummyVecEnv([Space]), clip_obs=0.5, epsilon=0.0)
    made.obs_rms.mean = np.full(96, 1.0)
    made.obs_rms.var = np.full(96, 4.0)
    made.save(str(tmp_path / "vecnormalize.pkl"))
    return tmp_path / "actor.pth"


def answers(policy):
    return np.array([policy.predict(row)[0] for row in ROWS])


@pytest.mark.parametrize("named", [True, False])
def test_a_trusted_one_stands_before_the_network(actor, named):
    plain = load_policy(actor, **HINTS)
    told = {**HINTS, "normaliser": str(actor.with_name("vecnormalize.pkl"))} if named else HINTS
    policy = load_policy(actor, **told, trust_pickle=True)
    kind, numbers = policy.network.layers[0]
    assert kind == "normalise"
    assert {key: float(array.flat[0]) for key, array in numbers.items()} == {
        "mean": 1,
        "std": 2,
        "limit": 0.5,
    }
    seen = np.clip((ROWS - 1) / 2, -0.5, 0.5).astype(np.float32)
    expected = np.array([plain.predict(row)[0] for row in seen])
    np.testing.assert_allclose(answers(policy), expected, atol=1e-6)


def test_one_beside_is_not_used_unless_it_is_trusted(actor):
    assert load_policy(actor, **HINTS).network.layers[0][0] == "linear"


class Harmful:
    """Makes a folder when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_nothing_in_a_pickle_runs_without_trust(actor):
    path = actor.with_name("vecnormalize.pkl")
    path.write_bytes(pickle.dumps(Harmful(str(actor.with_name("harm")))))
    with pytest.raises(
        InputError, match="cannot read .*runs whatever its author put into it.*--trust-pickle"
    ):
        load_policy(actor, **HINTS, normaliser=str(path))
    assert not actor.with_name("harm").exists()
    with pytest.raises(InputError, match="expected a VecNormalize of one observation"):
        load_policy(actor, **HINTS, normaliser=str(path), trust_pickle=True)
    assert actor.with_name("harm").exists()  # whoever trusts it gets what its author wrote


def test_trust_is_true_or_false(actor):
    with pytest.raises(InputError, match="trust_pickle got 'yes'; expected True or False"):
        load_policy(actor, **HINTS, trust_pickle="yes")


@pytest.fixture
def learned(tmp_path):
    """An SB3 zip that was trained behind VecNormalize, and how it answers with it and without."""
    env = VecNormalize(DummyVecEnv([Short]), clip_obs=0.5)
    model = PPO("MlpPolicy", env, n_steps=8, batch_size=8, device="cpu", seed=0)
    model.learn(8)
    model.save(tmp_path / "rl_model_8_steps.zip")
    return env, lambda rows: model.predict(rows, deterministic=True)[0]


class Short(Space):
    """Episodes of two steps of noise."""

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 2
        return self.np_random.normal(1.0, 2.0, 96).astype(np.float32), {}

    def step(self, action):
        self.left -= 1
        return self.np_random.normal(1.0, 2.0, 96).astype(np.float32), 0.0, self.left == 0, False, {}


def test_a_zip_whose_normaliser_is_missing_is_refused_unless_it_is_said_that_there_was_none(
    learned, tmp_path
):
    env, actions = learned
    path = tmp_path / "rl_model_8_steps.zip"
    with pytest.raises(InputError, match="trained behind VecNormalize and has no normaliser beside") as one:
        load_policy(path)
    assert "\n" not in str(one.value)
    np.testing.assert_allclose(answers(load_policy(path, normaliser="none")), actions(ROWS), atol=1e-5)
    env.save(str(tmp_path / "vecnormalize.pkl"))
    with pytest.raises(
        InputError, match="has .*vecnormalize.pkl beside; expected its mean and var as numbers"
    ):
        load_policy(path)
    expected = actions(env.normalize_obs(ROWS))
    np.testing.assert_allclose(answers(load_policy(path, trust_pickle=True)), expected, atol=1e-5)
    numbers = {"mean": env.obs_rms.mean, "var": env.obs_rms.var, "clip": env.clip_obs, "epsilon": env.epsilon}
    np.savez(tmp_path / "rl_model_8_steps_normaliser.npz", **numbers)
    np.testing.assert_allclose(answers(load_policy(path)), expected, atol=1e-5)


def test_of_several_the_one_of_its_name_is_taken_and_else_none(learned, tmp_path):
    env, actions = learned
    for name in ("rl_model_vecnormalize_8_steps.pkl", "rl_model_vecnormalize_16_steps.pkl"):
        env.save(str(tmp_path / name))
        env.obs_rms.mean = env.obs_rms.mean + 1.0
    env.obs_rms.mean = env.obs_rms.mean - 2.0
    policy = load_policy(tmp_path / "rl_model_8_steps.zip", trust_pickle=True)
    assert policy.record["normaliser"] == "rl_model_vecnormalize_8_steps.pkl"
    np.testing.assert_allclose(answers(policy), actions(env.normalize_obs(ROWS)), atol=1e-5)
    other = (tmp_path / "rl_model_8_steps.zip").rename(tmp_path / "best_model.zip")
    with pytest.raises(InputError, match="has .*16_steps.pkl and .*8_steps.pkl beside"):
        load_policy(other, trust_pickle=True)


def test_one_of_rewards_alone_leaves_observations_as_they_are(learned, tmp_path):
    _, actions = learned
    VecNormalize(DummyVecEnv([Space]), norm_obs=False).save(str(tmp_path / "vecnormalize.pkl"))
    policy = load_policy(tmp_path / "rl_model_8_steps.zip", trust_pickle=True)
    np.testing.assert_allclose(answers(policy), actions(ROWS), atol=1e-5)


def test_numbers_of_another_layout_are_refused(actor):
    np.savez(actor.with_name("numbers.npz"), mean=np.zeros(87), var=np.ones(87))
    with pytest.raises(InputError, match="numbers.npz normalises 87 numbers; expected 96, the inputs of"):
        load_policy(actor, **HINTS, normaliser=str(actor.with_name("numbers.npz")))
