"""`model.pt` and `model.onnx`: the identity on twelve torques, or the network of a plain agent."""

from __future__ import annotations

import importlib.util
import io
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
    """The network of an agent of torques: what it sees in, shares of the torque limits out."""

    def __init__(self, network: Network, name: str) -> None:
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
        self.inputs = network.inputs
        self.layers = [
            (kind, {key: torch.from_numpy(np.array(array)) for key, array in arrays.items()})
            for kind, arrays in network.layers
        ]

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Shapes: (n, inputs) to (n, 12)."""
        for kind, arrays in self.layers:
            rows = LAYERS_OF_TORCH[kind](rows, arrays)
        return torch.clamp(rows, -1.0, 1.0)


class JointActor(nn.Module):
    """The network of an agent of joint targets and the PD that follows them, in units of `TORQUE_UNIT`.

    Its rows are what the agent saw when it chose its targets, and then the joints' present state.
    """

    def __init__(self, actor: PlainActor) -> None:
        super().__init__()
        self.actor = actor
        self.inputs = actor.inputs + 24
        constants = (DEFAULT_POSE, KP, KD, TORQUE_LIMIT, TORQUE_UNIT)
        self.pose, self.kp, self.kd, self.limit, self.unit = map(torch.from_numpy, constants)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Shapes: (n, inputs + 24) to (n, 12)."""
        target = self.pose + self.actor(rows[:, :-24])
        torque = (target - rows[:, -24:-12]) * self.kp - self.kd * rows[:, -12:]
        return torch.minimum(torch.maximum(torque, -self.limit), self.limit) / self.unit


def _without_traces(archive: bytes) -> bytes:
    """A TorchScript archive without the paths of this machine, the same whenever it is made."""
    plain = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(plain, "w") as target:
        for name in source.namelist():
            if not name.endswith((".debug_pkl", "serialization_id")):
                target.writestr(zipfile.ZipInfo(name), source.read(name))  # dated 1980, not compressed
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
        actor = PlainActor(network, name)
        model = JointActor(actor) if control == "joint" else actor
        inputs = model.inputs
    example = torch.zeros(2, inputs)
    script = io.BytesIO()
    torch.jit.save(torch.jit.trace(model.eval(), example), script)
    files = {"model.pt": _without_traces(script.getvalue())}
    if importlib.util.find_spec("onnx"):
        graph = io.BytesIO()
        rows = {"input": {0: "rows"}, "output": {0: "rows"}}
        ends = {"input_names": ["input"], "output_names": ["output"], "dynamic_axes": rows}
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # torch recommends its exporter for programs, which wants more packages
            torch.onnx.export(model, (example,), graph, dynamo=False, **ends)
        files["model.onnx"] = graph.getvalue()
    return files
