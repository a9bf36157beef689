"""The control interfaces: what an action means, how long it lasts, how an episode may start; the hooks."""

from __future__ import annotations

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.control.macro import Macro
from soccer_lib.control.walker import Walker
from soccer_lib.errors import InputError
from soccer_lib.layout import COMMAND_SCALE, DEFAULT_POSE, TORQUE_LIMIT
from soccer_lib.sim import make_sim
from soccer_lib.sim.torque import STAND_POSE, pd_torque, stand_torque
from soccer_lib.wrappers.command import COUNTERS, CommandControl
from soccer_lib.wrappers.control import JointControl, TorqueControl
from soccer_lib.wrappers.heading import RobotObservation


class Listener(Walker):
    """A walker that holds the default pose and keeps what it is told, and when."""

    def __init__(self, sim):
        super().__init__("listener", "", ((-0.5, 1.0), (-0.4, 0.4), (-1.0, 1.0)))
        self.sim, self.told, self.phase_at_reset = sim, [], None

    phase = cycle = 0.0

    def reset(self, phase=0.0):
        self.phase_at_reset = phase

    def step(self, command, sensed):
        self.told.append((self.sim.n_steps, command.tolist()))
        return DEFAULT_POSE.copy()


class Play(Macro):
    """A kick of so many walker steps, and so many to recover; without these it is given up."""

    kind, names, stages = "play", ("shot",), ("swing",)
    swings, recovers = 8, 3

    def start(self, name, ball, yaw):
        self.reset()
        self.name, self.stage, self.started = name, "swing", (ball, yaw)

    def step(self, ball, yaw, sensed):
        self.waited += 1
        if self.waited == self.swings:
            self.stage = "recover" if self.recovers else "idle"
            self.aborted = not self.recovers
        elif self.waited == self.swings + self.recovers:
            self.stage = "idle"
        return DEFAULT_POSE.copy()


@pytest.fixture
def kicking(commanded, monkeypatch):
    """A walking robot whose kicks are played by `Play`, wherever the ball is."""
    monkeypatch.setattr(Macro, "allowed", staticmethod(lambda ball: True))
    commanded.macro = Play(commanded.walker)
    commanded.reset(seed=0)
    commanded.step(np.array([0.4, 0.0, 0.0], np.float32))
    return commanded


SHOT = np.array([1, -1, 1], np.float32)


def test_the_step_of_a_kick_lasts_as_long_as_its_swing(kicking):
    *_, info = kicking.step(SHOT)
    # The eighth walker step, 70 physics steps after the first, ends the swing; with it the step is over.
    assert info["held_steps"] == 71 == info["macro_active_steps"] and info["macro_triggered"]
    assert info["macro_step_index"] == 8 and info["macro_name"] == "shot" and info["macro_active"]
    assert info["command"].tolist() == [0.0, 0.0, 0.0]  # the walk before it is over
    (ahead, left), yaw = kicking.macro.started
    ball, imu = kicking.sim.data.geom("ball").xpos, kicking.sim.readings.imu
    assert np.hypot(ahead, left) == pytest.approx(np.hypot(*(ball - imu)[:2]), abs=0.05)
    # Another kick has to wait, and so do the commands, until the robot has recovered.
    *_, info = kicking.step(SHOT)
    assert info["macro_refused_count"] == 1 and info["macro_trigger_count"] == 1
    assert info["held_steps"] == 50 and not info["macro_triggered"] and not info["macro_active"]
    assert info["command"].tolist() == [0.0, 0.0, 0.0] and info["macro_step_index"] == 0
    # Walker steps 9 to 11 belong to the recovery: 29 physics steps more, until the next target.
    assert info["macro_active_steps"] == 71 + 29


def test_a_kick_that_is_given_up_ends_its_step_at_once(kicking):
    kicking.macro.swings, kicking.macro.recovers = 2, 0
    *_, info = kicking.step(SHOT)
    assert info["held_steps"] == 11 and info["macro_aborted_count"] == 1 and info["macro_triggered"]
    assert not info["macro_active"]
    *_, info = kicking.step(SHOT)
    assert info["macro_trigger_count"] == 2


def test_a_reset_starts_all_counts_anew(kicking):
    kicking.step(SHOT)
    _, info = kicking.reset(seed=0)
    assert [info[f"macro_{name}"] for name in COUNTERS] == [0, 0, 0, 0]
    assert not info["macro_active"] and not info["macro_triggered"] and not info["command"].any()


