"""The rules of each task by hand: what the referee sees, what the terms are, how an episode is called."""

from __future__ import annotations

import math

import mujoco
import numpy as np
import pytest

from soccer_lib.sim import make_sim
from soccer_lib.sim.goal import GoalBox, norm

FIELD = {"goal_width": 1.6, "goal_height": 1.9, "goal_depth": 1.6}


def put_ball(sim, place, velocity=(0.0, 0.0, 0.0)):
    """Put the ball's site somewhere, and let everything be computed that a step computes of it."""
    joint = sim.model.joint("env:ball")
    at, speed = int(joint.qposadr[0]), int(joint.dofadr[0])
    sim.data.qpos[at : at + 3] = place
    sim.data.qvel[speed : speed + 3] = velocity
    mujoco.mj_forward(sim.model, sim.data)
    sim.readings.measured = 0


@pytest.fixture(scope="module")
def sims():
    names = ("penalty_kick", "goalie_penalty_kick", "obstacle_penalty_kick", "kick_to_target", "goal_keeper")
    return {name: make_sim(name) for name in names}


@pytest.fixture
def started(sims):
    def start(task):
        sims[task].reset(seed=1)
        return sims[task]

    return start


def test_the_goal_is_the_space_behind_its_line():
    south = GoalBox.behind(np.array([-10.97, 0.0, 0.0]), FIELD)
    assert south.contains(-11.0, 0.0, 0.1) and south.contains(-12.57, 0.0, 0.1)
    assert not south.contains(-10.96, 0.0, 0.1)  # still on the field
    assert not south.contains(-12.58, 0.0, 0.1)  # 1.6 m deep
    assert south.contains(-11.0, -1.6, 0.1) and not south.contains(-11.0, 1.6, 0.1)
    assert south.contains(-11.0, 0.0, 1.89) and not south.contains(-11.0, 0.0, 1.9)
    north = GoalBox.behind(np.array([10.97, 0.0, 0.0]), FIELD)
    assert north.contains(11.0, 0.0, 0.1) and not north.contains(-11.0, 0.0, 0.1)
    assert norm(np.array([2.0, 3.0, 6.0])) == 7.0


def test_a_penalty_in_the_goal_is_a_success_and_one_beside_it_is_offside(started):
    sim = started("penalty_kick")
    for place, success, offside in (
        ((-11.5, 0.0, 0.0), True, False),
        ((-11.5, 2.0, 0.0), False, True),
        ((-9.0, 0.0, 0.0), False, False),
        ((-9.0, 6.88, 0.0), False, True),
        ((-9.0, -6.86, 0.0), False, False),
        ((10.98, 0.0, 0.0), False, True),
    ):
        put_ball(sim, place)
        assert sim._referee() == (success or offside), place
        assert (sim.success, sim.offside, sim.fallen) == (success, offside, False), place
        terms = sim.terms()
        assert (terms["goal_scored"], terms["offside"]) == (success, offside)


def test_penalty_terms(started):
    sim = started("penalty_kick")
    put_ball(sim, (-9.0, 0.0, 0.0), velocity=(-3.0, 0.5, 0.0))
    terms = sim.terms()
    distance = math.dist(sim.readings.imu, (-9.0, 0.0, 0.0))
    assert terms["robot_distance_ball"] == pytest.approx(1 - math.tanh(distance), rel=1e-5)
    assert terms["ball_vel_twd_goal"] == pytest.approx(3.0)  # the south goal lies along -x
    assert terms["ball_hits"] == 0.0 and not terms["robot_fallen"]
    # 10 for being near, 1 for each m/s; the rest is zero.
    assert sim.reward(terms) == pytest.approx(10 * (1 - math.tanh(distance)) + 3.0, rel=1e-5)
    sim.ball_hits = 1
    assert sim.terms()["robot_distance_ball"] == 1.5 and sim.terms()["ball_hits"] == 0.0
    sim.ball_hits = 3
    assert sim.terms()["ball_hits"] == pytest.approx(math.log(3))
    # 15 for the distance, 3 for the speed, -1 for each unit of touches.
    assert sim.reward(sim.terms()) == pytest.approx(15 + 3 - math.log(3), rel=1e-5)


def test_touches_are_counted_once_for_each_contact(started, monkeypatch):
    sim = started("penalty_kick")
    contacts = iter([True, True, False, True, False])
    monkeypatch.setattr(sim, "touches", lambda geoms: next(contacts))
    put_ball(sim, sim.readings.imu + [0.3, 0.0, -0.5])
    for expected in (1, 1, 1, 2, 2):
        sim._referee()
        assert sim.ball_hits == expected
    # Far away nobody asks for contacts: the list above is used up.
    put_ball(sim, sim.readings.imu + [1.2, 0.0, -0.5])
    sim._referee()
    assert sim.ball_hits == 2


