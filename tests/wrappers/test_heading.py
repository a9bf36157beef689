"""Observations in the robot's heading frame, and the ball tracker behind them."""

from __future__ import annotations

import math

import mujoco
import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.control.ball import BALL_RADIUS, SLOW, STILL, BallTracker
from soccer_lib.envs.make import layers
from soccer_lib.layout import AGENT, COMMAND_SCALE, FULL, RAW, ROBOT
from soccer_lib.sim import make_sim
from soccer_lib.tasks import TASKS
from soccer_lib.wrappers.control import ControlInterface, JointControl, TorqueControl
from soccer_lib.wrappers.heading import SOUTH_GOAL, RobotObservation, robot_observation
from soccer_lib.wrappers.observation import full_observation


def free_joint(sim, body_of_site):
    """Addresses of a free body in qpos and qvel."""
    joint = sim.model.body_jntadr[sim.model.site(body_of_site).bodyid[0]]
    return int(sim.model.jnt_qposadr[joint]), int(sim.model.jnt_dofadr[joint])


def times(a, b):
    """Product of two quaternions w x y z."""
    result = np.zeros(4)
    mujoco.mju_mulQuat(result, np.asarray(a, float), np.asarray(b, float))
    return result


def turn_scene(sim, tracker, angle):
    """Turn everything about the vertical axis through the south goal, which so stays where it is."""
    model, data = sim.model, sim.data
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])
    quat = np.array([math.cos(angle / 2), 0, 0, math.sin(angle / 2)])

    def place(position):
        position[:] = SOUTH_GOAL + turn @ (position - SOUTH_GOAL)

    for body in range(1, model.nbody):
        if model.body_parentid[body] == 0:
            place(model.body_pos[body])
            model.body_quat[body] = times(quat, model.body_quat[body])
    for site in np.flatnonzero(model.site_bodyid == 0):
        place(model.site_pos[site])
    for geom in np.flatnonzero(model.geom_bodyid == 0):
        place(model.geom_pos[geom])
        model.geom_quat[geom] = times(quat, model.geom_quat[geom])
    for site in ("ball", "robot_0:imu"):
        at, speed = free_joint(sim, site)
        place(data.qpos[at : at + 3])
        data.qpos[at + 3 : at + 7] = times(quat, data.qpos[at + 3 : at + 7])
        data.qvel[speed : speed + 3] = turn @ data.qvel[speed : speed + 3]
    assert not any(tracker._slow)  # the ball turns fast
    tracker._orientation = tuple(times(times(quat, tracker._orientation), quat * [1, -1, -1, -1]))
    tracker._spin = tuple(turn @ tracker._spin)
    return turn


@pytest.mark.parametrize("angle", [0.3, 2.0, -3.0])
@pytest.mark.parametrize("task", sl.COMPETITION)
def test_turning_the_whole_scene_changes_nothing(task, angle):
    env = RobotObservation(JointControl(make_sim(task), track_ball=True, compiled=False))
    sim, tracker = env.unwrapped, env.env.ball
    env.reset(seed=4)
    _, speed = free_joint(sim, "ball")
    sim.data.qvel[speed : speed + 6] = 0.4, -0.7, 0, 5, 3, -8
    # Friction is a pyramid along world axes: with contacts the accelerometer does depend on the heading.
    sim.model.opt.disableflags |= mujoco.mjtDisableBit.mjDSBL_CONTACT
    for action in np.random.default_rng(0).uniform(-0.4, 0.4, (12, 12)).astype(np.float32):
        env.step(action)

    def observed():
        mujoco.mj_forward(sim.model, sim.data)
        sim.bind_episode()
        sim.readings.forget()
        return env.observation(sim.observation())

    before = observed()
    old_velocity = sim.info()["ball_velp_rel_robot"]
    turn = turn_scene(sim, tracker, angle)
    if task == "goalie_penalty_kick":  # the fast simulation takes for granted that keepers slide along y
        straight = sim.readings.keeper_velp
        sim.readings.keeper_velp = lambda team: turn @ straight(team)
    np.testing.assert_allclose(observed(), before, atol=1e-5)
    assert np.abs(sim.info()["ball_velp_rel_robot"] - old_velocity).max() > 0.05  # it did turn


