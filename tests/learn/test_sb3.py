"""A clone as the actor of TD3, SAC and PPO: the same actions, or both stacks in one line."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import PPO, SAC, TD3
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize
from torch import nn

from soccer_lib.errors import InputError
from soccer_lib.learn.imitation.actor import Actor
from soccer_lib.learn.sb3 import to_sb3
from soccer_lib.policies import LearnedPolicy, PolicySpec
from tests.support.small_expert import demonstrations

KICKS = np.array([[1, -1, 1], [-1, 1, -1]], np.float32)


class Space(gym.Env):
    observation_space = gym.spaces.Box(-np.inf, np.inf, (96,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (3,), np.float32)


@pytest.fixture(scope="module")
def clone() -> tuple[LearnedPolicy, np.ndarray]:
    rows = demonstrations(8).observations
    torch.manual_seed(0)
    net = Actor(rows, (16, 8), KICKS)
    with torch.no_grad():
        net.kick.bias += torch.tensor([0.3, -0.1])
    spec = PolicySpec("clone", "command", "agent")
    return LearnedPolicy(net.network(), spec, net.unsquashed(torch.from_numpy(rows))), rows


def model(algorithm, env=None, **policy):
    policy = {"net_arch": [16, 8], "activation_fn": nn.ReLU, **policy}
    buffer = {} if algorithm is PPO else {"buffer_size": 1}
    return algorithm("MlpPolicy", env or Space(), policy_kwargs=policy, device="cpu", seed=0, **buffer)


@pytest.mark.parametrize("algorithm", [TD3, SAC, PPO])
@pytest.mark.parametrize("normalised", [False, True])
def test_the_actor_acts_as_the_clone(clone, algorithm, normalised):
    policy, rows = clone
    env = DummyVecEnv([Space])
    learner = model(algorithm, VecNormalize(env) if normalised else env)
    critic = {
        name: value.clone()
        for name, value in learner.policy.state_dict().items()
        if "critic" in name or "value" in name
    }
    to_sb3(policy, learner)
    seen = rows
    if normalised:
        # The limit first: only with it the normaliser does to far inputs what the clone did to them.
        assert learner.get_vec_normalize_env().clip_obs == 5
        seen = learner.get_vec_normalize_env().normalize_obs(rows)
    acted, wanted = learner.predict(seen, deterministic=True)[0], policy.predict(rows)[0]
    kicks = (np.abs(wanted) > 0.99).all(axis=1)
    assert 0 < kicks.sum() < len(kicks)
    # PPO's actor ends without a tanh: its last layer is fitted, so walking is near and kicks are the same.
    walks = (np.abs(wanted) < 0.6).all(axis=1)
    np.testing.assert_allclose(acted[walks], wanted[walks], atol=0.1 if algorithm is PPO else 2e-3)
    np.testing.assert_allclose(acted[kicks], np.sign(wanted[kicks]), atol=0.01)
    assert all((learner.policy.state_dict()[name] == value).all() for name, value in critic.items())
    if algorithm is TD3:
        assert torch.equal(learner.actor_target.mu[0].weight, learner.actor.mu[0].weight)


@pytest.mark.parametrize("algorithm", [TD3, SAC, PPO])
@pytest.mark.parametrize(
    ("policy", "theirs"),
    [
        ({"net_arch": [16, 9]}, r"linear\(9,16\) relu linear\(3,9\)"),
        ({"net_arch": [16]}, r"linear\(16,96\) relu linear\(3,16\)"),
        ({"activation_fn": nn.Tanh}, r"linear\(16,96\) tanh linear\(8,16\)"),
    ],
)
def test_what_does_not_fit_is_refused_with_both_stacks(clone, algorithm, policy, theirs):
    learner = model(algorithm, **policy)
    before = {name: value.clone() for name, value in learner.policy.state_dict().items()}
    with pytest.raises(
        InputError, match=rf"clone is linear\(16,96\) relu .*expected .*{algorithm.__name__}: .*{theirs}"
    ):
        to_sb3(clone[0], learner)
    assert all(torch.equal(value, before[name]) for name, value in learner.policy.state_dict().items())
