"""What watches a training of Genesis, beside SB3's own `EvalCallback`: one hook each."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.genesis.agents import save_agent
from soccer_lib.genesis.engine import gpu_memory
from soccer_lib.learn.callbacks.metrics import RunMetrics
from soccer_lib.runs import Heartbeat, RunFolder
from soccer_lib.runs.heartbeat import print_progress


class EpisodeLog(BaseCallback):
    """Logs what the episodes since the last line came to: success, distance, difficulty, reward terms."""

    def _on_step(self) -> bool:
        for info in self.locals["infos"]:
            if "is_success" not in info:
                continue
            self.logger.record_mean("rollout/success", float(info["is_success"]))
            self.logger.record_mean("rollout/distance_to_target", info["distance_to_target"])
            self.logger.record_mean("rollout/difficulty", info["difficulty"])
            for name, value in info["reward_terms"].items():
                self.logger.record_mean(f"reward/{name}", value)
        return True


class ReachProgress(BaseCallback):
    """Prints how far the run is, every few seconds, and keeps the line in `progress.txt`.

    Args:
        folder: of the run.
        total: env steps of the whole run.
        metrics: what has been written.
    """

    def __init__(self, folder: RunFolder, total: int, metrics: RunMetrics) -> None:
        super().__init__()
        self.total = total
        self.metrics = metrics
        self._path = folder.path / "progress.txt"

    def _on_training_start(self) -> None:
        self._beat = Heartbeat(self._path, self.total, "steps", "train")

    def _on_step(self) -> bool:
        episodes = list(self.model.ep_info_buffer or ())
        words = [f"return {fmean(episode['r'] for episode in episodes):.2f}"] if episodes else []
        judged = success_rates(self.metrics.lines)
        if judged:
            words.append(f"success {judged[-1][1]:.0%}")
        memory = gpu_memory()
        if memory:
            words.append(f"GPU {memory['used']:.1f} of {memory['total']:.0f} GiB")
        self._beat.update(min(self.num_timesteps, self.total), ", ".join(words))
        return True


class KeepBest(BaseCallback):
    """Called on a new best evaluation: writes the agent with the normaliser of this moment.

    Args:
        folder: of the run.
        name: of the files.
    """

    def __init__(self, folder: RunFolder, name: str) -> None:
        super().__init__()
        self.folder = folder
        self.name = name

    def _on_step(self) -> bool:
        save_agent(self.folder.path, self.name, self.model)
        return True


class StopAtSuccess(BaseCallback):
    """Called after each evaluation: ends the run once so many of its targets were reached.

    SB3's `StopTrainingOnRewardThreshold` does the same for a return, whose scale the reward decides.

    Args:
        metrics: what has been written.
        threshold: share of the targets.
    """

    def __init__(self, metrics: RunMetrics, threshold: float) -> None:
        super().__init__()
        self.metrics = metrics
        self.threshold = threshold

    def _on_step(self) -> bool:
        judged = success_rates(self.metrics.lines)
        reached = bool(judged) and judged[-1][1] >= self.threshold
        if reached:
            print_progress(
                f"step {judged[-1][0]:,}: {judged[-1][1]:.0%} of the targets reached, which is enough"
            )
        return not reached


def success_rates(lines: list[dict[str, Any]]) -> list[tuple[int, float]]:
    """Step and share of reached targets of each evaluation in a run's metrics."""
    return [(line["step"], line["eval/success_rate"]) for line in lines if "eval/success_rate" in line]
