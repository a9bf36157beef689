"""One episode: what to play, how it is played, and what is kept of it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.envs.make import make_env
from soccer_lib.policies import Policy
from soccer_lib.sim import SoccerSim
from soccer_lib.tasks import TASKS, WALKER_STEPS

N_STARTS = 20
STANDING_STEPS = WALKER_STEPS
"""Standing torque for each step of a distinct start [physics steps], 0.02 s."""


@dataclass(frozen=True)
class EpisodeJob:
    """One episode to play.

    Attributes:
        task: our name of the task.
        seed: seed of the reset and of the policy's own randomness.
        start: 0 for the official start; k for the gait phase k/20, or k x 0.02 s of standing torque where
            there is no walker.
    """

    task: str
    seed: int
    start: int = 0


@dataclass(frozen=True)
class Episode:
    """One finished episode.

    Attributes:
        task, seed, start: as in the job.
        score: the official score; None for a task outside the competition.
        components: weighted official terms, which add up to the score; empty outside the competition.
        terms: unweighted reward terms of the last step.
        length: physics steps [2 ms each], standing torque of a distinct start included.
        outcome: success, blocked, conceded, out_of_field, fall, lost, time_limit or unstable.
        success: the task was solved.
        fallen: the trunk was below 0.4 m at the last step.
        offside: the ball was out of the field at the last step.
        kicked: the policy triggered at least one kick or clip.
        episode_return: what the reward added up to: the official score, outside the competition the stock
            environment's dense reward.
        fingerprint: hash of the start and of all torques; equal ones are the same episode.
        torques: what drove the robot [N m], float32, Shape: (length, 12); None where it was not kept.
    """

    task: str
    seed: int
    start: int
    score: float | None
    components: dict[str, float]
    terms: dict[str, float]
    length: int
    outcome: str
    success: bool
    fallen: bool
    offside: bool
    kicked: bool
    episode_return: float
    fingerprint: str
    torques: np.ndarray | None = None


@dataclass
class EpisodePlayer:
    """Plays episodes of one policy; keeps one environment for each task.

    Attributes:
        policy: who acts.
        fast: the exact fast simulation, or the stock environment.
        deterministic: passed to `policy.predict`.
        keep_torques: return the torques with each episode.
    """

    policy: Policy
    fast: bool
    deterministic: bool
    keep_torques: bool
    _envs: dict[str, gym.Env] = field(default_factory=dict)

    def __call__(self, job: EpisodeJob) -> Episode:
        """Play one episode to its end."""
        if job.task not in self._envs:
            self._envs[job.task] = self._make_env(job.task)
        env = self._envs[job.task]
        sim: SoccerSim = env.unwrapped
        walks = self.policy.spec.control == "command"
        phase = {"gait_phase": job.start / N_STARTS} if walks else None
        observation, _ = env.reset(seed=job.seed, options=phase)
        start_state = sim.data.qpos.tobytes() + sim.data.qvel.tobytes() + sim.observation().tobytes()
        sim.tape = []
        if job.start and not walks:
            # The hash begins where a replay of all torques does, so the robot stands after a second reset.
            standing = {"standing_steps": job.start * STANDING_STEPS}
            observation, _ = env.reset(seed=job.seed, options=standing)
        state, over = self.policy.begin(job.seed), False
        while not over:
            action, state = self.policy.predict(observation, state, deterministic=self.deterministic)
            observation, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        torques = np.array(sim.tape, dtype=np.float32)
        fingerprint = hashlib.blake2b(start_state + torques.tobytes(), digest_size=8).hexdigest()
        return _finished(job, info, fingerprint, torques if self.keep_torques else None)

    def _make_env(self, task: str) -> gym.Env:
        spec = self.policy.spec
        return make_env(
            task,
            control=spec.control,
            observation=spec.observation,
            reward="competition" if TASKS[task].in_competition else "env",
            walker=spec.walker or "own",
            hold=spec.hold,
            fast=self.fast,
            info="terms",
        )


def _finished(job: EpisodeJob, info: dict[str, Any], fingerprint: str, torques: np.ndarray | None) -> Episode:
    report = info["episode_report"]
    same = ("terms", "length", "outcome", "success", "fallen", "offside")
    return Episode(
        **asdict(job),
        score=report.get("score"),
        components=report.get("components", {}),
        kicked=bool(info.get("macro_trigger_count", 0)),
        episode_return=report["return"],
        fingerprint=fingerprint,
        torques=torques,
        **{name: report[name] for name in same},
    )
