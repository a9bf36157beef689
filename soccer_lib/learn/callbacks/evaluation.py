"""The official evaluation, on the way."""

from __future__ import annotations

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.learn.algorithms import policy_of
from soccer_lib.learn.candidates import Candidates
from soccer_lib.policies import PolicySpec


class OfficialEvaluation(BaseCallback):
    """Lets the agent play as the competition does, without exploration, every so many env steps.

    Args:
        candidates: plays, and keeps what was judged.
        spec: of the policies.
        every: env steps from one evaluation to the next; 0 for none on the way.
    """

    def __init__(self, candidates: Candidates, spec: PolicySpec, every: int) -> None:
        super().__init__()
        self.candidates = candidates
        self.spec = spec
        self.every = every

    def _on_step(self) -> bool:
        last = self.candidates.judged[-1].step if self.candidates.judged else 0
        if self.every and self.num_timesteps // self.every > last // self.every:
            self.judge()
        return True

    def judge(self) -> None:
        """Play the episodes now and log what they came to."""
        policy = policy_of(self.model, self.spec, {"steps": self.num_timesteps})
        for name, value in self.candidates.judge(policy, self.num_timesteps, self.model).items():
            self.logger.record(name, value)
