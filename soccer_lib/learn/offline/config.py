"""Settings of offline learning: of the critic, and of the clone that learns from its judgement."""

from __future__ import annotations

import dataclasses
import os
from typing import Annotated, Any, Literal

from soccer_lib.learn.imitation.config import CloningConfig, check_widths
from soccer_lib.ranges import Range
from soccer_lib.runs.folder import CHECKOUT

DEFAULTS: dict[str, dict[str, float]] = {
    "iql": {"gamma": 1.0},
    "td3bc": {"gamma": 0.99, "alpha": 2.5},
    "cql": {"gamma": 0.99, "alpha": 5.0},
}
"""What is not given, by algorithm; alphas are those of the papers."""


@dataclasses.dataclass(frozen=True)
class OfflineConfig(CloningConfig):
    """Learn from recorded episodes and their rewards, good and bad ones, without playing."""

    out: str = "runs/offline"
    """run folder: policy, judgements, metrics, progress [path]"""
    algo: Literal["iql", "td3bc", "cql", "bc"] = "iql"
    """who judges: iql (how much better was it than what is usual here?), td3bc and cql (what would have been
    better?), or bc: nobody, all samples count alike"""
    steps: Annotated[int, Range(1, 10**8, whole=True)] = 4000
    """gradient steps of the critic [count]"""
    critic_batch: Annotated[int, Range(2, 10**6, whole=True)] = 256
    """samples in one of them [count]"""
    critic_arch: str = "256,256"
    """widths of the hidden layers of the critic, and of the actor that it learns with"""
    n_step: Annotated[int, Range(1, 5000, whole=True)] = 20
    """samples that a return is added up over before the critic's own estimate takes over [count]"""
    gamma: Annotated[float | None, Range(0, 1, above=True)] = None
    """discount of a sample that lasts its full hold; longer ones are discounted more. 1 with iql, so that the
    beginning of an episode counts as much as its end; else 0.99"""
    expectile: Annotated[float, Range(0.5, 0.999)] = 0.7
    """iql: what is usual in a state, from the mean of what was done there (0.5) to the best (towards 1)"""
    baseline: Literal["task", "state"] = "task"
    """iql: what an action is compared with: what is usual in its task, so that states that only bad episodes
    get into count little, or in its state, as in the paper"""
    temperature: Annotated[float, Range(0, 1000)] = 8.0
    """iql: a sample counts exp(temperature x advantage), where the best episode of a task has the return 1"""
    most_weight: Annotated[float, Range(1, 1e4)] = 20.0
    """iql: but at most this many times as much as one that is as usual"""
    alpha: Annotated[float | None, Range(0, 1000, above=True)] = None
    """td3bc: how much the critic counts against the demonstrations (2.5); cql: how much less it trusts what
    was not done (5)"""
    kicks: Literal["data", "critic"] = "data"
    """td3bc, cql: kick where it was done and the critic does not rank walking above it (data), or wherever
    the critic ranks a kick above walking (critic)"""
    python: str = os.path.relpath(CHECKOUT / ".venv-offline" / "bin" / "python")
    """the Python that has d3rlpy, as `make offline` sets it up [path]"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        super().__post_init__()
        check_widths("critic_arch", self.critic_arch)

    def resolved(self) -> OfflineConfig:
        """The same, what was not given filled in by the algorithm."""
        defaults: dict[str, Any] = DEFAULTS.get(self.algo, {})
        given = {name: value for name, value in defaults.items() if getattr(self, name) is None}
        return dataclasses.replace(self, **given)
