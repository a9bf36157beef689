"""`model.pt` and `model.onnx`: the identity on twelve torques, or the network of a plain agent."""

from __future__ import annotations

import importlib.util
import io
import re
import warnings
import zipfile
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.export.pilot import TORQUE_UNIT
from soccer_lib.layout import DEFAULT_POSE, KD, KP, TORQUE_LIMIT

_COUNTER = r"[./]___torch_mangle_\d+"
"""How torch tells the classes of one name apart that a process has made."""

Arrays = dict[str, torch.Tensor]


def _layer_norm(x: torch.Tensor, a: Arrays) -> torch.Tensor:
    x = x - x.mean(dim=1, keepdim=True)
    return x / torch.sqrt((x * x).mean(dim=1, keepdim=True) + a["eps"]) * a["scale"] + a["bias"]


LAYERS_OF_TORCH: dict[str, Callable[[torch.Tensor, Arrays], torch.Tensor]] = {
    "take": lambda x, a: x[:, a["entries"]],
    "normalise": lambda x, a: torch.clamp((x - a["mean"]) / a["std"], -a["limit"], a["limit"]),
    "linear": lambda x, a: nn.functional.linear(x, a["weight"], a["bias"]),
    "layer_norm": _layer_norm,
    "relu": lambda x, a: torch.relu(x),
    "elu": lambda x, a: nn.functional.elu(x),
    "silu": lambda x, a: nn.functional.silu(x),
    "gelu": lambda x, a: nn.functional.gelu(x),
    "leaky_relu": lambda x, a: nn.functional.leaky_relu(x, 0.01),
    "selu": lambda x, a: nn.functional.selu(x),
    "tanh": lambda x, a: torch.tanh(x),
    "clip": lambda x, a: torch.clamp(x, -1.0, 1.0),
}
"""The layers of `control.network.LAYERS` that an agent of torques or joint targets can have, on batches."""


class Identity(nn.Module):
    """Hands on what the preprocessor has worked out."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Shapes: (n, 12) to (n, 12)."""
        return rows.clone()


class PlainActor(nn.Module):
    """The network of an agent of torques or of joint targets.

    An agent of torques answers with shares of their limits. One of joint targets gets rows of what it saw
    when it chose them and then the joints' present state; it answers as the PD does, in `TORQUE_UNIT`.
    One class for both, without parts: an archive of several classes differs from one time to the next.
    """

    def __init__(self, network: Network, joint: bool, name: str) -> None:
        """Take the layers over.

        Raises:
            InputError: for layers of another kind.
        """
        super().__init__()
        odd = sorted({kind for kind, _ in network.layers} - LAYERS_OF_TORCH.keys())
        if odd:
            raise InputError(
                f"{name} has layers that cannot be exported: {', '.join(odd)}; expected some of "
                f"{', '.join(LAYERS_OF_TORCH)}; train it with control='command'"
            )
        self.joint = joint
        self.inputs = network.inputs + 24 * joint
        self.layers = [
            (kind, {key: torch.from_numpy(np.array(array)) for key, array in sorted(arrays.items())})
            for kind, arrays in network.layers
        ]

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Shapes: (n, inputs) to (n, 12)."""
        answer = rows[:, :-24] if self.joint else rows
        for kind, arrays in self.layers:
            answer = LAYERS_OF_TORCH[kind](answer, arrays)
        answer = torch.clamp(answer, -1.0, 1.0)
        if not self.joint:
            return answer
        constants = (DEFAULT_POSE, KP, KD, TORQUE_LIMIT, TORQUE_UNIT)
        pose, kp, kd, limit, unit = map(torch.from_numpy, constants)
        torque = (pose + answer - rows[:, -24:-12]) * kp - kd * rows[:, -12:]
        return torch.minimum(torch.maximum(torque, -limit), limit) / unit


def _plain(archive: bytes) -> bytes:
    """A TorchScript archive of one class without this machine's paths, the same whenever it is made."""
    plain = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(plain, "w") as target:
        for name in source.namelist():
            if not name.endswith((".debug_pkl", "serialization_id")):
                entry = zipfile.ZipInfo(re.sub(_COUNTER, "", name))  # dated 1980, not compressed
                target.writestr(entry, re.sub(_COUNTER.encode(), b"", source.read(name)))
    return plain.getvalue()


def model_files(network: Network | None, control: str, name: str) -> dict[str, bytes]:
    """The model of a submission in each format that can be written here.

    Args:
        network: of a plain agent; None for the identity.
        control: its control interface.
        name: of the agent, for errors.

    Returns:
        file name -> content; `model.onnx` where the package onnx is installed.

    Raises:
        InputError: for layers that cannot be exported.
    """
    model: nn.Module = Identity()
    inputs = 12
    if network is not None:
        model = PlainActor(network, control == "joint", name)
        inputs = model.inputs
    example = torch.zeros(2, inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch recommends its exporter of programs, which no client reads
        script = io.BytesIO()
        torch.jit.save(torch.jit.trace(model.eval(), example), script)
        files = {"model.pt": _plain(script.getvalue())}
        if importlib.util.find_spec("onnx"):
            graph = io.BytesIO()
            rows = {"input": {0: "rows"}, "output": {0: "rows"}}
            ends = {"input_names": ["input"], "output_names": ["output"], "dynamic_axes": rows}
            torch.onnx.export(model, (example,), graph, dynamo=False, **ends)
            files["model.onnx"] = graph.getvalue()
    return files
