"""What watches a training of Genesis, beside SB3's own `EvalCallback`: one hook each."""

from __future__ import annotations

from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.genesis.agents import save_agent
from soccer_lib.genesis.engine import gpu_memory
from soccer_lib.learn.callbacks.metrics import RunMetrics
from soccer_lib.runs import RunFolder
from soccer_lib.runs.heartbeat import print_progress

SUCCESS = "eval/success_rate"
"""What SB3's `EvalCallback` calls the share of reached targets."""


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


def state_words(metrics: RunMetrics) -> list[str]:
    """What a line of progress says of a run: success on the way, and memory where there is a GPU."""
    # Asked for at every step: not all lines are looked through once there is an evaluation.
    newest = next((line[SUCCESS] for line in reversed(metrics.lines) if SUCCESS in line), None)
    words = [] if newest is None else [f"success {newest:.0%}"]
    memory = gpu_memory()
    if memory:
        words.append(f"GPU {memory['used']:.1f} of {memory['total']:.0f} GiB")
    return words


def success_rates(lines: list[dict[str, Any]]) -> list[tuple[int, float]]:
    """Step and share of reached targets of each evaluation in a run's metrics."""
    return [(line["step"], line[SUCCESS]) for line in lines if SUCCESS in line]
