"""TorchScript and ONNX actors in their own runtimes, one row at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, one_line


class Runtime:
    """An actor in a runtime; it is opened again where it is sent to another process.

    Attributes:
        path: its file.
        inputs, outputs: widths.
    """

    entries: np.ndarray | None = None

    def __init__(self, path: Path, widths: Iterable[int]) -> None:
        """Open the file and find the only input width that it takes.

        Raises:
            InputError: it takes none of the widths, or more than one.
        """
        self.path, self._run = path, self._opened(path)
        found, refusal = {}, ""
        for width in sorted(widths):
            try:
                found[width] = self(np.zeros(width, np.float32)).shape
            except Exception as error:  # each runtime has its own kinds
                refusal = one_line(error, 80)
        if len(found) != 1:
            raise InputError(
                f"{path} takes {' and '.join(map(str, found)) or 'no'} inputs {refusal}; expected one width "
                f'of {sorted(widths)}; a JSON beside it may name its layout: {{"observation": NAME}}'
            )
        ((self.inputs, (self.outputs, *_)),) = found.items()

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """Action for one observation. Shapes: (inputs,) to (outputs,), float32."""
        return self._act(row if self.entries is None else row[self.entries])

    def pick(self, entries: np.ndarray, width: np.ndarray) -> None:
        """From now on take an observation of `width` entries and hand on these."""
        self.entries, self.inputs = entries, int(width)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_run"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _run=self._opened(state["path"]))


class TorchScript(Runtime):
    """A scripted or traced torch module; of several outputs, such as mean and spread, the first acts."""

    def _opened(self, path: Path) -> Any:
        import torch

        return torch.jit.load(str(path), map_location="cpu").eval()

    def _act(self, row: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode():
            out = self._run(torch.from_numpy(row)[None])
        return (out[0] if isinstance(out, tuple | list) else out)[0].float().numpy().copy()

    def arrays(self) -> dict[str, np.ndarray]:
        """Its parameters by name."""
        return {name: value.float().numpy() for name, value in self._run.state_dict().items()}


class Onnx(Runtime):
    """An ONNX graph whose first output acts."""

    def _opened(self, path: Path) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 4
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def _act(self, row: np.ndarray) -> np.ndarray:
        return self._run.run(None, {self._run.get_inputs()[0].name: row[None]})[0][0]

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