@pytest.mark.parametrize("task", ["goalie_penalty_kick", "kick_to_target"])
def test_tracked_centre_stays_with_the_ball_for_ten_seconds(task):
    env = TorqueControl(make_sim(task), full_info=False, sum_reward=False, track_ball=True)
    sim, rng = env.sim, np.random.default_rng(3)
    sim.plays_on = True
    env.reset(seed=1)
    _, speed = free_joint(sim, "ball")
    geom, worst, turned = sim.model.geom("ball").id, 0.0, 0.0
    for step in range(5000):
        if step % 500 == 100:  # a kick with a twist
            sim.data.qvel[speed : speed + 3] += rng.uniform(-4, 4, 3) * [1, 1, 0.3]
            sim.data.qvel[speed + 3 : speed + 6] += rng.uniform(-20, 20, 3)
        env.step(rng.uniform(-0.3, 0.3, 12).astype(np.float32))
        if step % 25 == 0:
            seen = sim.observation()[24:27]
            centre = sim.data.geom_xpos[geom] - sim.readings.imu
            worst = max(worst, np.linalg.norm(seen + env.ball.offset - centre))
            turned = max(turned, np.linalg.norm(seen - centre + [0, 0, 0.11]))
    assert turned > 0.2 and worst < 0.002


def test_tracker_does_not_care_how_its_rows_come():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(1200, 10)).astype(np.float32)
    rows[:, 3:7] /= np.linalg.norm(rows[:, 3:7], axis=1, keepdims=True)
    rows[:, [0, 1, 2, 7, 8, 9]] *= np.repeat(rng.choice([1e-4, 1e-3, 1.0], 60), 20)[
        :, None
    ]  # lies, drifts, rolls
    one, many, state = BallTracker(), BallTracker(), BallTracker()
    for row in rows:
        one.push(row[:3], row[3:7], row[7:])
    for part in np.array_split(rows, 24):
        many.push(part[:, :3], part[:, 3:7], part[:, 7:])
        many.offset  # noqa: B018
        state.set_state(many.get_state())
    whole = BallTracker()
    whole.push(rows[:, :3], rows[:, 3:7], rows[:, 7:])
    for other in (many, state, whole):
        np.testing.assert_array_equal(one.offset, other.offset)
        np.testing.assert_array_equal(one.spin, other.spin)


@pytest.mark.parametrize(("speed", "steps"), [(5.0, 157), (0.9 * SLOW, 4000), (0.9 * STILL, 0)])
def test_tracked_turn_by_hand(speed, steps):
    half, tracker = math.sqrt(0.5), BallTracker()
    # The trunk looks left and rolls about its own x axis, which is the world's y; the ball turns about x.
    row = np.array([speed, -1, 0]), np.array([0, 0, half, half]), np.array([1, 0, 0])
    for _ in range(max(steps, 100) + 1):
        tracker.push(*row)
    np.testing.assert_allclose(tracker.spin, [speed, 0, 0], atol=1e-6)
    angle = speed * steps * 0.002  # the last step's turn is not in the positions yet
    expected = [0, -BALL_RADIUS * math.sin(angle), BALL_RADIUS * math.cos(angle)]
    np.testing.assert_allclose(tracker.offset, expected, atol=1e-6)


def seen_by_an_exported_agent(sim):
    """A tracker that is fed the stock observation of every physics step of a simulation."""
    tracker, advance = BallTracker(), sim.advance

    def watched(torque):
        over = advance(torque)
        sensed = sim.readings.sense()
        field = RAW[sim.task.name]["ball_velr_rel_robot"]
        tracker.push(sim.observation()[field], sensed.quat_xyzw, sensed.gyro)
        return over

    sim.advance = watched
    return tracker


