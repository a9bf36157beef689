"""What is changed in the model acts as it is called, and can be put back."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from soccer_lib.sim import make_sim
from soccer_lib.sim.torque import pd_torque
from soccer_lib.variation import Plant, push_trunk

TASK = "kick_to_target"


@pytest.fixture
def sim():
    sim = make_sim(TASK)
    sim.reset(seed=3)
    return sim


def test_motors_give_their_share_of_the_torque(sim):
    Plant(sim).scale_motors(0.8)
    sim.advance(np.full(12, 10.0))
    joints = [sim.model.joint(name).dofadr[0] for name in sim.stock.robots[0].robot_joints]
    np.testing.assert_allclose(sim.data.qfrc_actuator[joints], 8.0)


def test_an_offset_is_read_and_the_body_stands_where_it_stood(sim):
    """A knee that reads 0.1 too much, at a reading of 0.1, is straight."""
    foot = sim.model.body("robot_0:left_foot_link").id
    straight = sim.data.xpos[foot].copy()
    offsets = np.zeros(12)
    offsets[3] = 0.1
    Plant(sim).offset_joints(offsets)
    sim.joint_pos[3] = 0.1
    mujoco.mj_forward(sim.model, sim.data)
    np.testing.assert_allclose(sim.data.xpos[foot], straight, atol=1e-12)
    assert sim.readings.observation()[3] == np.float32(0.1)
    assert sim.model.joint("robot_0:Left_Knee_Pitch").range[0] == pytest.approx(0.1), "the stop reads it too"


def test_a_controller_aims_at_what_it_reads(sim):
    """The PD pulls a joint of reading b toward 0 with -kp b: it takes its offset for a deflection."""
    offsets = np.full(12, 0.01)
    Plant(sim).offset_joints(offsets)
    sim.joint_pos[:] = offsets  # the true pose is the straight one
    np.testing.assert_allclose(
        pd_torque(np.zeros(12, np.float32), sim.joint_pos, np.zeros(12)),
        [-2, -2, -2, -2, -0.5, -0.5] * 2,
        rtol=1e-5,
    )


def test_friction_acts_between_feet_and_ground_and_leaves_the_ball(sim):
    """MuJoCo takes the larger of two: scaling one side alone would change nothing."""
    Plant(sim).scale_friction(0.4)
    for _ in range(60):
        sim.advance(np.zeros(12))
    feet = {i for i in range(sim.model.ngeom) if "_foot_" in sim.model.body(sim.model.geom_bodyid[i]).name}
    found = {round(c.friction[0], 6) for c in sim.data.contact if {c.geom1, c.geom2} & feet}
    assert found == {0.4} and sim.model.geom("ball").friction[0] == 1.0


def test_everything_is_put_back(sim):
    names = ("body_mass", "body_inertia", "dof_M0", "geom_friction", "actuator_gainprm", "qpos0", "jnt_range")
    before = {name: getattr(sim.model, name).tobytes() for name in names}
    plant = Plant(sim)
    plant.scale_mass(1.2)
    plant.scale_friction(0.5)
    plant.scale_motors(0.8)
    plant.offset_joints(np.full(12, 0.05))
    assert all(getattr(sim.model, name).tobytes() != before[name] for name in names)
    plant.restore()
    assert {name: getattr(sim.model, name).tobytes() for name in names} == before


def test_a_push_adds_to_the_speed_of_the_trunk(sim):
    root = sim.model.joint("robot_0:root").dofadr[0]
    before = sim.data.qvel.copy()
    push_trunk(sim, 0.5, np.pi / 2)
    change = sim.data.qvel - before
    assert change[root + 1] == pytest.approx(0.5) and np.abs(change).sum() == pytest.approx(0.5)
