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
    same = randomised(model, rng, spread=0.0)
    np.testing.assert_allclose(same.body_mass, model.body_mass)
    assert model.body_mass[1] == pytest.approx(19.4304)  # the original is untouched


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
