"""From episodes to figures: means by hand, intervals that are as wide as the scores spread."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from soccer_lib.evaluation.statistics import interval, remarks, resample_means, resampled_means, summarise
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.tasks import COMPETITION, TASKS
from tests.support.episodes import make_episode

GOALIE, OBSTACLE, TARGET = COMPETITION


# -- figures ---------------------------------------------------------------------------------------------


def test_each_rate_counts_its_own_flag():
    """Four episodes: 1 success, 2 offside, 3 fallen, none kicked; lengths 10, 20, 30, 60."""
    flags = [
        {"success": True, "offside": True, "fallen": True, "length": 10},
        {"success": False, "offside": True, "fallen": True, "length": 20},
        {"success": False, "offside": False, "fallen": True, "length": 30},
        {"success": False, "offside": False, "fallen": False, "length": 60},
    ]
    summary = summarise([make_episode(TARGET, 1.0, str(k), **flag) for k, flag in enumerate(flags)])
    rates = ("success_rate", "offside_rate", "fall_rate", "macro_trigger_rate", "episode_length_mean")
    assert [summary[f"{TARGET}/{rate}"] for rate in rates] == [0.25, 0.5, 0.75, 0.0, 30.0]
    assert summarise([make_episode(TARGET, 1.0, kicked=True)])[f"{TARGET}/macro_trigger_rate"] == 1.0


def test_scores_are_means_of_each_task_and_their_sum():
    episodes = [
        make_episode(GOALIE, 1.0, "a"),
        make_episode(GOALIE, 4.0, "b"),
        make_episode(TARGET, 0.5, "c"),
    ]
    summary = summarise(episodes)
    assert (summary[f"{GOALIE}/comp_total"], summary[f"{TARGET}/comp_total"]) == (2.5, 0.5)
    assert summary["comp_total_sum"] == 3.0
    first, *others = (summary[f"{GOALIE}/comp_{name}"] for name in OFFICIAL_WEIGHTS[GOALIE])
    assert first == 2.5 and not any(others)
    assert (summary[f"{GOALIE}/n_episodes"], summary[f"{TARGET}/n_episodes"]) == (2, 1)


def test_outside_the_competition_the_stock_return_counts():
    episodes = [make_episode("penalty_kick", 3.0, "a"), make_episode("penalty_kick", 5.0, "b")]
    summary = summarise(episodes)
    assert summary["penalty_kick/env_return_mean"] == 4.0 and "comp_total_sum" not in summary
    assert summarise([*episodes, make_episode(TARGET, 0.5)])["comp_total_sum"] == 0.5


# -- intervals -------------------------------------------------------------------------------------------


def test_the_interval_leaves_two_and_a_half_percent_on_each_side():
    shuffled = np.random.default_rng(0).permutation(np.arange(1001.0))
    assert interval(shuffled, 0.0) == [25.0, 975.0]


def test_one_resample_gives_no_width():
    assert interval(np.array([3.0]), 2.0) == [2.0, 2.0]


def test_copies_do_not_narrow_the_interval():
    once = [make_episode("kick_to_target", score, f"{score}") for score in (0.0, 1.0, 2.0)]
    interval = summarise(once)["kick_to_target/comp_total_ci95"]
    assert summarise(once * 10)["kick_to_target/comp_total_ci95"] == interval
    assert interval == [0.0, 2.0]  # 27 resamples of three: all-low and all-high are 3.7% each


def test_uneven_copies_weigh_in_the_mean():
    episodes = [make_episode("kick_to_target", 0.0, "a")] * 3 + [make_episode("kick_to_target", 1.0, "b")]
    summary = summarise(episodes)
    assert summary["kick_to_target/comp_total"] == 0.25 and summary["kick_to_target/n_distinct"] == 2
    assert summary["kick_to_target/comp_total_ci95"] == [0.0, 1.0]
    # Draws of two: a and a, a and b (three of four played), b and b.
    assert np.unique(resampled_means(episodes)).tolist() == [0.0, 0.25, 1.0]


def test_the_interval_is_that_of_a_mean():
    scores = np.random.default_rng(1).normal(1.0, 0.5, 200)
    summary = summarise([make_episode("kick_to_target", score, str(score)) for score in scores])
    low, high = summary["kick_to_target/comp_total_ci95"]
    error = 1.96 * scores.std() / np.sqrt(200)
    assert low == pytest.approx(scores.mean() - error, abs=0.01)
    assert high == pytest.approx(scores.mean() + error, abs=0.01)


@pytest.mark.parametrize("size", [2, 7, 300])
def test_resamples_are_those_of_scipy(size):
    values = np.random.default_rng(size).normal(size=size).tolist()
    copies = np.random.default_rng(size).integers(1, 5, size).tolist()
    theirs = bootstrap(
        (values, copies),
        lambda value, count, axis: (value * count).sum(axis) / count.sum(axis),
        paired=True,
        vectorized=True,
        n_resamples=9999,
        batch=1000,
        method="percentile",
        rng=np.random.default_rng([20251115, list(TASKS).index(TARGET)]),
    )
    assert resample_means(values, copies, TARGET).tolist() == theirs.bootstrap_distribution.tolist()


@pytest.mark.parametrize("names", [["a"], ["a", "a"], ["a", "b"]])
def test_equal_scores_have_no_interval(names):
    summary = summarise([make_episode("kick_to_target", 0.1, name) for name in names])
    assert summary["kick_to_target/comp_total"] == 0.1
    assert summary["kick_to_target/comp_total_ci95"] == summary["comp_total_sum_ci95"] == [0.1, 0.1]


def test_the_interval_of_the_sum_treats_tasks_as_independent():
    scores = np.random.default_rng(2).normal(0.0, 1.0, (2, 100))
    episodes = [
        make_episode(task, s, f"{s}") for task, row in zip(COMPETITION[1:], scores, strict=True) for s in row
    ]
    low, high = summarise(episodes)["comp_total_sum_ci95"]
    error = 1.96 * np.sqrt(scores[0].var() / 100 + scores[1].var() / 100)
    assert (high - low) / 2 == pytest.approx(error, rel=0.05)


def test_the_interval_of_a_task_does_not_depend_on_the_others():
    scores = np.random.default_rng(3).normal(size=(2, 30))
    alone = [make_episode(TARGET, score, str(score)) for score in scores[0]]
    beside = [make_episode(GOALIE, score, str(score)) for score in scores[1]]
    key = f"{TARGET}/comp_total_ci95"
    assert summarise([*beside, *alone])[key] == summarise(alone)[key]
    # but two tasks with the same scores draw different resamples, else their sum would spread too far
    same = [make_episode(GOALIE, score, str(score)) for score in scores[0]]
    assert (resampled_means(same) != resampled_means(alone)).any()


def test_a_task_that_does_not_vary_shifts_the_interval_of_the_sum():
    varying = [make_episode(TARGET, score, str(score)) for score in (0.0, 1.0, 2.0)]
    constant = [make_episode(GOALIE, 10.0)]
    summary = summarise([*varying, *constant])
    assert summary[f"{GOALIE}/comp_total_ci95"] == [10.0, 10.0]
    assert summary["comp_total_sum_ci95"] == [10.0, 12.0]


@pytest.mark.parametrize(
    ("episodes", "line"),
    [
        ([make_episode(TARGET, 1.0)], f"{TARGET}: one episode: 1 distinct, so there is no interval."),
        (
            [make_episode(TARGET, 1.0)] * 3,
            f"{TARGET}: all 3 episodes are the same one: 1 distinct, so there is no interval.",
        ),
        (
            [make_episode(TARGET, 1.0, "a"), make_episode(TARGET, 1.0, "b")],
            f"{TARGET}: 2 distinct episodes with the same score: nothing to resample.",
        ),
        ([make_episode(TARGET, 1.0, "a"), make_episode(TARGET, 2.0, "b")], None),
    ],
)
def test_an_interval_that_says_nothing_is_remarked_on(episodes, line):
    assert remarks(summarise(episodes), [TARGET]) == ([line] if line else [])
