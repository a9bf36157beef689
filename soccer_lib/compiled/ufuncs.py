"""numpy's own inner loops by their addresses: compiled code that calls them gets numpy's last bit.

How a dot product, a tanh or an exp is rounded is up to the library that numpy was built with and to the
processor. Written once more, they would be right on one machine and wrong on the next.
"""

from __future__ import annotations

import ctypes

import numpy as np

LOOPS = {
    "matmul": (np.matmul, "dd->d"),
    "tanh": (np.tanh, "d->d"),
    "tanh_single": (np.tanh, "f->f"),
    "exp": (np.exp, "d->d"),
    "log1p": (np.log1p, "d->d"),
}
"""Name in `SCENE` -> function and the types of its loop."""


class _Ufunc(ctypes.Structure):
    """The head of `PyUFuncObject`, which is part of numpy's C interface (NumPy reference, ufunc API)."""

    _fields_ = [
        ("object_head", ctypes.c_char * object.__basicsize__),
        *((name, ctypes.c_int) for name in ("nin", "nout", "nargs", "identity")),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
    ]


def loop_of(function: np.ufunc, types: str) -> tuple[int, int]:
    """Addresses of the inner loop for some types, and of the data that it is called with.

    Raises:
        RuntimeError: numpy's objects are not laid out as expected.
    """
    head = _Ufunc.from_address(id(function))
    if (head.nin, head.nout, head.ntypes) != (function.nin, function.nout, function.ntypes):
        raise RuntimeError(f"numpy {np.__version__} keeps its loops elsewhere; make_env(compiled=False) runs")
    index = function.types.index(types)
    return head.functions[index] or 0, head.data[index] or 0
