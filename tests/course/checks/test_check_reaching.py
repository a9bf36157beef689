"""Checks of the lessons on Genesis: right functions in several wordings pass, mistakes are told."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from soccer_lib.course import checks
from tests.support.exercises import accepts, rejects

LENGTH = 0.1034


def by_scipy(place, quat):
    return place + Rotation.from_quat(np.roll(quat, -1)).apply([0, 0, LENGTH])


def by_columns(place, quat):
    w, x, y, z = quat
    axis = np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
    return place + LENGTH * axis


def by_cross_products(place, quat):
    vector = np.array([0, 0, LENGTH])
    sideways = 2 * np.cross(quat[1:], vector)
    return (place + vector + quat[0] * sideways + np.cross(quat[1:], sideways)).tolist()


@pytest.mark.parametrize("function", [by_scipy, by_columns, by_cross_products])
def test_points_that_are_right(function, capsys):
    accepts(checks.check_tool_point, function, capsys)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda place, quat: place, "has its tool above it"),
        (lambda place, quat: place + [0, 0, LENGTH], "upside down"),
        (lambda place, quat: by_scipy(0 * place, quat), "the hand's place counts"),
        (lambda place, quat: place + Rotation.from_quat(quat).apply([0, 0, LENGTH]), "its tool above it"),
        (lambda place, quat: by_scipy(place, quat * [1, -1, -1, -1]), "quarter turn about y"),
        (lambda place, quat: place + Rotation.from_quat(np.roll(quat, -1)).apply([LENGTH, 0, 0]), "above it"),
        (lambda place, quat: None, "has its tool above it"),
    ],
)
def test_points_that_are_wrong(function, words, capsys):
    rejects(checks.check_tool_point, function, words, capsys)


def by_loops(rewards, over):
    found = []
    for arm in range(rewards.shape[1]):
        total = 0.0
        for reward, ended in zip(rewards[:, arm], over[:, arm], strict=True):
            total += reward
            if ended:
                found.append(total)
                total = 0.0
    return found


def by_running_totals(rewards, over):
    total = np.zeros(rewards.shape[1])
    found = []
    for row, ended in zip(rewards, over, strict=True):
        total = total + row
        found.extend(total[ended])
        total = np.where(ended, 0, total)
    return np.array(found)


def by_differences(rewards, over):
    found = []
    for column, ends in zip(np.cumsum(rewards, axis=0).T, over.T, strict=True):
        found.extend(np.diff(column[ends], prepend=0.0))
    return found


@pytest.mark.parametrize("function", [by_loops, by_running_totals, by_differences])
def test_returns_that_are_right(function, capsys):
    accepts(checks.check_returns, function, capsys)


def never_reset(rewards, over):
    return np.cumsum(rewards, axis=0)[over]


def resets_all(rewards, over):
    total = np.zeros(rewards.shape[1])
    found = []
    for row, ended in zip(rewards, over, strict=True):
        total = total + row
        found.extend(total[ended])
        if ended.any():
            total[:] = 0
    return found


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda rewards, over: rewards[over], "rewards are added up"),
        (never_reset, "starts from 0"),
        (lambda rewards, over: rewards.sum(axis=0), "starts from 0"),
        (lambda rewards, over: [*by_loops(rewards, over), rewards[-1, 0]], "rewards are added up"),
        (lambda rewards, over: by_loops(rewards.sum(1)[:, None], over.any(1)[:, None]), "its own sum"),
        (resets_all, "different steps"),
    ],
)
def test_returns_that_are_wrong(function, words, capsys):
    rejects(checks.check_returns, function, words, capsys)


def by_min(difficulty, successes):
    return min(1.0, difficulty + 0.1) if np.mean(successes) >= 0.8 else difficulty


def by_product(difficulty, successes):
    return min(1.0, difficulty + 0.1 * (sum(successes) >= 0.8 * len(successes)))


def by_branches(difficulty, successes):
    if sum(successes) / len(successes) < 0.8:
        return difficulty
    return 1.0 if difficulty > 0.9 else difficulty + 0.1


@pytest.mark.parametrize("function", [by_min, by_product, by_branches])
def test_rules_that_are_right(function, capsys):
    accepts(checks.check_difficulty, function, capsys)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda difficulty, successes: min(1, difficulty + 0.1), "7 of 10 are not"),
        (lambda d, s: min(1, d + 0.1) if np.mean(s) > 0.8 else d, "8 of 10 are enough"),
        (lambda d, s: d + 0.1 if np.mean(s) >= 0.8 else d, "above 1"),
        (lambda d, s: min(1, 2 * d) if np.mean(s) >= 0.8 else d, "as wide higher up"),
        (lambda d, s: min(1, d + 0.1) if np.mean(s) >= 0.8 else max(0.1, d - 0.1), "never goes down"),
        (lambda d, s: min(1, d + 0.1) if sum(s) >= 8 else d, "share counts"),
    ],
)
def test_rules_that_are_wrong(function, words, capsys):
    rejects(checks.check_difficulty, function, words, capsys)


def by_numpy(value, others):
    return len(others) >= 4 and value < np.median(others)


def by_statistics(value, others):
    if len(others) < 4:
        return False
    return value < statistics.median(others)


def by_sorting(value, others):
    ranked = sorted(others)
    half = len(ranked) // 2
    if len(ranked) < 4:
        return False
    middle = ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2
    return not value >= middle


@pytest.mark.parametrize("function", [by_numpy, by_statistics, by_sorting])
def test_pruning_that_is_right(function, capsys):
    accepts(checks.check_prune, function, capsys)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda value, others: False, "it ends"),
        (lambda value, others: len(others) >= 4 and value > np.median(others), "it ends"),
        (lambda value, others: len(others) >= 4 and value < np.mean(others), "the median counts"),
        (lambda value, others: len(others) >= 4 and value < max(others), "goes on"),
        (lambda value, others: len(others) >= 4 and value <= np.median(others), "a tie"),
        (lambda value, others: len(others) >= 4 and value < others[len(others) // 2], "two middle ones"),
        (lambda value, others: bool(others) and value < np.median(others), "too early"),
    ],
)
def test_pruning_that_is_wrong(function, words, capsys):
    rejects(checks.check_prune, function, words, capsys)
