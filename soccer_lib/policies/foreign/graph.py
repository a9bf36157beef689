"""An ONNX graph in a process of its own, so that a loop or an output without end stops there."""

from __future__ import annotations

import contextlib
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, one_line
from soccer_lib.runs.children import settings_of_children

SECONDS = 10.0
"""Longest time that one action may take; opening the graph may take `OPENING`."""

OPENING = 60.0

MEMORY = 4 * 2**30
"""Address space of the process [bytes]."""

_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}


class Graph:
    """The graph of one file; of several outputs the first acts."""

    def __init__(self, path: Path) -> None:
        """Open it and look at its input and output.

        Raises:
            InputError: it is not a graph from one array to one array, or opening it takes too long.
            ImportError: onnxruntime is not installed.
        """
        import onnxruntime  # noqa: F401  only to say here that it is missing

        self.path = path
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        with settings_of_children():
            self._process = context.Process(target=_serve, args=(theirs, str(path)), daemon=True)
            self._process.start()
        theirs.close()
        inputs, output = self._answer(OPENING)
        if len(inputs) != 1 or inputs[0][1] not in _TYPES or not output.startswith("tensor"):
            shown = ", ".join(f"{name} {kind} {shape}" for name, kind, shape in inputs)
            raise InputError(
                f"{path} takes {shown} and gives {output}; expected one array of floating-point numbers and "
                "an array out; export the actor alone, without states or dictionaries"
            )
        ((self._name, kind, shape),) = inputs
        self._type = _TYPES[kind]
        # A batch that was fixed at the export is filled with copies of the row.
        self._batch = shape[0] if shape and isinstance(shape[0], int) and len(shape) > 1 else 1

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """First output for one observation. Shapes: (inputs,) to (outputs,), float32.

        Raises:
            InputError: the graph does not take it, or it took too long or too much memory.
        """
        batch = np.repeat(row[None].astype(self._type), self._batch, axis=0)
        with contextlib.suppress(OSError):  # a process that has ended is found below
            self._connection.send({self._name: batch})
        return np.asarray(self._answer(SECONDS)[0], dtype=np.float32)

    def _answer(self, seconds: float) -> Any:
        """What the process says within some seconds."""
        try:
            if self._connection.poll(seconds):
                answer = self._connection.recv()
                if isinstance(answer, str):
                    raise InputError(
                        f"{self.path} cannot be run: {answer}; expected an ONNX actor; export it again"
                    )
                return answer
            self._process.kill()
            reason = f"took more than {seconds:g} s"
        except (EOFError, OSError):
            reason = f"ended its process, which may take {MEMORY // 2**30} GiB"
        raise InputError(
            f"{self.path} {reason}; expected an actor's graph, without loops or huge outputs; export the "
            "actor alone"
        )

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


def _serve(connection: Connection, path: str) -> None:
    """The life of the process: describe the graph, then answer inputs until the other end is closed."""
    import onnxruntime

    with contextlib.suppress(ImportError, ValueError, OSError):  # where a system has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    try:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        inputs = [(end.name, end.type, end.shape) for end in session.get_inputs()]
        connection.send((inputs, session.get_outputs()[0].type))
        first = [session.get_outputs()[0].name]
    except BaseException as error:  # the runtime has its own kinds
        connection.send(one_line(error, 160))
        return
    with contextlib.suppress(EOFError, OSError):
        while True:
            fed = connection.recv()
            try:
                connection.send(session.run(first, fed)[0])
            except Exception as error:
                connection.send(one_line(error, 160) or type(error).__name__)