@pytest.fixture(scope="module")
def target_sim():
    return make_sim("kick_to_target")


@pytest.fixture
def commanded(target_sim):
    control = CommandControl(target_sim, track_ball=True)
    control.walker = Listener(target_sim)
    control.macro.walker = control.walker
    return control


def recorded(sim):
    """The torques of every physics step from now on."""
    torques = []
    sim.on_step[:] = [lambda torque: torques.append(np.array(torque))]
    return torques


def test_torques_by_hand():
    target, still = np.zeros(12, np.float32), np.zeros(12)
    bent = np.full(12, 0.1, np.float32)
    # 200 N m/rad for hips and knees and 50 for ankles, times 0.1 rad, against the bend.
    assert pd_torque(target, bent, still) == pytest.approx([-20, -20, -20, -20, -5, -5] * 2)
    # Damping of 5 and 1 N m s/rad at 2 rad/s.
    assert pd_torque(bent, bent, np.full(12, 2.0)) == pytest.approx([-10, -10, -10, -10, -2, -2] * 2)
    assert pd_torque(np.full(12, 9.0), still, still).tolist() == TORQUE_LIMIT.tolist()
    assert pd_torque(np.full(12, -9.0), still, still).tolist() == (-TORQUE_LIMIT).tolist()
    assert pd_torque(target, bent, still).dtype == np.float32


def test_stand_torques_by_hand():
    # Knees bent by 0.2 rad, hips and ankles take half of it back each: the feet are level.
    assert STAND_POSE.tolist() == pytest.approx([-0.1, 0, 0, 0.2, -0.1, 0] * 2)
    assert not stand_torque(np.concatenate((STAND_POSE, np.zeros(12)))).any()
    # Ankles are as stiff as the rest here: 200 N m/rad and 5 N m s/rad.
    off = stand_torque(np.concatenate((STAND_POSE + 0.05, np.full(12, 0.2))))
    assert off == pytest.approx([-11.0] * 12, rel=1e-5)


def test_a_torque_action_is_a_share_of_the_limits(target_sim):
    control = TorqueControl(target_sim)
    control.reset(seed=0)
    torques = recorded(target_sim)
    *_, info = control.step(np.linspace(-0.5, 0.6, 12))
    np.testing.assert_allclose(torques, [np.linspace(-0.5, 0.6, 12) * TORQUE_LIMIT], rtol=1e-6)
    assert info["held_steps"] == 1 and info["sim_time"] == 0.002 and info["task_name"] == "kick_to_target"


def test_a_joint_action_is_added_to_the_default_pose_for_ten_steps(target_sim):
    control = JointControl(target_sim)
    control.reset(seed=0)
    torques = recorded(target_sim)
    first = pd_torque(DEFAULT_POSE + np.float32(0.1), target_sim.joint_pos, target_sim.joint_vel)
    *_, info = control.step(np.full(12, 0.1, np.float32))
    assert len(torques) == 10 == info["held_steps"] and torques[0].tolist() == first.tolist()


def test_actions_outside_the_box_are_clipped_and_counted(target_sim):
    control = TorqueControl(target_sim)
    control.reset(seed=0)
    torques = recorded(target_sim)
    control.step(np.array([1.5, -2.0] + [0.9] * 10))
    assert target_sim.clipped == 2
    np.testing.assert_allclose(torques[0], TORQUE_LIMIT * ([1, -1] + [0.9] * 10), rtol=1e-6)
    control.step(np.full(12, 0.99))  # inside, although its square sum is far above 1
    assert target_sim.clipped == 2


def test_a_command_is_a_velocity_for_a_tenth_of_a_second(commanded):
    commanded.reset(seed=0, options={"gait_phase": 0.25})
    assert commanded.walker.phase_at_reset == 0.25
    *_, info = commanded.step(np.array([0.4, 0.5, -0.5], np.float32))
    # 1.5 m/s, 0.6 m/s and 1.3 rad/s are what 1 stands for; the walker's limits are 1, 0.4 and 1.
    expected = [0.6, 0.3, -0.65]
    assert info["command"] == pytest.approx(expected) and info["held_steps"] == 50
    assert [step for step, _ in commanded.walker.told] == [0, 10, 20, 30, 40]
    assert commanded.walker.told[0][1] == pytest.approx(expected)
    commanded.step(np.array([-0.79, 0.79, 0.79], np.float32))
    assert commanded.command == pytest.approx([-0.5, 0.4, 1.0])
    assert COMMAND_SCALE.tolist() == pytest.approx([1.5, 0.6, 1.3])


