"""A learned agent and its file: weights in safetensors, and beside them a JSON that says what they are."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from soccer_lib.control.network import Network
from soccer_lib.control.weights import OWN_FILE, check_sha256
from soccer_lib.errors import InputError, one_line
from soccer_lib.policies.policy import Policy, PolicySpec
from soccer_lib.runs.files import atomic_write_bytes, atomic_write_json, load_json, sha256_of

KIND = "soccer_lib policy"
FOLDER_FILES = ("best_model_competition", "final_model")
"""What of a run folder is loaded, in the order of preference."""

ACTIONS = {"torque": 12, "joint": 12, "command": 3}
"""Numbers in an action of each control interface."""


class ActorNetwork(Protocol):
    """What turns one observation into one action: a `Network`, or a file that runs in its own runtime."""

    inputs: int
    outputs: int

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """The action, float32, Shape: (outputs,)."""


class LearnedPolicy(Policy):
    """Acts with a network, within [-1, 1].

    Attributes:
        network: what turns an observation into an action.
        unsquashed: weight and bias of a last layer for actors without a tanh at their end (PPO's);
            empty where there is none.
        record: what made it, as plain values.
    """

    def __init__(
        self,
        network: ActorNetwork,
        spec: PolicySpec,
        unsquashed: Mapping[str, np.ndarray] | None = None,
        record: Mapping[str, Any] | None = None,
    ) -> None:
        """Put a network behind `predict`.

        Raises:
            InputError: it gives another number of outputs than the control interface takes.
        """
        expected = ACTIONS[spec.control]
        if network.outputs != expected:
            raise InputError(
                f"{spec.name} gives {network.outputs} outputs; expected {expected} for control "
                f"{spec.control!r}; name the control that it was made for"
            )
        self.network = network
        self.spec = spec
        self.unsquashed = dict(unsquashed or {})
        self.record = dict(record or {})

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Run the network on one observation.

        Raises:
            InputError: an observation of another width, or a draw was asked for.
        """
        if observation.shape != (self.network.inputs,):
            raise InputError(
                f"{self.spec.name} got an observation of shape {observation.shape}; expected "
                f"({self.network.inputs},), {self.spec.observation!r}; make the environment from policy.spec"
            )
        if not deterministic:
            raise InputError(f"{self.spec.name} has no spread to draw from; expected deterministic=True")
        action = self.network(np.asarray(observation, dtype=np.float32))
        return np.minimum(np.maximum(action, np.float32(-1)), np.float32(1)), state


def check_walker(spec: PolicySpec) -> None:
    """Refuse a policy that was made for another walker than the one of that name today.

    Raises:
        InputError: naming both.
    """
    if spec.walker_sha256 and (present := walker_sha256(spec.walker)) != spec.walker_sha256:
        now = f"it is {present[:12]}..." if present else "there is none to compare"
        raise InputError(
            f"{spec.name} learned with walker {spec.walker!r} of sha256 {spec.walker_sha256[:12]}..., now "
            f"{now}; expected the same; train again, or name a walker to load_policy"
        )


def walker_sha256(walker: str | None) -> str | None:
    """Hash of a walker's weights; None for what has none at hand, such as the hub's."""
    if walker is None or walker == "hub":
        return None
    return check_sha256(OWN_FILE if walker == "own" else Path(walker), required=walker == "own")


def write_policy(path: str | os.PathLike[str], policy: LearnedPolicy) -> Path:
    """Write a policy: `path` (safetensors), and the JSON beside it that makes it complete.

    Raises:
        InputError: its network runs in a foreign runtime and has no layers.
    """
    from safetensors.numpy import save

    path = Path(path)
    if path.suffix != ".safetensors":
        raise InputError(f"{path} is no name for a policy; expected one ending in .safetensors; rename it")
    network = policy.network
    if not isinstance(network, Network):
        raise InputError(
            f"{policy.spec.name} runs in a runtime of its own; expected a network of layers; keep its file"
        )
    tensors = {f"unsquashed.{name}": array for name, array in policy.unsquashed.items()}
    for index, (_, arrays) in enumerate(network.layers):
        tensors |= {f"{index}.{name}": array for name, array in arrays.items()}
    atomic_write_bytes(path, save(tensors))
    spec = dataclasses.asdict(policy.spec)
    del spec["name"]  # the file's name says it
    record = {
        "kind": KIND,
        "sha256": sha256_of(path),
        "spec": spec,
        "layers": [kind for kind, _ in network.layers],
        "record": policy.record,
    }
    atomic_write_json(path.with_suffix(".json"), record)
    return path


def read_policy(path: Path) -> LearnedPolicy:
    """Read a policy that `write_policy` wrote.

    Raises:
        InputError: missing, cut short or changed, or not a policy.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    remedy = "restore the file or train again"
    record_path = path.with_suffix(".json")
    content = load_json(record_path)
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise InputError(f"{record_path} is no record of a policy; expected kind {KIND!r}; {remedy}")
    if not path.is_file() or (actual := sha256_of(path)) != content.get("sha256"):
        found = f"has sha256 {actual[:12]}..." if path.is_file() else "is missing"
        raise InputError(f"{path} {found}; expected the file that {record_path.name} describes; {remedy}")
    try:
        tensors = load(path.read_bytes())
        layers = [(kind, _named(f"{index}.", tensors)) for index, kind in enumerate(content["layers"])]
        spec = PolicySpec(name_of(path), **content["spec"])
        return LearnedPolicy(Network(layers), spec, _named("unsquashed.", tensors), content["record"])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"cannot read {path}: {one_line(error)}; expected a whole policy; {remedy}"
        ) from error


def name_of(path: Path) -> str:
    """How tables call a policy of this file: by its run folder, or by its own name."""
    return path.parent.name if path.stem in FOLDER_FILES else path.stem


def _named(prefix: str, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}
