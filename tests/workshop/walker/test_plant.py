"""The training plant against the robot of the soccer environments."""

import mujoco
import numpy as np
import pytest

from soccer_lib.layout import KD, KP, TORQUE_LIMIT
from soccer_lib.workshop.walker.plant import SUBSTEPS, TIME_STEP, Robot, build_model, randomised


@pytest.fixture(scope="module")
def model():
    return build_model()


def test_the_robot_is_the_environments_own(model):
    from soccer_lib.sim import make_sim

    stock = make_sim("kick_to_target").model
    assert SUBSTEPS * TIME_STEP == pytest.approx(0.02)
    for k in range(1, model.nbody):
        twin = stock.body(f"robot_0:{model.body(k).name}").id
        assert model.body_mass[k] == stock.body_mass[twin]
        np.testing.assert_array_equal(model.body_inertia[k], stock.body_inertia[twin])
    np.testing.assert_array_equal(model.dof_armature[6:], stock.dof_armature[-12:])
    np.testing.assert_array_equal(model.dof_frictionloss[6:], stock.dof_frictionloss[-12:])


def test_actuators_act_as_the_pd(model):
    data = mujoco.MjData(model)
    rng = np.random.default_rng(0)
    data.qpos[2], data.qpos[7:], data.qvel[6:] = 5.0, rng.uniform(0.05, 0.2, 12), rng.normal(0, 1, 12)
    data.ctrl[:] = rng.normal(0, 0.3, 12)
    mujoco.mj_forward(model, data)
    wanted = KP * (data.ctrl - data.qpos[7:]) - KD * data.qvel[6:]
    np.testing.assert_allclose(data.actuator_force, np.clip(wanted, -TORQUE_LIMIT, TORQUE_LIMIT), rtol=1e-6)


def test_randomised_bodies_differ_within_their_range(model):
    rng = np.random.default_rng(0)
    other = randomised(model, rng)
    ratio = other.body_mass[1:] / model.body_mass[1:]
    assert 0.89 < ratio.min() < ratio.max() < 1.11 and np.ptp(ratio) > 0.01
    assert model.body_mass[1] == pytest.approx(19.4304)  # the original is untouched


def test_what_is_randomised_stays_within_the_ranges_and_reaches_far_into_them(model):
    """Forty bodies against the nominal one; a range is reached by four fifths at least."""
    rng = np.random.default_rng(1)
    bodies = [randomised(model, rng) for _ in range(40)]
    trunk = model.body("Trunk").id

    def ratios(name, columns=slice(None)):
        return np.array(
            [getattr(body, name)[:, columns] / getattr(model, name)[:, columns] for body in bodies]
        )

    shift = np.array([body.body_ipos[trunk] - model.body_ipos[trunk] for body in bodies])
    assert 0.012 < np.abs(shift).max() <= 0.015 and (np.abs(shift.mean(0)) < 0.006).all()
    trunk_mass = np.array([body.body_mass[trunk] for body in bodies]) / model.body_mass[trunk]
    assert 0.08 < np.abs(trunk_mass - 1).max() <= 0.1
    strength = ratios("actuator_forcerange")
    assert 0.88 <= strength.min() < 0.91 and 1.0 < strength.max() <= 1.03
    assert np.ptp(strength, axis=(1, 2)).max() < 1e-9, "a tired robot is tired in all joints"
    stiffness = ratios("actuator_gainprm", slice(0, 1))
    assert 0.048 < np.abs(stiffness - 1).max() <= 0.06
    np.testing.assert_allclose(ratios("actuator_biasprm", slice(1, 2)), stiffness, rtol=1e-12)
    damping = ratios("actuator_biasprm", slice(2, 3))
    assert 0.08 < np.abs(damping - 1).max() <= 0.1
    friction = np.array([body.geom_friction[:, 0] for body in bodies])
    assert 0.75 <= friction.min() < 0.8 and 0.95 < friction.max() <= 1.0


def test_without_spread_the_body_is_the_nominal_one(model):
    same = randomised(model, np.random.default_rng(0), spread=0.0)
    for name in ("body_mass", "body_inertia", "body_ipos", "actuator_forcerange", "actuator_gainprm"):
        np.testing.assert_array_equal(getattr(same, name), getattr(model, name))
    np.testing.assert_array_equal(same.actuator_biasprm, model.actuator_biasprm)


def test_a_target_acts_only_after_the_delay(model):
    """Three of the four physics steps with the old target, one with the new."""
    robot = Robot([model], np.random.default_rng(0))
    robot.reset(delay=3)
    robot.step(np.full(12, 0.1))
    twin = mujoco.MjData(model)
    twin.qpos[2] = 0.7
    mujoco.mj_forward(model, twin)
    mujoco.mj_step(model, twin, 3)
    twin.ctrl[:] = 0.1
    mujoco.mj_step(model, twin, 1)
    np.testing.assert_array_equal(robot.qpos, twin.qpos)


def test_the_trunk_state_is_read_from_the_robots_own_sensors(model):
    """Turned by 90 degrees to the left and moving along the world's y axis: straight ahead."""
    robot = Robot([model], np.random.default_rng(0))
    robot.reset()
    robot.qpos[3:7] = np.sqrt(0.5), 0.0, 0.0, np.sqrt(0.5)
    robot.qvel[:6] = 0.0, 0.3, 0.0, 0.0, 0.0, 0.7
    mujoco.mj_forward(model, robot.data)
    trunk = robot.trunk_state()
    assert trunk.velocity == pytest.approx([0.3, 0.0, 0.0], abs=0.05)  # the sensor is off the joint's axis
    assert trunk.yaw_rate == pytest.approx(0.7) and abs(trunk.pitch) + abs(trunk.roll) < 1e-9


def test_a_robot_stands_for_a_moment_then_knows_it_has_fallen(model):
    robot = Robot([model], np.random.default_rng(0))
    robot.reset(noise=0.0, delay=1)
    assert not robot.fallen and robot.qpos[2] == 0.7
    robot.step(np.zeros(12))
    assert not robot.fallen
    robot.push(3.0, 0.0)
    for _ in range(100):
        robot.step(np.zeros(12))
    assert robot.fallen
