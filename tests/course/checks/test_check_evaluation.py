"""Checks of lesson 06: right functions in several wordings pass, typical mistakes are told their property."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy import stats

import soccer_lib as sl
from soccer_lib.course import checks
from tests.support.exercises import accepts, rejects


def added_in_a_loop(task, terms):
    total = 0.0
    for name, weight in sl.OFFICIAL_WEIGHTS[task].items():
        total += weight * (1.0 if name == "steps" else terms[name])
    return total


def as_a_dot_product(task, terms):
    weights = sl.OFFICIAL_WEIGHTS[task]
    values = [terms.get(name, 1.0) for name in weights]
    return np.dot(list(weights.values()), values)  # a scalar of numpy


def in_an_array_of_one(task, terms):
    return np.array([sl.official_score(task, terms)])


def score_without_steps(task, terms):
    weights = sl.OFFICIAL_WEIGHTS[task]
    return sum(weight * terms[name] for name, weight in weights.items() if name != "steps")


def unweighted_score(task, terms):
    return sum(terms.values()) + sl.OFFICIAL_WEIGHTS[task]["steps"]


def score_of_every_term(task, terms):
    weights = sl.OFFICIAL_WEIGHTS[task]
    return weights["steps"] + sum(weights.get(name, 1.0) * value for name, value in terms.items())


def score_by_the_goalie(task, terms):
    weights = {**sl.OFFICIAL_WEIGHTS[task], **sl.OFFICIAL_WEIGHTS["goalie_penalty_kick"]}
    return weights["steps"] + sum(weights[name] * value for name, value in terms.items() if name in weights)


def score_that_adds_steps(task, terms):
    terms["steps"] = 1
    return sum(weight * terms[name] for name, weight in sl.OFFICIAL_WEIGHTS[task].items())


@pytest.mark.parametrize(
    "function", [sl.official_score, added_in_a_loop, as_a_dot_product, in_an_array_of_one]
)
def test_official_score_accepts(function, capsys):
    accepts(checks.check_official_score, function, capsys)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("goalie_penalty_kick without any term", score_without_steps),
        ("random terms of goalie_penalty_kick", unweighted_score),
        ("a term without an official weight", score_of_every_term),
        ("an episode of kick_to_target", score_by_the_goalie),
        ("goalie_penalty_kick without any term", score_that_adds_steps),
        ("goalie_penalty_kick without any term", lambda task, terms: -sl.official_score(task, terms)),
        ("random terms of goalie", lambda task, terms: round(sl.official_score(task, terms), 1)),
        ("random terms of goalie", lambda task, terms: max(sl.official_score(task, terms), -1)),
        ("goalie_penalty_kick without any term", lambda task, terms: str(sl.official_score(task, terms))),
        ("goalie_penalty_kick without any term", lambda task, terms: {task: sl.official_score(task, terms)}),
    ],
)
def test_official_score_rejects(words, function, capsys):
    rejects(checks.check_official_score, function, words, capsys)


def percentiles_of(draws=1000, low=2.5, high=97.5, statistic=np.mean, seed=0, replace=True):
    def interval(scores):
        rng = np.random.default_rng(seed)
        if replace:
            resampled = rng.choice(scores, (draws, len(scores)))
        else:
            resampled = np.array([rng.permutation(scores) for _ in range(draws)])
        return tuple(np.percentile(statistic(resampled, axis=1), [low, high]))

    return interval


def in_a_loop(scores):
    means = []
    for _ in range(1000):
        means.append(np.mean([scores[i] for i in np.random.randint(0, len(scores), len(scores))]))
    means.sort()
    return [means[25], means[975]]


def by_scipy(scores):
    result = stats.bootstrap((scores,), np.mean, n_resamples=2000, method="percentile", rng=1)
    return result.confidence_interval


def by_pythons_random(scores):
    means = sorted(np.mean(random.choices(scores.tolist(), k=len(scores))) for _ in range(1000))
    return means[24], means[974]


def reversed_about_the_mean(scores):
    """Twice the mean less each end: another bootstrap, with the long side on the wrong side here."""
    low, high = percentiles_of()(scores)
    return 2 * scores.mean() - high, 2 * scores.mean() - low


def normal_interval(scores, errors=1.96):
    half = errors * np.std(scores, ddof=1) / np.sqrt(len(scores))
    return scores.mean() - half, scores.mean() + half


@pytest.mark.parametrize(
    "function",
    [percentiles_of(), percentiles_of(5000, seed=None), in_a_loop, by_scipy, by_pythons_random],
    ids=["vectorised", "more draws", "loop", "scipy", "random"],
)
def test_interval_accepts(function, capsys):
    accepts(checks.check_interval, function, capsys)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("low is below the mean", lambda scores: percentiles_of()(scores)[::-1]),
        ("low is below the mean", percentiles_of(statistic=np.median)),
        ("low is below the mean", percentiles_of(replace=False)),
        ("3 leave no doubt", lambda scores: (scores.mean() - 0.2, scores.mean() + 0.2)),
        ("ten scores make a wider", lambda scores: percentiles_of()(np.resize(scores[:10], 100))),
        ("2.5% of the resampled means", percentiles_of(low=5, high=95)),
        ("2.5% of the resampled means", percentiles_of(low=5, high=100)),
        ("2.5% of the resampled means", percentiles_of(draws=30)),
        ("2.5% of the resampled means", normal_interval),
        ("2.5% of the resampled means", reversed_about_the_mean),
        ("2.5% of the resampled means", percentiles_of(low=1, high=99)),
        ("2.5% of the resampled means", percentiles_of(low=5, high=97.5)),
        ("low is below the mean", percentiles_of(low=0.025, high=0.975)),
        ("ten scores make a wider", lambda scores: np.array([scores.min(), scores.max()])),
        ("2.5% of the resampled means", lambda scores: np.percentile(scores, [2.5, 97.5])),
    ],
)
def test_interval_rejects(words, function, capsys):
    rejects(checks.check_interval, function, words, capsys)


def ends_of(gains, low=2.5, high=97.5, statistic=np.mean):
    drawn = np.random.default_rng(0).choice(gains, (2000, len(gains)))
    return np.percentile(statistic(drawn, axis=1), [low, high])


def shared(first, second):
    return [first[start] - second[start] for start in first if start in second]


def paired_in_a_loop(first, second):
    means = []
    pairs = shared(first, second)
    for _ in range(2000):
        means.append(np.mean(random.choices(pairs, k=len(pairs))))
    means.sort()
    return means[50], means[1950]


def paired_by_scipy(first, second):
    starts = sorted(set(first) & set(second))
    gains = np.array([first[start] for start in starts]) - [second[start] for start in starts]
    if np.ptp(gains) < 1e-9:
        return gains[0], gains[0]
    return stats.bootstrap(
        (gains,), np.mean, n_resamples=3000, method="percentile", rng=1
    ).confidence_interval


def resampled_by_themselves(first, second):
    rng = np.random.default_rng(0)
    means = [
        rng.choice(list(scores.values()), (2000, len(scores))).mean(axis=1) for scores in (first, second)
    ]
    return np.percentile(means[0] - means[1], [2.5, 97.5])


def paired_by_their_order(first, second):
    return ends_of([one - other for one, other in zip(first.values(), second.values(), strict=False)])


def with_zeros_for_the_missing(first, second):
    return ends_of([score - second.get(start, 0.0) for start, score in first.items()])


def by_the_normal_formula(first, second):
    gains = np.array(shared(first, second))
    half = 1.96 * gains.std(ddof=1) / np.sqrt(len(gains))
    return gains.mean() - half, gains.mean() + half


@pytest.mark.parametrize(
    "function",
    [lambda first, second: ends_of(shared(first, second)), paired_in_a_loop, paired_by_scipy],
    ids=["vectorised", "loop", "scipy"],
)
def test_difference_accepts(function, capsys):
    accepts(checks.check_difference, function, capsys)


@pytest.mark.parametrize(
    ("words", "function"),
    [
        ("does not differ from itself", resampled_by_themselves),
        (
            "does not differ from itself",
            lambda first, second: np.percentile(list(first.values()), [2.5, 97.5]),
        ),
        ("one point more on every start", lambda first, second: ends_of(shared(first, second)) / 2),
        ("the first minus the second", lambda first, second: np.abs(ends_of(shared(first, second)))),
        ("one point more on every start", lambda first, second: ends_of(shared(second, first))),
        ("paired by its name", paired_by_their_order),
        ("only one of them played", with_zeros_for_the_missing),
        ("2.5% of the resampled mean", by_the_normal_formula),
        ("2.5% of the resampled mean", lambda first, second: ends_of(shared(first, second), 5, 95)),
        (
            "2.5% of the resampled mean",
            lambda first, second: ends_of(shared(first, second), statistic=np.median),
        ),
        (
            "2.5% of the resampled mean",
            lambda first, second: np.percentile(shared(first, second), [2.5, 97.5]),
        ),
    ],
)
def test_difference_rejects(words, function, capsys):
    rejects(checks.check_difference, function, words, capsys)
