"""The practising robots: shapes, falls, time-outs, reward terms."""

import copy

import numpy as np
import pytest

from soccer_lib.control.gait import GaitParameters
from soccer_lib.control.residual import FEATURE_COUNT
from soccer_lib.workshop.walker.lessons import COMMAND_HIGH, COMMAND_LOW, EPISODE_STEPS, CommandSequence
from soccer_lib.workshop.walker.practice import REWARD_SCALE, REWARD_WEIGHTS, Practice, step_reward


def test_commands_stay_in_range_and_stops_are_among_them():
    commands = CommandSequence(np.random.default_rng(0))
    commands.restart()
    seen = np.array([commands.next() for _ in range(20_000)])
    assert (seen >= COMMAND_LOW).all() and (seen <= COMMAND_HIGH).all()
    still = (seen == 0).all(1)
    assert 0.05 < still.mean() < 0.4
    changes = np.flatnonzero(np.abs(np.diff(seen, axis=0)).sum(1))
    assert np.diff(changes).min() >= 100  # 2 s


def test_a_group_steps_together_and_restarts_the_fallen():
    practice = Practice(GaitParameters(), n_robots=3, seed=[0], variants=4)
    rows = practice.observe()
    assert rows.shape == (3, FEATURE_COUNT) and np.isfinite(rows).all()
    wild = np.zeros((3, 12), np.float32)
    wild[0] = 3.0  # this robot throws itself over
    fell = 0
    for _ in range(60):
        rewards, done, timed_out = practice.step(wild)
        if done[0] and 0 not in timed_out:
            fell += 1
            assert rewards[0] == pytest.approx(REWARD_SCALE * REWARD_WEIGHTS["fall"])
            assert practice.pupils[0].ticks == 0
        assert np.isfinite(practice.observations).all()
    assert fell >= 1
    report = practice.take_report()
    assert report["count"] >= 0 and any(fallen for _, fallen in report["episodes"])
    assert practice.take_report()["episodes"] == []


def test_time_up_hands_back_the_last_input():
    practice = Practice(GaitParameters(), n_robots=1, seed=[1], variants=4)
    practice.observe()
    pupil = practice.pupils[0]
    pupil.restart()
    pupil.observe()
    pupil.ticks = EPISODE_STEPS - 1
    _, done, timed_out = practice.step(np.zeros((1, 12), np.float32))
    assert done[0] and len(timed_out[0]) == FEATURE_COUNT
    assert pupil.ticks == 0 and not np.array_equal(timed_out[0], practice.observations[0]), "it began anew"
    report = practice.take_report()
    assert report["episodes"] == [(pytest.approx(10.0), False)] and report["count"] == 1


class Counter:
    """Stands for a robot: its observations count how often it was observed; its second move is the last."""

    ticks = 0
    errors = (0.0, 0.0, 0.0)
    observed = 0

    def __init__(self, falls):
        self.falls = falls

    def observe(self):
        self.observed += 1
        return [float(self.observed)] * FEATURE_COUNT

    def move(self, output):
        self.ticks += 1
        over = self.ticks == 2
        return 1.0, over and self.falls, over and not self.falls

    def restart(self):
        self.ticks = 0


def test_after_a_time_out_the_row_is_the_next_input_and_a_new_episode_begins_with_its_own(practice):
    """Inputs 1 and 2 of an episode; after its second move 3 is what would have followed, 4 the new start."""
    group = copy.copy(practice)
    group.pupils = [Counter(falls=False), Counter(falls=True)]
    group.observations = np.zeros((2, FEATURE_COUNT), np.float32)
    outputs = np.zeros((2, 12), np.float32)
    assert group.observe()[:, 0].tolist() == [1.0, 1.0]
    _, done, timed_out = group.step(outputs)
    assert group.observations[:, 0].tolist() == [2.0, 2.0] and not done.any() and not timed_out
    _, done, timed_out = group.step(outputs)
    assert done.all() and list(timed_out) == [0] and timed_out[0][0] == 3.0
    assert group.observations[:, 0].tolist() == [4.0, 3.0], "after a fall there is nothing to be looked at"


@pytest.fixture(scope="module")
def practice():
    practice = Practice(GaitParameters(), n_robots=1, seed=[2], variants=4)
    practice.observe()
    return practice


@pytest.fixture
def pupil(practice):
    """A robot at the reset: upright, at rest, its feet in the air and 0.2 m apart."""
    pupil = practice.pupils[0]
    pupil.restart()
    pupil.commands.command = (0.4, 0.0, 0.0)
    pupil.commands.left = 1000
    pupil.observe()
    place(pupil, left=(0.0, 0.1, 0.2), right=(0.0, -0.1, 0.2))
    pupil.reward_terms([0.0] * 12)
    return pupil


def place(pupil, left, right):
    """Put the soles somewhere; the site of a foot on the ground is 0.04 m up."""
    pupil.robot.site_xpos[pupil.robot.foot_sites] = np.array([left, right]) + (0, 0, 0.04)


def terms_of(pupil, last_action=(0.0,) * 12):
    return pupil.reward_terms(list(last_action))


