"""Tensors in the states of networks and optimisers, as arrays that go into a file, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch


def as_arrays(state: Any) -> Any:
    """Copies of tensors as arrays, in whatever dicts, lists and tuples they are."""
    return _mapped(state, torch.Tensor, lambda tensor: tensor.detach().cpu().numpy().copy())


def as_tensors(state: Any) -> Any:
    """Arrays as tensors, in whatever dicts, lists and tuples they are."""
    return _mapped(state, np.ndarray, torch.from_numpy)


def _mapped(state: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    if isinstance(state, kind):
        return change(state)
    if isinstance(state, dict):
        return {key: _mapped(item, kind, change) for key, item in state.items()}
    if isinstance(state, list | tuple):
        return type(state)(_mapped(item, kind, change) for item in state)
    return state
