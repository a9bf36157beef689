"""The actor that a run starts with: a clone's, one that was trained before, or a new one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.learn.imitation.actor import INPUT_LIMIT, KICK_GAIN, Actor
from soccer_lib.policies import LearnedPolicy


def new_actor(
    scales: np.ndarray,
    net_arch: Sequence[int],
    patterns: np.ndarray,
    hide: Sequence[int],
    kick_share: float,
) -> Actor:
    """An actor from nothing: it walks near no command, and asks for each kick equally rarely.

    Args:
        scales: what each input is divided by. Shape: (inputs,).
        net_arch: hidden widths; the kicks are counted in the last one.
        patterns: signs of the kicks. Shape: (n_kicks, n_actions).
        hide: entries of the input that it shall not see.
        kick_share: probability of all kicks together, in (0, 1).
    """
    # Two rows of these scales have them as their spread, and 0 as their mean.
    actor = Actor(np.stack([-scales, scales]), net_arch, patterns, hide)
    with torch.no_grad():
        for layer in (*actor.trunk, actor.last):
            torch.nn.init.orthogonal_(layer.weight, 2**0.5)
            layer.bias.zero_()
        for head in (actor.out, actor.kick):
            head.weight.normal_(0.0, 0.01 / math.sqrt(head.in_features))
            head.bias.zero_()
        if len(patterns):
            actor.kick.bias.fill_(math.log(kick_share / len(patterns) / (1.0 - kick_share)))
    return actor


def actor_from(policy: LearnedPolicy) -> Actor:
    """The actor of a policy that `bc` or `train` wrote, to go on learning.

    Raises:
        InputError: its layers are not those of such an actor.
    """
    network = policy.network
    kinds = [kind for kind, _ in network.layers] if isinstance(network, Network) else []
    hidden = kinds[1:-2]
    if kinds[:1] != ["normalise"] or hidden != ["linear", "relu"] * (len(hidden) // 2) or len(hidden) < 4:
        raise _not_an_actor(policy, kinds)
    assert isinstance(network, Network)
    arrays = [{name: torch.from_numpy(a) for name, a in layer.items()} for _, layer in network.layers]
    if kinds[-2:] == ["linear", "kick_or_walk"]:
        patterns = arrays[-1]["patterns"]
    elif kinds[-2:] == ["linear", "tanh"]:
        patterns = torch.tensor(policy.record.get("kicks", []), dtype=torch.float32)
        patterns = patterns.reshape(-1, network.outputs)
    else:
        raise _not_an_actor(policy, kinds)
    scale = arrays[0]
    last, out = arrays[-4], arrays[-2]
    halves = 2 if kinds[-1] == "kick_or_walk" else 1
    n_kicks = len(patterns)
    width = len(last["bias"]) - halves * n_kicks
    columns = out["weight"][:, width:]
    if halves == 1 and not torch.equal(columns, KICK_GAIN * patterns.T):
        raise _not_an_actor(policy, kinds)
    if scale["limit"] != INPUT_LIMIT:
        raise _not_an_actor(policy, kinds)
    widths = [len(arrays[i]["bias"]) for i in range(1, len(arrays) - 4, 2)]
    rows = np.zeros((2, network.inputs), np.float32)
    actor = Actor(rows, [*widths, width + n_kicks], patterns.numpy())
    with torch.no_grad():
        actor.mean.copy_(scale["mean"])
        actor.std.copy_(scale["std"])
        for layer, values in zip(actor.trunk, arrays[1:-4:2], strict=True):
            layer.get_parameter("weight").copy_(values["weight"])
            layer.get_parameter("bias").copy_(values["bias"])
        actor.last.weight.copy_(last["weight"][:width])
        actor.last.bias.copy_(last["bias"][:width])
        actor.kick.weight.copy_(last["weight"][width : width + n_kicks])
        actor.kick.bias.copy_(last["bias"][width : width + n_kicks])
        actor.out.weight.copy_(out["weight"][: network.outputs, :width])
        actor.out.bias.copy_(out["bias"][: network.outputs])
    return actor


def _not_an_actor(policy: LearnedPolicy, kinds: list[str]) -> InputError:
    return InputError(
        f"{policy.spec.name} is {' '.join(kinds) or 'a network of another runtime'}; expected the layers of "
        "a policy of bc or train with two hidden layers or more; clone it first: dataset --from, then bc"
    )
