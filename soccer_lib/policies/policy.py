"""What an agent is: `predict` as in Stable-Baselines3, and a spec that says which environment it acts in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from soccer_lib.errors import InputError


@dataclass(frozen=True)
class PolicySpec:
    """Which environment a policy acts in; `evaluate` builds it from this.

    Attributes:
        name: how tables and files call the policy.
        control: the control interface, as in `make_env`.
        observation: the observation, as in `make_env`.
        hold: physics steps that one action lasts [2 ms each].
        walker: hash of the walker that the commands go to; None where there is none.
    """

    name: str
    control: str = "torque"
    observation: str = "raw"
    hold: int = 1
    walker: str | None = None


@runtime_checkable
class Policy(Protocol):
    """An agent. `RowPolicy` has everything but the acting."""

    spec: PolicySpec

    def begin(self, seed: int | None = None) -> Any:
        """The state at the start of an episode; a seed makes it reproducible."""

    def predict(
        self,
        observation: np.ndarray,
        state: Any = None,
        episode_start: Any = None,
        deterministic: bool = True,
    ) -> tuple[np.ndarray, Any]:
        """Choose an action, or one for each row of a batch."""


class RowPolicy(ABC):
    """A policy that acts on one observation at a time, so that a batch changes no bit of an action."""

    spec: PolicySpec

    def begin(self, seed: int | None = None) -> Any:
        """The state at the start of an episode; None for a policy without memory."""
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
            InputError: for another shape of the observation, or not one state a row.
        """
        observation = np.asarray(observation)
        if observation.ndim == 1:
            if state is None or (episode_start is not None and np.all(episode_start)):
                state = self.begin()
            return self.act(observation, state, deterministic)
        if observation.ndim != 2:
            raise InputError(
                f"observation has shape {observation.shape}; expected (n,) or (n_envs, n); "
                "pass what env.reset() or venv.reset() returned"
            )
        return self._predict_rows(observation, state, episode_start, deterministic)

    def _predict_rows(
        self, rows: np.ndarray, states: Sequence[Any] | None, episode_start: Any, deterministic: bool
    ) -> tuple[np.ndarray, tuple[Any, ...]]:
        states = [None] * len(rows) if states is None else list(states)
        if len(states) != len(rows):
            raise InputError(
                f"{len(states)} states came with {len(rows)} observations; expected one state a row; "
                "pass the state that the last predict returned, or None"
            )
        starts = np.broadcast_to(False if episode_start is None else episode_start, len(rows))
        pairs = [
            self.act(row, self.begin() if start or state is None else state, deterministic)
            for row, state, start in zip(rows, states, starts, strict=True)
        ]
        return np.stack([action for action, _ in pairs]), tuple(state for _, state in pairs)


def check_policy(policy: Any) -> Policy:
    """Return the policy if it is one.

    Raises:
        InputError: it has no `predict`, `begin` or `spec`.
    """
    if isinstance(policy, Policy) and isinstance(policy.spec, PolicySpec):
        return policy
    raise InputError(
        f"{type(policy).__name__} is no policy; expected predict(), begin() and a PolicySpec in .spec; "
        "derive it from soccer_lib.policies.RowPolicy or use load_policy"
    )
