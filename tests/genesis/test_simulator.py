"""What needs Genesis itself: its arm is the one of the kinematics, resets are for one arm, physics acts."""

from __future__ import annotations

import numpy as np
import pytest
from stable_baselines3.common.env_checker import check_env

from soccer_lib.errors import InputError, SimulationError
from soccer_lib.genesis import engine
from soccer_lib.genesis.booster import START_HEIGHT, GenesisBody, MujocoBody, hold_pose
from soccer_lib.genesis.demo import GenesisDemoConfig, show_reaching
from soccer_lib.genesis.envs import (
    CurriculumReachingEnv,
    GenesisGymWrapper,
    RandomizedReachingEnv,
    ReachingEnv,
)
from soccer_lib.genesis.physics import LEVELS, nominal_physics
from soccer_lib.genesis.robots import ROBOTS, tool_position
from soccer_lib.genesis.scene import ArmScene
from soccer_lib.genesis.task import ReachSettings
from soccer_lib.genesis.vec import ReachVecEnv

pytestmark = pytest.mark.usefixtures("genesis")

HOME = np.array(ROBOTS["franka"].home)


@pytest.fixture(scope="module")
def arms():
    scene = ArmScene(4)
    yield scene
    scene.close()


@pytest.fixture(scope="module")
def one_arm():
    scene = ArmScene(1)
    yield scene
    scene.close()


@pytest.fixture(scope="module")
def body():
    robot = GenesisBody(morph_height=START_HEIGHT)
    yield robot
    robot.close()


def settle(arms, joints, steps=40):
    """Where the joints are on their way from home to a posture."""
    rows = np.arange(arms.n_envs)
    arms.reset(rows, np.tile(HOME, (arms.n_envs, 1)))
    for _ in range(steps):
        arms.move(np.tile(joints, (arms.n_envs, 1)))
    return arms.read().joint_pos


def with_traits(**traits):
    return nominal_physics() | traits


def test_the_tool_is_where_the_kinematics_say(arms):
    rng = np.random.default_rng(0)
    low, high = np.array(ROBOTS["franka"].low), np.array(ROBOTS["franka"].high)
    joints = rng.uniform(low + 0.1, high - 0.1, (4, 7))
    arms.reset(np.arange(4), joints)
    state = arms.read()
    assert state.joint_pos == pytest.approx(joints, abs=1e-6)
    assert state.tool == pytest.approx(tool_position(joints), abs=1e-5)


def test_a_reset_of_one_arm_leaves_the_others(arms):
    settle(arms, HOME, 3)
    arms.move(np.tile(HOME + 0.2, (4, 1)))
    before = arms.read()
    arms.reset(np.array([2]), HOME[None])
    after = arms.read()
    others = [0, 1, 3]
    assert (after.joint_pos[others] == before.joint_pos[others]).all()
    assert (after.joint_vel[others] == before.joint_vel[others]).all()
    assert after.joint_pos[2] == pytest.approx(HOME, abs=1e-6) and (after.joint_vel[2] == 0).all()


@pytest.mark.parametrize(
    ("trait", "value"), [("gravity", 0.0), ("mass", 3.0), ("strength", 0.02), ("friction", 20.0)]
)
def test_what_a_trait_is_called_is_what_acts_on_its_arm_alone(arms, trait, value):
    rows = np.arange(4)
    arms.set_physics(rows, [nominal_physics()] * 4)
    asked = HOME + [0, 0.3, 0, 0.3, 0, 0, 0]
    steps = 60 if trait == "gravity" else 6
    plain = settle(arms, asked, steps)
    arms.set_physics(np.array([1]), [with_traits(**{trait: value})])
    changed = settle(arms, asked, steps)
    assert np.abs(changed[1] - plain[1]).max() > 1e-3
    assert (changed[[0, 2, 3]] == plain[[0, 2, 3]]).all()
    if trait == "gravity":  # without weight nothing sags
        assert np.abs(changed[1] - asked).max() < np.abs(plain[1] - asked).max() / 3
    arms.set_physics(np.array([1]), [nominal_physics()])
    assert settle(arms, asked, steps) == pytest.approx(plain, abs=1e-6)


