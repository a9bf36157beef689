"""What an agent is: `predict` as in Stable-Baselines3, and a spec that says which environment it acts in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.ranges import Range

HOLD = Range(1, 5000, whole=True)
"""Physics steps that one command may last: up to an episode of 10 s."""

_SENSED = Range(-1e30, 1e30)


@dataclass(frozen=True)
class PolicySpec:
    """Which environment a policy acts in; `evaluate` builds it from this.

    Attributes:
        name: how tables and files call the policy.
        control: the control interface, as in `make_env`.
        observation: the observation, as in `make_env`.
        hold: for control "command": physics steps that one command lasts [2 ms each]; None for 50.
        walker: for control "command": "own", "hub" or the path of a walker file; None where there is none.
        walker_sha256: hash of the walker that it learned with; None where any will do.
    """

    name: str
    control: str = "torque"
    observation: str = "raw"
    hold: int | None = None
    walker: str | None = None
    walker_sha256: str | None = None

    def __post_init__(self) -> None:
        """Hold what may come from a file against its type and range."""
        if self.hold is not None:
            hold = HOLD.number(f"{self.name}: hold", self.hold, "try 50")
            object.__setattr__(self, "hold", hold)  # a whole number, also where a file has 50.0
        for field in ("control", "observation", "walker", "walker_sha256"):
            value = getattr(self, field)
            if not isinstance(value, str) and not (value is None and field.startswith("walker")):
                raise InputError(f"{self.name}: {field} got {value!r}; expected text; try another file")


class Policy(ABC):
    """An agent that acts on one observation at a time, so that a batch changes no bit of an action.

    Attributes:
        spec: which environment it acts in.
    """

    spec: PolicySpec

    def begin(self, seed: int | None = None) -> Any:
        """The state at the start of an episode, None without memory; a seed makes it reproducible."""
        return None

    @abstractmethod
    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Choose the action for one observation, Shape: (n,); returns float32 and the next state."""

    def predict(
        self,
        observation: np.ndarray,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = True,
    ) -> tuple[np.ndarray, Any]:
        """Choose an action, or one for each row of a batch.

        Args:
            observation: Shape: (n,) or (n_envs, n).
            state: what the last call returned; None at the start. For a batch one state a row.
            episode_start: True where an episode begins: its state is forgotten. Shape: () or (n_envs,).
            deterministic: take the likeliest action instead of a drawn one.

        Returns:
            action, float32, Shape: (n_actions,) or (n_envs, n_actions), and the next state.

        Raises:
            InputError: the observation is not an array of finite numbers.
            ValueError: for a batch without one state a row.
        """
        observation = np.asarray(observation)
        if not observation.size or not observation.ndim:
            raise InputError(
                f"{self.spec.name} got an observation of shape {observation.shape}; expected (n,), or "
                "(n_envs, n) for a batch; pass what reset and step return"
            )
        if observation.dtype.kind not in "iuf" or not np.abs(observation).max() < _SENSED.high:
            _SENSED.array(f"{self.spec.name}: the observation", observation, "check the environment")
        if observation.ndim == 1:
            fresh = state is None or (episode_start is not None and np.any(episode_start))
            return self.act(observation, self.begin() if fresh else state, deterministic)
        states = [None] * len(observation) if state is None else state
        starts = np.broadcast_to(np.asarray(episode_start, dtype=bool), len(observation))
        pairs = [
            self.predict(row, one_state, start, deterministic)
            for row, one_state, start in zip(observation, states, starts, strict=True)
        ]
        actions, states = zip(*pairs, strict=True)
        return np.stack(actions), states
