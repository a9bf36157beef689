"""A stack of layers as a whole: its members and its state."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import load_env_creator

from soccer_lib.errors import InputError, one_line
from soccer_lib.ranges import of_type
from soccer_lib.sim import simulation_of


class Copyable:
    """Lets the outermost layer be copied and pickled: made anew by its `spec`, in the same state."""

    spec: Any = None

    def __reduce__(self) -> Any:
        """How to make it again; hooks and what wraps it from outside are not part of it."""
        if self.spec is None:
            raise InputError("a part of an environment came to be copied; expected the whole; copy that")
        begun = simulation_of(self).started  # type: ignore[arg-type]
        return _rebuilt, (self.spec, get_state(self) if begun else None)  # type: ignore[arg-type]


def _rebuilt(spec: Any, state: dict[str, Any] | None) -> gym.Env:
    arguments = dict(spec.kwargs)
    if state:
        arguments.pop("seed", None)  # the first reset has had it
    env: Any = load_env_creator(spec.entry_point)(**arguments)
    if state:
        set_state(env, state)
    env.spec = spec
    return env


def layers(env: gym.Env) -> list[gym.Env]:
    """The layers of an environment from the simulation outwards."""
    stack = [env]
    while isinstance(stack[-1], gym.Wrapper):
        stack.append(stack[-1].env)
    return stack[::-1]


def get_state(env: gym.Env) -> dict[str, Any]:
    """Everything that decides how an environment goes on: the state of every layer that has one.

    Returns:
        layer name -> its state, in plain arrays, numbers and dicts.
    """
    return {name: layer.get_state() for name, layer in _stateful(env).items()}


def set_state(env: gym.Env, state: dict[str, Any]) -> None:
    """Continue from a state of `get_state`, bit for bit.

    Raises:
        InputError: if the state was taken from an environment with another task or other layers.
    """
    stateful = _stateful(env)
    state = of_type("state", state, dict, "what get_state gave")
    if list(stateful) != list(state):
        raise InputError(
            f"state is of layers {list(state)}; expected {list(stateful)}; "
            "make the environment that it was taken from"
        )
    for name, array in flat_state(state):
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise InputError(f"{name} is not finite; expected finite numbers; take another state")
    before = get_state(env)
    try:
        for name, layer in stateful.items():
            layer.set_state(state[name])
    except Exception as error:  # a state that was changed by hand can raise nearly anything
        for layer, own in zip(stateful.values(), before.values(), strict=True):
            layer.set_state(own)
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"state of {name} does not fit ({type(error).__name__}: {one_line(error, 120)}); expected what "
            "get_state gave; take it anew"
        ) from error


def flat_state(value: Any, name: str = "state") -> Iterator[tuple[str, np.ndarray]]:
    """A nested state as arrays by path; what is not an array of numbers or text becomes text."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from flat_state(part, f"{name}.{key}")
    else:
        array = np.asarray(value)
        yield name, np.asarray(str(value)) if array.dtype.hasobject else array


def _stateful(env: gym.Env) -> dict[str, Any]:
    return {type(layer).__name__: layer for layer in layers(env) if hasattr(layer, "get_state")}
