"""One episode: what to play, how it is played, and what is kept of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.envs import layers, make_env
from soccer_lib.errors import SimulationError
from soccer_lib.policies import Policy, stand_torque
from soccer_lib.sim import SoccerSim
from soccer_lib.tasks import TASKS

STARTS = ("official", "distinct")
"""All episodes start as the competition's do, or in `N_STARTS` different states of the controller."""

N_STARTS = 20
STANDING_STEPS = 10
"""Standing torque for each step of a distinct start [physics steps], 0.02 s."""


@dataclass(frozen=True)
class EpisodeJob:
    """One episode to play.

    Attributes:
        task: our name of the task.
        seed: seed of the reset and of the policy's own randomness.
        start: 0 for the official start; k for k x 0.02 s of standing torque, or the gait phase k/20.
        team: 0 kicks at the south goal, 1 at the north goal.
    """

    task: str
    seed: int
    start: int = 0
    team: int = 0

    @property
    def cost(self) -> int:
        """The longest that it can last [physics steps]."""
        return TASKS[self.task].max_steps


@dataclass(frozen=True)
class Episode:
    """One finished episode.

    Attributes:
        task, seed, start, team: as in the job.
        score: the official score; None for a task outside the competition.
        components: weighted official terms, which add up to the score; empty outside the competition.
        terms: unweighted reward terms of the last step.
        length: physics steps [2 ms each], standing torque of a distinct start included.
        outcome: success, blocked, conceded, out_of_field, fall, lost, time_limit or unstable.
        fallen: the trunk was below 0.4 m at the last step.
        offside: the ball was out of the field at the last step.
        kicked: the policy triggered at least one kick or clip.
        episode_return: what the stock environment's dense reward added up to; 0 for competition tasks.
        fingerprint: hash of the start and of all torques; equal ones are the same episode.
        torques: what drove the robot [N m], float32, Shape: (length, 12); None where it was not kept.
    """

    task: str
    seed: int
    start: int
    team: int
    score: float | None
    components: dict[str, float]
    terms: dict[str, float]
    length: int
    outcome: str
    fallen: bool
    offside: bool
    kicked: bool
    episode_return: float
    fingerprint: str
    torques: np.ndarray | None = None

    @property
    def success(self) -> bool:
        """Whether the task was solved."""
        return self.outcome == "success"


class EpisodePlayer:
    """Plays episodes of one policy; keeps one environment for each task.

    Args:
        policy: who acts.
        fast: the exact fast simulation, or the stock environment.
        deterministic: passed to `policy.predict`.
        keep_torques: return the torques with each episode.
    """

    def __init__(self, policy: Policy, *, fast: bool, deterministic: bool, keep_torques: bool) -> None:
        self.policy = policy
        self.fast = fast
        self.deterministic = deterministic
        self.keep_torques = keep_torques
        self._envs: dict[tuple[str, int], gym.Env] = {}

    def __call__(self, job: EpisodeJob) -> Episode:
        """Play one episode."""
        key = (job.task, job.team)
        if key not in self._envs:
            self._envs[key] = self._make_env(job)
        episode = play_episode(self._envs[key], self.policy, job, self.deterministic)
        return episode if self.keep_torques else replace(episode, torques=None)

    def _make_env(self, job: EpisodeJob) -> gym.Env:
        return make_env(
            job.task,
            control=self.policy.spec.control,
            observation=self.policy.spec.observation,
            reward="competition" if TASKS[job.task].in_competition else "env",
            fast=self.fast,
            info="terms",
            team=job.team,
        )

    def close(self) -> None:
        """Close the environments."""
        for env in self._envs.values():
            env.close()
        self._envs.clear()


def play_episode(env: gym.Env, policy: Policy, job: EpisodeJob, deterministic: bool = True) -> Episode:
    """Play one episode to its end.

    Args:
        env: made for the job's task and the policy's spec.
        policy: who acts.
        job: seed and start.
        deterministic: passed to `policy.predict`.
    """
    sim: SoccerSim = env.unwrapped
    has_walker = policy.spec.walker is not None
    options = {"gait_phase": job.start / N_STARTS} if has_walker else None
    observation, _ = env.reset(seed=job.seed, options=options)
    start_state = sim.data.qpos.tobytes() + sim.data.qvel.tobytes() + sim.observation().tobytes()
    sim.tape = []
    try:
        if job.start and not has_walker:
            observation = _stand_first(env, job)
        state, over = policy.begin(job.seed), False
        while not over:
            action, state = policy.predict(observation, state, deterministic=deterministic)
            observation, _, terminated, truncated, info = env.step(action)
            over = terminated or truncated
        torques = np.array(sim.tape, dtype=np.float32)
    finally:
        sim.tape = None
    fingerprint = hashlib.blake2b(start_state + torques.tobytes(), digest_size=8).hexdigest()
    return _finished(job, info, fingerprint, torques)


def _stand_first(env: gym.Env, job: EpisodeJob) -> np.ndarray:
    """Hold the standing pose before the policy takes over; returns the observation that it then sees."""
    sim: SoccerSim = env.unwrapped
    for _ in range(job.start * STANDING_STEPS):
        if sim.advance(stand_torque(sim.observation())):
            raise SimulationError(
                f"{job.task}, seed {job.seed}: over after {sim.n_steps} steps of standing torque; expected "
                f"{job.start * STANDING_STEPS}; try --starts official"
            )
    observation = sim.observation()
    for layer in layers(env):
        if isinstance(layer, gym.ObservationWrapper):
            observation = layer.observation(observation)
    return observation


def _finished(job: EpisodeJob, info: dict[str, Any], fingerprint: str, torques: np.ndarray) -> Episode:
    report = info["episode_report"]
    if "score" in report and not np.isfinite(report["score"]):
        raise SimulationError(
            f"{job.task}, seed {job.seed}: the score is {report['score']} after {report['length']} "
            "steps; expected a number; record the episode and look at its last torques"
        )
    return Episode(
        task=job.task,
        seed=job.seed,
        start=job.start,
        team=job.team,
        score=report.get("score"),
        components=report.get("components", {}),
        terms=report["terms"],
        length=report["length"],
        outcome=report["outcome"],
        fallen=report["fallen"],
        offside=report["offside"],
        kicked=bool(info.get("macro_trigger_count", 0)),
        episode_return=0.0 if "score" in report else report["return"],
        fingerprint=fingerprint,
        torques=torques,
    )
