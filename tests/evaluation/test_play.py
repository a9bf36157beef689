"""The loop that plays an episode, with an environment and a policy whose every number is known."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from soccer_lib.evaluation.play import env_for, play_episode
from soccer_lib.policies import Policy, PolicySpec
from soccer_lib.tasks import COMPETITION
from soccer_lib.wrappers import REWARDS
from soccer_lib.wrappers.stack import layers


class Counting(gym.Env):
    """Shows its seed plus the number of steps; the action is noted, the n-th step pays n; it ends as told."""

    observation_space = gym.spaces.Box(-np.inf, np.inf, (1,))
    action_space = gym.spaces.Box(-np.inf, np.inf, (1,))

    def __init__(self, terminated_at=None, truncated_at=None):
        self.ends = terminated_at, truncated_at
        self.resets = []
        self.actions = []

    def reset(self, *, seed=None, options=None):
        self.resets.append((seed, options))
        self.first = 100.0 * seed
        self.steps = 0
        return np.array([self.first]), {}

    def step(self, action):
        self.steps += 1
        assert self.steps < 100, "the episode goes on without end"
        self.actions.append(float(action[0]))
        terminated, truncated = (self.steps == end for end in self.ends)
        observation = np.array([self.first + self.steps])
        return observation, np.float32(self.steps), terminated, truncated, {"steps": self.steps}


class Adding(Policy):
    """Does what it sees plus how often it was asked, counted from the seed; half of it when it draws."""

    spec = PolicySpec("adding")

    def begin(self, seed=None):
        return seed

    def act(self, observation, state, deterministic):
        return (observation + state) * (1.0 if deterministic else 0.5), state + 1


def test_the_policy_acts_on_what_it_sees_and_on_its_state():
    env = Counting(terminated_at=3)
    last = play_episode(env, Adding(), seed=2, options={"a": 1})
    assert env.resets == [(2, {"a": 1})]
    # Seen 200, 201, 202; the state begins with the seed and counts 2, 3, 4.
    assert env.actions == [202.0, 204.0, 206.0]
    assert (last.observation[0], last.action[0], last.next_observation[0]) == (202.0, 206.0, 203.0)
    assert (last.reward, last.terminated, last.truncated, last.info) == (3.0, True, False, {"steps": 3})


def test_a_policy_can_be_let_draw():
    env = Counting(terminated_at=1)
    play_episode(env, Adding(), seed=2, deterministic=False)
    assert env.actions == [101.0]


@pytest.mark.parametrize("end", [{"terminated_at": 2}, {"truncated_at": 2}])
def test_both_ends_end_the_episode(end):
    env = Counting(**end)
    last = play_episode(env, Adding(), seed=0)
    assert env.steps == 2 and last.over
    assert (last.terminated, last.truncated) == ("terminated_at" in end, "truncated_at" in end)


def test_hooks_are_called_in_order():
    calls = []
    play_episode(
        Counting(terminated_at=2),
        Adding(),
        seed=1,
        on_reset=lambda observation: calls.append(("reset", observation[0])),
        on_step=lambda step: calls.append(("step", step.observation[0], step.reward)),
        stop=lambda: calls.append(("stop?",)),
    )
    assert calls == [("reset", 100.0), ("step", 100.0, 1.0), ("stop?",), ("step", 101.0, 2.0)]


def test_an_episode_can_be_left_unfinished():
    env = Counting(terminated_at=9)
    last = play_episode(env, Adding(), seed=0, stop=lambda: env.steps == 4)
    assert env.steps == 4 and last.info == {"steps": 4} and not last.over


def test_the_environment_is_the_one_of_the_spec():
    joints = env_for(PolicySpec("joints", control="joint", observation="robot"), "kick_to_target")
    assert joints.action_space.shape == (12,) and joints.observation_space.shape == (89,)
    sim, control, *_ = layers(joints)
    assert sim.fast and control.hold == 10 and not control.full_info
    commands = env_for(PolicySpec("c", control="command", observation="full", hold=25), "kick_to_target")
    assert layers(commands)[1].hold == 25
    other = env_for(PolicySpec("zero"), "kick_to_target", observation="agent", fast=False)
    assert other.observation_space.shape == (96,) and not layers(other)[0].fast


@pytest.mark.parametrize("task", [COMPETITION[2], "penalty_kick"])
def test_it_pays_the_official_score_where_there_is_one(task):
    kind = REWARDS["competition" if task in COMPETITION else "env"]
    assert any(type(layer) is kind for layer in layers(env_for(PolicySpec("zero"), task)))
