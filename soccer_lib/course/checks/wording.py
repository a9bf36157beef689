"""Values in the words of a check: short enough for one line, long enough to compare by eye."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from soccer_lib.errors import one_line

WIDTH = 110
"""Longest text of one value [characters]."""


def shown(value: Any) -> str:
    """A value as text: three decimals, the middle of long arrays left out, and then their shape.

    Example:
        >>> shown(np.array([1.0, 0.5]))
        '[1, 0.5]'
        >>> shown(np.zeros((20, 3)))
        '[[0, 0, 0], [0, 0, 0], ..., [0, 0, 0], [0, 0, 0]] of shape (20, 3)'
    """
    if hasattr(value, "detach"):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray | np.generic | float):
        return _shown_array(np.asarray(value))
    if isinstance(value, dict):
        inside = ", ".join(f"{key!r}: {shown(entry)}" for key, entry in value.items())
        return one_line(f"{{{inside}}}", WIDTH)
    if callable(value):
        return getattr(value, "__name__", "a function")
    return one_line(repr(value), WIDTH)


def shown_arguments(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    """What a function is called with, by the names of its parameters."""
    values = [shown(argument) for argument in arguments]
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    if len(names) != len(values):
        return ", ".join(values)
    return ", ".join(f"{name} = {value}" for name, value in zip(names, values, strict=True))


def _shown_array(array: np.ndarray) -> str:
    if array.dtype.kind == "f":
        array = np.where(np.abs(array) < 5e-4, 0.0, array)  # no minus before a zero
    short = array.ndim == 0 or array.size <= 12
    text = np.array2string(
        array,
        separator=", ",
        threshold=12,
        edgeitems=2 if array.ndim > 1 else 3,
        max_line_width=10_000,
        formatter={"float_kind": lambda number: f"{number:.3f}".rstrip("0").rstrip(".")},
    )
    text = " ".join(text.split()).replace("[ ", "[")
    return one_line(text, WIDTH) if short else f"{one_line(text, WIDTH)} of shape {array.shape}"
