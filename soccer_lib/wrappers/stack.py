"""A stack of layers as a whole: its members and its state."""

from __future__ import annotations

from typing import Any

import gymnasium as gym

from soccer_lib.errors import InputError


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
    if list(stateful) != list(state):
        raise InputError(
            f"state is of layers {list(state)}; expected {list(stateful)}; "
            "make the environment that it was taken from"
        )
    for name, layer in stateful.items():
        layer.set_state(state[name])


def _stateful(env: gym.Env) -> dict[str, Any]:
    return {type(layer).__name__: layer for layer in layers(env) if hasattr(layer, "get_state")}
