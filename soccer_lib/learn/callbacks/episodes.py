"""What the episodes of training came to: official scores, kicks, and how much was simulated."""

from __future__ import annotations

import time

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.learn.hybrid import command_bound
from soccer_lib.policies.learned import ACTIONS
from soccer_lib.tasks import PHYSICS_DT


class EpisodeStatistics(BaseCallback):
    """Logs, of the episodes that ended since the last line, means by task; and the simulation's speed.

    `rollout/score/<task>` is the official score with exploration, `rollout/level/<task>` the level of a
    curriculum, `rollout/kicks` and `rollout/refused` count kicks of an episode, `rollout/saturated` is the
    share of walking actions' entries at their bounds,
    `time/simulated_per_second` is simulated by wall time, learning included.
    """

    def _on_training_start(self) -> None:
        self._physics_steps = 0
        self._began = time.monotonic()

    def _on_step(self) -> bool:
        self._note_saturation(self.locals.get("clipped_actions", self.locals["actions"]))
        for info in self.locals["infos"]:
            self._physics_steps += info["held_steps"]
            report = info.get("episode_report")
            if not report:
                continue
            if "score" in report:
                self.logger.record_mean(f"rollout/score/{report['task']}", report["score"])
            self.logger.record_mean(f"rollout/success/{report['task']}", float(report["success"]))
            if "variation" in info:
                self.logger.record_mean(f"rollout/level/{report['task']}", info["variation"]["level"])
            if "macro_trigger_count" in info:
                self.logger.record_mean("rollout/kicks", info["macro_trigger_count"])
                self.logger.record_mean("rollout/refused", info["macro_refused_count"])
        simulated = self._physics_steps * PHYSICS_DT
        self.logger.record("time/simulated_per_second", simulated / (time.monotonic() - self._began))
        return True

    def _note_saturation(self, actions: np.ndarray) -> None:
        """Log the share of entries at their bounds, of actions that are no kick as a whole."""
        bound = command_bound(actions.shape[1] == ACTIONS["command"], actions.shape[1])
        at_bounds = np.abs(actions) >= bound
        walks = at_bounds[~at_bounds.all(axis=1)]
        if walks.size:
            self.logger.record_mean("rollout/saturated", float(walks.mean()))
