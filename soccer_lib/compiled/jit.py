"""How compiled code is made: by numba, once, kept beside the source or in the user's cache folder.

Only modules that hold compiled code import this one; the library works without numba, at half the speed.
Numba makes code anew when the file of an exported function changes, not when one that it imports does: after
a change of `memory` or `scene`, or of the entries of `SpinTrail.marks`, remove the folder `__pycache__`.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba import types


def can_keep() -> bool:
    """Whether there is a folder in which compiled code can be kept."""
    try:
        numba.njit(cache=True)(can_keep)
    except RuntimeError:  # numba finds none that it may write to
        return False
    return True


_OPTIONS: dict[str, Any] = {"cache": can_keep(), "error_model": "numpy"}

compiled = functools.partial(numba.njit, **_OPTIONS)
"""Decorator of what exported functions call. No fast-math: nothing is fused or reordered."""


def exported(returns: Any, *arguments: np.dtype | Any) -> Callable[[Any], Any]:
    """Decorator of a function that Python calls without holding the interpreter's lock.

    Args:
        returns: numba type of what it returns.
        arguments: of each argument the numba type, or the dtype of the record that it is the address of.
    """
    kinds = [types.CPointer(numba.from_dtype(a)) if isinstance(a, np.dtype) else a for a in arguments]

    def export(function: Any) -> Any:
        begun = time.monotonic()
        code = numba.cfunc(returns(*kinds), **_OPTIONS)(function)
        if not code.cache_hits and time.monotonic() - begun > 1.0:
            kept = "the next start finds it" if _OPTIONS["cache"] else "no folder to keep it could be written"
            seconds = time.monotonic() - begun
            print(f"compiled {function.__module__} in {seconds:.0f} s: {kept}", file=sys.stderr)
        native = code.ctypes
        native.argtypes = [ctypes.c_ssize_t if kind is types.intp else ctypes.c_void_p for kind in kinds]
        native.code = code  # which would else be freed
        return native

    return export
