"""Checks of lesson 04: right functions in several wordings pass, typical mistakes are told their property."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.course import checks
from tests.support.exercises import accepts, rejects


def as_in_the_formula(reward, done, q1, q2, held, hold, gamma):
    return reward + (1 - done) * gamma ** (held / hold) * np.minimum(q1, q2)


def by_rows(reward, done, q1, q2, held, hold, gamma):
    target = []
    for row in range(len(reward)):
        follows = 0.0 if done[row] else min(q1[row], q2[row])
        target.append(reward[row] + follows * gamma ** (held[row] / hold))
    return target


def by_logarithms(reward, done, q1, q2, held, hold, gamma):
    discount = np.exp(np.log(gamma) * held / hold)
    return np.where(done > 0, reward, reward + discount * np.stack([q1, q2]).min(axis=0))


@pytest.mark.parametrize("function", [as_in_the_formula, by_rows, by_logarithms])
def test_targets_that_are_right(function, capsys):
    accepts(checks.check_td_target, function, capsys)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda r, d, a, b, h, n, g: r + (1 - d) * g ** (h / n) * np.maximum(a, b), "the smaller estimate"),
        (lambda r, d, a, b, h, n, g: r + (1 - d) * g ** (h / n) * min(a.min(), b.min()), "of each row"),
        (lambda r, d, a, b, h, n, g: r + (1 - d) * g ** (h / n) * (a + b) / 2, "the smaller estimate"),
        (lambda r, d, a, b, h, n, g: r + g ** (h / n) * np.minimum(a, b), "nothing follows the end"),
        (lambda r, d, a, b, h, n, g: r + d * g ** (h / n) * np.minimum(a, b), "without a discount"),
        (lambda r, d, a, b, h, n, g: g ** (h / n) * (r + (1 - d) * np.minimum(a, b)), "nothing follows"),
        (lambda r, d, a, b, h, n, g: r + (1 - d) * g * np.minimum(a, b), "held for 2 or 8 holds"),
        (lambda r, d, a, b, h, n, g: r + (1 - d) * g * (h / n) * np.minimum(a, b), "held for 2 or 8 holds"),
        (lambda r, d, a, b, h, n, g: r + (1 - d) * g**h * np.minimum(a, b), "costs gamma once"),
        (lambda r, d, a, b, h, n, g: r.mean(), "the smaller estimate"),
        (lambda r, d, a, b, h, n, g: None, "the smaller estimate"),
    ],
)
def test_targets_that_are_wrong(function, words, capsys):
    rejects(checks.check_td_target, function, words, capsys)


def with_where(actions, noise, is_kick, clip):
    noisy = np.clip(actions + np.clip(noise, -clip, clip), -1, 1)
    return np.where(is_kick[:, None], actions, noisy)


def with_a_mask(actions, noise, is_kick, clip):
    result = actions.copy()
    walks = ~is_kick
    result[walks] += np.maximum(-clip, np.minimum(clip, noise[walks]))
    return result.clip(-1, 1)


def with_less_noise(actions, noise, is_kick, clip):
    quiet = noise.clip(-clip, clip) * (1 - is_kick)[:, None]
    return np.maximum(np.minimum(actions + quiet, 1), -1)


@pytest.mark.parametrize("function", [with_where, with_a_mask, with_less_noise])
def test_smoothed_actions_that_are_right(function, capsys):
    accepts(checks.check_smoothed, function, capsys)


def in_place(actions, noise, is_kick, clip):
    actions += noise.clip(-clip, clip)
    return actions.clip(-1, 1)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda a, n, k, c: np.where(k[:, None], a, np.clip(a + n, -1, 1)), "counts as +-0.3"),
        (lambda a, n, k, c: np.where(k[:, None], a, np.clip(a + n, -c, c)), "without noise"),
        (lambda a, n, k, c: np.where(k[:, None], a, a + n.clip(-c, c)), "no entry leaves"),
        (lambda a, n, k, c: np.clip(a + n.clip(-c, c), -1, 1), "a kick stays a kick"),
        (lambda a, n, k, c: np.where(k.any(), a, np.clip(a + n.clip(-c, c), -1, 1)), "a kick stays a kick"),
        (lambda a, n, k, c: np.where(k[:, None], a, np.clip(a + c * n, -1, 1)), "added as it is"),
        (in_place, "added as it is"),
        (lambda a, n, k, c: a, "added as it is"),
    ],
)
def test_smoothed_actions_that_are_wrong(function, words, capsys):
    rejects(checks.check_smoothed, function, words, capsys)


@pytest.mark.parametrize(
    "function",
    [
        lambda target, online, tau: (1 - tau) * target + tau * online,
        lambda target, online, tau: target + tau * (online - target),
        lambda target, online, tau: np.average([target, online], axis=0, weights=[1 - tau, tau]),
    ],
)
def test_moved_targets_that_are_right(function, capsys):
    accepts(checks.check_moved_target, function, capsys)


def moved_in_place(target, online, tau):
    target += tau * (online - target)
    return target


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda target, online, tau: tau * target + (1 - tau) * online, "tau = 0 leaves"),
        (lambda target, online, tau: target + tau * online, "tau = 1 copies"),
        (lambda target, online, tau: online, "tau = 0 leaves"),
        (lambda target, online, tau: target, "tau = 1 copies"),
        (lambda target, online, tau: target + tau**2 * (online - target), "a quarter of the way"),
        (lambda target, online, tau: ((1 - tau) * target + tau * online).mean(), "tau = 0 leaves"),
        (moved_in_place, "tau = 1 copies"),
    ],
)
def test_moved_targets_that_are_wrong(function, words, capsys):
    rejects(checks.check_moved_target, function, words, capsys)
