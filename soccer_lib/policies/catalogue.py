"""Policies by name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from soccer_lib.errors import unknown_name
from soccer_lib.policies.baselines import Random, Stand, Zero
from soccer_lib.policies.policy import Policy

BASELINES: dict[str, Callable[[], Policy]] = {"zero": Zero, "random": Random, "stand": Stand}
"""What can be loaded by name, in the order of tables."""


def load_policy(name: str | os.PathLike[str]) -> Policy:
    """Load a policy.

    Args:
        name: one of `BASELINES`.

    Raises:
        InputError: there is no policy of that name.
    """
    if isinstance(name, str) and name in BASELINES:
        return BASELINES[name]()
    raise unknown_name("policy", name if isinstance(name, str) else Path(name).as_posix(), BASELINES)
