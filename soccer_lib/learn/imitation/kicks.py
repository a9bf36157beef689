"""Kicks among the commands of a dataset: which row asks for which, and how well a clone agrees."""

from __future__ import annotations

import numpy as np

from soccer_lib.control.kicks import PATTERNS, requested_kicks


def kick_patterns(actions: np.ndarray) -> np.ndarray:
    """The kicks of `PATTERNS` that commands ask for, as signs. Shapes: (n, 3) to (n_kicks, 3)."""
    patterns = np.array(list(PATTERNS.values()), np.float32)
    return patterns[kick_labels(actions, patterns).any(axis=0)]


def kick_labels(actions: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Which kick each command asks for. Shapes: (n, 3), (n_kicks, 3) to (n, n_kicks), bool."""
    if not len(patterns):
        return np.zeros((len(actions), 0), bool)
    return requested_kicks(actions)[:, None] == requested_kicks(patterns)


def kick_agreement(
    guess: np.ndarray, truth: np.ndarray, episode_id: np.ndarray, weights: np.ndarray | None = None
) -> dict[str, float]:
    """Recall and precision of kicks; one within one row of the same kick of the same episode counts.

    Args:
        guess: the clone's kicks. Shape: (n, n_kicks), bool.
        truth: the expert's. Shape: (n, n_kicks), bool.
        episode_id: of each row, in the order of play. Shape: (n,).
        weights: how much each row counts; all alike without. Shape: (n,).

    Returns:
        `kick_recall`: share of the expert's kicks that the clone has too; `kick_precision`: share of the
        clone's that the expert has too. NaN where there is none.
    """
    same_episode = np.diff(episode_id)[:, None] == 0

    def matched_share(kicks: np.ndarray, others: np.ndarray) -> float:
        near = others.copy()
        near[1:] |= others[:-1] & same_episode
        near[:-1] |= others[1:] & same_episode
        counts = np.ones(len(kicks)) if weights is None else weights
        counts = np.broadcast_to(counts[:, None], kicks.shape)[kicks]
        return float(np.average(near[kicks], weights=counts)) if counts.sum() else np.nan

    return {"kick_recall": matched_share(truth, guess), "kick_precision": matched_share(guess, truth)}
