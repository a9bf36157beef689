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


def _call_loop(builder: Any, loop: Any, places: list[Any], sizes: list[Any], steps: list[Any]) -> None:
    """Call one of numpy's inner loops, `void loop(char **places, intp *sizes, intp *steps, void *data)`."""
    pointer = ir.IntType(8).as_pointer()
    word = ir.IntType(64)

    def array(values: list[Any], kind: Any) -> Any:
        memory = cgutils.alloca_once(builder, kind, size=len(values))
        for index, value in enumerate(values):
            value = ir.Constant(word, value) if isinstance(value, int) else value
            builder.store(value, builder.gep(memory, [ir.Constant(word, index)]))
        return memory

    kinds = [pointer.as_pointer(), word.as_pointer(), word.as_pointer(), pointer]
    signature = ir.FunctionType(ir.VoidType(), kinds)
    function, data = (builder.extract_value(loop, index) for index in (0, 1))
    builder.call(
        builder.inttoptr(function, signature.as_pointer()),
        [array(places, pointer), array(sizes, word), array(steps, word), builder.inttoptr(data, pointer)],
    )


@intrinsic
def call_unary(_context: Any, loop: Any, value: Any) -> Any:
    """The result of a numpy function for one number, by the addresses of its loop (`ufuncs.loop_of`)."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        source = cgutils.alloca_once_value(builder, arguments[1])
        result = cgutils.alloca_once(builder, arguments[1].type)
        places = [builder.bitcast(place, pointer) for place in (source, result)]
        _call_loop(builder, arguments[0], places, [1], [value.bitwidth // 8] * 2)
        return builder.load(result)

    return value(types.UniTuple(types.intp, 2), value), generate


@intrinsic
def call_product(_context: Any, loop: Any, rows: Any, columns: Any, a: Any, b: Any, result: Any) -> Any:
    """Matrix (rows, columns) times vector as `numpy.matmul` has it, all three by their addresses."""

    def generate(_: Any, builder: Any, __: Any, arguments: Any) -> Any:
        loop, rows, columns, *addresses = arguments
        places = [builder.inttoptr(address, ir.IntType(8).as_pointer()) for address in addresses]
        row = builder.mul(columns, ir.Constant(ir.IntType(64), 8))
        _call_loop(builder, loop, places, [1, rows, columns, 1], [0, 0, 0, row, 8, 8, 8, 8, 8])
        return ir.Constant(ir.IntType(32), 0)

    return types.int32(types.UniTuple(types.intp, 2), *[types.intp] * 5), generate
