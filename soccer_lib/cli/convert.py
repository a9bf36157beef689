"""The command `convert`: foreign weights as a policy file of our own."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import tyro

from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.policies.foreign.check import compared
from soccer_lib.policies.foreign.interface import hints_beside
from soccer_lib.policies.foreign.normaliser import NONE
from soccer_lib.policies.foreign.read import read_foreign
from soccer_lib.policies.learned import policy_files, walker_sha256, write_policy
from soccer_lib.policies.policy import HOLD
from soccer_lib.runs.outputs import check_outputs


@dataclasses.dataclass(frozen=True)
class ConvertConfig:
    """Turn foreign weights into a policy file that `evaluate --policy` takes."""

    source: Annotated[str, tyro.conf.arg(name="in"), tyro.conf.Positional]
    """TorchScript, ONNX, torch checkpoint, SB3 zip, safetensors, or a Flax tree as npz or msgpack [path]"""
    out: tyro.conf.Positional[str]
    """file to write, ending in .safetensors; a JSON of the same name goes beside it [path]"""
    observation: str = ""
    """observation that it was trained on, if the widths leave it open: raw, raw+imu, full, robot, agent"""
    control: str = ""
    """what its outputs control, if the widths leave it open: torque, joint, command"""
    hold: int = 0
    """for commands: physics steps that one lasts [2 ms each]; 0 stands for 50"""
    walker: str = ""
    """for commands: walker that obeys them: own, hub or a walker file"""
    activation: str = ""
    """activation, if the file does not say: relu, tanh, elu, silu, gelu, leaky_relu, selu"""
    norm: str = ""
    """where LayerNorms stand, if it has any: after or before the activation"""
    output: str = ""
    """what bounds the output, if the file does not say: clip, tanh"""
    only: str = ""
    """what the names of the actor's arrays begin with, if a checkpoint holds more than an actor"""
    normaliser: str = ""
    """normaliser of its training: npz or JSON with mean, var or std, clip, epsilon [path]; none for none"""
    check: bool = False
    """compare with the original on random inputs, if that can be run, and print the difference"""
    trust_code: bool = False
    """let torch run a TorchScript file as it is, with whatever its author put into it"""
    trust_pickle: bool = False
    """read a pickled VecNormalize, named or beside the file, with whatever its author put into it"""

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
    out, record = policy_files(hints.pop("out"))
    check_outputs([out, record])
    beside = source.with_suffix(".json")
    if out.resolve() == source.resolve() or (hints_beside(source) and record.resolve() == beside.resolve()):
        raise InputError(
            f"{out} would replace {source} or the {beside.name} that tells of it; expected another name; "
            "choose one"
        )
    check = hints.pop("check")
    policy = read_foreign(source, hints, as_layers=True)
    network = policy.network
    assert isinstance(network, Network)  # what as_layers gives
    if check:
        # What picks and normalises the observation stands before the file's own layers.
        front = (network.layers[0][0] == "take") + (policy.record["normaliser"] != NONE)
        print(compared(source, policy, front, config.trust_code))
    spec = policy.spec
    if spec.walker not in (None, "own", "hub"):
        # A file that was named here is meant by what is in it.
        spec = policy.spec = dataclasses.replace(spec, walker_sha256=walker_sha256(spec.walker))
    path = write_policy(out, policy)
    layers = " ".join(
        f"{kind} {arrays['weight'].shape[0]}" if kind == "linear" else kind for kind, arrays in network.layers
    )
    print(f"{path}: {spec.observation} {network.inputs} -> {layers} -> {spec.control}")
