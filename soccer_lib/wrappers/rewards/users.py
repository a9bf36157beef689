"""Terms and potentials that a user writes, as a small function in a notebook: weighted and audited like ours.

They live in the process that they were added in, so what they are part of is played there: an audit, or a
training, with such a weight starts no workers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, one_line
from soccer_lib.ranges import Range, of_type
from soccer_lib.wrappers.rewards.field_state import FieldState, Step
from soccer_lib.wrappers.rewards.potential import POTENTIALS
from soccer_lib.wrappers.rewards.profiles import KINDS, weighted_names
from soccer_lib.wrappers.rewards.terms import TERMS

_ADDED: set[str] = set()


def add_potential(potential: Callable[[FieldState], float]) -> str:
    """Make a function of the scene a potential that weights can be given to; adding it again replaces it.

    Args:
        potential: how promising a scene is, from 0 to 1 as ours; a step is paid for its change.

    Returns:
        Its name, `phi_` and the function's.

    Raises:
        InputError: a name of ours, or a value on the stock start that is no finite number.

    Example:
        >>> def upright_and_near(scene):
        ...     return scene.upright / (1 + abs(scene.ball))
        >>> add_potential(upright_and_near)
        'phi_upright_and_near'
    """
    return _add(POTENTIALS, "phi_", potential, FieldState())


def add_term(term: Callable[[Step], float]) -> str:
    """Make a function of one step a reward term that weights can be given to; adding it again replaces it.

    Args:
        term: what a step is worth, unweighted.

    Returns:
        Its name, the function's.

    Raises:
        InputError: a name of ours, or a value on a step without motion that is no finite number.
    """
    return _add(TERMS, "", term, Step())


def written_by_users(weights: Mapping[str, Any] | None) -> bool:
    """Whether weights are given to a term or potential that a user has added."""
    weights = weights or {}
    names = {*weights, *(name for kind in KINDS for name in weights.get(kind, {}))}
    return not _ADDED.isdisjoint(names)


def _add(table: dict[str, Callable[..., float]], prefix: str, function: Any, example: Any) -> str:
    of_type("term or potential", function, Callable, "a function", "pass its name without brackets")
    name = prefix + getattr(function, "__name__", "own")
    if name in weighted_names() and name not in _ADDED:
        raise InputError(f"'{name}' is one of ours; expected a name of its own; try my_{name}")

    def checked(scene: Any) -> float:
        try:
            value = function(scene)
        except Exception as error:  # a user's code can raise anything
            reason = one_line(f"{type(error).__name__}: {error}", 120)
            expected = "expected a finite number; call it with FieldState() or Step()"
            raise InputError(f"'{name}' raised {reason}; {expected}") from error
        value = float(value) if isinstance(value, bool | np.bool_) else value
        return Range().number(f"'{name}'", value, "print what it returns for each scene")

    checked(example)
    table[name] = checked
    _ADDED.add(name)
    return name
