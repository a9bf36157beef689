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
from soccer_lib.errors import InputError, SoccerError
from soccer_lib.formats.arrays import Arrays, actor_of, kind_of, prefixes, read_arrays
from soccer_lib.policies.foreign.interface import (
    CHOICES,
    LAYOUTS,
    check_hints,
    convert_command,
    hints_beside,
    spec_of,
)
from soccer_lib.policies.foreign.normaliser import (
    NONE,
    normalisers_beside,
    read_normaliser,
    stored_normaliser,
)
from soccer_lib.policies.foreign.runtimes import READERS, Runtime
from soccer_lib.policies.foreign.sb3 import read_sb3, units_of
from soccer_lib.policies.learned import LearnedPolicy
from soccer_lib.runs.files import unreadable

EPSILONS = (1e-6, 1e-5)
"""Of a LayerNorm: Flax's default, told by its array `scale`, and torch's."""

FAMILIES = {
    r"(actor\.)?(mu|latent_pi)\.": {"activation": "relu", "output": "tanh"},  # SB3's TD3 and SAC
    r"(mlp_extractor\.policy_net|action_net)\.": {"activation": "tanh", "output": "clip"},  # SB3's PPO
    r"(actor\.)?actor_mean\.": {"activation": "tanh", "output": "clip"},  # CleanRL's PPO
    # The competition's imitation policies.
    r"(.*[./])?(actor_net|mean_net)[./]": {"activation": "relu", "norm": "after", "output": "clip"},
}
"""How all arrays of a well-known actor are named -> what is known of it."""

_NAME = re.compile(r"(?:(.*?)[._/])?(weight|kernel|bias|scale)$")
_MOMENTS = re.compile(r"(^|[._/])(mean|var|variance|scale)$")
_SCALE = re.compile(
    r"(.*\.)?action_(scale|bias)$"
)  # CleanRL's TD3, DDPG and SAC: half the Box, and its middle


def read_foreign(path: Path, told: Mapping[str, Any] | None = None, as_layers: bool = False) -> LearnedPolicy:
    """Read a foreign policy: TorchScript, ONNX, a torch checkpoint, an SB3 zip, safetensors, or a Flax tree.

    Args:
        path: the file; a JSON beside it may tell what `told` does.
        told: `observation` of `LAYOUTS`, `control`, `hold`, `walker` and the `CHOICES`, where known;
            `only`, the beginning of the actor's names; `normaliser`, a file of numbers; `trust_code`, to let
            torch run a TorchScript file as it is (never what its JSON names); `trust_pickle`, to read a
            pickled normaliser, the named one or that beside it.
        as_layers: turn TorchScript and ONNX into layers of our own, checked against their runtime.

    Raises:
        InputError: it cannot be read, does not fit, or leaves open what has to be told.
    """
    told = {name: value for name, value in (told or {}).items() if value}
    trusted = told.pop("trust_code", False)
    trust_pickle = told.pop("trust_pickle", False)
    known: dict[str, Any] = {}
    try:
        for name, trust in (("trust_code", trusted), ("trust_pickle", trust_pickle)):
            if trust not in (False, True):
                raise InputError(f"{name} got {trust!r}; expected True or False; drop it")
        check_hints("load_policy", told)
        told = {**hints_beside(path), **told}
        kind = kind_of_policy(path, trusted)
        if kind in READERS:
            widths = LAYOUTS.get(told.get("observation"), set().union(*LAYOUTS.values()))
            network = Runtime(path, kind, widths)
            network = unrolled(network, told) if as_layers else network
        else:
            arrays, known = read_sb3(path) if kind == "sb3" else read_arrays(path, kind)
            network, told = foreign_network(path, arrays, told, known)
    except SoccerError:
        raise
    except ImportError as error:
        raise InputError(
            f"{path} needs package {error.name}; expected it installed; pip install {error.name}"
        ) from None
    except Exception as error:  # a damaged file can raise nearly anything
        raise unreadable(
            path,
            error,
            "weights without pickled code (state dict, SB3 zip, TorchScript, ONNX, npz or msgpack)",
        ) from error
    normaliser = told.get("normaliser") or _normaliser_beside(path, trust_pickle, "normalised" in known)
    if normaliser != NONE:
        network = _normalised(path, network, normaliser, trust_pickle)
    spec, entries = spec_of(path, network.inputs, network.outputs, told)
    if entries and isinstance(network, Runtime):
        network.pick(**entries)
    elif entries:
        network = Network([("take", entries), *network.layers])
    return LearnedPolicy(network, spec, record={"source": path.name, "normaliser": Path(normaliser).name})


def kind_of_policy(path: Path, trusted: bool) -> str:
    """As `kind_of`, and "trusted" for a TorchScript file whose code may run."""
    kind = kind_of(path)
    return "trusted" if trusted and kind == "torchscript" else kind


