"""What is read off a simulation, by hand: velocities, sensors, and what hooks are called with."""

from __future__ import annotations

import math

import mujoco
import numpy as np
import pytest

from soccer_lib.layout import INFO_FIELDS, RAW
from soccer_lib.sim import make_sim


@pytest.fixture(scope="module")
def target_sim():
    return make_sim("kick_to_target")


@pytest.fixture
def sim(target_sim):
    target_sim.reset(seed=1)
    return target_sim


def test_velocities_are_measured_once_a_step(sim):
    readings = sim.readings
    ball = int(sim.model.joint("env:ball").dofadr[0])
    root = int(sim.model.joint("robot_0:root").dofadr[0])
    sim.data.qvel[ball : ball + 6] = 1.0, 2.0, 3.0, 0.0, 0.0, 4.0
    sim.data.qvel[root : root + 3] = 0.5, 0.0, 0.0
    readings.forget()
    readings.measure()
    # The ball's frame has its origin at the site: spin adds nothing to the velocity there.
    assert readings.ball_velp == pytest.approx([1.0, 2.0, 3.0])
    assert readings.ball_velr == pytest.approx([0.0, 0.0, 4.0])
    assert readings.imu_velp == pytest.approx([0.5, 0.0, 0.0])
    field = RAW["kick_to_target"]["ball_velp_rel_robot"]
    assert readings.observation()[field] == pytest.approx([0.5, 2.0, 3.0])
    sim.data.qvel[ball] = 9.0
    readings.measure()
    assert readings.ball_velp[0] == pytest.approx(1.0)
    sim.advance(np.zeros(12))
    readings.measure()
    assert readings.ball_velp[0] > 7.0  # it rolls out a little on the way


def test_the_ball_alone_is_measured_first_and_the_rest_when_it_is_needed(sim):
    readings = sim.readings
    sim.advance(np.zeros(12))
    readings.measure_ball()
    assert readings._measured == 1
    old_spin = readings.imu_velr[2]
    sim.data.qvel[int(sim.model.joint("robot_0:root").dofadr[0]) + 5] += 2.0
    readings.measure()
    assert readings._measured == 2 and readings.imu_velr[2] == pytest.approx(old_spin + 2.0, abs=0.2)


def test_the_robots_own_sensors(sim):
    joint = sim.model.joint("robot_0:root")
    at, speed = int(joint.qposadr[0]), int(joint.dofadr[0])
    # A robot that faces along -y, runs sideways to its left at 1 m/s and turns left at 2 rad/s.
    sim.data.qpos[at + 3 : at + 7] = math.cos(-math.pi / 4), 0.0, 0.0, math.sin(-math.pi / 4)
    sim.data.qvel[:] = 0.0
    sim.data.qvel[speed : speed + 6] = 1.0, 0.0, 0.0, 0.0, 0.0, 2.0
    sim.joint_pos[3] = 0.7
    sim.joint_vel[11] = -0.25
    mujoco.mj_forward(sim.model, sim.data)
    sensed = sim.readings.sense()
    half = math.sqrt(0.5)
    assert all(part.dtype == np.float32 for part in sensed)
    assert sensed.quat_xyzw == pytest.approx([0.0, 0.0, -half, half])
    assert sim.readings.orientation().tolist() == sensed.quat_xyzw.tolist()
    assert sensed.gyro == pytest.approx([0.0, 0.0, 2.0], abs=1e-6)
    # The IMU may stand off the axis of the turn: 2 rad/s times that distance is added.
    offset = np.array(sim.model.site("robot_0:imu").pos)
    assert sensed.velocimeter == pytest.approx([-2 * offset[1], 1.0 + 2 * offset[0], 0.0], abs=1e-5)
    assert sensed.joint_pos[3] == np.float32(0.7) and sensed.joint_vel[11] == np.float32(-0.25)
    assert sensed.joint_pos.shape == sensed.joint_vel.shape == (12,)


def test_the_ball_from_the_imu(sim):
    assert sim.readings.ball_from_imu() == pytest.approx(sim.readings.ball - sim.readings.imu, rel=1e-6)
    assert sim.readings.ball_from_imu().dtype == np.float32


@pytest.mark.parametrize("task", ["goalie_penalty_kick", "obstacle_penalty_kick", "goal_keeper"])
def test_described_is_the_info_in_one_row(task):
    sim = make_sim(task, team=1)
    sim.reset(seed=2)
    for _ in range(7):
        sim.advance(np.full(12, 3.0))
    info = sim.info()
    row = np.concatenate([info[name] for name in INFO_FIELDS], dtype=np.float32)
    assert sim.readings.described().tobytes() == row.tobytes()
    assert info["player_team"].tolist() == [0, 1] and list(info)[-1] == "success"
    own = info["goal_team_1_rel_ball"]
    assert own == pytest.approx([10.97, 0.0, 0.0] - sim.readings.ball)


@pytest.mark.parametrize("fast", [True, False])
def test_hooks_are_called_after_each_step_with_its_torques(fast):
    sim = make_sim("penalty_kick", fast=fast)
    sim.reset(seed=0)
    seen = []
    hooks = [
        lambda torque: seen.append((sim.n_steps, sim.data.time, torque.copy(), sim.outcome)),
        lambda torque: seen.append("second"),
    ]
    sim.on_step += hooks
    sim.advance(np.full(12, 2.0))
    sim.step(np.full(12, 1e3))
    first, _, second, _ = seen
    assert first[0] == 1 and first[1] == pytest.approx(0.002) and (first[2] == 2.0).all()
    assert second[0] == 2 and second[2][0] == 45.0 and second[3] == sim.outcome
    sim.reset(seed=0)
    sim.on_step.remove(hooks[1])
    sim.advance(np.zeros(12))
    assert len(seen) == 5 and seen[-1][0] == 1
