"""The command `convert`: foreign weights as a policy file of our own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from soccer_lib.errors import InputError
from soccer_lib.policies.foreign.check import compared
from soccer_lib.policies.foreign.read import read_foreign
from soccer_lib.policies.learned import walker_sha256, write_policy
from soccer_lib.policies.policy import HOLD


@dataclasses.dataclass(frozen=True)
class ConvertConfig:
    """Turn foreign weights into a policy file that `evaluate --policy` and `train --bc-weights` take."""

    source: Annotated[str, tyro.conf.arg(name="in"), tyro.conf.Positional]
    """TorchScript, ONNX, torch checkpoint, SB3 zip, safetensors, or a Flax tree as npz or msgpack [path]"""
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
    """where the file does not say it: relu, tanh, elu, silu, gelu, leaky_relu, selu"""
    norm: str = ""
    """where it has LayerNorms: after or before the activation"""
    output: str = ""
    """what bounds the output where the file does not say it: clip, tanh"""
    only: str = ""
    """where a checkpoint holds more than an actor: how the names of the actor's arrays begin"""
    normaliser: str = ""
    """numbers of the normaliser in training: npz or JSON with mean, var or std, clip, epsilon [path]"""
    check: bool = False
    """compare with the original on random inputs, where it can be run, and say the difference"""
    trust_code: bool = False
    """let torch run a TorchScript file as it is: whatever its author wrote in it happens"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        if self.hold:
            HOLD.number("--hold", self.hold, "try 50")


def main(config: ConvertConfig) -> None:
    """Convert and print what was understood.

    Raises:
        InputError: the file does not fit, leaves something open, or the result answers otherwise.
    """
    hints = dataclasses.asdict(config)
    source = Path(hints.pop("source"))
    if not source.is_file():
        raise InputError(f"{source} not found; expected a file of weights; check the path")
    out, check = hints.pop("out"), hints.pop("check")
    policy = read_foreign(source, hints, as_layers=True)
    if check:
        # What picks and normalises the observation stands before the file's own layers.
        front = (policy.network.layers[0][0] == "take") + bool(config.normaliser)
        print(compared(source, policy, front, config.trust_code))
    spec = policy.spec
    if spec.walker not in (None, "own", "hub"):
        # A file that was named here is meant by what is in it.
        spec = policy.spec = dataclasses.replace(spec, walker_sha256=walker_sha256(spec.walker))
    path = write_policy(out, policy)
    layers = " ".join(
        f"{kind} {arrays['weight'].shape[0]}" if kind == "linear" else kind
        for kind, arrays in policy.network.layers
    )
    print(f"{path}: {spec.observation} {policy.network.inputs} -> {layers} -> {spec.control}")
