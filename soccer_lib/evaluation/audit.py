"""The audit of a reward: does it rank behaviours as the official score does, at the gamma of the run?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import permutations
from typing import Any, NamedTuple

import gymnasium as gym

from soccer_lib.errors import known_name, unknown_name
from soccer_lib.evaluation.behaviours import BEHAVIOURS, POINTLESS
from soccer_lib.evaluation.episode import EPISODE_LIMIT, N_STARTS, EpisodeJob
from soccer_lib.evaluation.play import Transition, env_for, play_episode
from soccer_lib.policies import PolicySpec
from soccer_lib.ranges import Range
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import seed_range
from soccer_lib.tasks import COMMAND_STEPS, COMPETITION, Task, tasks_named
from soccer_lib.wrappers import CONTROLS
from soccer_lib.wrappers.command import HOLD
from soccer_lib.wrappers.rewards import GAMMA, reward_layer
from soccer_lib.wrappers.rewards.users import written_by_users

LEAST_GAP = 1.0
"""Pairs whose official scores lie nearer are not compared."""

LONGEST_DELAY = 3.0
"""Pairs whose ends lie further apart may be reversed by the discount alone [s]."""

# Verdicts on a pair.
RIGHT = "right"
REVERSED = "reversed"
DISCOUNTED = "reversed by discount"
APART = "right but far apart"


@dataclass(frozen=True)
class AuditJob(EpisodeJob):
    """One episode of a behaviour; the start is the gait phase k/20."""

    behaviour: str = "stand"


@dataclass(frozen=True)
class AuditedEpisode(AuditJob):
    """What became of a job.

    Attributes:
        score: the official score.
        paid: discounted return of the reward; nothing is added for what a truncation cut off.
        time: when the episode ended [s].
        outcome: as in the episode's report.
    """

    score: float = 0.0
    paid: float = 0.0
    time: float = 10.0
    outcome: str = "time_limit"


class Pair(NamedTuple):
    """Two behaviours from the same start whose official scores differ by `LEAST_GAP` or more."""

    better: AuditedEpisode
    worse: AuditedEpisode

    @property
    def verdict(self) -> str:
        """`RIGHT` or `REVERSED`; `APART` or `DISCOUNTED` for ends more than `LONGEST_DELAY` apart."""
        right = self.better.paid > self.worse.paid
        if abs(self.better.time - self.worse.time) > LONGEST_DELAY:
            return APART if right else DISCOUNTED
        return RIGHT if right else REVERSED


@dataclass(frozen=True)
class Audit:
    """What the audit of a reward found.

    Attributes:
        played: every episode.
        settings: what was asked for.
    """

    played: tuple[AuditedEpisode, ...]
    settings: dict[str, Any]

    @cached_property
    def pairs(self) -> dict[str, list[Pair]]:
        """Task -> its pairs."""
        pairs: dict[str, list[Pair]] = {played.task: [] for played in self.played}
        for a, b in permutations(self.played, 2):
            if (a.task, a.start) == (b.task, b.start) and a.score - b.score >= LEAST_GAP:
                pairs[a.task].append(Pair(a, b))
        return pairs

    @property
    def passed(self) -> bool:
        """Whether each task had pairs to compare, and none of them was reversed."""
        counts = [Counter(pair.verdict for pair in pairs) for pairs in self.pairs.values()]
        return all(count[RIGHT] and not count[REVERSED] for count in counts)


@dataclass
class AuditPlayer:
    """Plays behaviours in the environment that an agent is trained in; keeps one for each task and control.

    Attributes:
        discount: of one physics step.
        hold: physics steps of one command.
        reward: name of the reward.
        reward_weights: over those of a profile.
    """

    discount: float
    hold: int
    reward: str
    reward_weights: Mapping[str, Any] | None
    _envs: dict[tuple[str, str], gym.Env] = field(default_factory=dict)

    def __call__(self, job: AuditJob) -> AuditedEpisode:
        """Play one episode to its end."""
        policy = BEHAVIOURS[job.behaviour]()
        paid = 0.0
        discount = 1.0

        def add_up(step: Transition) -> None:
            nonlocal paid, discount
            paid += discount * step.reward
            discount *= self.discount ** step.info["held_steps"]

        walks = policy.spec.control == "command"
        phase = {"gait_phase": job.start % N_STARTS / N_STARTS} if walks else None
        env = self._env(job.task, policy.spec)
        last = play_episode(env, policy, seed=job.seed, options=phase, on_step=add_up)
        report = {name: last.info["episode_report"][name] for name in ("score", "time", "outcome")}
        return AuditedEpisode(**asdict(job), paid=paid, **report)

    def _env(self, task: str, spec: PolicySpec) -> gym.Env:
        key = (task, spec.control)
        if key not in self._envs:
            held = self.hold if spec.control == "command" else None
            self._envs[key] = env_for(
                spec,
                task,
                hold=held,
                reward=self.reward,
                reward_weights=self.reward_weights,
                reward_gamma=self.discount ** (held or CONTROLS[spec.control].hold),
            )
        return self._envs[key]


def audit_reward(
    reward: str,
    weights: Mapping[str, Any] | None = None,
    tasks: str | Task | Sequence[str | Task] = "all",
    starts: int = 10,
    seed: int = 0,
    *,
    control: str = "command",
    hold: int = COMMAND_STEPS,
    gamma: float | None = None,
    workers: int = 0,
) -> Audit:
    """Play `BEHAVIOURS` and compare how a reward and the official score rank them.

    They command the walker (one only falls); a run with another control interface is audited at its
    discount per second.

    Args:
        reward: one of `wrappers.REWARDS`.
        weights: over those of a profile, as `reward_weights` of `make_env`.
        tasks: some of the competition's.
        starts: starts of each behaviour: seeds count up, and so does the gait phase by 1/20.
        seed: of the first start.
        control: control interface of the run.
        hold: physics steps of one command.
        gamma: discount of one env step of the run; None for the default of its control interface.
        workers: processes; 0 takes one a core, and a user's own terms are played in this one. The numbers do
            not depend on it.

    Raises:
        InputError: an unknown name, a bad number, or a task without an official score.
        SimulationError: an episode or a worker failed.
    """
    known_name("control", control, CONTROLS)
    gamma = GAMMA[control] if gamma is None else gamma
    reward_layer(reward, weights, gamma)
    starts = Range(1, 100_000, whole=True).number("starts", starts, "try 10")
    hold = HOLD.number("hold", hold, "try 50 physics steps of 2 ms")
    seeds = seed_range(seed, starts)
    names = [task.name for task in tasks_named(tasks)]
    for name in names:
        if name not in COMPETITION:
            raise unknown_name("task with an official score", name, COMPETITION)
    discount = gamma ** (1 / (hold if control == "command" else CONTROLS[control].hold))
    player = AuditPlayer(discount, hold, reward, weights)
    jobs = [
        AuditJob(task, one_seed, start, behaviour)
        for task in names
        for start, one_seed in enumerate(seeds)
        for behaviour in BEHAVIOURS
        if (task, behaviour) != POINTLESS
    ]
    settings = {
        "reward": reward,
        "weights": dict(weights or {}),
        "control": control,
        "gamma": gamma,
        "hold": hold,
        "starts": starts,
        "seed": seed,
    }
    workers = 1 if written_by_users(weights) else workers
    played = run_jobs(player, jobs, workers, f"audit {reward}", limit=EPISODE_LIMIT)
    return Audit(tuple(played), settings)
