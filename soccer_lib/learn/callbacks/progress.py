"""The heartbeat of a training run."""

from __future__ import annotations

from statistics import fmean

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.learn.candidates import Candidates
from soccer_lib.runs import Heartbeat, RunFolder


class Progress(BaseCallback):
    """Prints how far the run is, every few seconds, and keeps the line in `progress.txt`.

    Args:
        folder: of the run.
        total: env steps of the whole run.
        candidates: whose last official score is shown.
    """

    def __init__(self, folder: RunFolder, total: int, candidates: Candidates) -> None:
        super().__init__()
        self.total = total
        self.candidates = candidates
        self._path = folder.path / "progress.txt"

    def _on_training_start(self) -> None:
        self._beat = Heartbeat(self._path, self.total, "steps", "train", start=self.num_timesteps)

    def _on_step(self) -> bool:
        returns = [episode["r"] for episode in self.model.ep_info_buffer or ()]
        words = [f"return {fmean(returns):.2f}"] if returns else []
        if self.candidates.judged:
            words.append(f"official {self.candidates.judged[-1].score:.2f}")
        self._beat.update(min(self.num_timesteps, self.total), ", ".join(words))
        return True
