"""The practising robots: shapes, falls, time-outs, reward terms."""

import numpy as np
import pytest

from soccer_lib.control.gait import GaitParameters
from soccer_lib.control.residual import FEATURE_COUNT
from soccer_lib.workshop.walker.lessons import COMMAND_HIGH, COMMAND_LOW, EPISODE_STEPS, CommandSequence
from soccer_lib.workshop.walker.practice import REWARD_SCALE, REWARD_WEIGHTS, Practice


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


def test_reward_terms_are_named_and_standing_still_on_a_walking_command_earns_less():
    practice = Practice(GaitParameters(), n_robots=1, seed=[2], variants=4)
    practice.observe()
    pupil = practice.pupils[0]
    pupil.move([0.0] * 12)
    terms = pupil.reward_terms([0.0] * 12)
    assert set(terms) | {"fall"} == set(REWARD_WEIGHTS)
    pupil.gait.command = [0.9, 0.0, 0.0]
    for _ in range(200):
        late = pupil.reward_terms([0.0] * 12)
    assert late["forward"] < 0.1 < terms["forward"]
