"""The walker's network in compiled code: the layers of `control.network`, computed by numpy's own loops."""

from __future__ import annotations

import numpy as np
from numba import carray

from soccer_lib.compiled.jit import compiled
from soccer_lib.compiled.memory import longs_at, singles_at
from soccer_lib.compiled.ufuncs import LOOPS, ROOM, each_single, loop_of, product
from soccer_lib.control.network import Network

KINDS = {"linear", "elu"}
"""Kinds of layers that are known here."""

NETWORK = np.dtype(
    [
        ("row", np.intp),  # addresses of what goes in and comes out
        ("output", np.intp),
        ("layers", np.intp),  # rows, columns, addresses of weight and bias; zeros for elu. Shape: (n, 4)
        ("n_layers", np.intp),
        ("rooms", np.intp),  # four rows in between, and a zero
        ("width", np.intp),
        ("scratch", np.intp),
        *((name, np.intp, (2,)) for name in LOOPS),
    ]
)


@compiled
def run_network(net):
    """From `row` to `output`; nothing without layers."""
    layers = carray(longs_at(net.layers), (net.n_layers, 4))
    room = 4 * net.width
    source = net.row
    size = 0
    for number in range(net.n_layers):
        rows, columns, weight, bias = layers[number]
        if weight:
            target = net.rooms + room if source == net.rooms else net.rooms
            product(net, net.matmul_single, 4, rows, columns, weight, source, target)
            row = carray(singles_at(target), rows)
            biases = carray(singles_at(bias), rows)
            for i in range(rows):
                row[i] += biases[i]
            source = target
            size = rows
        else:
            low = net.rooms + 2 * room
            each_single(net, net.minimum_single, size, source, net.rooms + 4 * room, 0, low)
            each_single(net, net.expm1_single, size, low, low + room, 4, 0)
            each_single(net, net.maximum_single, size, source, low + room, 4, source)
    row = carray(singles_at(source), size)
    output = carray(singles_at(net.output), size)
    for i in range(size):
        output[i] = row[i]


def network_record(network: Network | None, row: np.ndarray, output: np.ndarray) -> list[np.ndarray]:
    """`NETWORK` of a network of `KINDS`, and behind it the arrays that have to live as long.

    Args:
        network: without one the record has no layers.
        row: its input, float32.
        output: its output, float32.
    """
    record = np.zeros(1, NETWORK)
    kept = [row, output]

    def address(array: np.ndarray) -> int:
        kept.append(array)
        return array.ctypes.data

    layers = np.zeros((len(network.layers) if network else 0, 4), np.intp)
    for number, (_, arrays) in enumerate(network.layers if network else ()):
        if arrays:
            layers[number] = (
                *arrays["weight"].shape,
                *(address(arrays[name]) for name in ("weight", "bias")),
            )
    for name, loop in LOOPS.items():
        record[name] = loop_of(*loop)
    record["row"] = row.ctypes.data
    record["output"] = output.ctypes.data
    record["n_layers"] = len(layers)
    record["layers"] = address(layers)
    record["width"] = width = int(layers[:, 0].max(initial=0))
    record["rooms"] = address(np.zeros(4 * width + 1, np.float32))
    record["scratch"] = address(np.zeros(ROOM // 8))
    return [record, *kept]
