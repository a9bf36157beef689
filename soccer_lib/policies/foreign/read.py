"""Weights that others trained: their arrays as layers of our own, and the spec that they act with.

What a file does not say (an activation, an ambiguous width) has to be told, by a JSON beside it or by the
flags of `convert`; nothing is guessed and nothing left out in silence.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.control.network import Layer, Network
from soccer_lib.errors import InputError, SoccerError, one_line
from soccer_lib.policies.foreign.arrays import read_arrays
from soccer_lib.policies.foreign.interface import LAYOUTS, spec_of
from soccer_lib.policies.foreign.runtimes import Onnx, Runtime, TorchScript
from soccer_lib.policies.learned import LearnedPolicy
from soccer_lib.runs.files import load_json

CHOICES = {"activation": ("relu", "tanh", "elu"), "norm": ("after", "before"), "output": ("clip", "tanh")}
"""What arrays do not say: the activation, LayerNorm after or before it, and what bounds the output."""

EPSILONS = (1e-6, 1e-5)
"""Of a LayerNorm: Flax's default, told by its array `scale`, and torch's."""

FAMILIES = {
    r"(actor\.)?(mu|latent_pi)\.": {"activation": "relu", "output": "tanh"},  # SB3's TD3 and SAC
    r"(mlp_extractor\.policy_net|action_net)\.": {"activation": "tanh", "output": "clip"},  # SB3's PPO
    # The competition's imitation policies.
    r"(.*[./])?(actor_net|mean_net)[./]": {"activation": "relu", "norm": "after", "output": "clip"},
}
"""How all arrays of a well-known actor are named -> what is known of it."""

_OTHERS = re.compile(
    r"(^|[./])((modules_)?(target_)?(critic|value|vf|qf)\w*|actor_target|log_std\w*|log_alpha|opt_state|step)"
    r"([./]|$)"
)
"""Arrays that are no part of an actor's action."""

_NAME = re.compile(r"(?:(.*?)[._/])?(weight|kernel|bias|scale)$")


def read_foreign(path: Path, told: Mapping[str, Any] | None = None, as_layers: bool = False) -> LearnedPolicy:
    """Read a foreign policy: TorchScript, ONNX, a torch state dict, an SB3 zip, or a Flax tree.

    Args:
        path: the file; a JSON beside it may tell what `told` does.
        told: `observation` of `LAYOUTS`, `control`, `hold`, `walker` and the `CHOICES`, where known.
        as_layers: turn TorchScript and ONNX into layers of our own, checked against their runtime.

    Raises:
        InputError: it cannot be read, does not fit, or leaves open what has to be told.
    """
    beside = path.with_suffix(".json")
    try:
        content = load_json(beside) if beside.is_file() else {}
        told = {**content, **content.get("spec", {}), **(told or {})}
        source, known = read_arrays(path)
        if source in (TorchScript, Onnx):
            network = source(path, LAYOUTS.get(told.get("observation"), set().union(*LAYOUTS.values())))
            network = unrolled(network, told) if as_layers else network
        else:
            network = network_of(path, source, {**known, **told})
    except SoccerError:
        raise
    except ImportError as error:
        raise InputError(
            f"{path} needs package {error.name}; expected it installed; pip install {error.name}"
        ) from None
    except Exception as error:  # a damaged file can raise nearly anything
        raise InputError(
            f"cannot read {path}: {one_line(error, 100)}; expected weights without pickled code (state dict, "
            "SB3 zip, TorchScript, ONNX, npz or msgpack); check the path or make it again"
        ) from error
    spec, entries = spec_of(path, network.inputs, network.outputs, told)
    if entries and isinstance(network, Runtime):
        network.pick(**entries)
    elif entries:
        network = Network([("take", entries), *network.layers])
    return LearnedPolicy(network, spec, record={"source": path.name})


