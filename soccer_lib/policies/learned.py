"""A learned agent and its file: weights in safetensors, and beside them a JSON that says what they are."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from soccer_lib.control.network import Network
from soccer_lib.control.weights import OWN_FILE, check_sha256
from soccer_lib.errors import InputError, one_line, unknown_name
from soccer_lib.layout import AGENT, FULL, RAW, ROBOT
from soccer_lib.policies.policy import Policy, PolicySpec
from soccer_lib.ranges import Range
from soccer_lib.runs.files import atomic_write_bytes, atomic_write_json, load_json, sha256_of

KIND = "soccer_lib policy"
FOLDER_FILES = ("best_model_competition", "final_model")
"""What of a run folder is loaded, in the order of preference."""

_REMEDY = "restore the file or train again"

ACTIONS = {"torque": 12, "joint": 12, "command": 3}
"""Numbers in an action of each control interface."""

WIDTHS = {
    "raw": sorted({layout.size for layout in RAW.values()}),
    "full": [FULL.size],
    "robot": [ROBOT.size],
    "agent": [AGENT.size],
}
"""Numbers in each observation; those of the stock one depend on the task."""


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
            InputError: it takes or gives another number of values than its observation and control have.
        """
        for what, name, widths, width in (
            ("observation", spec.observation, WIDTHS, network.inputs),
            ("control", spec.control, {name: [size] for name, size in ACTIONS.items()}, network.outputs),
        ):
            if name not in widths:
                raise unknown_name(f"{what} of {spec.name}", name, widths)
            if width not in widths[name]:
                raise InputError(
                    f"{spec.name} has {width} {'outputs' if what == 'control' else 'inputs'}; expected "
                    f"{' or '.join(map(str, widths[name]))} for {what} {name!r}; name the {what} that it was "
                    "made for"
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
            tasks = [name for name, layout in RAW.items() if layout.size == self.network.inputs]
            remedy = f"play {' or '.join(tasks)}" if tasks else "make the environment from policy.spec"
            raise InputError(
                f"{self.spec.name} got an observation of shape {observation.shape}; expected "
                f"({self.network.inputs},), {self.spec.observation!r}; {remedy}"
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


def policy_files(path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """The two files of a policy: weights, and the JSON beside them.

    Raises:
        InputError: another ending than .safetensors.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise InputError(f"{path} is no name for a policy; expected one ending in .safetensors; rename it")
    return path, path.with_suffix(".json")


def write_policy(path: str | os.PathLike[str], policy: LearnedPolicy) -> Path:
    """Write a policy: `path` (safetensors), and the JSON beside it that makes it complete.

    A kill at any moment leaves the old policy or the new one.

    Raises:
        InputError: its network runs in a foreign runtime and has no layers.
    """
    from safetensors.numpy import save

    path, record_path = policy_files(path)
    network = policy.network
    if not isinstance(network, Network):
        raise InputError(
            f"{policy.spec.name} runs in a runtime of its own; expected a network of layers; keep its file"
        )
    tensors = {f"unsquashed.{name}": array for name, array in policy.unsquashed.items()}
    for index, (_, arrays) in enumerate(network.layers):
        tensors |= {f"{index}.{name}": array for name, array in arrays.items()}
    weights = save(tensors)
    spec = dataclasses.asdict(policy.spec)
    del spec["name"]  # the file's name says it
    record = {
        "kind": KIND,
        "sha256": hashlib.sha256(weights).hexdigest(),
        "spec": spec,
        "layers": [kind for kind, _ in network.layers],
        "record": policy.record,
    }
    # The JSON comes first and tells of the old weights too, until they are replaced.
    with contextlib.suppress(InputError):
        atomic_write_json(record_path, record | {"previous": _record(path)})
    atomic_write_bytes(path, weights)
    atomic_write_json(record_path, record)
    return path


def read_policy(path: Path) -> LearnedPolicy:
    """Read a policy that `write_policy` wrote.

    Raises:
        InputError: missing, cut short or changed, or not a policy.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    content = _record(path)
    try:
        tensors = load(path.read_bytes())
        layers = [(kind, _named(f"{index}.", tensors)) for index, kind in enumerate(content["layers"])]
        spec = PolicySpec(name_of(path), **content["spec"])
        unsquashed = _named("unsquashed.", tensors)
        for name, array in unsquashed.items():
            Range().array(f"unsquashed.{name}", array, _REMEDY)
        return LearnedPolicy(Network(layers), spec, unsquashed, content["record"])
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"cannot read {path}: {one_line(error)}; expected a whole policy; {_REMEDY}"
        ) from error


def _record(path: Path) -> dict[str, Any]:
    """What the JSON beside some weights tells of them.

    Raises:
        InputError: missing, no record of a policy, or of other weights.
    """
    record_path = path.with_suffix(".json")
    content = load_json(record_path)
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise InputError(f"{record_path} is not a record of a policy; expected kind {KIND!r}; {_REMEDY}")
    actual = sha256_of(path) if path.is_file() else ""
    for record in (content, content.get("previous")):
        if isinstance(record, dict) and actual == record.get("sha256"):
            return record
    found = f"has sha256 {actual[:12]}..." if actual else "is missing"
    raise InputError(f"{path} {found}; expected the file that {record_path.name} describes; {_REMEDY}")


def name_of(path: Path) -> str:
    """How tables call a policy of this file: by its run folder, or by its own name."""
    return path.parent.name if path.stem in FOLDER_FILES else path.stem


def _named(prefix: str, tensors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}
