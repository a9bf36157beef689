"""Episodes for figures: played to their end, and what is kept of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.evaluation.episode import N_STARTS, Episode, EpisodeJob, fingerprint_of
from soccer_lib.evaluation.play import Transition, env_for, play_episode
from soccer_lib.policies import Policy, PolicySpec
from soccer_lib.sim import simulation_of
from soccer_lib.tasks import TASKS
from soccer_lib.variation import read_variation

STANDING_STEPS = 10
"""Standing torque for each step of a distinct start [physics steps], 0.02 s."""

_REPORTED = ("terms", "length", "outcome", "success", "fallen", "offside")
"""Entries of an episode's report that are kept under their own names."""


@dataclass
class EpisodePlayer:
    """Plays episodes of one policy; keeps one environment for each task.

    Attributes:
        policy: who acts.
        fast: the exact fast simulation, or the stock environment.
        deterministic: passed to `policy.predict`.
        keep_torques: return the torques with each episode.
        changed: what is not as in the competition: `randomise`, as for `make_env`, of all its tasks.
    """

    policy: Policy
    fast: bool
    deterministic: bool
    keep_torques: bool
    changed: dict[str, Any] = field(default_factory=dict)
    _envs: dict[str, gym.Env] = field(default_factory=dict)

    def __call__(self, job: EpisodeJob) -> Episode:
        """Play one episode to its end."""
        if job.task not in self._envs:
            changed = read_variation(self.changed, TASKS, job.task)
            self._envs[job.task] = env_for(self.policy.spec, job.task, fast=self.fast, **changed)
        env = self._envs[job.task]
        return play_scored(
            env, self.policy, job, deterministic=self.deterministic, keep_torques=self.keep_torques
        )


def play_scored(
    env: gym.Env,
    policy: Policy,
    job: EpisodeJob,
    *,
    deterministic: bool = True,
    keep_torques: bool = False,
    on_reset: Callable[[np.ndarray], None] | None = None,
    on_step: Callable[[Transition], None] | None = None,
) -> Episode:
    """Play one episode to its end and keep what is scored.

    Args:
        env: the environment that the policy is made for.
        policy: who acts.
        job: the episode.
        deterministic: passed to `policy.predict`.
        keep_torques: return the torques with it.
        on_reset: see `play_episode`.
        on_step: see `play_episode`.
    """
    sim = simulation_of(env)
    sim.tape = bytearray()  # from before the reset on, because standing belongs to the episode
    last = play_episode(
        env,
        policy,
        seed=job.seed,
        options=start_options(policy.spec, job.start),
        deterministic=deterministic,
        on_reset=on_reset,
        on_step=on_step,
    )
    torques = sim.taped
    fingerprint = fingerprint_of(sim.start, torques)
    return finished_episode(job, last.info, fingerprint, torques if keep_torques else None)


def start_options(spec: PolicySpec, start: int) -> dict[str, float]:
    """Options of the reset for start k: the walker's gait phase, or standing where there is no walker."""
    if spec.control == "command":
        return {"gait_phase": start / N_STARTS}
    return {"standing_steps": start * STANDING_STEPS}


def finished_episode(
    job: EpisodeJob, info: dict[str, Any], fingerprint: str, torques: np.ndarray | None
) -> Episode:
    """What is scored of an episode, from the info of its last step."""
    report = info["episode_report"]
    return Episode(
        task=job.task,
        seed=job.seed,
        start=job.start,
        score=report.get("score"),
        components=report.get("components", {}),
        kicked=bool(info.get("macro_trigger_count", 0)),
        episode_return=report["return"],
        fingerprint=fingerprint,
        torques=torques,
        **{name: report[name] for name in _REPORTED},
    )