@pytest.mark.parametrize("control", ["torque", "joint"])
@pytest.mark.parametrize("task", ["goalie_penalty_kick", "kick_to_target", "goal_keeper"])
def test_environment_and_exported_agent_track_the_same_bits(task, control):
    env = sl.make_env(task, control=control, observation="robot", compiled=False)
    layer = next(layer for layer in layers(env) if isinstance(layer, ControlInterface))
    sim, rng = env.unwrapped, np.random.default_rng(0)
    env.reset(seed=3)
    sim._referee = lambda: False
    _, speed = free_joint(sim, "ball")
    watching, rested, moved = seen_by_an_exported_agent(sim), 0, 0
    for step in range(1500 if control == "torque" else 150):
        tenth = step * layer.hold // 50
        if step * layer.hold % 500 == 200:
            sim.data.qvel[speed + 3 : speed + 6] += rng.uniform(-0.004, 0.004, 3) * 10.0 ** (tenth % 3)
        if tenth % 7 == 6:
            sim.data.qvel[speed : speed + 6] = 0
        env.step(rng.uniform(-0.2, 0.2, 12).astype(np.float32))
        rested, moved = rested + layer.trail.marks[1], moved + (not layer.trail.marks[1])
        assert layer.ball.offset == watching.offset and layer.ball.spin == watching.spin
        if step % 40 == 39:
            sl.set_state(env, sl.get_state(env))
    assert min(rested, moved) > 5


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("task", TASKS)
def test_robot_and_full_can_be_built_from_observation_and_info(task, fast):
    rng = np.random.default_rng(1)
    for name in ("full", "robot"):
        env = sl.make_env(task, control="joint", observation=name, fast=fast, team=-1)
        control = next(layer for layer in layers(env) if isinstance(layer, JointControl))
        env.reset(seed=2)
        for _ in range(8):
            seen, _, _, _, info = env.step(rng.uniform(-0.5, 0.5, 12).astype(np.float32))
            joints = env.unwrapped.observation()[:24]
            if name == "full":
                built = full_observation(joints, info, TASKS[task])
            else:
                built = robot_observation(joints, info, TASKS[task], control.ball.offset, control.ball.spin)
            np.testing.assert_array_equal(seen, built)


def test_held_actions_longer_than_the_notes():
    env = sl.make_env("kick_to_target", control="joint", observation="robot")
    control = next(layer for layer in layers(env) if isinstance(layer, JointControl))
    again = sl.make_env("kick_to_target", control="joint", observation="robot")
    control.hold = 150
    for each in (env, again):
        each.reset(seed=2)
    expected = [again.step(np.zeros(12, np.float32))[0] for _ in range(15)][-1]
    np.testing.assert_array_equal(env.step(np.zeros(12, np.float32))[0], expected)


def test_robot_entries_by_hand():
    observation = sl.make_env("goalie_penalty_kick", observation="robot").reset(seed=0)[0]
    full, _ = sl.make_env("goalie_penalty_kick", observation="full").reset(seed=0)
    ball, goal = ROBOT["ball_xpos_rel_robot"], ROBOT["goal_team_0_rel_robot"]
    np.testing.assert_allclose(np.linalg.norm(observation[goal]), np.linalg.norm(full[goal]), rtol=1e-6)
    assert observation[ball][0] == pytest.approx(2.0, abs=0.1) and abs(observation[ball][1]) < 0.05
    assert observation[ball][2] == pytest.approx(full[FULL["ball_xpos_rel_robot"]][2] + 0.11, abs=1e-6)
    assert observation[goal][0] > 4 and abs(observation[goal][1]) < 0.05
    np.testing.assert_array_equal(observation[ROBOT["defender_xpos"]].round(4), 0)


def test_agent_entries_without_a_walker():
    env = sl.make_env("kick_to_target", control="joint", observation="agent")
    first, _ = env.reset(seed=0)
    np.testing.assert_array_equal(first[89:], [1, 0, 0, 0, 0, 0, 0])
    later = env.step(np.zeros(12, np.float32))[0]
    np.testing.assert_allclose(later[89:], [1 - 10 / 5000, 0, 0, 0, 0, 0, 0])


def test_agent_entries_with_a_walker(walker):
    env = sl.make_env("kick_to_target", control="command", observation="agent", walker=walker)
    first, _ = env.reset(seed=0, options={"gait_phase": 0.25})
    np.testing.assert_allclose(first[89:], [1, 0, 1, 0, 0, 0, 0], atol=1e-7)
    seen, _, _, _, info = env.step(np.array([0.2, 1.0, -0.5], np.float32))
    assert seen[AGENT["time_left"]] == pytest.approx(0.99)
    command = seen[AGENT["last_command"]]
    np.testing.assert_allclose(command * COMMAND_SCALE, info["command"], rtol=1e-6)
    np.testing.assert_allclose(command[[0, 2]], [0.2, -0.5], rtol=1e-6)
    assert command[1] < 1.0  # the walker cannot go sideways as fast as 1 stands for
    assert np.linalg.norm(seen[AGENT["gait_phase"]]) == pytest.approx(1)
