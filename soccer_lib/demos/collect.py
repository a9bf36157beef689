"""Demonstrations: a policy plays in the real environment, and each episode becomes samples.

With an expert (DAgger; Ross et al. 2011) the policy acts and the expert says what it would have done. Its
own state goes on with its own answers, except where it asks for a kick that is not played: from there it
asks again, as if it had not. What the robot really did, it sees in its observation.

With hindsight an episode is kept as if the target had been where the ball went (see `hindsight`).

With noise the policy corrects disturbances of its own (DART; Laskey et al. 2017): clones then have seen
what to do beside the path. The spread is drawn anew for each episode, so that some stay nearly clean.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, cast

import gymnasium as gym
import numpy as np

from soccer_lib.control.kicks import requested_kick
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.dataset import Dataset, dataset_of, join
from soccer_lib.demos.hindsight import Again, moved_target, reached
from soccer_lib.envs.make import check_sizes, layers
from soccer_lib.errors import InputError
from soccer_lib.evaluation.episode import EpisodeJob
from soccer_lib.evaluation.play import Agent, Transition, env_for, play_episode
from soccer_lib.layout import DEFAULT_POSE
from soccer_lib.policies import Policy, load_policy
from soccer_lib.policies.learned import walker_sha256
from soccer_lib.runs import RunFolder, atomic_write_npz, load_npz
from soccer_lib.runs.files import sha256_of, sha256_of_arrays
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import training_seeds
from soccer_lib.sim import SoccerSim
from soccer_lib.tasks import PHYSICS_DT, WALKER_STEPS, tasks_named
from soccer_lib.variation.actions import noisy_action
from soccer_lib.wrappers import OBSERVATIONS
from soccer_lib.wrappers.command import CommandControl
from soccer_lib.wrappers.control import ControlInterface

_EPISODE_SETTINGS = ("from_policy", "level", "observation", "label_with", "noise", "as_played", "hindsight")
"""Settings that an episode depends on."""


def collect_dataset(
    config: PlayedDatasetConfig, policy: Policy | None = None, progress: bool = True
) -> Dataset:
    """Let a policy play and keep what it saw, what it did and its rewards.

    With an output in `config`, finished episodes are kept in `parts_folder(config)`, so that a later call can
    continue from there.

    Args:
        config: the settings under "Policy"; the walker's gait phase is drawn from each episode's seed.
        policy: who plays instead of `config.from_policy`.
        progress: print a line every few seconds.

    Raises:
        InputError: unknown names, seeds of reported figures, a level or layout that the policy cannot give,
            episodes of other settings beside the output, or no episode that was solved.
        SimulationError: an episode or a worker failed.
    """
    policy = load_policy(policy or config.from_policy)
    tasks = tasks_named(",".join(config.tasks))
    seeds = training_seeds(config.seed, config.episodes)
    collector = collector_of(config, policy)
    check_sizes([task.name for task in tasks], collector.layout)
    # A class typed into a notebook cannot be imported by another process.
    workers = 1 if type(policy).__module__ == "__main__" else config.workers
    jobs = [EpisodeJob(task.name, seed) for task in tasks for seed in seeds]
    run = _opened(config, policy) if config.output else None  # kept: it holds the folder's lock
    if run:
        collector.folder = run.path
        collector.content = content_of(policy, collector.expert)
        others = [file for file in run.path.glob("*.npz") if collector.content not in file.name]
        if progress and others:
            print_progress(f"{len(others)} episodes of other policies than today's are passed over")
    waiting = [job for job in jobs if not (collector.folder and collector.file(job).is_file())]
    if progress and len(waiting) < len(jobs):
        print_progress(f"{len(jobs) - len(waiting)} of {len(jobs)} episodes are there already")
    played = run_jobs(collector, waiting, workers, f"{policy.spec.name} plays" if progress else "")
    if collector.folder:
        files = [collector.file(job) for job in jobs]
        played = [dataset_of(load_npz(file), file) for file in files]
    dataset = join(played)
    if not (config.only_success or config.hindsight):
        return dataset
    success = dataset.column("success")
    if not success.any():
        better = "let a better policy play, into another --output"
        remedy = better if config.hindsight else "drop --only-success and add --resume"
        raise InputError(f"none of {len(jobs)} episodes was solved; expected one; {remedy}")
    return dataset.take(success[dataset.episode_id])


def parts_folder(config: PlayedDatasetConfig) -> Path:
    """Where finished episodes are kept until all are there."""
    return Path(config.output).with_suffix(".parts")


def content_of(*policies: Policy | None) -> str:
    """A short hash of what policies are: their specs, their walkers' weights, and their own.

    >>> content_of(load_policy("zero")) == content_of(load_policy("zero"), load_policy("stand"))
    False
    """
    parts: list[Any] = []
    for policy in filter(None, policies):
        network = getattr(policy, "network", None)
        file = getattr(network, "path", None)  # of a network that runs in a foreign runtime
        arrays = {
            f"{index} {kind} {name}": array
            for index, (kind, layer) in enumerate(getattr(network, "layers", ()))
            for name, array in {"": np.zeros(0), **layer}.items()
        }
        walker = walker_sha256(policy.spec.walker)
        parts += [policy.spec, walker, file and sha256_of(file), sha256_of_arrays(arrays)]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _opened(config: PlayedDatasetConfig, policy: Policy) -> RunFolder:
    settings = {name: getattr(config, name) for name in _EPISODE_SETTINGS}
    settings["policy"] = dataclasses.asdict(policy.spec)
    parts = RunFolder.open(parts_folder(config), settings, "dataset --from")
    if parts.resumed and not config.resume:
        raise InputError(
            f"{parts.path} holds episodes of a call that was stopped; expected no such folder, or to "
            "continue with them; add --resume, or remove it to start over"
        )
    return parts


def collector_of(config: PlayedDatasetConfig, policy: Policy) -> Collector:
    """Who plays and what is kept, checked."""
    spec = policy.spec
    expert = load_policy(config.label_with) if config.label_with else None
    # The joint targets of the walker that a policy's commands steer.
    targets = config.level == "joint" and spec.control == "command"
    written = "joint" if targets else spec.control
    requested = {"--level": config.level, "--label-with": expert.spec.control if expert else written}
    for flag, control in requested.items():
        if control not in ("own", written) or (targets and expert):
            raise InputError(
                f"{flag} wants {control}, {spec.name} gives {written}; expected the same; drop {flag}"
            )
    layout = spec.observation if config.observation == "own" else config.observation
    if targets and layout == "agent":
        layout = "robot"  # what "agent" adds is the state of the walker, which joint targets replace
    as_played = config.as_played or config.hindsight
    return Collector(policy, expert, layout, targets, config.noise, as_played, config.hindsight)


class _Take(NamedTuple):
    """An episode as it was played.

    Attributes:
        dataset: what is kept of it.
        actions: what was done in each env step. Shape of each: (n_actions,).
        balls: the ball's place at the start and after each of them [m]. Shape of each: (3,).
    """

    dataset: Dataset
    actions: list[np.ndarray]
    balls: list[np.ndarray]


@dataclasses.dataclass
class Collector:
    """Plays episodes; keeps one environment for each task.

    Attributes:
        policy: who acts.
        expert: whose actions are kept instead; None for the policy's.
        layout: observation that is kept.
        targets: keep the walker's joint targets, at 50 Hz.
        noise: largest spread of what is added to the policy's actions, in their units of [-1, 1].
        as_played: keep the actions with that noise.
        hindsight: play each episode once more, with the target where the ball went, and keep that.
        folder: where a file of each episode goes; None hands the episodes back.
        content: hash of who plays and who labels, a part of the files' names.
        watch: called after each env step.
    """

    policy: Policy
    expert: Policy | None
    layout: str
    targets: bool
    noise: float = 0.0
    as_played: bool = False
    hindsight: bool = False
    folder: Path | None = None
    content: str = ""
    watch: Callable[[Transition], None] | None = None
    _envs: dict[str, gym.Env] = dataclasses.field(default_factory=dict)

    def file(self, job: EpisodeJob) -> Path:
        """Where an episode is kept."""
        assert self.folder is not None
        return self.folder / f"{job.task}_{job.seed}_{self.content}.npz"

    def __call__(self, job: EpisodeJob) -> Dataset | None:
        """Play one episode and keep it, or hand it back."""
        dataset = self.play(job)
        if not self.folder:
            return dataset
        atomic_write_npz(self.file(job), dataset.arrays(), compress=False)
        return None

    def play(self, job: EpisodeJob) -> Dataset:
        """Play one episode to its end."""
        take = self._take(job, self.policy, self.noise)
        sim = cast(SoccerSim, self.env(job.task).unwrapped)
        place = reached(sim, take.balls) if self.hindsight else None
        if place is None:
            return take.dataset
        with moved_target(sim, place):
            return self._take(job, Again(take.actions)).dataset

    def _take(self, job: EpisodeJob, agent: Agent, noise: float = 0.0) -> _Take:
        env = self.env(job.task)
        sim = cast(SoccerSim, env.unwrapped)
        control = cast(ControlInterface, layers(env)[1])
        views = {name: OBSERVATIONS[name](control) for name in self._layouts()}

        def observe() -> dict[str, np.ndarray]:
            return {name: view.observation(sim.observation()) for name, view in views.items()}

        rng = np.random.default_rng(job.seed)
        phase = {"gait_phase": rng.random()}
        player = _Player(agent, self.policy.spec.observation, observe, noise * rng.random(), rng)
        actions: list[np.ndarray] = []
        balls: list[np.ndarray] = []
        expert = self.expert
        expert_state = expert and expert.begin(job.seed)
        # One row a sample: physics steps before it, what was seen, what was done.
        rows: list[tuple[int, np.ndarray, np.ndarray]] = []
        rewards: dict[int, float] = {}

        def note_target(target: np.ndarray) -> None:
            observation = views[self.layout].observation(sim.observation())
            rows.append((sim.n_steps, observation, target - DEFAULT_POSE))

        def note(step: Transition) -> None:
            nonlocal expert_state
            kicked = step.info.get("macro_triggered", False)
            action = player.played if self.as_played else player.intended
            action = np.sign(action) if kicked else action
            if expert:
                action, next_state = expert.predict(player.views[expert.spec.observation], expert_state)
                if kicked or len(action) != 3 or not requested_kick(action):
                    expert_state = next_state
            if not self.targets:
                rows.append((sim.n_steps - step.info["held_steps"], player.views[self.layout], action))
            rewards[len(rows) - 1] = rewards.get(len(rows) - 1, 0.0) + step.reward
            actions.append(step.action)
            balls.append(sim.readings.ball.copy())
            if self.watch:
                self.watch(step)

        if self.targets:
            cast(CommandControl, control).on_target = [note_target]
        last_step = play_episode(
            env,
            player,
            seed=job.seed,
            options=phase if self.policy.spec.control == "command" else None,
            on_reset=lambda _: balls.append(sim.readings.ball.copy()),
            on_step=note,
        )
        starts, observations, written = map(np.array, zip(*rows, strict=True))
        is_last = np.arange(len(rows)) == len(rows) - 1
        report = last_step.info["episode_report"]
        transitions = {
            "rewards": np.array([rewards.get(row, 0.0) for row in range(len(rows))]),
            "next_observations": np.concatenate((observations[1:], observe()[self.layout][None])),
            "terminated": is_last & last_step.terminated,
            "truncated": is_last & last_step.truncated,
            "held_steps": np.diff(starts, append=sim.n_steps),
        }
        # What an expert would have done, or what was meant without the noise, did not lead to what came next.
        led_on = not expert and (self.as_played or not self.noise)
        dataset = Dataset(
            control="joint" if self.targets else self.policy.spec.control,
            observation_layout=self.layout,
            rate_hz=1 / (PHYSICS_DT * (WALKER_STEPS if self.targets else control.hold)),
            observations=observations,
            actions=np.clip(written, -1, 1),
            episode_id=np.zeros(len(rows)),
            source=np.array(["/".join((self.policy.spec.name, job.task, str(job.seed)))]),
            tasks=np.array([job.task]),
            seeds=np.array([job.seed]),
            scores=np.array([report.get("score", np.nan)]),
            success=np.array([report["success"]]),
            **(transitions if led_on else {}),
        )
        return _Take(dataset, actions, balls)

    def _layouts(self) -> list[str]:
        """The observations that are needed; one that brings the ball tracker along comes first."""
        names = {self.layout, *(player.spec.observation for player in (self.policy, self.expert) if player)}
        return sorted(names, key=lambda name: (name not in ("robot", "agent"), name))

    def env(self, task: str) -> gym.Env:
        """The environment of a task."""
        if task not in self._envs:
            self._envs[task] = env_for(self.policy.spec, task, observation=self._layouts()[0])
        return self._envs[task]


@dataclasses.dataclass
class _Player:
    """An agent with its own view of an environment that may show another one, and noise on what it does.

    Attributes:
        layout: of its view.
        observe: gives every layout that somebody needs.
        spread: standard deviation of the noise.
        views: what `observe` gave at the last step.
        intended: what the agent then meant to do, without the noise.
        played: what it did.
    """

    agent: Agent
    layout: str
    observe: Callable[[], dict[str, np.ndarray]]
    spread: float
    rng: np.random.Generator
    views: dict[str, np.ndarray] = dataclasses.field(default_factory=dict)
    intended: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.float32))
    played: np.ndarray = dataclasses.field(default_factory=lambda: np.zeros(0, np.float32))

    def begin(self, seed: int | None = None) -> Any:
        return self.agent.begin(seed)

    def predict(
        self, observation: np.ndarray, state: Any = None, *, deterministic: bool = True
    ) -> tuple[np.ndarray, Any]:
        self.views = self.observe()
        self.intended, state = self.agent.predict(self.views[self.layout], state)
        self.played = noisy_action(self.intended, self.spread, self.rng)
        return self.played, state