def unrolled(runtime: Runtime, told: Mapping[str, Any]) -> Network:
    """The layers of a runtime's actor, checked against its outputs.

    Raises:
        InputError: no stack that its arrays can make gives the same outputs.
    """
    rows = np.random.default_rng(0).normal(0, 2, (16, runtime.inputs)).astype(np.float32)
    wanted = np.clip([runtime(row) for row in rows], -1, 1)
    arrays, errors = runtime.arrays(), {}
    for values in itertools.product(*CHOICES.values(), EPSILONS):
        known = dict(zip([*CHOICES, "eps"], values, strict=True))
        network = network_of(runtime.path, arrays, {**known, **told})
        errors[float(np.abs(np.clip([network(row) for row in rows], -1, 1) - wanted).max())] = network
    if not min(errors) < 1e-4:
        raise InputError(
            f"{runtime.path} is {min(errors):.2g} away from every plain stack of its arrays; expected the "
            "same outputs; use the file as it is"
        )
    return errors[min(errors)]


def network_of(path: Path, arrays: Mapping[str, np.ndarray], known: Mapping[str, Any]) -> Network:
    """Stack the arrays of an actor.

    Args:
        path: for messages.
        arrays: name -> array, in the order of the network; a `kernel` is (in, out), a `weight` (out, in).
        known: the `CHOICES`, where known.

    Raises:
        InputError: names that are no layer's, shapes that do not follow each other, or a choice is open.
    """
    arrays = {name: array for name, array in arrays.items() if not _OTHERS.search(name)}
    family = next((pattern for pattern in FAMILIES if all(re.match(pattern, name) for name in arrays)), "")
    said = {name: value for name, value in known.items() if value}
    known = {**FAMILIES.get(family, {}), **said}
    groups: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        parts = _NAME.match(name)
        if not parts:
            raise InputError(
                f"{path} has an array {name!r} of shape {array.shape}; expected an actor's linear layers and "
                "LayerNorms and nothing else; save the actor alone"
            )
        groups.setdefault(parts[1] or "", {})[parts[2]] = array
    layers = [_layer(group, known.get("eps", EPSILONS["scale" not in group])) for group in groups.values()]
    linear = [layer for layer in layers if layer[0] == "linear"]
    norms = [layer for layer in layers if layer[0] == "layer_norm"]
    if not linear or len(norms) not in (0, len(linear) - 1):
        raise InputError(
            f"{path} has {len(linear)} linear layers and {len(norms)} LayerNorms; expected a linear layer or "
            "more, and a LayerNorm for each but the last or none; save the actor alone"
        )
    for name in ["output"] + ["activation"] * (len(linear) > 1) + ["norm"] * bool(norms):
        if known.get(name) not in CHOICES[name]:
            raise InputError(
                f"{path} has {name} {known.get(name, 'unknown')!r}; expected {' or '.join(CHOICES[name])}; "
                f"say which: python -m soccer_lib convert {path} OUT.safetensors --{name} {CHOICES[name][0]}"
            )
    if len(linear) > 1 and "activation" not in said:
        print(f"{path}: activation {known['activation']}, as is usual; --activation names another")
    stack: list[Layer] = []
    for index, layer in enumerate(linear[:-1]):
        between = [(known["activation"], {}), *norms[index : index + 1]]
        stack += [layer, *(between[::-1] if known.get("norm") == "before" else between)]
    try:
        return Network([*stack, linear[-1], (known["output"], {})])
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _layer(group: Mapping[str, np.ndarray], eps: float) -> Layer:
    """A linear layer, or the LayerNorm that has a vector for a weight."""
    weight = group["kernel"].T if "kernel" in group else group.get("weight", group.get("scale", np.zeros(0)))
    bias = group.get("bias", np.zeros(len(weight)))
    if weight.ndim == 1:
        return "layer_norm", {"scale": weight, "bias": bias, "eps": np.array(eps)}
    return "linear", {"weight": weight, "bias": bias}
