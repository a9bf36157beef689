"""TorchScript and ONNX actors as they are, one row at a time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, one_line
from soccer_lib.formats.torchscript import ForbiddenCode, Script
from soccer_lib.policies.foreign.graph import Graph


class Trusted:
    """A TorchScript module that torch loads and runs as it is: whatever its author wrote in it happens."""

    def __init__(self, path: Path) -> None:
        import torch

        self.module = torch.jit.load(str(path), map_location="cpu").eval()
        self.arrays = {name: value.float().numpy() for name, value in self.module.state_dict().items()}

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """First output for one observation. Shapes: (inputs,) to (outputs,), float32."""
        import torch

        with torch.inference_mode():
            out = self.module(torch.from_numpy(row)[None])
        return (out[0] if isinstance(out, tuple | list) else out)[0].float().numpy().copy()


READERS: dict[str, type] = {"torchscript": Script, "onnx": Graph, "trusted": Trusted}
"""Kinds of files that hold their own arithmetic; of several outputs, such as mean and spread, one acts."""


class Runtime:
    """An actor that computes itself; it is opened again where it is sent to another process.

    Attributes:
        path: its file.
        inputs, outputs: widths.
    """

    entries: np.ndarray | None = None

    def __init__(self, path: Path, kind: str, widths: Iterable[int]) -> None:
        """Open the file and find the only input width that it takes.

        Args:
            path: the file.
            kind: one of `READERS`.
            widths: which input widths may be.

        Raises:
            InputError: it takes none of the widths, or more than one, or holds what may not run.
        """
        self.path = path
        self.kind = kind
        self._run = READERS[kind](path)
        found = {}
        refusal = ""
        for width in sorted(widths):
            try:
                found[width] = self(np.zeros(width, np.float32))
            except ForbiddenCode:
                raise
            except Exception as error:  # each runtime has its own kinds
                refusal = one_line(error, 80)
        if len(found) != 1 or next(iter(found.values())).ndim != 1:
            raise InputError(
                f"{path} takes {' and '.join(map(str, found)) or 'no'} inputs ({refusal}); expected one "
                f"width of {sorted(widths)} and a row out; a JSON beside it may name its layout: "
                '{"observation": NAME}'
            )
        ((self.inputs, out),) = found.items()
        self.outputs = out.size
        if not np.array_equal(self(np.zeros(self.inputs, np.float32)), out):
            raise InputError(
                f"{path} answers zeros in two ways, or with NaN; expected one finite action for one input, "
                "without draws or memory; export the actor alone, in evaluation mode"
            )

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """Action for one observation. Shapes: (inputs,) to (outputs,), float32."""
        return self._run(row if self.entries is None else row[self.entries])

    def pick(self, entries: np.ndarray, width: np.ndarray) -> None:
        """From now on take an observation of `width` entries and hand on these."""
        self.entries = entries
        self.inputs = int(width)

    def arrays(self) -> dict[str, np.ndarray]:
        """Its parameters by name."""
        return self._run.arrays

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_run"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._run = READERS[self.kind](self.path)
