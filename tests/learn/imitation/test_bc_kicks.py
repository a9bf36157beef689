"""Kicks among commands: patterns, labels and agreement by hand."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.learn.imitation.kicks import kick_agreement, kick_labels, kick_patterns

ACTIONS = np.array([[1, -1, 1], [0.9, 0.9, 0.7], [-1, 1, -1], [0.81, -0.9, 1], [0.3, 0, 0]], np.float32)


def test_patterns_are_the_kicks_that_are_asked_for():
    patterns = kick_patterns(ACTIONS)
    assert patterns.tolist() == [[1, -1, 1], [-1, 1, -1]] and patterns.dtype == np.float32
    assert kick_labels(ACTIONS, patterns).tolist() == [[1, 0], [0, 0], [0, 1], [1, 0], [0, 0]]
    assert kick_patterns(ACTIONS[1:2]).shape == (0, 3)
    assert kick_patterns(np.full((1, 3), 0.9, np.float32)).shape == (0, 3)  # fast, and no kick's signs
    assert kick_labels(ACTIONS, np.zeros((0, 3))).shape == (5, 0)


@pytest.mark.parametrize(
    ("guess", "truth", "recall", "precision"),
    [
        ([2], [2], 1.0, 1.0),
        ([1], [2], 1.0, 1.0),  # one hold early
        ([0], [2], 0.0, 0.0),  # two
        ([1, 2, 3], [2], 1.0, 1.0),
        ([0, 2], [2, 5], 0.5, 0.5),
        ([4], [3], 0.0, 0.0),  # rows 3 and 4 are of two episodes
        ([], [3], 0.0, np.nan),
        ([3], [], np.nan, 0.0),
    ],
)
def test_within_one_hold_of_the_same_episode_counts(guess, truth, recall, precision):
    episodes, rows = np.array([0, 0, 0, 0, 1, 1]), np.zeros((2, 6, 1), bool)
    rows[0, guess] = rows[1, truth] = True
    found = kick_agreement(*rows, episodes)
    np.testing.assert_equal(found, {"kick_recall": recall, "kick_precision": precision})


def test_another_kick_does_not_count():
    guess, truth = np.zeros((2, 3, 2), bool)
    guess[1, 0] = truth[1, 1] = True
    assert kick_agreement(guess, truth, np.zeros(3))["kick_recall"] == 0.0
