"""What the episodes of training came to: official scores, kicks, and how much was simulated."""

from __future__ import annotations

import time

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.tasks import PHYSICS_DT


class EpisodeStatistics(BaseCallback):
    """Logs, of the episodes that ended since the last line, means by task; and the simulation's speed.

    `rollout/score/<task>` is the official score with exploration, `rollout/kicks` and `rollout/refused` count
    kicks of an episode, `time/simulated_per_second` is simulated by wall time, learning included.
    """

    def _on_training_start(self) -> None:
        self._physics_steps = 0
        self._began = time.monotonic()

    def _on_step(self) -> bool:
        for info in self.locals["infos"]:
            self._physics_steps += info["held_steps"]
            report = info.get("episode_report")
            if not report:
                continue
            if "score" in report:
                self.logger.record_mean(f"rollout/score/{report['task']}", report["score"])
            self.logger.record_mean(f"rollout/success/{report['task']}", float(report["success"]))
            if "macro_trigger_count" in info:
                self.logger.record_mean("rollout/kicks", info["macro_trigger_count"])
                self.logger.record_mean("rollout/refused", info["macro_refused_count"])
        simulated = self._physics_steps * PHYSICS_DT
        self.logger.record("time/simulated_per_second", simulated / (time.monotonic() - self._began))
        return True