def _normaliser_beside(path: Path, trust_pickle: bool, needed: bool) -> str:
    """The normaliser that lies beside; a pickled one has to be trusted, and none may be missing.

    Raises:
        InputError: the weights were trained behind one that is not here, or there are several.
    """
    beside = normalisers_beside(path)
    if len(beside) == 1 and (trust_pickle or beside[0].suffix == ".npz"):
        print(f"{path}: normalised by {beside[0]}, which lies beside")
        return str(beside[0])
    lies = f"{' and '.join(map(str, beside[:2])) or 'no normaliser'} beside"
    how = f"name them: {convert_command(path)} --normaliser FILE.npz, or {NONE} where only rewards had one"
    how += "; or trust it: --trust-pickle" * (len(beside) == 1)
    if needed or (beside and trust_pickle):
        why = "was trained behind VecNormalize and " if needed else ""
        raise InputError(f"{path} {why}has {lies}; expected its mean and var as numbers; {how}")
    if beside:
        print(f"{path} has {lies}, which is not used; if it was trained with those numbers, {how}")
    return NONE


def _normalised(path: Path, network: Network | Runtime, normaliser: str, trust_pickle: bool) -> Network:
    """The network behind a normaliser.

    Raises:
        InputError: it has one of its own, or runs as it is, or the normaliser is of another layout.
    """
    if isinstance(network, Runtime) or network.layers[0][0] == "normalise":
        raise InputError(
            f"{path} runs as it is or has a normaliser of its own; expected none beside it; convert it to "
            "layers first, or drop the normaliser"
        )
    layer = read_normaliser(Path(normaliser), trust_pickle)
    if (width := layer[1]["mean"].size) != network.inputs:
        raise InputError(
            f"{normaliser} normalises {width} numbers; expected {network.inputs}, the inputs of {path}; "
            "take the one of its training"
        )
    return Network([layer, *network.layers])


def foreign_network(
    path: Path, arrays: Arrays, told: Mapping[str, Any], known: Mapping[str, Any]
) -> tuple[Network, dict[str, Any]]:
    """The network in a file's arrays: its actor, the normaliser before it, the units of its answers.

    Args:
        path: for messages.
        arrays: all of the file.
        told: what was told of it; it wins except over units.
        known: what the file itself says, or what is `usual` with its trainer.

    Returns:
        The network, and `told` with the control that its units name.

    Raises:
        InputError: as `network_of`, or units that contradict what was told.
    """
    normalise, arrays = stored_normaliser(arrays)
    actor = actor_of(path, arrays, told.get("only", ""))
    if "output" not in known:  # an SB3 zip leaves nothing open
        _name_others(path, arrays, actor)
    scale = {match[2]: actor.pop(name) for name in list(actor) if (match := _SCALE.match(name))}
    if scale:
        middle = scale.get("bias", np.zeros(1))
        low, high = (np.ravel(middle + sign * scale["scale"]) for sign in (-1, 1))
        known = {"usual": {"activation": "relu"}, "output": "tanh", **units_of(path, low, high)}
    if "control" in known and told.get("control", known["control"]) != known["control"]:
        raise InputError(
            f"{path} acts in {known['control']} by its action space, not in {told['control']!r}; expected "
            "the same; drop --control"
        )
    try:
        network = network_of(path, actor, {**known, **told})
    except InputError as error:
        starts = prefixes(actor)
        if "only" in told or "," not in starts:
            raise
        raise InputError(f"{error}; or name its actor with --only PREFIX: {starts}") from None
    if normalise:
        network = Network([normalise, *network.layers])
    return network, {**told, **({"control": known["control"]} if "control" in known else {})}


def _name_others(path: Path, arrays: Arrays, actor: Arrays) -> None:
    """Say what of a file is taken for no part of the actor, where it could be one."""
    kept = set(map(id, actor.values()))
    others = {name: array for name, array in arrays.items() if id(array) not in kept}
    layers = [name for name, array in others.items() if array.ndim == 2 and _NAME.match(name)]
    numbers = [name for name, array in others.items() if array.size > 1 and _MOMENTS.search(name)]
    if layers:
        print(f"{path}: layers not used: {prefixes(layers)}; --only PREFIX names others")
    if numbers:
        print(
            f"{path}: not used: {', '.join(numbers)}; an actor that was trained with them answers otherwise: "
            "save them for --normaliser, or use a file that runs: TorchScript or ONNX"
        )


