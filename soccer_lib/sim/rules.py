"""The rules of a task as numbers: what the stock environment pays, and what a compiled loop judges by."""

from __future__ import annotations

from typing import Any

import numpy as np


class Rules:
    """What a task pays, and the numbers of its rules.

    Attributes:
        term_names: reward terms, in the stock order.
        measured: those that take a measurement, and the types that they have in the stock terms.
        weights: of the first terms; those behind them have none.
        blockers: geoms that end the episode when the ball touches them.
        keeper_path: place [m] and speed [m/s] of the goalkeepers at each step. Shape: (max_steps, 2).
    """

    term_names: tuple[str, ...] = ()
    measured: dict[str, type[np.floating]] = {}
    weights: list[float]
    blockers: frozenset[int] = frozenset()
    keeper_path: np.ndarray | None = None

    def limits(self) -> dict[str, Any]:
        """The numbers of the rules in this episode, by their names in `compiled.scene`."""
        return {}

    def terms(self) -> dict[str, Any]:
        """The stock reward terms of the last step, unweighted, in the stock order."""
        return self.terms_of(*self._measure_terms())

    def _measure_terms(self) -> tuple[Any, ...]:
        """The terms `measured`."""
        raise NotImplementedError

    def terms_of(self, *measured: Any) -> dict[str, Any]:
        """All terms: those that take a measurement, and those that the referee has seen."""
        raise NotImplementedError

    def reward(self, terms: dict[str, Any]) -> np.float32:
        """The stock environment's own dense reward: its weights times `terms`, in single precision."""
        total = np.float32(0.0)
        for weight, value in zip(self.weights, terms.values(), strict=False):
            if value:
                total += np.float32(weight * value)
        return total
