"""Small networks, and files of them as trainers write them."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import torch
from torch import nn

from soccer_lib.layout import TORQUE_LIMIT

ROWS = np.random.default_rng(0).normal(0, 2, size=(7, 96)).astype(np.float32)
WIDE = np.random.default_rng(1).normal(0, 2, size=(7, 89)).astype(np.float32)


def stack(*widths: int, activation: type[nn.Module] = nn.ReLU, end: nn.Module | None = None) -> nn.Sequential:
    """Linear layers with an activation between them, and perhaps something behind the last."""
    torch.manual_seed(0)
    parts: list[nn.Module] = []
    for before, after in zip(widths[:-1], widths[1:], strict=True):
        parts += [nn.Linear(before, after), activation()]
    return nn.Sequential(*parts[:-1], *([end] if end else [])).eval()


def answers(module, rows: np.ndarray) -> np.ndarray:
    """What a module makes of rows, within [-1, 1]."""
    with torch.no_grad():
        return np.clip(module(torch.from_numpy(rows)).numpy(), -1, 1)


def under(prefix: str, module: nn.Module) -> dict[str, torch.Tensor]:
    """A state dict whose names begin with a prefix."""
    return {prefix + name: value for name, value in module.state_dict().items()}


class Space(gym.Env):
    """An environment that only has spaces: 89 numbers in; commands, or the stock torques in N m."""

    def __init__(self, high=1.0, actions: int = 3) -> None:
        high = np.broadcast_to(np.asarray(high, np.float32), actions).copy()
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (96,), np.float32)
        self.action_space = gym.spaces.Box(-high, high, dtype=np.float32)


STOCK = Space(TORQUE_LIMIT, 12)


def graph(path, module: nn.Sequential, kind=None, batch="n", extra=(), last=None, ending=()) -> None:
    """An ONNX file of linear layers with ReLU between them."""
    import onnx
    from onnx import helper as h

    kind = kind or onnx.TensorProto.FLOAT
    number = onnx.helper.tensor_dtype_to_np_dtype(kind)
    nodes, stored, name = [], [], "obs"
    linear = [layer for layer in module if isinstance(layer, nn.Linear)]
    for i, layer in enumerate(linear):
        for part in ("weight", "bias"):
            array = getattr(layer, part).detach().numpy().astype(number)
            stored.append(onnx.numpy_helper.from_array(array, f"{part}{i}"))
        nodes.append(h.make_node("Gemm", [name, f"weight{i}", f"bias{i}"], [f"h{i}"], transB=1))
        name = f"h{i}"
        if i + 1 < len(linear):
            nodes.append(h.make_node("Relu", [name], [f"r{i}"]))
            name = f"r{i}"
    inputs = [h.make_tensor_value_info("obs", kind, [batch, linear[0].in_features]), *extra]
    output = last or h.make_tensor_value_info(name, kind, [batch, linear[-1].out_features])
    made = h.make_graph([*nodes, *ending], "actor", inputs, [output], stored)
    opsets = [h.make_opsetid("", 17), h.make_opsetid("ai.onnx.ml", 3)]
    onnx.save(h.make_model(made, opset_imports=opsets, ir_version=8), path)
