"""The heartbeat of a training run."""

from __future__ import annotations

from collections.abc import Callable
from statistics import fmean

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.runs import Heartbeat, RunFolder


class Progress(BaseCallback):
    """Prints how far the run is, every few seconds, and keeps the line in `progress.txt`.

    Args:
        folder: of the run.
        total: env steps of the whole run.
        words: what the line says beside steps and return.
    """

    def __init__(self, folder: RunFolder, total: int, words: Callable[[], list[str]]) -> None:
        super().__init__()
        self.total = total
        self.words = words
        self._path = folder.path / "progress.txt"

    def _on_training_start(self) -> None:
        self._beat = Heartbeat(self._path, self.total, "steps", "train", start=self.num_timesteps)

    def _on_step(self) -> bool:
        returns = [episode["r"] for episode in self.model.ep_info_buffer or ()]
        words = [f"return {fmean(returns):.2f}"] if returns else []
        self._beat.update(min(self.num_timesteps, self.total), ", ".join([*words, *self.words()]))
        return True
