"""Numbers and functions at an address, for compiled code: what the interpreter's bindings would look up."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
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
def call_jacobian(_context: Any, function: Any, model: Any, data: Any, linear: Any, angular: Any, site: Any):
    """Call `void function(model, data, linear, angular, site)` at an address; 0 leaves a Jacobian out."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        signature = ir.FunctionType(ir.VoidType(), [pointer] * 4 + [ir.IntType(32)])
        function = builder.inttoptr(arguments[0], signature.as_pointer())
        places = [builder.inttoptr(address, pointer) for address in arguments[1:5]]
        builder.call(function, [*places, builder.trunc(arguments[5], ir.IntType(32))])
        return ir.Constant(ir.IntType(32), 0)

    return types.int32(*[types.intp] * 6), generate


@intrinsic
def call_loop(_context: Any, function: Any, data: Any, places: Any, sizes: Any, steps: Any) -> Any:
    """Call `void function(char **places, intp *sizes, intp *steps, void *data)`, an inner loop of numpy."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        signature = ir.FunctionType(ir.VoidType(), [pointer] * 4)
        function, data, *frame = (builder.inttoptr(address, pointer) for address in arguments)
        builder.call(builder.bitcast(function, signature.as_pointer()), [*frame, data])
        return ir.Constant(ir.IntType(32), 0)

    return types.int32(*[types.intp] * 5), generate
