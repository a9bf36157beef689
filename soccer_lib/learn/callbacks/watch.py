"""The red-flag monitor, while a run goes on."""

from __future__ import annotations

from typing import Any

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.learn.callbacks.metrics import RunMetrics
from soccer_lib.learn.candidates import Candidates
from soccer_lib.learn.monitor import red_flags
from soccer_lib.runs.heartbeat import print_progress


class RedFlagWatch(BaseCallback):
    """Looks at the metrics before each rollout and tells of every sign once, when it begins to show.

    Args:
        metrics: what has been written.
        candidates: the best of them is what a roll-back returns to.
        answer: say (go on), roll-back (once a sign: to the weights of the best evaluation so far) or stop.
    """

    def __init__(self, metrics: RunMetrics, candidates: Candidates, answer: str) -> None:
        super().__init__()
        self.metrics = metrics
        self.candidates = candidates
        self.answer = answer
        self.told: set[str] = set()
        self._seen = 0
        self._go_on = True

    def _on_rollout_start(self) -> None:
        if len(self.metrics.lines) == self._seen:
            return
        self._seen = len(self.metrics.lines)
        for flag in red_flags(self.metrics.lines, self.metrics.folder.path):
            if flag.sign.name in self.told:
                continue
            self.told.add(flag.sign.name)
            print_progress(f"red flag at step {self.num_timesteps}: {flag}")
            if self.answer == "stop":
                self._go_on = False
            elif self.answer == "roll-back":
                self._roll_back()

    def _on_step(self) -> bool:
        return self._go_on

    def get_state(self) -> dict[str, Any]:
        """What was told, how many lines were looked at, and whether the run goes on."""
        return {"told": sorted(self.told), "seen": self._seen, "go_on": self._go_on}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`."""
        self.told = set(state["told"])
        self._seen = state["seen"]
        self._go_on = state["go_on"]

    def _roll_back(self) -> None:
        if not self.candidates.judged:
            print_progress("nothing was evaluated yet that the run could return to")
            return
        best = max(self.candidates.judged, key=lambda candidate: candidate.score)
        # Parameters and optimisers by name; nothing in the file is run.
        self.model.set_parameters(str(best.file.with_suffix(".zip")), device=self.model.device)
        print_progress(f"rolled back to step {best.step}, official {best.score:.2f}")
