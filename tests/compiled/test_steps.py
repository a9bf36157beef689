"""The compiled loop against the Python rules that it mirrors: step for step, bit for bit."""

import ctypes

import numpy as np
import pytest

from soccer_lib.compiled import step_loop
from soccer_lib.compiled.memory import ints_at, longs_at
from soccer_lib.compiled.sensing import TIME
from soccer_lib.compiled.steps import CONTACT, CONTACT_SIZE, GEOM, NCON
from soccer_lib.control.ball import BallTracker
from soccer_lib.layout import KD, KP
from soccer_lib.sim import SpinTrail, make_sim
from soccer_lib.sim.torque import STAND_POSE, pd_torque
from soccer_lib.tasks import TASKS

numba = pytest.importorskip("numba")

BALL = {"ball": (0.0, 0.0), "shot": (4.0, 0.6), "roll": (-2.0, 0.3)}
"""Speed that the ball gets at the start, forward and up [m/s]."""


class Pair:
    """One episode twice: in Python and in the loop."""

    def __init__(self, task, seed=0, team=0, margin=None):
        self.sims = [make_sim(task, team=team) for _ in range(2)]
        for sim in self.sims:
            sim.tape = bytearray()
            sim.reset(seed=seed)
        self.trails = [SpinTrail(sim, BallTracker()) for sim in self.sims]
        self.loop = step_loop(self.sims[1], self.trails[1], sum_reward=True)
        self.loop.drive_by(KP, KD)
        if margin is not None:
            self.loop.scene["margin"] = margin

    def each(self, change):
        for sim in self.sims:
            change(sim)

    def step(self, target, n_steps):
        """Take steps in both and compare everything; returns whether the episode is over."""
        python, compiled = self.sims
        total = 0.0
        for _ in range(n_steps):
            over = python.advance(pd_torque(target, python.joint_pos, python.joint_vel))
            total += float(python.reward(python.terms()))
            self.trails[0].note()
            if over:
                break
        assert self.loop.run(target, n_steps) == over
        assert repr(self.loop.terms()) == repr(python.terms()) == repr(compiled.terms())
        assert self.loop.reward() == pytest.approx(total, rel=0, abs=0, nan_ok=True)
        assert repr(compiled.info()) == repr(python.info())
        for name in ("velocities", "seen", "raw"):
            assert getattr(compiled.readings, name).tobytes() == getattr(python.readings, name).tobytes()
        for name in python.memory:
            mine, theirs = getattr(compiled, name), getattr(python, name)
            assert (mine, type(mine)) == (theirs, type(theirs)), name
        for name in ("qpos", "qvel", "qacc_warmstart", "site_xpos", "sensordata"):
            assert getattr(compiled.data, name).tobytes() == getattr(python.data, name).tobytes()
        assert compiled.data.time == python.data.time or np.isnan(python.data.time)
        assert compiled.model.sensor_needstage.tolist() == python.model.sensor_needstage.tolist()
        assert compiled.outcome == python.outcome
        return over

    def compare_balls(self):
        for trail in self.trails:
            trail.flush()
        mine, theirs = (trail.tracker for trail in self.trails)
        assert mine.offset == theirs.offset and mine.spin == theirs.spin


def throw(sim, forward, up):
    """Give the ball a speed [m/s]."""
    first = int(sim.model.joint("env:ball").dofadr[0])
    sim.data.qvel[first : first + 6] = (forward, 0.1, up, 1.0, 2.0, -3.0)


@pytest.mark.parametrize("ball", BALL)
@pytest.mark.parametrize("task", TASKS)
def test_whole_episodes_are_equal_to_the_last_bit(task, ball):
    pair = Pair(task, seed=3, team=len(ball) % 2)
    if ball != "ball":
        pair.each(lambda sim: throw(sim, *BALL[ball]))
    rng = np.random.default_rng(len(ball))
    over = False
    while not over and len(pair.sims[0].taped) < 1200:
        target = (STAND_POSE + 0.2 * rng.normal(size=12)).astype(np.float32)
        over = pair.step(target, int(rng.integers(1, 11)))
        if rng.random() < 0.1:
            pair.compare_balls()
    pair.compare_balls()
    assert pair.sims[0].tape == pair.sims[1].tape


def test_limits_too_near_to_tell_are_left_to_the_python_rules():
    pair = Pair("obstacle_penalty_kick", margin=1e3)  # every step is too near
    pair.each(lambda sim: throw(sim, 5.0, 4.0))
    over = False
    while not over and len(pair.sims[0].taped) < 300:
        over = pair.step(STAND_POSE, 7)
    assert pair.loop.scene["margin"] == 1e3 and len(pair.sims[0].taped) > 20


