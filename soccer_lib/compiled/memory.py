"""Numbers and functions at an address, for compiled code: what the interpreter's bindings would look up."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from soccer_lib.compiled.scene import ROW


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
rows_at = _pointer_to(numba.from_dtype(ROW))


@intrinsic
def call_step(_context: Any, function: Any, model: Any, data: Any) -> Any:
    """Call the C function `void function(model, data)` at an address."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        signature = ir.FunctionType(ir.VoidType(), [pointer, pointer])
        step = builder.inttoptr(arguments[0], signature.as_pointer())
        builder.call(step, [builder.inttoptr(address, pointer) for address in arguments[1:]])
        return ir.Constant(ir.IntType(32), 0)

    return types.int32(types.intp, types.intp, types.intp), generate


@intrinsic
def call_jacobian(_context: Any, function: Any, model: Any, data: Any, linear: Any, site: Any) -> Any:
    """Call `void function(model, data, linear, NULL, site)` at an address."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        signature = ir.FunctionType(ir.VoidType(), [pointer] * 4 + [ir.IntType(32)])
        function = builder.inttoptr(arguments[0], signature.as_pointer())
        model, data, linear = (builder.inttoptr(address, pointer) for address in arguments[1:4])
        site = builder.trunc(arguments[4], ir.IntType(32))
        builder.call(function, [model, data, linear, ir.Constant(pointer, None), site])
        return ir.Constant(ir.IntType(32), 0)

    return types.int32(*[types.intp] * 5), generate