def test_every_term_has_a_weight_and_costs_are_negative(pupil):
    terms = terms_of(pupil)
    assert set(terms) | {"fall"} == set(REWARD_WEIGHTS)
    costs = {
        "sway",
        "bounce",
        "jerk",
        "effort",
        "torque",
        "power",
        "slip",
        "close_feet",
        "restless",
        "dawdle",
    }
    assert {name for name, weight in REWARD_WEIGHTS.items() if weight < 0} == costs | {"fall"}
    assert all(terms[name] >= 0 for name in costs)


def test_the_reward_of_a_step_by_hand():
    assert step_reward({"alive": 1.0, "slip": 2.0}, fallen=False) == pytest.approx(0.04 * (1.0 - 0.15 * 2.0))
    assert step_reward({"power": 100.0}, fallen=False) == pytest.approx(0.04 * -1.0), "no worse than -1"
    assert step_reward({"alive": 1.0}, fallen=True) == pytest.approx(0.04 * -5.0)


def test_tracking_is_paid_by_the_mean_error(pupil):
    pupil.mean_command = [0.3, 0.0, 0.0]
    pupil.gait.command = [0.3, 0.0, 0.0]
    pupil.gait.mean = [0.3 - 0.1, 0.1, 0.2]
    terms = terms_of(pupil)
    assert terms["forward"] == pytest.approx(0.5 * np.exp(-0.01 / 0.06) + 0.5 * np.exp(-0.01 / 0.008))
    assert terms["sideways"] == pytest.approx(0.5 * np.exp(-0.01 / 0.04) + 0.5 * np.exp(-0.01 / 0.005))
    assert terms["turn"] == pytest.approx(0.5 * np.exp(-0.04 / 0.2) + 0.5 * np.exp(-0.04 / 0.02))
    assert pupil.errors == pytest.approx([-0.1, 0.1, 0.2])


def test_feet_that_slip_on_the_ground_cost_their_speed(pupil):
    place(pupil, left=(0.0, 0.1, 0.0), right=(0.0, -0.1, 0.1))
    terms_of(pupil)
    place(pupil, left=(0.006, 0.108, 0.0), right=(0.3, -0.1, 0.1))  # 1 cm in 20 ms; the other one flies
    assert terms_of(pupil)["slip"] == pytest.approx(0.5)
    place(pupil, left=(0.006, 0.108, 0.0), right=(0.3, -0.1, 0.1))
    assert terms_of(pupil)["slip"] == 0.0


def test_rhythm_is_a_foot_in_the_air_when_the_engine_swings_it(pupil):
    place(pupil, left=(0.0, 0.1, 0.0), right=(0.0, -0.1, 0.1))
    for swinging, value in (([False, True], 1.0), ([True, True], 0.5), ([True, False], 0.0)):
        pupil.gait.swinging = swinging
        assert terms_of(pupil)["rhythm"] == value


def test_close_feet_are_measured_across_the_heading(pupil):
    half = np.sqrt(0.5)
    pupil.robot.quat[:] = half, 0.0, 0.0, half  # it looks along y: across is along x
    place(pupil, left=(-0.05, 0.3, 0.0), right=(0.05, 0.0, 0.0))
    assert terms_of(pupil)["close_feet"] == pytest.approx(0.14 - 0.1)
    place(pupil, left=(-0.1, 0.0, 0.0), right=(0.1, 0.0, 0.0))
    assert terms_of(pupil)["close_feet"] == 0.0
    eighth = np.pi / 8
    pupil.robot.quat[:] = np.cos(eighth), 0.0, 0.0, np.sin(eighth)  # along the diagonal: across is (-1, 1)
    place(pupil, left=(-0.1, 0.1, 0.0), right=(0.1, -0.1, 0.0))
    assert terms_of(pupil)["close_feet"] == 0.0
    place(pupil, left=(0.1, 0.1, 0.0), right=(-0.1, -0.1, 0.0))  # one in front of the other
    assert terms_of(pupil)["close_feet"] == pytest.approx(0.1)


def test_effort_and_jerk_by_hand(pupil):
    pupil.action = [0.5] + [0.0] * 11
    terms = terms_of(pupil, last_action=[0.2] + [0.0] * 11)
    assert terms["effort"] == pytest.approx(0.25 / 12) and terms["jerk"] == pytest.approx(0.09 / 12)
    pupil.robot.force[:] = 40.0
    pupil.robot.qvel[6:] = -0.5
    terms = terms_of(pupil)
    assert terms["torque"] == pytest.approx(1.0) and terms["power"] == pytest.approx(12 * 40 * 0.5 / 100)


def test_standing_is_quiet_and_stepping_on_a_stop_is_dawdling(pupil):
    pupil.robot.qvel[6:] = 0.1
    pupil.gait.standing = True
    assert terms_of(pupil)["restless"] == pytest.approx(0.12)
    pupil.gait.standing = False
    pupil.commands.command = (0.0, 0.0, 0.0)
    pupil.commands.since = 76
    terms = terms_of(pupil)
    assert terms["restless"] == 0.0 and terms["dawdle"] == 1.0
    pupil.commands.since = 75
    assert terms_of(pupil)["dawdle"] == 0.0


def test_standing_still_on_a_walking_command_earns_less_and_less(pupil):
    pupil.gait.command = [0.9, 0.0, 0.0]
    first = terms_of(pupil)
    for _ in range(200):
        late = terms_of(pupil)
    assert late["forward"] < 0.1 < first["forward"]
