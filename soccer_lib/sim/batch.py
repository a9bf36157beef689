"""What a simulation tells a loop that takes many steps at once, and what it makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np


class Batched:
    """The numbers of a task's rules, and the stock rewards of many steps.

    Attributes:
        dense_names: reward terms that are paid before the episode's last step, in the stock order.
        dense_weights: their weights.
        blockers: geoms that end the episode when the ball touches them.
        keeper_path: place [m] and speed [m/s] of the goalkeepers at each step. Shape: (max_steps, 2).
        moving_site: the site whose velocity the stock reward asks for.
    """

    dense_names: tuple[str, ...] = ()
    dense_weights: list[float]
    blockers: frozenset[int] = frozenset()
    keeper_path: np.ndarray | None = None
    moving_site: int | None = None

    def limits(self) -> dict[str, Any]:
        """The numbers of the rules in this episode, by their names in `compiled.scene`."""
        return {}

    def rewards(self, rows: np.ndarray, jacobians: np.ndarray, velocities: np.ndarray) -> np.ndarray:
        """The stock rewards of several steps after which the episode went on, each as `reward` has it.

        Args:
            rows: what it has kept of each, `compiled.scene.ROW`. Shape: (n,).
            jacobians: of `moving_site`. Shape: (n, 3, n_velocities).
            velocities: generalised ones. Shape: (n, n_velocities).

        Returns:
            Shape: (n,), float32.
        """
        total = np.zeros(len(rows), np.float32)
        velp = np.matmul(jacobians, velocities[..., None])[..., 0]
        # Terms that stand behind those that were given are nothing yet.
        for weight, values in zip(self.dense_weights, self._dense_terms(rows, velp), strict=False):
            total += (weight * values).astype(np.float32)
        return total

    def _dense_terms(self, rows: np.ndarray, velp: np.ndarray) -> tuple[np.ndarray, ...]:
        """`dense_names` of `terms` for several steps, with the velocity of `moving_site` [m/s]."""
        raise NotImplementedError