def test_a_fall_is_a_trunk_at_four_decimetres(started):
    sim = started("penalty_kick")
    root = int(sim.model.joint("robot_0:root").qposadr[0])
    for height, fallen in ((0.41, False), (0.39, True)):
        sim.data.qpos[root + 2] += height - sim.readings.imu[2]
        mujoco.mj_forward(sim.model, sim.data)
        assert sim._referee() == fallen == sim.fallen


def test_the_keeper_goes_along_its_sine(started):
    sim = started("goalie_penalty_kick")
    # Amplitude 1.6 - 0.6 = 1 m at 0.3 Hz: after a quarter of the period it turns, after a half it is back.
    assert sim._keeper_at(0.0) == pytest.approx((0.0, 2 * math.pi * 0.3))
    assert sim._keeper_at(1 / 1.2) == pytest.approx((1.0, 0.0), abs=1e-12)
    assert sim._keeper_at(1 / 0.6) == pytest.approx((0.0, -2 * math.pi * 0.3), abs=1e-12)
    sim.advance(np.zeros(12))
    sim.advance(np.zeros(12))
    # Its speed is that at the start of the second step, 2 ms after the reset.
    speed = 2 * math.pi * 0.3 * math.cos(2 * math.pi * 0.3 * 0.002)
    assert sim.readings.keeper_velp(0) == pytest.approx([0.0, speed, 0.0])


def test_only_a_ball_at_the_keeper_is_blocked(started, monkeypatch):
    sim = started("goalie_penalty_kick")
    monkeypatch.setattr(sim, "touches", lambda geoms: geoms == frozenset([sim.stock.keeper_id]))
    put_ball(sim, sim.data.geom_xpos[sim.stock.keeper_id] + [0.3, 0.0, 0.0])
    assert sim._referee() and sim.blocked and sim.terms()["ball_blocked"]
    put_ball(sim, (-8.77, 0.0, 0.0))
    assert not sim._referee() and not sim.blocked


def test_the_obstacle_penalty_is_scored_at_its_point_in_the_air(started):
    sim = started("obstacle_penalty_kick")
    point = sim.readings.target.copy()
    for away, success in ((0.29, True), (0.31, False)):
        put_ball(sim, point + [0.0, away, 0.0])
        sim._referee()
        assert sim.success == success
        assert sim.terms()["ball_distance_target"] == pytest.approx(1 - math.tanh(away))


def test_a_target_is_hit_within_four_decimetres(started):
    sim = started("kick_to_target")
    target = np.array(sim.stock.goal_pos)
    for way, success in (((0.0, 0.3, 0.2), True), ((0.0, 0.3, 0.3), False)):
        put_ball(sim, target + way)
        assert sim._referee() == success == sim.success
        assert sim.terms()["distance"] == pytest.approx(math.exp(-math.hypot(*way)))
    distance = math.dist(sim.readings.ball, sim.readings.imu)
    assert sim.terms()["robot_distance_ball"] == pytest.approx(1 - math.tanh(distance))


def test_a_save_is_a_touch_that_lasts_a_hundred_steps(started, monkeypatch):
    sim = started("goal_keeper")
    put_ball(sim, sim.readings.imu + [0.3, 0.0, -0.5])
    monkeypatch.setattr(sim, "touches", lambda geoms: sim.time_after_contact == 0)
    for step in range(1, 101):
        assert not sim._referee() and sim.time_after_contact == step
    assert sim._referee() and sim.success
    # After a touch both distances are paid in full; the time is paid up to 15.
    assert list(sim.terms().values()) == [1.0, 2.0, False, 15]
    sim.reset(seed=1)
    assert sim.time_after_contact == 0 and sim.terms()["is_alive"] == 0.5
    put_ball(sim, (-11.5, 0.0, 0.0))
    assert sim._referee() and sim.conceded and not sim.offside and sim.terms()["inside_goal"]


def test_one_word_says_how_an_episode_stands(started):
    sim = started("penalty_kick")
    assert sim.outcome == "running"
    for flag, outcome in (
        ("truncated", "time_limit"),
        ("terminated", "lost"),
        ("fallen", "fall"),
        ("offside", "out_of_field"),
        ("conceded", "conceded"),
        ("blocked", "blocked"),
        ("success", "success"),
        ("unstable", "unstable"),
    ):  # each outranks those before it
        setattr(sim, flag, True)
        assert sim.outcome == outcome
    sim.reset(seed=1)
    assert sim.outcome == "running"


def test_the_time_limit_truncates_at_its_step(started):
    sim = started("penalty_kick")
    sim.n_steps = 998
    assert not sim.advance(np.zeros(12)) and not sim.truncated
    assert sim.advance(np.zeros(12)) and sim.truncated and not sim.terminated
    assert sim.sim_time == 2.0
