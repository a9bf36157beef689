"""The state of a training run between two rollouts, and its way into a checkpoint and back.

On the CPU a run that goes on from one ends with the bits of a run that was never stopped.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Protocol, cast

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.running_mean_std import RunningMeanStd

from soccer_lib.control.network import Network
from soccer_lib.errors import SimulationError
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.resumable import EnvironmentState, RandomStates, Resumable
from soccer_lib.learn.shards import ReplayShards
from soccer_lib.learn.tensors import as_arrays, as_tensors
from soccer_lib.policies import LearnedPolicy
from soccer_lib.runs import read_tree, tree_bytes
from soccer_lib.runs.checkpoints import KEPT, Checkpoint, Checkpoints
from soccer_lib.runs.files import sha256_of_arrays, unreadable
from soccer_lib.runs.outputs import check_outputs

MAY_DIFFER = (
    "save_dir",
    "device",
    "workers",
    "resume",
    "total_timesteps",
    "checkpoint_interval",
    "use_wandb",
)
"""Settings that a run may be taken up again with other values of."""

WEIGHTS = "model.safetensors"
OPTIMISERS = "optimisers.npz"
STATE = "state.npz"


class Stateful(Protocol):
    """What goes on from a state, in plain numbers, text and arrays."""

    def get_state(self) -> Any:
        """Everything that decides how it goes on."""

    def set_state(self, state: Any) -> None:
        """Continue from a `get_state`."""


class LoggerState:
    """What was recorded since the last line of metrics."""

    def __init__(self, logger: Logger) -> None:
        self.logger = logger

    def get_state(self) -> dict[str, Any]:
        """Values, how many each is the mean of, and where each is not to be written."""
        logger = self.logger
        return {
            "values": dict(logger.name_to_value),
            "counts": dict(logger.name_to_count),
            "excluded": dict(logger.name_to_excluded),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`."""
        self.logger.name_to_value.update(state["values"])
        self.logger.name_to_count.update(state["counts"])
        self.logger.name_to_excluded.update(state["excluded"])


class TrainingState:
    """Everything that decides how a run goes on.

    Args:
        model: of `MAKERS`.
        parts: what else has a state, by name.

    Attributes:
        store: the run's checkpoints.
        shards: the replay buffer's files; None without one.
    """

    def __init__(self, model: BaseAlgorithm, store: Checkpoints, parts: Mapping[str, Stateful]) -> None:
        self.model = model
        self.store = store
        buffer = getattr(model, "replay_buffer", None)
        self.shards = ReplayShards(buffer, store.run) if buffer is not None else None
        if self.shards is not None:
            parts = {"replay": self.shards, **parts}
        # The shared generators come last: nothing that is restored may draw from them afterwards.
        self.parts: dict[str, Stateful] = {
            "model": cast(Resumable, model),
            "environments": EnvironmentState(model),
            "logger": LoggerState(model.logger),
            **parts,
            "random": RandomStates(),
        }

    def check_room(self, steps: int) -> None:
        """Refuse to begin where the checkpoints of so many env steps would not fit.

        Raises:
            ResourceError: with what they take and what is free, or that the folder cannot be written.
        """
        weights = sum(parameter.nbytes for parameter in self.model.policy.parameters())
        # With both moments of Adam; one more than stay is there while it is written.
        size = (3 * weights + getattr(self.model, "memory_room", 0)) * (KEPT + 1)
        if self.shards is not None:
            size += self.shards.room_left(steps)
        check_outputs([self.store.folder / "checkpoint"], size)

    def capture(self) -> dict[str, Any]:
        """The state as it is now; nothing in it changes as the run goes on.

        Raises:
            SimulationError: a weight is no finite number.
            ResourceError: there is no room for what is new in the replay buffer, which goes to disk here.
        """
        if self.shards is not None:
            self.shards.write()
        self.check_finite()
        parameters = as_arrays(self.model.get_parameters())
        weights = parameters.pop("policy")
        return {
            "step": self.model.num_timesteps,
            "weights": weights,
            "optimisers": parameters,
            "state": {name: copy.deepcopy(part.get_state()) for name, part in self.parts.items()},
        }

    def check_finite(self) -> None:
        """Refuse weights, and statistics of the normaliser, that are no finite numbers.

        Raises:
            SimulationError: naming them.
        """
        values = {f"weights {name}": tensor for name, tensor in self.model.policy.state_dict().items()}
        normaliser = self.model.get_vec_normalize_env()
        if normaliser is not None:
            statistics = cast(RunningMeanStd, normaliser.obs_rms)
            values["the normaliser's variance"] = torch.as_tensor(statistics.var + 0 * statistics.mean)
        for name, tensor in values.items():
            if not torch.isfinite(tensor).all():
                raise SimulationError(
                    f"{name} not finite at step {self.model.num_timesteps:,}; expected finite numbers; the "
                    "checkpoints before are as they were: try --lr at a third in another --save-dir"
                )

    def save(self, captured: Mapping[str, Any]) -> None:
        """Write what `capture` gave as a checkpoint, with `needs`: files outside of it.

        Raises:
            ResourceError: there is no room for it.
        """
        from safetensors.numpy import save

        files = {
            WEIGHTS: save(captured["weights"]),
            OPTIMISERS: tree_bytes(captured["optimisers"]),
            STATE: tree_bytes(captured["state"]),
        }
        needs = dict(captured["needs"])
        if self.shards is not None:
            needs |= self.shards.needs()
        self.store.save(captured["step"], files, needs)
        if self.shards is not None:
            self.shards.tidy(self.store.needed())

    def restore(self, checkpoint: Checkpoint) -> None:
        """Continue from a checkpoint; its hashes were compared when it was found.

        Raises:
            InputError: a file is of another kind, although its hash is in the manifest.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        parameters = read_tree(checkpoint.path / OPTIMISERS)
        weights = checkpoint.path / WEIGHTS
        try:
            parameters["policy"] = load(weights.read_bytes())
        except SafetensorError as error:
            raise unreadable(weights, error, "weights that a run has written") from error
        self.model.set_parameters(as_tensors(parameters), device=self.model.device)
        state = read_tree(checkpoint.path / STATE)
        for name, part in self.parts.items():
            part.set_state(state[name])


def identity_of(config: TrainConfig, start: LearnedPolicy | None) -> dict[str, Any]:
    """What a run's checkpoints belong to; a start is told by its weights, which its path does not say."""
    names = ("algo", "control", "observation", "tasks", "n_envs", "net_arch", "normalize_obs", "seed")
    identity = {name: getattr(config, name) for name in names}
    identity["vecnormalize_path"] = bool(config.vecnormalize_path)
    identity["bc_weights"] = _weights_hash(start) if start is not None else None
    return identity


def _weights_hash(policy: LearnedPolicy) -> str | None:
    """Hash of a policy's weights; None in a foreign runtime, which no run starts from."""
    network = policy.network
    if not isinstance(network, Network):
        return None
    layers = {
        f"{index}.{kind}.{name}": array
        for index, (kind, arrays) in enumerate(network.layers)
        for name, array in arrays.items()
    }
    return sha256_of_arrays(layers)
