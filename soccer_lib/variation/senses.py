"""What reaches an agent of an observation: late, and with noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.layout import Layout


def sensed_mask(layout: Layout) -> np.ndarray:
    """1 for entries that a sensor gives, 0 for those that are known (one-hots, clock, last command)."""
    return np.concatenate([np.full(field.size, float(bool(field.frame))) for field in layout.fields])


class LateSenses:
    """Hands observations on late and noisy; until there is an old one the first stands for it.

    Args:
        layout: of the observation.
        step: length of one step of the agent [s].
    """

    def __init__(self, layout: Layout, step: float) -> None:
        self._sensed = sensed_mask(layout)
        self._step = step
        self.begin()

    def begin(self, noise: float = 0.0, delay: float = 0.0) -> None:
        """Forget what was seen.

        Args:
            noise: standard deviation that is added to what is sensed.
            delay: age of what is seen, in whole steps of the agent [s].
        """
        self._noise = noise
        self._kept = round(delay / self._step) + 1
        self._seen: list[np.ndarray] = []

    def see(self, observation: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What the agent sees of the newest observation."""
        if self._kept > 1:
            self._seen = [*self._seen, observation][-self._kept :]
            observation = self._seen[0]
        if not self._noise:
            return observation
        error = rng.normal(0.0, self._noise, len(observation)) * self._sensed
        return observation + error.astype(observation.dtype)

    def get_state(self) -> dict[str, Any]:
        """What was seen, and how."""
        return {"noise": self._noise, "kept": self._kept, "seen": [seen.copy() for seen in self._seen]}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`."""
        self._noise = state["noise"]
        self._kept = state["kept"]
        self._seen = [np.array(seen) for seen in state["seen"]]
