"""Rows of commands that a learner writes: forward, sideways, turn, each in [-1, 1], and for how long [s]."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from soccer_lib.errors import InputError, one_line


def checked_sequence(sequence: Sequence[Sequence[float]]) -> list[list[float]]:
    """The rows of a sequence as numbers.

    Raises:
        InputError: they are none.
    """
    try:
        rows = np.asarray(sequence, dtype=float)
    except (TypeError, ValueError):
        rows = np.zeros(0)
    if rows.ndim != 2 or rows.shape[1] != 4 or not np.isfinite(rows).all() or (rows[:, 3] <= 0).any():
        raise InputError(
            f"the sequence is {one_line(repr(sequence), 80)}; expected rows of forward, sideways, turn, "
            "seconds, the last above 0; try [(0.4, 0, 0, 0.5)]"
        )
    return rows.tolist()
