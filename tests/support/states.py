"""Comparing states of environments bit by bit."""

from __future__ import annotations

from typing import Any

import numpy as np


def assert_same(left: Any, right: Any) -> None:
    """Compare two results of `get_state`, every bit."""
    if isinstance(left, dict):
        assert list(left) == list(right)
        for key in set(left) - {"random"}:  # the robot's own generator is never seeded, nor used
            assert_same(left[key], right[key])
    elif isinstance(left, np.ndarray):
        assert left.tobytes() == right.tobytes()
    else:
        assert left == right or left is right
