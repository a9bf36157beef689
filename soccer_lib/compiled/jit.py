"""How compiled code is made: by numba, once, kept beside the source or in the user's cache folder.

Only modules that hold compiled code import this one; the library works without numba, at half the speed.
Code is made anew when a file of this room has changed since.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import types
from numba.core.caching import FunctionCache

from soccer_lib.signals import signals_held


def can_keep() -> bool:
    """Whether there is a folder in which compiled code can be kept."""
    try:
        numba.njit(cache=True)(can_keep)
    except RuntimeError:  # numba finds none that it may write to
        return False
    return True


_KEEPS = can_keep()

compiled = functools.partial(numba.njit, error_model="numpy", no_cfunc_wrapper=True)
"""Decorator of what exported functions call. No fast-math: nothing is fused or reordered.

Python may call them too, as exported agents do with `hypot`: without numba's wrapper that ends the process.
"""


def _drop_stale(function: Any) -> None:
    """Forget code older than a file of this room: numba itself looks at the function's own file alone."""
    cache = FunctionCache(function)
    newest = max(source.stat().st_mtime for source in Path(__file__).parent.glob("*.py"))
    name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    kept = Path(cache.cache_path).glob(f"{name}-{function.__code__.co_firstlineno}.*.nbi")
    if any(index.stat().st_mtime < newest for index in kept):
        cache.flush()


def exported(returns: Any, *arguments: np.dtype | Any) -> Callable[[Any], Any]:
    """Decorator of a function that Python calls without holding the interpreter's lock.

    Args:
        returns: numba type of what it returns.
        arguments: of each argument the numba type, or the dtype of the record that it is the address of.
    """
    kinds = [types.CPointer(numba.from_dtype(a)) if isinstance(a, np.dtype) else a for a in arguments]

    @signals_held()  # llvmlite's callbacks would swallow what a signal raises
    def export(function: Any) -> Any:
        begun = time.monotonic()
        if _KEEPS:
            _drop_stale(function)
        code = numba.cfunc(returns(*kinds), cache=_KEEPS, error_model="numpy")(function)
        if not code.cache_hits and (seconds := time.monotonic() - begun) > 1.0:
            kept = "the next start finds it" if _KEEPS else "no folder to keep it could be written"
            print(f"compiled {function.__module__} in {seconds:.0f} s: {kept}", file=sys.stderr)
        native = code.ctypes
        native.argtypes = [ctypes.c_ssize_t if kind is types.intp else ctypes.c_void_p for kind in kinds]
        native.code = code  # which would else be freed
        return native

    return export
