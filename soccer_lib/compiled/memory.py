"""Numbers and functions at an address, for compiled code: what the interpreter's bindings would look up."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _pointer_to(kind: Any) -> Any:
    """A function that turns an address into a pointer."""
    pointer = types.CPointer(kind)

    @intrinsic
    def point(_context: Any, _address: Any) -> Any:
        def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(types.intp), generate

    return point


doubles_at = _pointer_to(types.float64)
singles_at = _pointer_to(types.float32)
ints_at = _pointer_to(types.int32)
longs_at = _pointer_to(types.intp)
bytes_at = _pointer_to(types.uint8)


@intrinsic
def call(_context: Any, function: Any, arguments: Any) -> Any:
    """Call a C function without a result, by its address, with a tuple of addresses and whole numbers.

    Both are passed in the same registers, a shorter number in the lower part of one.
    """
    kinds = types.UniTuple(types.intp, len(arguments))

    def generate(context: Any, builder: Any, _: Any, values: Any) -> Any:
        words = cgutils.unpack_tuple(builder, values[1], len(arguments))
        signature = ir.FunctionType(ir.VoidType(), [word.type for word in words])
        builder.call(builder.inttoptr(values[0], signature.as_pointer()), words)
        return context.get_dummy_value()

    return types.none(types.intp, kinds), generate
