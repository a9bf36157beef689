"""`math.hypot` for exported agents: a file of its own, because Python's algorithm needs `stand_ins`."""

from __future__ import annotations

import numpy as np

from soccer_lib.compiled.hypot import hypot


def length(*parts):
    """Length of a vector: of two numbers to the bit as Python has it, of more as numpy has it."""
    return hypot(*parts) if len(parts) == 2 else float(np.sqrt(np.dot(parts, parts)))
