"""The kick search: what a trial plays, what is paid for it, and a search that is killed and goes on."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

from soccer_lib.control.kicks import load_kicks
from soccer_lib.errors import InputError
from soccer_lib.workshop.kicks import measure
from soccer_lib.workshop.kicks import search as kick_search
from soccer_lib.workshop.kicks.pay import hit_share, pay
from soccer_lib.workshop.kicks.search import (
    KickConfig,
    chosen_stages,
    first_swing,
    first_vector,
    kick_from,
    tune_kicks,
    vector_of,
)
from soccer_lib.workshop.kicks.stages import HIGH, LOW, LOWER, MIDDLE, STAGES, UPPER, Stage
from soccer_lib.workshop.kicks.trial import CENTRE, KickTrial, Outcome

GOAL = Outcome(0.2, 10.0, 0.0, 0.0, 0.6, 12.0, 0.9, None, 1)
PENALTY, LOFT, PLACED, CLEAN = (
    Stage("x", "", score, 1, band=(0.7, 0.7), lined_up=True)
    for score in ("penalty", "loft", "placed", "clean")
)


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


def test_a_ball_is_followed_to_the_line_after_a_fall(trial, monkeypatch):
    """The trunk counts as down from the first touch on: the same ball, at the line at the same time."""
    hard = load_kicks()["shot"]
    shot = trial, hard, trial.lined_up[0], np.zeros(3), CENTRE, 1.3, 0.1
    upright = KickTrial.play(*shot)
    sim = trial.sim
    touches = sim.touches

    def falls(geoms):
        if touches(geoms):
            monkeypatch.setattr(sim.readings, "imu", np.array([0.0, 0.0, 0.39]))
            return True
        return False

    monkeypatch.setattr(sim, "touches", falls)
    fallen = KickTrial.play(*shot)
    assert fallen.fall_time < fallen.line_time == upright.line_time
    untouched = KickTrial.play(*shot)  # down from the start: nothing to follow
    assert untouched.fall_time == pytest.approx(0.002) and untouched.line_time is None


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
    # 1.5 for every m/s, 4 for standing while the ball flies: a goal and no fall.
    assert pay(PENALTY, [GOAL]) == pytest.approx(1.5 * 12 + 4, abs=1e-6)
    fell = dataclasses.replace(GOAL, fall_time=0.5)
    assert pay(PENALTY, [fell]) == pytest.approx(1.5 * 12, abs=0.01)


def test_a_first_search_feels_by_how_much_a_ball_comes_too_late():
    """2.25 for every m/s; 10 for every second that the fall comes after the ball, up to 0.2 s."""
    hard = Stage("x", "", "hard", 1)
    times = [(None, 2.0), (0.9, 2.0), (0.7, 1.0), (0.5, -1.0), (0.1, -5.0)]
    for fall_time, in_time in times:
        fell = dataclasses.replace(GOAL, line_time=0.6, fall_time=fall_time)
        assert pay(hard, [fell]) == pytest.approx(2.25 * 10 + in_time)
    slow = dataclasses.replace(GOAL, line_time=None, fall_time=0.5)
    assert pay(hard, [slow]) == pytest.approx(2.25 * 10 - 6.0)


def test_pay_for_turning_away_and_for_missing():
    # 0.03 rad are free to either side, whatever the other balls do; beyond them a radian costs 8.
    # Where the observed point passes the line counts, not where the ball flies.
    left, right = (dataclasses.replace(GOAL, aside=aside, angle=1.0) for aside in (0.03, -0.05))
    assert pay(PENALTY, [left, right]) == pytest.approx(1.5 * 12 + 4 - 8 * 0.02 / 2, abs=1e-6)
    far = dataclasses.replace(GOAL, aside=0.45)
    assert pay(PENALTY, [far]) == pytest.approx(1.5 * 12 + 4 - 8 * 0.42, abs=1e-6)
    missed = Outcome(0.3, 0.0, 0.0, 0.0, None, 0.0, 0.0, None, 0)
    assert pay(PENALTY, [missed]) == pytest.approx(-8 - 5 * 0.3)


def test_a_placed_ball_is_paid_for_aim_speed_and_a_low_flight():
    # No error: 1.5 (3 + 3); 1.2 for every m/s up to 9.
    rolls = dataclasses.replace(GOAL, speed=5.0, line_height=0.2)
    assert pay(PLACED, [rolls]) == pytest.approx(9 + 1.2 * 5)
    assert pay(PLACED, [dataclasses.replace(rolls, speed=11.0)]) == pytest.approx(9 + 1.2 * 9)
    assert pay(PLACED, [dataclasses.replace(rolls, line_height=0.5)]) == pytest.approx(9 + 6 - 6 * 0.2)
    assert pay(PLACED, [dataclasses.replace(rolls, touches=3)]) == pytest.approx(9 + 6 - 2)


def test_pay_for_height_is_the_official_value_of_a_hit():
    # At the target's height: 1.5 for every m/s, 2.5 + 3 for a goal instead of offside, 1.5 for standing.
    right, wrong = (dataclasses.replace(GOAL, line_height=z) for z in (0.7, 1.2))
    assert pay(LOFT, [right]) == pytest.approx(1.5 * 12 + 5.5 + 1.5, abs=0.01)
    assert pay(LOFT, [wrong]) == pytest.approx(1.5 * 12 + 1.5 - 3 * 0.5, abs=0.01)


def test_only_clean_kicks_pay_for_a_fall_after_the_goal():
    late = dataclasses.replace(GOAL, line_height=0.7, fall_time=1.1)
    stands = dataclasses.replace(late, fall_time=None)
    assert pay(LOFT, [late]) == pytest.approx(pay(LOFT, [stands]))
    assert pay(CLEAN, [stands]) - pay(CLEAN, [late]) == pytest.approx(8 + 5 * 0.2)
    assert pay(PLACED, [stands]) - pay(PLACED, [late]) == pytest.approx(8 + 5 * 0.2)


def test_a_ball_hits_the_targets_within_its_reach():
    assert hit_share((0.5, 1.5), 1.0, 0.0) == pytest.approx(2 * 0.26, abs=0.04)
    assert hit_share((1.0, 1.0), 1.0, 0.26) == pytest.approx(0.5)
    assert hit_share((1.0, 1.0), 1.0, 1.0) < 1e-8


def test_the_bands_cover_every_target_of_the_obstacle_task():
    for bands in ((LOW, MIDDLE, HIGH), (LOWER, UPPER)):
        assert bands[0][0] == 0.64 and bands[-1][1] == 1.6
        assert all(below[1] == above[0] for below, above in itertools.pairwise(bands))


def test_every_stage_starts_from_an_earlier_one():
    for number, stage in enumerate(STAGES):
        earlier = [one.name for one in STAGES[:number]]
        assert not stage.start or stage.start in earlier
        assert not stage.toward or stage.toward in earlier
        assert set(stage.best_of) <= set(earlier) and not (stage.start and stage.best_of)


def test_a_vector_of_a_kick_gives_the_kick_again():
    kick = load_kicks()["placed"]
    again, penalty = kick_from(vector_of(kick), "placed")
    assert penalty == pytest.approx(0.0, abs=1e-9)
    for name in ("knots", "durations", "feedback", "stance", "resume"):
        assert getattr(again, name) == pytest.approx(getattr(kick, name))


def test_a_mixed_start_lies_between_two_kicks_or_beyond():
    given = load_kicks()
    stage = Stage("x", "rough_low", "loft", 1, toward="rough_high", share=1.1)
    low, high = vector_of(given["loft_low"]), vector_of(given["loft_high"])
    assert first_vector(stage, {}, given) == pytest.approx(high + 0.1 * (high - low))
    # A kick that is given is its own start.
    own = dataclasses.replace(stage, name="loft_mid")
    assert first_vector(own, {}, given) == pytest.approx(vector_of(given["loft_mid"]))
    # What the run itself has found goes before what it was given.
    assert first_vector(dataclasses.replace(stage, toward=""), {"rough_low": high}, given) is high
    with pytest.raises(InputError, match="expected loft_low"):
        first_vector(stage, {}, {"placed": given["placed"]})


def test_kicks_to_go_on_from_leave_the_rough_stages_out():
    given = load_kicks()
    names = [stage.name for stage in chosen_stages(KickConfig(kicks="x"), given)]
    assert names == [stage.name for stage in STAGES if stage.lined_up]
    assert [s.name for s in chosen_stages(KickConfig(kicks="x", only="lob, drive"), given)] == [
        "drive",
        "lob",
    ]
    with pytest.raises(InputError, match="kick 'hook'"):
        chosen_stages(KickConfig(kicks="x", only="hook"), given)
    with pytest.raises(InputError, match="without kicks"):
        chosen_stages(KickConfig(only="lob"), {})


def test_a_record_tells_trials_spread_and_the_search_that_found_a_kick(monkeypatch):
    # Heights 0.7 and 0.9: median 0.8, spread 0.1; speeds 12 and 13 along the line's normal.
    balls = [dataclasses.replace(GOAL, line_height=0.7), dataclasses.replace(GOAL, line_height=0.9)]
    balls[1] = dataclasses.replace(balls[1], line_speed=13.0, speed=11.0)
    monkeypatch.setattr(measure, "play", lambda *arguments, **named: balls)
    monkeypatch.setattr(measure, "_judge", lambda: None)
    given = dataclasses.replace(load_kicks()["loft_mid"], speed=9.0)
    kick, record = measure.measured(given, 7, {})
    assert (kick.height, kick.height_spread) == pytest.approx((0.8, 0.1))
    assert (kick.line_speed, kick.speed) == pytest.approx((12.5, 10.5))
    assert record["objective"] == "loft" and record["band"] == [0.95, 1.28] and record["generations"] == 7
    kept, earlier = measure.measured(given, 0, {"generations": 3, "pay": 1.0})
    assert kept.speed == 9.0 and earlier["generations"] == 3
    assert earlier["pay"] == record["pay"]


@pytest.fixture
def small(monkeypatch):
    """One stage of three generations, few stances, judged in this process."""
    monkeypatch.setattr(kick_search, "STAGES", (Stage("first", "", "hard", 3, trials=1, seconds=0.2),))
    monkeypatch.setattr(kick_search, "Pool", InThisProcess)
    monkeypatch.setattr(kick_search, "KickTrial", lambda: KickTrial(walked=2, lined_up=0))


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


@pytest.mark.parametrize(("sign", "best"), [(-1.0, "near"), (1.0, "far")])
def test_the_best_of_the_tries_goes_on(sign, best, monkeypatch, tmp_path):
    """One try hardly moves, one moves far; trials pay for staying near, or for being far away."""

    class Ruler(InThisProcess):
        def map(self, jobs):
            return [(sign * float(np.linalg.norm(job.vector - first_swing())), {}) for job in jobs]

    tries = [Stage(name, "", "hard", 2, sigma=sigma) for name, sigma in (("near", 1e-9), ("far", 0.5))]
    goes_on = Stage("first", "", "hard", 1, sigma=1e-9, best_of=("near", "far"))
    monkeypatch.setattr(kick_search, "STAGES", (*tries, goes_on))
    monkeypatch.setattr(kick_search, "Pool", Ruler)
    tune_kicks(KickConfig(save_dir=str(tmp_path), population=4, workers=1))
    with np.load(tmp_path / "stages.npz") as vectors:
        np.testing.assert_allclose(vectors["first"], vectors[best], atol=1e-6)
        assert np.linalg.norm(vectors["far"] - vectors["near"]) > 0.1


@pytest.mark.parametrize(
    "bad", [{"workers": 0}, {"population": 3}, {"effort": 0.0}, {"effort": float("nan")}]
)
def test_settings_out_of_range_are_refused(bad, tmp_path):
    with pytest.raises(InputError, match="workers, population, effort got"):
        tune_kicks(KickConfig(save_dir=str(tmp_path), **bad))