def test_damping_slows_an_arm(arms):
    rows = np.arange(4)
    arms.set_physics(rows, [nominal_physics()] * 3 + [with_traits(damping=80.0)])
    arms.reset(rows, np.tile(HOME, (4, 1)))
    for _ in range(3):
        arms.move(np.tile(HOME + 0.3, (4, 1)))
    travel = np.abs(arms.read().joint_pos - HOME).sum(axis=1)
    assert travel[3] < 0.97 * travel[0]
    arms.set_physics(rows, [nominal_physics()] * 4)


@pytest.mark.parametrize("level", LEVELS)
def test_a_seed_repeats_a_rollout_to_the_bit_whatever_the_arms_did_before(arms, level):
    def run():
        env = ReachVecEnv(arms, ReachSettings(episode=10, physics=LEVELS[level]), seed=7)
        env.seed(7)
        rows = [env.reset()]
        rng = np.random.default_rng(0)
        for _ in range(25):
            env.step_async(rng.uniform(-1, 1, (4, 7)))
            rows.append(env.step_wait()[0])
        return np.array(rows)

    first = run()
    heavy = ReachVecEnv(arms, ReachSettings(physics=LEVELS["hard"]), seed=8)
    for _ in range(20):
        heavy.reset()
    assert (run() == first).all()


@pytest.mark.parametrize(
    "kind", (GenesisGymWrapper, ReachingEnv, CurriculumReachingEnv, RandomizedReachingEnv)
)
def test_the_environments_pass_the_checks_of_sb3(kind, one_arm):
    check_env(kind(arm=one_arm))


def test_randomised_physics_is_that_of_the_episode_and_gone_with_the_next_environment(one_arm):
    env = RandomizedReachingEnv(arm=one_arm, physics={"mass": (2.0, 3.0)})
    masses = []
    for seed in range(3):
        _, info = env.reset(seed=seed)
        masses.append(info["physics"]["mass"])
        real = float(one_arm.arm.get_mass().reshape(-1)[0])
        assert real == pytest.approx(masses[-1] * 16.822, rel=1e-3)
    assert len(set(masses)) == 3
    ReachingEnv(arm=one_arm).reset(seed=0)
    assert float(one_arm.arm.get_mass().reshape(-1)[0]) == pytest.approx(16.822, rel=1e-4)


def test_genesis_may_be_started_again_on_the_same_backend_and_not_on_another(arms, monkeypatch):
    assert engine.start(False) is engine.start(False)
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    with pytest.raises(InputError, match="runs on the CPU in this process and the GPU was asked for"):
        engine.start(True)


def test_a_scene_without_a_camera_says_so(one_arm):
    with pytest.raises(InputError, match="has no camera"):
        one_arm.picture()


def test_a_demo_without_a_display_films_and_opens_no_window(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    with pytest.raises((InputError, SimulationError), match="no display"):
        show_reaching(GenesisDemoConfig("zero", show_viewer=True))


def test_the_morph_adds_to_the_height_of_the_xml(body):
    assert body.built_height == pytest.approx(START_HEIGHT - 0.7, abs=1e-6)
    body.reset(0.9)
    assert body.read().place == pytest.approx([0, 0, 0.9], abs=1e-6)


def test_the_footballer_stands_alike_in_both_simulators(body):
    mujoco = MujocoBody()
    assert body.mass() == pytest.approx(mujoco.mass(), rel=1e-4)
    ours, theirs = (hold_pose(one, 1.0) for one in (body, mujoco))
    assert np.abs(ours.place - theirs.place).max() < 0.005
    assert np.abs(ours.joint_pos - theirs.joint_pos).max() < 0.02
    assert ours.fell_at is None and theirs.fell_at is None


def test_both_bodies_sense_the_same_turn(body):
    """A trunk that turns about its own x axis in the air: the same gyro, and gravity alone otherwise."""
    mujoco = MujocoBody()
    states = []
    for one in (body, mujoco):
        one.reset(2.0)
        for step in range(50):
            torque = np.zeros(12)
            torque[0] = 3.0 if step < 10 else 0.0
            one.step(torque)
        states.append(one.read().sense())
    for name in ("joint_pos", "joint_vel", "gyro", "velocimeter"):
        ours, theirs = (getattr(state, name) for state in states)
        assert ours == pytest.approx(theirs, abs=0.05), name
    assert abs(float(states[0].gyro[1])) > 0.05