def test_the_walker_keeps_its_own_clock_under_any_hold(target_sim):
    control = CommandControl(target_sim, track_ball=True, hold=7)
    control.walker = Listener(target_sim)
    control.reset(seed=0)
    for _ in range(4):
        *_, info = control.step(np.zeros(3, np.float32))
        assert info["held_steps"] == 7
    assert [step for step, _ in control.walker.told] == [0, 10, 20]


def test_each_new_joint_target_is_announced(commanded):
    commanded.reset(seed=0)
    heard = []
    commanded.on_target.append(lambda target: heard.append((commanded.sim.n_steps, target.copy())))
    torques = recorded(commanded.sim)
    commanded.step(np.zeros(3, np.float32))
    assert [step for step, _ in heard] == [0, 10, 20, 30, 40] and len(torques) == 50
    assert all((target == DEFAULT_POSE).all() for _, target in heard)
    commanded.reset(seed=0)
    commanded.on_target.clear()
    commanded.step(np.zeros(3, np.float32))
    assert len(heard) == 5


def test_the_ball_is_up_to_date_when_a_target_is_announced(commanded):
    env = RobotObservation(commanded)
    env.reset(seed=0)
    speed = int(commanded.sim.model.joint("env:ball").dofadr[0])
    commanded.sim.data.qvel[speed + 3 : speed + 6] = 6.0, 0.0, 0.0
    spins = []
    commanded.on_target.append(lambda target: spins.append(commanded.ball.spin))
    env.step(np.zeros(3, np.float32))
    assert spins[0] == (0.0, 0.0, 0.0) and spins[1][0] > 1.0


def test_standing_first_is_part_of_the_episode(target_sim):
    control = JointControl(target_sim, track_ball=True)
    control.reset(seed=4)
    torques = recorded(target_sim)
    observation, info = control.reset(seed=4, options={"standing_steps": 20})
    assert len(torques) == 20 == target_sim.n_steps and info["sim_time"] == 0.04
    again = make_sim("kick_to_target")
    again.reset(seed=4)
    for torque in torques:
        assert torque.tobytes() == stand_torque(again.observation()).tobytes()
        again.advance(torque)
    assert observation.tobytes() == again.observation().tobytes()
    assert info["reward_terms"] == again.terms() and info["held_steps"] == 0
    observation, info = control.reset(seed=4)
    assert target_sim.n_steps == 0 and info["sim_time"] == 0.0


@pytest.mark.parametrize("steps", [-10, 5, 2.0, "10", None])
def test_standing_steps_that_no_walker_could_follow_are_refused(target_sim, steps):
    with pytest.raises(InputError, match="standing_steps got .*(multiple of 10|from 0 up to 4,999)"):
        JointControl(target_sim).reset(seed=0, options={"standing_steps": steps})


def test_standing_first_reaches_through_the_whole_stack():
    env = sl.make_env(["kick_to_target", "penalty_kick"], control="joint", observation="robot", reward="env")
    _, info = env.reset(seed=0, options={"standing_steps": 30})
    assert env.unwrapped.n_steps == 30 and info["sim_time"] == 0.06


@pytest.mark.parametrize("options", [[], 0, "", False])
def test_empty_options_that_are_no_dict_are_refused(commanded, options):
    with pytest.raises(InputError, match="options got"):
        commanded.reset(seed=0, options=options)


@pytest.mark.parametrize("phase", [-0.1, 1.0, float("nan"), "0.5"])
def test_a_gait_phase_outside_the_cycle_is_refused(commanded, phase):
    with pytest.raises(InputError, match="gait_phase got"):
        commanded.reset(seed=0, options={"gait_phase": phase})


@pytest.mark.parametrize("hold", [0, 1.5, True])
def test_a_hold_that_is_no_number_of_steps_is_refused(target_sim, hold):
    with pytest.raises(InputError, match="hold got .*try 50"):
        CommandControl(target_sim, hold=hold)


def test_kicks_and_heading_frame_need_the_ball_tracker(target_sim):
    control = CommandControl(target_sim)
    with pytest.raises(InputError, match="track_ball=True"):
        RobotObservation(control)
    control.reset(seed=0)
    with pytest.raises(InputError, match="track_ball=True"):
        control.step(np.array([1, -1, 1], np.float32))
