"""numpy's own inner loops by their addresses: compiled code that calls them gets numpy's last bit.

How a dot product, a tanh or an exp is rounded is up to the library that numpy was built with and to the
processor. Written once more, they would be right on one machine and wrong on the next.
"""

from __future__ import annotations

import ctypes

import numpy as np
from numba import carray

from soccer_lib.compiled.jit import compiled
from soccer_lib.compiled.memory import call, doubles_at, longs_at, singles_at

LOOPS = {
    "matmul": (np.matmul, "dd->d"),
    "tanh": (np.tanh, "d->d"),
    "tanh_single": (np.tanh, "f->f"),
    "exp": (np.exp, "d->d"),
    "log1p": (np.log1p, "d->d"),
    "matmul_single": (np.matmul, "ff->f"),
    "expm1_single": (np.expm1, "f->f"),
    "minimum_single": (np.minimum, "ff->f"),
    "maximum_single": (np.maximum, "ff->f"),
}
"""Name in `SCENE` and `NETWORK` -> function and the types of its loop."""


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


VALUES = 8 * 16
"""Where numbers lie in the scratch memory, behind the frame of a call [bytes]. A frame is what numpy's inner
loops are called with: words 0 to 2 are the places of their arrays, from word 3 on come sizes (how often, then
the sides of matrices), from word 7 on steps from one number to the next [bytes].
"""

ROOM = 8 * 32
"""What a call takes of it [bytes]."""


@compiled
def _call(scene, loop):
    """Call a loop with the frame that lies in the scratch memory."""
    frame = scene.scratch
    call(loop[0], (frame, frame + 24, frame + 56, loop[1]))


@compiled
def _frame_unary(scene, size):
    frame = carray(longs_at(scene.scratch), 16)
    frame[0] = scene.scratch + VALUES
    frame[1] = scene.scratch + VALUES + 64
    frame[3] = 1
    frame[7] = size
    frame[8] = size


@compiled
def unary(scene, loop, value):
    """A numpy function of one number."""
    numbers = carray(doubles_at(scene.scratch + VALUES), 16)
    numbers[0] = value
    _frame_unary(scene, 8)
    _call(scene, loop)
    return numbers[8]


@compiled
def unary_single(scene, loop, value):
    """The same in single precision."""
    numbers = carray(singles_at(scene.scratch + VALUES), 32)
    numbers[0] = value
    _frame_unary(scene, 4)
    _call(scene, loop)
    return numbers[16]


@compiled
def product(scene, loop, size, rows, columns, matrix, vector, result):
    """Matrix (rows, columns) times vector as `numpy.matmul` has it, by addresses; numbers of `size` bytes."""
    frame = carray(longs_at(scene.scratch), 16)
    frame[0] = matrix
    frame[1] = vector
    frame[2] = result
    frame[3] = 1
    frame[4] = rows
    frame[5] = columns
    frame[6] = 1
    frame[7:16] = size
    frame[10] = size * columns
    _call(scene, loop)


@compiled
def each_single(scene, loop, n, a, b, step_b, result):
    """A function of n pairs of single-precision numbers; with a function of one number b is the result."""
    frame = carray(longs_at(scene.scratch), 16)
    frame[0] = a
    frame[1] = b
    frame[2] = result
    frame[3] = n
    frame[7] = 4
    frame[8] = step_b
    frame[9] = 4
    _call(scene, loop)


@compiled
def dot(scene, ax, ay, az, bx, by, bz):
    """`a.dot(b)` of two vectors."""
    place = scene.scratch + VALUES
    numbers = carray(doubles_at(place), 8)
    numbers[0] = ax
    numbers[1] = ay
    numbers[2] = az
    numbers[3] = bx
    numbers[4] = by
    numbers[5] = bz
    product(scene, scene.matmul, 8, 1, 3, place, place + 24, place + 48)
    return numbers[6]