@pytest.mark.parametrize("value", [np.nan, 1e20])
def test_a_lost_state_ends_the_episode_at_the_same_step(value):
    pair = Pair("kick_to_target")
    assert not pair.step(STAND_POSE, 10)

    def lose(sim):
        sim.data.qvel[0] = value

    pair.each(lose)
    assert pair.step(STAND_POSE, 10)
    assert pair.sims[1].n_steps == pair.sims[0].n_steps < 20


def test_the_time_limit_ends_a_run_within_it():
    pair = Pair("goal_keeper")
    for sim in pair.sims:
        sim.n_steps = sim.task.max_steps - 3
    assert pair.step(STAND_POSE, 10)
    assert pair.sims[1].truncated and pair.sims[1].n_steps == pair.sims[1].task.max_steps


def test_a_run_longer_than_its_notes_is_handed_over_on_the_way():
    pair = Pair("penalty_kick")
    pair.each(lambda sim: throw(sim, 0.5, 0.0))
    for n_steps in (60, 150, 64, 65):
        pair.step(STAND_POSE, n_steps)
    pair.compare_balls()


def test_a_state_that_is_set_brings_the_rules_of_its_episode():
    pair = Pair("obstacle_penalty_kick", seed=1)
    pair.step(STAND_POSE, 10)
    other = make_sim("obstacle_penalty_kick")
    other.reset(seed=2)
    state = other.get_state()
    pair.each(lambda sim: sim.set_state(state))
    pair.step(STAND_POSE, 10)
    assert pair.loop.scene["goal"].tolist() == pair.sims[1].readings.target.tolist()


def test_contacts_stand_where_the_loop_reads_them():
    sim = make_sim("kick_to_target")
    sim.reset(seed=0)
    for _ in range(100):
        sim.advance(np.zeros(12))

    @numba.njit
    def read(data, contact):
        geoms = ints_at(longs_at(data + CONTACT)[0] + contact * CONTACT_SIZE + GEOM)
        return ints_at(data + NCON)[0], geoms[0], geoms[1]

    geoms = sim.data.contact.geom.tolist()
    assert len(geoms) > 2
    for contact, (first, second) in enumerate(geoms):
        assert read(sim.data._address, contact) == (len(geoms), first, second)


def test_the_accelerometer_is_left_out_inside_a_call_and_right_at_its_end():
    """A fall in the middle of a call ends it: that step is taken once more, to be read."""
    for n_steps, over in ((1, False), (63, False), (63, True)):
        pair = Pair("kick_to_target")
        if over:
            pair.each(lambda sim: sim.data.qvel.__setitem__(slice(0, 3), (3.0, 0.0, 0.0)))
            while not (ended := pair.step(STAND_POSE, 63)):
                pass
            assert ended and pair.sims[0].n_steps % 63
        else:
            pair.step(STAND_POSE, n_steps)
    stages = []
    loop = Pair("kick_to_target").loop
    loop._sim.model.sensor_needstage[:] = 0  # nothing is worked out, then only what the loop asks for
    for n_steps in (1, 10):
        loop._sim.data.sensordata[:] = 7.0
        loop.run(STAND_POSE, n_steps)
        stages.append((loop._sim.data.sensordata != 7.0).sum())
    assert stages == [0, 3], "only a call of several steps leaves it out, and asks for it in the last"


def test_time_stands_where_a_step_is_taken_back():
    sim = make_sim("kick_to_target")
    sim.data.time = 1.25
    assert ctypes.c_double.from_address(sim.data._address + TIME).value == 1.25


@pytest.mark.parametrize("task", TASKS)
def test_single_precision_holds_the_weights(task):
    """Only then double precision holds their products with single-precision terms."""
    weights = make_sim(task).weights
    assert len(weights) > 2 and np.float32(weights).tolist() == weights


def test_rewards_without_a_sum_are_not_kept():
    sim = make_sim("penalty_kick")
    sim.reset(seed=0)
    loop = step_loop(sim, None, sum_reward=False)
    loop.drive_by(KP, KD)
    loop.run(STAND_POSE, 10)
    assert loop.reward() == 0.0 and sim.n_steps == 10


def test_a_counter_beyond_the_time_limit_reads_the_last_row_of_the_keepers_path():
    sim = make_sim("goalie_penalty_kick")
    sim.reset(seed=0)
    sim.n_steps = 10**9
    step_loop(sim, None, sum_reward=False).run(np.zeros(12, np.float32), 1)
    assert sim.truncated
    assert sim.readings.keeper_qvel.tolist() == [sim.keeper_path[-1, 1]] * 2
