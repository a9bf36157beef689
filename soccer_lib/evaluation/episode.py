"""One episode: what to play, and what is kept of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

N_STARTS = 20
"""Distinct starts of a policy, after which they come again."""


@dataclass(frozen=True)
class EpisodeJob:
    """One episode to play.

    Attributes:
        task: our name of the task.
        seed: seed of the reset and of the policy's own randomness.
        start: 0 for the official start; k for the gait phase k/20, or k x 0.02 s of standing torque where
            there is no walker.
    """

    task: str
    seed: int
    start: int = 0


@dataclass(frozen=True)
class Episode:
    """One finished episode.

    Attributes:
        task, seed, start: as in the job.
        score: the official score; None for a task outside the competition.
        components: weighted official terms, which add up to the score; empty outside the competition.
        terms: unweighted reward terms of the last step.
        length: physics steps [2 ms each], standing torque of a distinct start included.
        outcome: success, blocked, conceded, out_of_field, fall, lost, time_limit or unstable.
        success: the task was solved.
        fallen: the trunk was below 0.4 m at the last step.
        offside: the ball was out of the field at the last step.
        kicked: the policy triggered at least one kick or clip.
        episode_return: what the reward added up to: the official score, outside the competition the stock
            environment's dense reward.
        fingerprint: hash of the start and of all torques; equal ones are the same episode.
        torques: what drove the robot [N m], float32, Shape: (length, 12); None where it was not kept.
    """

    task: str
    seed: int
    start: int
    score: float | None
    components: dict[str, float]
    terms: dict[str, float]
    length: int
    outcome: str
    success: bool
    fallen: bool
    offside: bool
    kicked: bool
    episode_return: float
    fingerprint: str
    torques: np.ndarray | None = None


def fingerprint_of(start: bytes, torques: np.ndarray) -> str:
    """Hash of an episode's start (`SoccerSim.start`) and of all its torques, float32. Shape: (length, 12)."""
    return hashlib.blake2b(start + torques.tobytes(), digest_size=8).hexdigest()
