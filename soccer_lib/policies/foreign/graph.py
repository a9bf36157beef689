"""An ONNX graph in its runtime, within limits of time and memory."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

import numpy as np

from soccer_lib.errors import InputError

SECONDS = 10.0
"""Longest time that one action may take."""

MEMORY = 2**31
"""Most memory that all graphs of a process may take for what they compute [bytes]."""

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}


class Graph:
    """The graph of one file; of several outputs the first acts."""

    def __init__(self, path: Path) -> None:
        """Open it and look at its ends.

        Raises:
            InputError: it is not a graph from one array of numbers to another.
        """
        import onnxruntime

        _limit_memory()
        self.path = path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        options.add_session_config_entry("session.use_env_allocators", "1")  # those that are limited
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self._options = onnxruntime.RunOptions
        inputs = self._session.get_inputs()
        self._output = self._session.get_outputs()[0]
        if len(inputs) != 1 or inputs[0].type not in _TYPES or not self._output.type.startswith("tensor"):
            shown = ", ".join(f"{end.name} {end.type} {end.shape}" for end in inputs)
            raise InputError(
                f"{path} takes {shown} and gives {self._output.type}; expected an array of floating-point "
                "numbers in and one out; export the actor alone, without states or dictionaries"
            )
        (self._input,) = inputs
        # A batch that was fixed at the export is filled with copies of the row.
        first = (self._input.shape or [1])[0]
        self._batch = first if isinstance(first, int) else 1

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """First output for one observation. Shapes: (inputs,) to (outputs,), float32."""
        batch = np.repeat(row[None].astype(_TYPES[self._input.type]), self._batch, axis=0)
        options = self._options()
        watch = threading.Timer(SECONDS, setattr, (options, "terminate", True))
        watch.daemon = True
        watch.start()
        try:
            return self._session.run([self._output.name], {self._input.name: batch}, options)[0][0].astype(
                "f4"
            )
        finally:
            watch.cancel()

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """Its matrices as (out, in) and its vectors, named after their nodes."""
        import onnx

        graph = onnx.load(str(self.path)).graph
        stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in graph.initializer}
        found: dict[str, np.ndarray] = {}
        for index, node in enumerate(graph.node):
            straight = any(flag.name == "transB" and flag.i for flag in node.attribute)
            if node.op_type == "Add":
                index -= 1  # the bias of the MatMul before it
            for array in (stored[name] for name in node.input if name in stored):
                name = f"{index}.{'bias' if f'{index}.weight' in found else 'weight'}"
                found[name] = array.T if array.ndim == 2 and not straight else array
        return found


@cache
def _limit_memory() -> None:
    """Register, once in a process, the allocator that refuses what goes beyond `MEMORY`."""
    import onnxruntime as ort

    kind = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(kind, ort.OrtArenaCfg(MEMORY, -1, -1, -1))
