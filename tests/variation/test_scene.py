"""Where an episode begins, and against whom."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

import soccer_lib as sl

TASKS = ("goalie_penalty_kick", "obstacle_penalty_kick", "kick_to_target")


def begun(task, seed=5, **ranges):
    env = sl.make_env(task, control="joint", randomise=ranges)
    info = env.reset(seed=seed)[1]
    return env.unwrapped, info


def ground(sim, site):
    return complex(*sim.data.site(site).xpos[:2])


@pytest.mark.parametrize("task", TASKS)
def test_the_robot_starts_so_far_from_the_ball_on_the_line_it_was_on(task):
    sim, info = begun(task, start_distance=0.7)
    stock = sl.make_env(task)
    stock.reset(seed=5)
    ball, robot = (ground(sim, site) for site in ("ball", "robot_0:imu"))
    there = ground(stock.unwrapped, "robot_0:imu") - ground(stock.unwrapped, "ball")
    root = sim.data.qpos[sim.model.joint("robot_0:root").qposadr[0] :][:2]
    assert abs(complex(*root) - ball) == pytest.approx(0.7)
    assert cmath.phase((robot - ball) / there) == pytest.approx(0, abs=0.05)  # the imu is not above the root
    assert info["ball_xpos_rel_robot"][0] == pytest.approx((ball - robot).real), (
        "the info shows the new start"
    )


def test_the_target_lies_at_its_distance_and_angle():
    sim, info = begun("kick_to_target", target_distance=2.0, target_angle=30)
    ball, target = (ground(sim, site) for site in ("ball", "target0"))
    root = complex(*sim.data.qpos[sim.model.joint("robot_0:root").qposadr[0] :][:2])
    assert abs(target - ball) == pytest.approx(2.0)
    assert math.degrees(cmath.phase((target - ball) / (ball - root))) == pytest.approx(30)
    assert sim.target_distance == pytest.approx(abs(target - ball), abs=0.01), "the referee sees the same"
    assert info["variation"]["target_distance"] == pytest.approx(2.0)


def test_a_target_stays_inside_the_field_and_the_info_says_where():
    field = {"length": 10.97, "width": 6.87}
    for seed in range(8):
        sim, info = begun("kick_to_target", seed, target_distance=20.0, target_angle=[-40, 40])
        target = ground(sim, "target0")
        assert abs(target.real) < field["length"] and abs(target.imag) < field["width"]
        told = info["variation"]["target_distance"]
        assert told == pytest.approx(abs(target - ground(sim, "ball"))) and 0.8 <= told < 20


def test_the_angle_alone_keeps_the_drawn_distance():
    stock = begun("kick_to_target", mass=1)[0]
    drawn = abs(ground(stock, "target0") - ground(stock, "ball"))
    assert begun("kick_to_target", target_angle=0)[1]["variation"]["target_distance"] <= drawn + 1e-9


def test_defenders_leave_the_gap_and_those_beyond_it_stay():
    stock, _ = begun("obstacle_penalty_kick", mass=1)
    sim, _ = begun("obstacle_penalty_kick", obstacle_gap=1.0)
    target = sim.data.site("goalarea_site").xpos[1]
    for number in range(3):
        name = f"defender_geom{number}"
        before, after = (one.data.geom(name).xpos[1] for one in (stock, sim))
        aside = before - target
        assert after == pytest.approx(before if abs(aside) > 1 else target + math.copysign(1.0, aside))
    np.testing.assert_allclose(sim.readings.defender_xpos[1], sim.data.geom("defender_geom0").xpos[1])


@pytest.mark.parametrize("fast", [True, False])
def test_the_keeper_moves_at_its_share_of_the_frequency(fast):
    """At 0.5 x 0.3 Hz it is after 2 t where it was after t: 1 m x sin(2 pi 0.15 t)."""
    env = sl.make_env("goalie_penalty_kick", fast=fast, randomise={"keeper_speed": 0.5})
    env.reset(seed=1)
    for _ in range(50):
        env.step(np.zeros(12, np.float32))
    sim = env.unwrapped
    keeper = sim.model.joint("goalkeeper_team_0_joint")
    assert sim.data.qvel[keeper.dofadr[0]] == pytest.approx(0.942 * math.cos(0.942 * 0.098), rel=1e-2)
    assert sim.data.qpos[keeper.qposadr[0]] == pytest.approx(math.sin(2 * math.pi * 0.15 * 0.1), rel=0.03)
