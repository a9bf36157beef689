"""Which seeds are for what: choices, training and reported figures never share an episode.

A figure says something about new starts only where nothing was learned from its seeds or chosen by them.
"""

from __future__ import annotations

from typing import Any

from soccer_lib.errors import InputError
from soccer_lib.ranges import Range

TUNING = range(0, 200)
"""Choices are made by these: gains, thresholds, what a clone should see."""

TRAINING = (range(1_000, 10_000), range(100_000, 600_000))
"""Training and demonstrations."""

DAGGER_SEED = 200_000
"""Of `TRAINING`: base of the seeds that a clone plays for its expert; round n starts at this + 1000 n."""

REPORTED = range(10_000, 100_000)
"""Figures that are reported."""

LAST_SEED = 2**63 - 1
"""Seeds are whole numbers of 64 bits, as gymnasium draws them and files keep them."""

_SEED = Range(0, LAST_SEED, whole=True)


def checked_seed(seed: Any) -> int | None:
    """The seed of a reset, None for none.

    Raises:
        InputError: not a seed.
    """
    return None if seed is None else _SEED.number("seed", seed, f"try {REPORTED.start}")


def seed_range(first: int, count: int) -> range:
    """The seeds of so many episodes.

    Raises:
        InputError: not a seed.
    """
    first = Range(0, LAST_SEED - count, whole=True).number("seed", first, f"try {REPORTED.start}")
    return range(first, first + count)


def training_seeds(first: int, count: int) -> range:
    """The seeds of so many episodes that something learns from or is chosen by.

    Raises:
        InputError: not a seed, or one that figures are reported from.

    Example:
        >>> training_seeds(1000, 3)
        range(1000, 1003)
    """
    seeds = seed_range(first, count)
    if seeds.start < REPORTED.stop and seeds.stop > REPORTED.start:
        raise InputError(
            f"seeds {seeds[0]} to {seeds[-1]} came; expected none of those that figures are reported from, "
            f"{REPORTED[0]} to {REPORTED[-1]}; try --seed {TRAINING[0].start} or {TRAINING[1].start}"
        )
    return seeds
