"""The command `convert`: foreign weights as a policy file of our own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from soccer_lib.control.network import Network
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
    """observation that it was trained on, where the widths leave it open: raw, raw+imu, full, robot, agent"""
    control: str = ""
    """what its outputs control, where the widths leave it open: torque, joint, command"""
    hold: int = 0
    """for commands: physics steps that one lasts [2 ms each]; 0 stands for 50"""
    walker: str = ""
    """for commands: walker that carries them out: own, hub or a walker file"""
    activation: str = ""
    """activation between layers, where the file does not say: relu, tanh, elu"""
    norm: str = ""
    """where LayerNorms stand, if there are any: after or before the activation"""
    output: str = ""
    """what bounds the output, where the file does not say: clip, tanh"""


def main(config: ConvertConfig) -> None:
    """Convert and print what was understood.

    Raises:
        InputError: the file does not fit or leaves something open.
    """
    source = Path(config.source)
    if not source.is_file():
        raise InputError(f"{source} not found; expected a file of weights; check the path")
    answers = dataclasses.asdict(config)
    del answers["source"], answers["out"]
    # What is left empty the file itself, or the JSON beside it, has to say.
    policy = read_foreign(source, {name: value for name, value in answers.items() if value}, as_layers=True)
    path = write_policy(config.out, policy)
    network = policy.network
    assert isinstance(network, Network)  # what as_layers gives
    layers = " ".join(
        f"{kind} {arrays['weight'].shape[0]}" if kind == "linear" else kind for kind, arrays in network.layers
    )
    print(f"{path}: {policy.spec.observation} {network.inputs} -> {layers} -> {policy.spec.control}")
