"""The recorder: where things were and when something happened, worked out by hand."""

from __future__ import annotations

import math
from itertools import repeat

import gymnasium as gym
import mujoco
import numpy as np
import pytest

from soccer_lib.envs.make import make_env
from soccer_lib.evaluation.trajectory import Recorder, snapshot, trace_episode
from soccer_lib.sim import simulation_of

STILL = np.zeros(12, np.float32)


@pytest.fixture(scope="module")
def env():
    return make_env("kick_to_target")


@pytest.fixture(scope="module")
def traced(env):
    return trace_episode(env, [STILL] * 100, seed=4)


def test_heading_counts_to_the_left_from_the_worlds_x(env):
    env.reset(seed=0)
    sim = simulation_of(env)
    free = sim.model.body("robot_0:Trunk").jntadr[0]
    place = sim.model.jnt_qposadr[free]
    half = 0.5 / 2
    sim.data.qpos[place : place + 7] = 1.0, -2.0, 0.7, math.cos(half), 0.0, 0.0, math.sin(half)
    mujoco.mj_forward(sim.model, sim.data)
    assert snapshot(env).robot[0].tolist() == pytest.approx([1.0, -2.0, 0.5])


def test_a_row_is_the_one_nearest_in_time(traced):
    assert traced.time.tolist() == pytest.approx([0.02 * k for k in range(10)])
    assert [traced.row(t) for t in (-1.0, 0.009, 0.011, 0.049, 0.18, 9.0)] == [0, 0, 1, 2, 9, 9]
    assert traced.rows(25) == [0, 2, 4, 6, 8]  # every 40 ms from 0 to 0.18 s
    later = traced.since(0.1)
    assert later.time[0] == traced.time[5] and len(later.ball) == len(later.robot) == 5
    assert len(later.rewards) == len(traced.rewards) == 100  # what was paid stays


def test_the_path_of_a_geom_is_where_it_was(traced):
    assert np.allclose(traced.path("ball"), traced.ball, atol=1e-6)
    assert traced.path("no such geom") is None


@pytest.mark.parametrize(("seconds", "steps"), [(0.0, 0), (0.01, 5), (0.011, 6)])
def test_it_stops_after_so_much_simulated_time(env, seconds, steps):
    assert len(trace_episode(env, repeat(STILL), seed=0, seconds=seconds).rewards) == steps


def test_a_function_of_the_observation_can_act(env):
    seen = []

    def act(observation):
        seen.append(observation)
        return STILL

    trace_episode(env, act, seed=0, seconds=0.01)
    assert len(seen) == 5 and (seen[0] == env.reset(seed=0)[0]).all()


class Kicks(gym.Wrapper):
    """Says that the step was a kick of 100 physics steps that has ended at 1 s."""

    def step(self, action):
        *rest, info = self.env.step(action)
        info |= {"macro_triggered": True, "macro_name": "shot", "held_steps": 100, "sim_time": 1.0}
        return *rest, info


def test_a_kick_is_an_event_of_the_time_at_which_its_step_began(env):
    recorder = Recorder(Kicks(env))
    recorder.reset(seed=0)
    recorder.step(STILL)
    assert recorder.trajectory().events == [(pytest.approx(0.8), "shot")]
    recorder.reset(seed=0)
    assert not recorder.trajectory().events and not len(recorder.trajectory().rewards)


def test_the_recorder_is_an_environment_like_the_one_inside(env):
    recorder = Recorder(env)
    observation, info = recorder.reset(seed=2)
    again, again_info = env.reset(seed=2)
    assert (observation == again).all() and info.keys() == again_info.keys()
    env.reset(seed=2)
    stepped = recorder.step(STILL)
    env.reset(seed=2)
    plain = env.step(STILL)
    assert (stepped[0] == plain[0]).all() and stepped[1:4] == plain[1:4]