def unrolled(runtime: Runtime, told: Mapping[str, Any]) -> Network:
    """The layers of a runtime's actor, checked against its outputs.

    Raises:
        InputError: no stack that its arrays can make gives the same outputs.
    """
    rows = random_rows(runtime.inputs, 24)
    wanted = np.clip([runtime(row) for row in rows], -1, 1)
    arrays = runtime.arrays()
    errors = {}
    for values in itertools.product(*CHOICES.values(), EPSILONS):
        known = dict(zip([*CHOICES, "eps"], values, strict=True))
        network, _ = foreign_network(runtime.path, arrays, {**known, **told}, {})
        errors[float(np.abs(np.clip([network(row) for row in rows], -1, 1) - wanted).max())] = network
    if not min(errors) < 1e-4:
        raise InputError(
            f"{runtime.path} is {min(errors):.2g} away from every plain stack of its arrays; expected the "
            "same outputs; use the file as it is"
        )
    return errors[min(errors)]


def random_rows(width: int, count: int) -> np.ndarray:
    """Inputs at several scales, so that a clip far out is seen too. Shape: (count, width), float32."""
    scales = np.resize((0.3, 2.0, 20.0), count)[:, None]
    return (np.random.default_rng(0).normal(size=(count, width)) * scales).astype(np.float32)


def network_of(path: Path, arrays: Mapping[str, np.ndarray], known: Mapping[str, Any]) -> Network:
    """Stack the arrays of an actor.

    Args:
        path: for messages.
        arrays: name -> array, in the order of the network; a `kernel` is (in, out), a `weight` (out, in).
        known: the `CHOICES`, where known, and what is `usual`; `bound`, a hard clip before the output's;
            `units` of an output that is clipped.

    Raises:
        InputError: names that are no layer's, shapes that do not follow each other, or a choice is open.
    """
    family = next((pattern for pattern in FAMILIES if all(re.match(pattern, name) for name in arrays)), "")
    said = {name: value for name, value in known.items() if name not in CHOICES or value}
    known = {**FAMILIES.get(family, {}), **known.get("usual", {}), **said}
    layers = _layers(path, arrays, known.get("eps"))
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
                f"say which: {convert_command(path)} --{name} {CHOICES[name][0]}"
            )
    if len(linear) > 1 and "activation" not in said:
        print(f"{path}: activation {known['activation']}, as is usual; --activation names another")
    if "output" not in said and "output" in said.get("usual", {}):
        print(f"{path}: output {known['output']}, as is usual; --output names another")
    stack: list[Layer] = []
    for index, layer in enumerate(linear[:-1]):
        between = [(known["activation"], {}), *norms[index : index + 1]]
        stack += [layer, *(between[::-1] if known.get("norm") == "before" else between)]
    try:
        return Network([*stack, *_last(linear[-1], known)])
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _last(linear: Layer, known: Mapping[str, Any]) -> list[Layer]:
    """The last linear layer, and what bounds its output."""
    kind, arrays = linear
    if "units" in known and known["output"] == "clip":
        # A clip in the units of the Box is the clip to [-1, 1] of the shares of its bounds.
        units = known["units"]
        arrays = {"weight": arrays["weight"] / units[:, None], "bias": arrays["bias"] / units}
    width = len(arrays["weight"])
    clip = {"mean": np.zeros(width), "std": np.ones(width), "limit": np.array(known.get("bound", 0))}
    return [(kind, arrays), *([("normalise", clip)] if known.get("bound") else []), (known["output"], {})]


def _layers(path: Path, arrays: Mapping[str, np.ndarray], eps: float | None) -> list[Layer]:
    groups: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        parts = _NAME.match(name)
        if not parts or "features_extractor" in name:
            raise InputError(
                f"{path} has an array {name!r} of shape {array.shape}; expected an actor's linear layers and "
                "LayerNorms and nothing else; save the actor alone"
            )
        groups.setdefault(parts[1] or "", {})[parts[2]] = array
    for name, group in groups.items():
        if next(iter(group.values())).ndim == 1 and len(group) == 1:
            raise InputError(
                f"{path} has {name or 'a vector'} without a bias, as RMSNorm and PReLU have; expected linear "
                "layers and LayerNorms; use a file that runs: TorchScript or ONNX"
            )
    numbers = [int(name.rpartition(".")[2]) for name in groups if name.rpartition(".")[2].isdigit()]
    if max(np.diff(numbers), default=0) > 2:
        print(
            f"{path}: between layers {', '.join(map(str, numbers))} stood more than an activation; a dropout "
            "does nothing here, but anything else is missing: compare with the original"
        )
    return [_layer(group, eps or EPSILONS["scale" not in group]) for group in groups.values()]


def _layer(group: Mapping[str, np.ndarray], eps: float) -> Layer:
    """A linear layer, or the LayerNorm that has a vector for a weight."""
    weight = group["kernel"].T if "kernel" in group else group.get("weight", group.get("scale", np.zeros(0)))
    bias = group.get("bias", np.zeros(len(weight)))
    if weight.ndim == 1:
        return "layer_norm", {"scale": weight, "bias": bias, "eps": np.array(eps)}
    return "linear", {"weight": weight, "bias": bias}
