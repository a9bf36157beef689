"""Trains a critic with d3rlpy and writes what it says of each sample: npz in, safetensors out.

    python critic.py TRANSITIONS.npz JUDGEMENTS.safetensors

It runs in the environment of `make offline` and imports nothing of this library. d3rlpy 2.8.0 would fit
beside the pins of requirements.txt, but brings 13 packages along, among them gym 0.26, which is no longer
maintained and says at each import that it does not know numpy 2.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

import numpy as np
import torch

EVERY = 250
"""Gradient steps between two lines of progress."""

ROWS = 4096
"""Samples that are judged at once."""


def make_algorithm(settings: dict[str, Any]) -> Any:
    """One of d3rlpy's algorithms, with its own learning rates."""
    import d3rlpy

    layers = d3rlpy.models.VectorEncoderFactory(settings["widths"])
    shared: dict[str, Any] = {"actor_encoder_factory": layers, "critic_encoder_factory": layers}
    if settings["algo"] == "iql":
        shared["value_encoder_factory"] = layers
    shared |= {"gamma": settings["gamma"], "batch_size": settings["batch_size"]}
    if settings["algo"] == "iql":
        config: Any = d3rlpy.algos.IQLConfig(
            expectile=settings["expectile"], weight_temp=settings["temperature"], **shared
        )
    elif settings["algo"] == "td3bc":
        config = d3rlpy.algos.TD3PlusBCConfig(alpha=settings["alpha"], **shared)
    else:
        config = d3rlpy.algos.CQLConfig(conservative_weight=settings["alpha"], **shared)
    return config.create(device=settings["device"])


def learn(algorithm: Any, data: dict[str, np.ndarray], settings: dict[str, Any]) -> None:
    """Gradient steps on random batches.

    Batches are made here and not by d3rlpy's buffer: its discount is gamma to the power of `intervals`,
    which its buffer counts in whole steps, and ours are held for a part or many of one.
    """
    from d3rlpy.dataset import TransitionMiniBatch

    algorithm.create_impl(data["observations"].shape[1:], data["actions"].shape[1])
    rng = np.random.default_rng(settings["seed"])
    names = (
        "observations",
        "actions",
        "rewards",
        "next_observations",
        "terminals",
        "intervals",
    )
    losses: dict[str, float] = {}
    for step in range(1, settings["steps"] + 1):
        rows = rng.integers(len(data["actions"]), size=settings["batch_size"])
        arrays = {name: data[name][rows] for name in names}
        # No algorithm here asks for the next action.
        batch = TransitionMiniBatch(**arrays, next_actions=arrays["actions"], transitions=[])
        losses |= algorithm.update(batch)
        if step % EVERY == 0 or step == settings["steps"]:
            known = {name: round(float(value), 6) for name, value in losses.items()}
            print(json.dumps({"step": step, **known}), flush=True)


@torch.no_grad()
def judge_samples(algorithm: Any, data: dict[str, np.ndarray], algo: str) -> dict[str, np.ndarray]:
    """What actor and critic say of each sample.

    Returns:
        `action`, the actor's, Shape: (n, outputs); values by the lower of two critics: `value_data` of what
        was done, `value_state` of the state (IQL) or of the actor's action, Shape: (n,); `value_kicks` of
        each kick, Shape: (n, n_kicks).
    """
    parts: list[dict[str, np.ndarray]] = []
    kicks = torch.from_numpy(data["kicks"])
    modules = algorithm.impl.modules
    device = next(modules.q_funcs.parameters()).device

    def value(rows: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        return torch.stack([critic(rows, actions).q_value for critic in modules.q_funcs]).amin(0)[:, 0]

    for first in range(0, len(data["actions"]), ROWS):
        rows = torch.from_numpy(data["observations"][first : first + ROWS]).to(device)
        done = torch.from_numpy(data["actions"][first : first + ROWS]).to(device)
        action = algorithm.impl.predict_best_action(rows)
        state = modules.value_func(rows)[:, 0] if algo == "iql" else value(rows, action)
        by_kick = [value(rows, kick.to(device).expand(len(rows), -1)) for kick in kicks]
        found = {"action": action, "value_data": value(rows, done), "value_state": state}
        found["value_kicks"] = torch.stack(by_kick, 1) if by_kick else rows.new_zeros(len(rows), 0)
        parts.append({name: tensor.cpu().numpy().astype(np.float32) for name, tensor in found.items()})
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def main(source: str, target: str) -> None:
    """Read the transitions, learn, judge, write."""
    warnings.simplefilter("ignore")
    with np.load(source, allow_pickle=False) as file:
        data = {name: file[name] for name in file.files}
    settings = json.loads(str(data.pop("settings")))
    torch.manual_seed(settings["seed"])
    torch.set_num_threads(1)
    from safetensors.numpy import save_file

    algorithm = make_algorithm(settings)
    learn(algorithm, data, settings)
    judged = judge_samples(algorithm, data, settings["algo"])
    save_file({name: np.ascontiguousarray(array) for name, array in judged.items()}, target)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
