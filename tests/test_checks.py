"""The exercise checks accept the solution and name what is wrong with other functions."""

from __future__ import annotations

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.notebook.checks import check_interval, check_official_score


def undone(*arguments):
    raise NotImplementedError("a hint")


def failing(*arguments):
    raise KeyError("steps")


def all_terms(task, terms):
    return sum(float(value) for value in terms.values())


def no_steps(task, terms):
    weights = sl.OFFICIAL_WEIGHTS[task]
    return sum(weight * terms[name] for name, weight in weights.items() if name != "steps")


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (undone, "not done yet: a hint"),
        (failing, "raised KeyError"),
        (all_terms, "not yet"),
        (no_steps, "not yet"),
    ],
)
def test_wrong_scores_are_told_apart(function, says, capsys):
    assert not check_official_score(function)
    assert says in capsys.readouterr().out


def test_the_library_score_passes(capsys):
    assert check_official_score(sl.official_score)
    assert capsys.readouterr().out.startswith("correct: 9 of 9")


def standard_error_only(scores):
    error = np.std(scores, ddof=1) / np.sqrt(len(scores))
    return scores.mean() - error, scores.mean() + error


def fixed_width(scores):
    return scores.mean() - 0.2, scores.mean() + 0.2


def reversed_ends(scores):
    return scores.mean() + 1, scores.mean() - 1


@pytest.mark.parametrize("function", [undone, failing, standard_error_only, fixed_width, reversed_ends])
def test_wrong_intervals_fail(function):
    assert not check_interval(function)


def test_a_normal_interval_passes():
    def interval(scores):
        half = 1.96 * np.std(scores, ddof=1) / np.sqrt(len(scores))
        return scores.mean() - half, scores.mean() + half

    assert check_interval(interval)
