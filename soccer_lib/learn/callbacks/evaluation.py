"""The official evaluation, on the way."""

from __future__ import annotations

from collections.abc import Callable

from stable_baselines3.common.callbacks import BaseCallback

from soccer_lib.learn.algorithms import policy_of
from soccer_lib.learn.candidates import Candidates
from soccer_lib.learn.hybrid import HybridPolicy
from soccer_lib.policies import LearnedPolicy, PolicySpec

Watch = Callable[[int, float], None]
"""Sees env steps and official score of each evaluation on the way; what it raises ends the run there."""


class OfficialEvaluation(BaseCallback):
    """Lets the agent play as the competition does, without exploration, every so many env steps.

    Args:
        candidates: plays, and keeps what was judged.
        spec: of the policies.
        every: env steps from one evaluation to the next; 0 for none on the way.
        kick_from: shares of all kicks beyond which the agent kicks, of which the best is kept.
        watch: called after each evaluation on the way.
    """

    def __init__(
        self,
        candidates: Candidates,
        spec: PolicySpec,
        every: int,
        kick_from: tuple[float, ...],
        watch: Watch | None = None,
    ) -> None:
        super().__init__()
        self.kick_from = kick_from
        self.candidates = candidates
        self.spec = spec
        self.every = every
        self.watch = watch

    def _on_step(self) -> bool:
        last = self.candidates.judged[-1].step if self.candidates.judged else 0
        if self.every and self.num_timesteps // self.every > last // self.every:
            self.judge()
            if self.watch:
                self.watch(self.num_timesteps, self.candidates.judged[-1].score)
        return True

    def judge(self, start: LearnedPolicy | None = None) -> LearnedPolicy:
        """Play the episodes now and log what they came to.

        Args:
            start: what the run starts from, to be judged as it is; None for the agent.

        Returns:
            What was judged: the best variant of the agent.
        """
        variants = [start] if start is not None else self._variants()
        policy, figures = self.candidates.judge(variants, self.model.num_timesteps, self.model)
        for name, value in figures.items():
            self.logger.record(name, value)
        return policy

    def _variants(self) -> list[LearnedPolicy]:
        steps = self.model.num_timesteps
        kicks = isinstance(self.model.policy, HybridPolicy) and len(self.model.policy.action_dist.patterns)
        if not kicks:
            return [policy_of(self.model, self.spec, {"steps": steps})]
        return [
            policy_of(self.model, self.spec, {"steps": steps, "kick_from": share}, share)
            for share in self.kick_from
        ]
