"""The kick search: what a trial plays, what is paid for it, and a search that is killed and goes on."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from soccer_lib.control.kicks import load_kicks
from soccer_lib.errors import InputError
from soccer_lib.workshop.kicks import search as kick_search
from soccer_lib.workshop.kicks.search import (
    STAGES,
    KickConfig,
    Stage,
    first_swing,
    kick_from,
    pay,
    tune_kicks,
)
from soccer_lib.workshop.kicks.trial import CENTRE, KickTrial, Outcome

GOAL = Outcome(0.2, 10.0, 0.1, 0.6, 12.0, 0.9, None, 1)
PENALTY, LOFT, UPRIGHT = (Stage("x", "", score, 1, height=0.7) for score in ("penalty", "loft", "upright"))


@pytest.fixture(scope="module")
def trial() -> KickTrial:
    return KickTrial(walked=2, lined_up=2)


def test_stances_are_settled_and_ready_for_the_right_leg(trial):
    for stance in (*trial.walked, *trial.lined_up):
        assert abs(stance.qvel).max() < 0.5
        assert stance.walker["standing"] == 1.0
        assert stance.walker["phase"] < 0.25 or stance.walker["phase"] >= 0.75


def test_a_trial_is_the_same_every_time(trial):
    kick = load_kicks()["placed"]
    outcomes = [trial.play(kick, trial.walked[1], np.zeros(3), CENTRE, 1.0, 0.1) for _ in range(2)]
    assert outcomes[0] == outcomes[1]
    assert outcomes[0].touches >= 1 and outcomes[0].speed > 1.0 and outcomes[0].fall_time is None


def test_the_hand_made_swing_is_inside_its_bounds():
    kick, penalty = kick_from(first_swing())
    assert penalty == pytest.approx(0.0, abs=1e-9)
    assert kick.ticks == 50 and kick.knots.shape == (5, 12)


def test_outside_the_bounds_costs():
    vector = first_swing()
    vector[-3] = 0.30 / 0.05  # the ball at the shins, 6 cm too near
    kick, penalty = kick_from(vector)
    assert penalty == pytest.approx(5 * 0.06) and kick.stance[0] == pytest.approx(0.36)


def test_pay_for_a_penalty_is_its_official_value():
    # 1.5 for every m/s, 4 for standing while the ball flies (goal and no fall); one trial is its own median.
    assert pay(PENALTY, [GOAL]) == pytest.approx(1.5 * 12 + 4, abs=1e-6)
    fell = dataclasses.replace(GOAL, fall_time=0.5)
    assert pay(PENALTY, [fell]) == pytest.approx(1.5 * 12, abs=0.01)


def test_pay_for_turning_away_and_for_missing():
    left = dataclasses.replace(GOAL, angle=0.13)
    right = dataclasses.replace(GOAL, angle=0.07)
    assert pay(PENALTY, [left, GOAL, right]) == pytest.approx(pay(PENALTY, [GOAL]))  # 0.03 rad are free
    far = dataclasses.replace(GOAL, angle=0.45)
    assert pay(PENALTY, [far]) == pytest.approx(pay(PENALTY, [GOAL]) - 8 * 0.35)
    missed = Outcome(0.3, 0.0, 0.0, None, 0.0, 0.0, None, 0)
    assert pay(PENALTY, [missed]) == pytest.approx(-8 - 5 * 0.3)


def test_pay_for_height_and_for_staying_up():
    right, wrong = (dataclasses.replace(GOAL, line_height=z) for z in (0.7, 0.9))
    assert pay(LOFT, [right]) - pay(LOFT, [wrong]) == pytest.approx(5 * (1 - np.exp(-0.5)) + 2)
    stands, falls = GOAL, dataclasses.replace(GOAL, fall_time=1.0)
    assert pay(UPRIGHT, [stands]) - pay(UPRIGHT, [falls]) == pytest.approx(8 + 5 * 0.3)


def test_every_stage_starts_from_an_earlier_one():
    for number, stage in enumerate(STAGES):
        assert not stage.start or stage.start in [earlier.name for earlier in STAGES[:number]]


@pytest.fixture
def small(monkeypatch):
    """One stage of three generations, few stances, judged in this process."""
    monkeypatch.setattr(kick_search, "STAGES", (Stage("first", "", "hard", 3, trials=1, seconds=0.2),))
    monkeypatch.setattr(kick_search, "Pool", InThisProcess)
    monkeypatch.setattr(kick_search, "KickTrial", lambda: KickTrial(walked=2, lined_up=0))
    monkeypatch.setattr(kick_search, "_measured", lambda vectors: {})


class InThisProcess:
    """Runs jobs at once; stops like a killed run after so many generations."""

    generations_left = 99

    def __init__(self, make, count, *, remedy):
        self.judge = make()

    def map(self, jobs):
        type(self).generations_left -= 1
        if self.generations_left < 0:
            raise KeyboardInterrupt
        return [self.judge(job) for job in jobs]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Nothing to end."""


def test_a_killed_search_ends_like_one_that_was_not(small, tmp_path):
    vectors = []
    for name, kills in (("whole", ()), ("killed", (2,))):
        config = KickConfig(save_dir=str(tmp_path / name), population=4, workers=1)
        for left in kills:
            InThisProcess.generations_left = left
            with pytest.raises(KeyboardInterrupt):
                tune_kicks(config)
        InThisProcess.generations_left = 99
        tune_kicks(config)
        vectors.append(np.load(tmp_path / name / "stages.npz")["first"])
    assert vectors[0].tobytes() == vectors[1].tobytes()


@pytest.mark.parametrize(
    "bad", [{"workers": 0}, {"population": 3}, {"effort": 0.0}, {"effort": float("nan")}]
)
def test_settings_out_of_range_are_refused(bad, tmp_path):
    with pytest.raises(InputError, match="workers, population, effort got"):
        tune_kicks(KickConfig(save_dir=str(tmp_path), **bad))
