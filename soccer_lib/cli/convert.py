"""The command `convert`: foreign weights as a policy file of our own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from soccer_lib.errors import InputError
from soccer_lib.policies.foreign.read import read_foreign
from soccer_lib.policies.learned import write_policy


@dataclasses.dataclass(frozen=True)
class ConvertConfig:
    """Turn foreign weights into a policy file that `evaluate --policy` and `train --bc-weights` take."""

    source: Annotated[str, tyro.conf.arg(name="in"), tyro.conf.Positional]
    """TorchScript, ONNX, torch state dict, SB3 zip, or a Flax tree as npz or msgpack [path]"""
    out: tyro.conf.Positional[str]
    """file to write, ending in .safetensors; a JSON of the same name goes beside it [path]"""
    observation: str = ""
    """what it was trained on where widths leave it open: raw, raw+imu, full, robot, agent"""
    control: str = ""
    """what it gives where widths leave it open: torque, joint, command"""
    hold: int = 0
    """for commands: physics steps that one lasts [2 ms each]; 0 for 50"""
    walker: str = ""
    """for commands: own, hub or a walker file"""
    activation: str = ""
    """where the file does not say it: relu, tanh, elu"""
    norm: str = ""
    """where it has LayerNorms: after or before the activation"""
    output: str = ""
    """what bounds the output where the file does not say it: clip, tanh"""


def main(config: ConvertConfig) -> None:
    """Convert and print what was understood.

    Raises:
        InputError: the file does not fit or leaves something open.
    """
    told = {name: value for name, value in dataclasses.asdict(config).items() if value}
    source = Path(told.pop("source"))
    if not source.is_file():
        raise InputError(f"{source} not found; expected a file of weights; check the path")
    policy = read_foreign(source, told, as_layers=True)
    path = write_policy(told.pop("out"), policy)
    spec = policy.spec
    layers = " ".join(
        f"{kind} {arrays['weight'].shape[0]}" if kind == "linear" else kind
        for kind, arrays in policy.network.layers
    )
    print(f"{path}: {spec.observation} {policy.network.inputs} -> {layers} -> {spec.control}")
