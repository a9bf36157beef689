"""Metrics of a run: SB3's logger writes them into the run folder, one line a time."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from stable_baselines3.common.logger import KVWriter

from soccer_lib.runs import RunFolder
from soccer_lib.runs.files import to_plain

ALIASES = {"train/actor_loss": "train/policy_loss", "train/critic_loss": "train/value_loss"}
"""Figures that are written under a second name too, whatever the algorithm calls them."""

_SKIPPED = ("time/iterations", "time/time_elapsed", "time/total_timesteps")


class RunMetrics(KVWriter):
    """Appends what is logged to `metrics.jsonl`.

    Each line has `step` [env steps], and since the run began `minutes` and the `cpu_minutes` that its process
    has computed, evaluations included.

    Attributes:
        lines: what has been written.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.lines: list[dict[str, Any]] = []
        self._began = time.monotonic()
        self._computed = -time.process_time()

    def write(
        self, key_values: dict[str, Any], key_excluded: dict[str, tuple[str, ...]], step: int = 0
    ) -> None:
        """Write one line."""
        figures = {name: value for name, value in key_values.items() if name not in _SKIPPED}
        figures |= {alias: figures[name] for name, alias in ALIASES.items() if name in figures}
        numbers = {
            name: value for name, value in figures.items() if isinstance(value, int | float | np.number)
        }
        wall, computed = self._minutes()
        minutes = {"minutes": round(wall, 3), "cpu_minutes": round(computed, 3)}
        line = to_plain({"step": step, **minutes, **dict(sorted(numbers.items()))})
        self.lines.append(line)
        self.folder.append_metrics(line)

    def get_state(self) -> dict[str, Any]:
        """How many lines there are, and the minutes so far."""
        return {"lines": len(self.lines), "minutes": self._minutes()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on behind that line: later ones were written by what did not reach the next checkpoint."""
        self.lines = self.folder.cut_metrics(state["lines"])
        wall, computed = state["minutes"]
        self._began = time.monotonic() - 60 * wall
        self._computed = 60 * computed - time.process_time()

    def _minutes(self) -> list[float]:
        """By the clock, and of this process, over all that the run has been taken up again."""
        wall = time.monotonic() - self._began
        return [wall / 60, (time.process_time() + self._computed) / 60]

    def close(self) -> None:
        """Nothing is open between two lines."""
