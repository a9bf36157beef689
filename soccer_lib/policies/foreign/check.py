"""A converted policy beside the original that it was made from, on random inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from soccer_lib.control.network import LAYERS
from soccer_lib.errors import InputError
from soccer_lib.policies.foreign.read import kind_of_policy, random_rows
from soccer_lib.policies.foreign.runtimes import READERS, Runtime
from soccer_lib.policies.foreign.sb3 import original_sb3
from soccer_lib.policies.learned import LearnedPolicy

ROWS = 240
TOLERANCE = 1e-4
"""Largest difference of an action in [-1, 1] that rounding explains."""


def compared(path: Path, policy: LearnedPolicy, front: int, trusted: bool = False) -> str:
    """Compare a policy with its original, and say the difference in one line.

    Args:
        path: the original.
        policy: what was made of it.
        front: how many layers of the policy prepare its input and are none of the original's.
        trusted: whether code of a TorchScript original may run.

    Raises:
        InputError: the policy answers otherwise.
    """
    kind = kind_of_policy(path, trusted)
    rows = fed = random_rows(policy.network.inputs, ROWS)
    for name, arrays in policy.network.layers[:front]:
        fed = np.array([LAYERS[name](row, **arrays) for row in fed])
    if kind in READERS:
        runtime = Runtime(path, kind, [fed.shape[1]])
        original = np.array([runtime(row) for row in fed])
    elif kind == "sb3":
        original = original_sb3(path)(fed)
    else:
        return f"check: {path.name} holds arrays without their arithmetic; there is nothing to run beside"
    difference = np.abs(policy.predict(rows)[0] - np.clip(original, -1, 1)).max()
    if not difference < TOLERANCE:
        raise InputError(
            f"{path} gives other actions, by up to {difference:.2g}; expected less than {TOLERANCE:g}; name "
            "the activation, norm and output of its training, or use the file as it is"
        )
    return (
        f"check: {ROWS} random inputs, actions differ by at most {difference:.1g} from those of {path.name}"
    )
