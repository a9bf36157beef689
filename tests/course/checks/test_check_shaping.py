"""Checks of lesson 05: right functions in several wordings pass, typical mistakes are told their property."""

from __future__ import annotations

import math

import pytest

from soccer_lib.course import checks
from tests.support.exercises import accepts, rejects


def as_in_the_formula(before, after, gamma, ended):
    return (0.0 if ended else gamma * after) - before


def with_a_branch(before, after, gamma, ended):
    if ended:
        return -before
    return gamma * after - before


def by_a_factor(before, after, gamma, ended):
    return gamma * after * (not ended) - before


@pytest.mark.parametrize("function", [as_in_the_formula, with_a_branch, by_a_factor])
def test_pay_that_is_right(function, capsys):
    accepts(checks.check_shaping, function, capsys)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda before, after, gamma, ended: after, "is paid the change"),
        (lambda before, after, gamma, ended: max(0.0, gamma * after - before), "a step back costs"),
        (lambda before, after, gamma, ended: abs(after - before), "a step back costs"),
        (lambda before, after, gamma, ended: after - before, "gamma counts for what comes after"),
        (lambda before, after, gamma, ended: gamma * (after - before), "gamma counts for what comes after"),
        (lambda before, after, gamma, ended: gamma * after - before, "after the end"),
        (lambda before, after, gamma, ended: 0.0 if ended else gamma * after - before, "after the end"),
        (lambda before, after, gamma, ended: before - gamma * after, "is paid the change"),
        (lambda before, after, gamma, ended: None, "is paid the change"),
    ],
)
def test_pay_that_is_wrong(function, words, capsys):
    rejects(checks.check_shaping, function, words, capsys)


def a_product(distance, off_line):
    return (1 + math.cos(off_line)) / 2 / (1 + distance)


def exponential(distance, off_line):
    return math.exp(-distance / 3) * (1 - off_line / math.pi)


def a_mean(distance, off_line):
    return 0.5 / (1 + distance) + 0.5 * math.cos(off_line / 2)


@pytest.mark.parametrize("function", [a_product, exponential, a_mean])
def test_potentials_that_are_right(function, capsys):
    accepts(checks.check_potential, function, capsys)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda distance, off_line: -distance, "between 0 and 1"),
        (lambda distance, off_line: 1 / (0.1 + distance), "between 0 and 1"),
        (lambda distance, off_line: math.cos(off_line) / (1 + distance), "between 0 and 1"),
        (lambda distance, off_line: 1 / (1 + distance), "behind the ball beats beside"),
        (lambda distance, off_line: (1 + math.cos(off_line)) / 2, "nearer is more promising"),
        (lambda distance, off_line: distance / (1 + distance), "nearer is more promising"),
        (lambda distance, off_line: max(0.0, 1 - distance / 5) * (1 - off_line / 4), "far away"),
        (lambda distance, off_line: float(distance < 0.5), "nearer is more promising"),
        (lambda distance, off_line: (1 + abs(math.cos(off_line))) / 2 / (1 + distance), "beats in front"),
        (lambda distance, off_line: math.nan, "between 0 and 1"),
        (lambda distance, off_line: None, "between 0 and 1"),
    ],
)
def test_potentials_that_are_wrong(function, words, capsys):
    rejects(checks.check_potential, function, words, capsys)
