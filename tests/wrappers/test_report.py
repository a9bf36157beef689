"""Report and stack: what is counted over an episode, and what belongs to a stack."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.errors import InputError
from soccer_lib.sim import make_sim, simulation_of
from soccer_lib.wrappers.report import EpisodeReport
from soccer_lib.wrappers.stack import get_state, layers, set_state

TERMS = {"offside": False, "success": True, "distance": 0.5, "robot_distance_ball": 0.1}


class Paying(gym.Wrapper):
    """Pays 0.25 a step and ends the episode with the third."""

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return self.env.reset(seed=seed, options=options)

    def step(self, action):
        self.steps += 1
        return np.zeros(1), 0.25, self.steps == 3, False, {"reward_terms": TERMS}


@pytest.fixture(scope="module")
def sim():
    return make_sim("kick_to_target")


def test_the_report_adds_up_its_own_episode(sim):
    env = EpisodeReport(Paying(sim))
    for _ in range(2):  # the second report does not remember the first
        env.reset(seed=0)
        sim.n_steps, sim.clipped, sim.success = 700, 5, True
        infos = [env.step(None)[4] for _ in range(3)]
        assert "episode_report" not in infos[1]
        report = infos[2]["episode_report"]
        assert report["return"] == 0.75 and report["env_steps"] == 3
        assert report["length"] == 700 and report["time"] == pytest.approx(1.4) and report["clipped"] == 5
        assert report["outcome"] == "success" and report["success"] and not report["fallen"]
        # 2 for the target, half of the distance term, 0.3 for the end.
        assert report["score"] == pytest.approx(2 + 0.25 - 0.3) and report["terms"]["distance"] == 0.5


def test_a_report_goes_on_from_its_state(sim):
    env, other = EpisodeReport(Paying(sim)), EpisodeReport(Paying(sim))
    env.reset(seed=0)
    env.step(None)
    env.step(None)
    other.reset(seed=0)
    other.set_state(env.get_state())
    other.env.steps = 2
    assert other.step(None)[4]["episode_report"]["return"] == 0.75


def test_a_stack_lists_its_layers_from_the_simulation_outwards():
    env = sl.make_env("penalty_kick", observation="raw")
    names = [type(layer).__name__ for layer in layers(env)]
    assert names == ["PenaltySim", "TorqueControl", "RawObservation", "EnvReward", "Guard", "EpisodeReport"]
    assert simulation_of(env) is layers(env)[0]
    assert list(get_state(env)) == ["PenaltySim", "TorqueControl", "EpisodeReport"]
    shorter = sl.make_env("penalty_kick", control="joint")
    with pytest.raises(InputError, match=r"state is of layers .*TorqueControl.*; expected .*JointControl"):
        set_state(shorter, get_state(env))
