"""Demonstrations: a policy plays in the real environment, and each episode becomes samples.

With an expert (DAgger; Ross et al. 2011) the policy acts and the expert says what it would have done. Its
own state goes on with its own answers, except where it asks for a kick that is not played: from there it
asks again, as if it had not. What the robot really did, it sees in its observation.

With noise the policy corrects disturbances of its own (DART; Laskey et al. 2017): clones then have seen
what to do beside the path. The spread is drawn anew for each episode, so that some stay nearly clean.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import gymnasium as gym
import numpy as np

from soccer_lib.control.kicks import requested_kick
from soccer_lib.demos.config import DatasetConfig
from soccer_lib.demos.dataset import Dataset, dataset_of, join
from soccer_lib.envs.make import check_sizes, layers, make_env
from soccer_lib.errors import InputError
from soccer_lib.evaluation.play import EpisodeJob
from soccer_lib.layout import DEFAULT_POSE
from soccer_lib.policies import Policy, load_policy
from soccer_lib.runs import RunFolder, atomic_write_npz, load_npz
from soccer_lib.runs.pool import run_jobs
from soccer_lib.tasks import PHYSICS_DT, TASKS, WALKER_STEPS, tasks_named
from soccer_lib.wrappers import OBSERVATIONS
from soccer_lib.wrappers.command import CommandControl

_DECIDES = ("from_policy", "level", "observation", "label_with", "noise")
"""Settings that an episode depends on."""

REPORTED = range(10_000, 100_000)
"""Seeds of reported figures: nothing may learn from them."""


def collect_dataset(config: DatasetConfig, policy: Policy | None = None, progress: bool = True) -> Dataset:
    """Let a policy play and keep what it saw, did and was paid.

    With an output in `config`, finished episodes wait in `parts_folder(config)`, for a later call to go on.

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
    tasks, seeds = tasks_named(",".join(config.tasks)), range(config.seed, config.seed + config.episodes)
    if not set(seeds).isdisjoint(REPORTED):
        raise InputError(
            f"seeds {seeds[0]} to {seeds[-1]} came; expected none of those that figures are reported from, "
            f"{REPORTED[0]} to {REPORTED[-1]}; try --seed 1000 or 100000"
        )
    collector = collector_of(config, policy)
    check_sizes([task.name for task in tasks], collector.layout)
    # A class typed into a notebook cannot be imported by another process.
    workers = 1 if type(policy).__module__ == "__main__" else config.workers
    jobs = [EpisodeJob(task.name, seed) for task in tasks for seed in seeds]
    collector.folder = _opened(config, policy) if config.output else None
    waiting = [job for job in jobs if not (collector.folder and collector.file(job).is_file())]
    if progress and len(waiting) < len(jobs):
        print(f"{len(jobs) - len(waiting)} of {len(jobs)} episodes are there already")
    played = run_jobs(collector, waiting, workers, f"{policy.spec.name} plays" if progress else "")
    if collector.folder:
        files = [collector.file(job) for job in jobs]
        played = [dataset_of(load_npz(file), file) for file in files]
    dataset = join(played)
    if config.only_success and not dataset.success.any():
        raise InputError(f"none of {len(jobs)} episodes was solved; expected one; drop --only-success")
    return dataset.take(dataset.success[dataset.episode_id]) if config.only_success else dataset


def parts_folder(config: DatasetConfig) -> Path:
    """Where finished episodes wait until all are there."""
    return Path(config.output).with_suffix(".parts")


def _opened(config: DatasetConfig, policy: Policy) -> Path:
    decides = {name: getattr(config, name) for name in _DECIDES}
    decides["policy"] = dataclasses.asdict(policy.spec)
    kept = RunFolder.open(parts_folder(config), decides, "dataset --from")
    if kept.resumed and not config.resume:
        raise InputError(
            f"{kept.path} holds episodes of a call that was stopped; expected to go on with them, or no such "
            "folder; add --resume or remove it"
        )
    return kept.path


def collector_of(config: DatasetConfig, policy: Policy) -> Collector:
    """Who plays and what is kept, checked."""
    spec, expert = policy.spec, load_policy(config.label_with) if config.label_with else None
    targets = config.level == "joint" and spec.control == "command"
    gives = "joint" if targets else spec.control
    wanted = {"--level": config.level, "--label-with": expert.spec.control if expert else gives}
    for flag, control in wanted.items():
        if control not in ("own", gives) or (targets and expert):
            raise InputError(
                f"{flag} wants {control}, {spec.name} gives {gives}; expected the same; drop {flag}"
            )
    layout = spec.observation if config.observation == "own" else config.observation
    if targets and layout == "agent":
        layout = "robot"  # the rest tells of the walker, which joint targets replace
    return Collector(policy, expert, layout, targets, config.noise)


@dataclasses.dataclass
class Collector:
    """Plays episodes; keeps one environment for each task.

    Attributes:
        policy: who acts.
        expert: whose actions are kept instead; None for the policy's.
        layout: observation that is kept.
        targets: keep the walker's joint targets, at 50 Hz.
        noise: largest spread of what is added to the policy's actions, in their units of [-1, 1].
        folder: where a file of each episode goes; None hands the episodes back.
    """

    policy: Policy
    expert: Policy | None
    layout: str
    targets: bool
    noise: float = 0.0
    folder: Path | None = None
    _envs: dict[str, gym.Env] = dataclasses.field(default_factory=dict)

    def file(self, job: EpisodeJob) -> Path:
        """Where an episode is kept."""
        return self.folder / f"{job.task}_{job.seed}.npz"

    def __call__(self, job: EpisodeJob) -> Dataset | None:
        """Play one episode and keep it, or hand it back."""
        dataset = self.play(job)
        if not self.folder:
            return dataset
        atomic_write_npz(self.file(job), dataset.arrays(), compress=False)

    def play(self, job: EpisodeJob) -> Dataset:
        """Play one episode to its end."""
        policy, expert, env = self.policy, self.expert, self.env(job.task)
        sim, control, *_ = layers(env)
        views = {name: OBSERVATIONS[name](control) for name in self._layouts()}

        def look() -> dict[str, np.ndarray]:
            return {name: view.observation(sim.observation()) for name, view in views.items()}

        rng = np.random.default_rng(job.seed)
        phase, spread = {"gait_phase": rng.random()}, self.noise * rng.random()
        env.reset(seed=job.seed, options=phase if policy.spec.control == "command" else None)
        state, expert_state = policy.begin(job.seed), expert and expert.begin(job.seed)
        rows, paid, seen, over = [], {}, look(), False
        note = _target_notes(control, views[self.layout], rows)
        if self.targets:
            control.on_target.append(note)
        while not over:
            start = sim.n_steps
            action, state = policy.predict(seen[policy.spec.observation], state)
            _, reward, terminated, truncated, info = env.step(_disturbed(action, spread, rng))
            kicked, over = info.get("macro_triggered", False), terminated or truncated
            kept = np.sign(action) if kicked else action
            if expert:
                kept, next_state = expert.predict(seen[expert.spec.observation], expert_state)
                if kicked or len(kept) != 3 or requested_kick(kept) < 0:
                    expert_state = next_state
            if not self.targets:
                rows.append((start, seen[self.layout], kept))
            paid[len(rows) - 1] = paid.get(len(rows) - 1, 0.0) + reward
            seen = look()
        if self.targets:
            control.on_target.remove(note)
        starts, observations, actions = map(np.array, zip(*rows, strict=True))
        last, report = np.arange(len(rows)) == len(rows) - 1, info["episode_report"]
        transitions = {
            "rewards": [paid.get(row, 0.0) for row in range(len(rows))],
            "next_observations": np.concatenate((observations[1:], seen[self.layout][None])),
            "terminated": last & terminated,
            "truncated": last & truncated,
            "held_steps": np.diff(starts, append=sim.n_steps),
        }
        return Dataset(
            control="joint" if self.targets else policy.spec.control,
            observation_layout=self.layout,
            rate_hz=1 / (PHYSICS_DT * (WALKER_STEPS if self.targets else control.hold)),
            observations=observations,
            actions=np.clip(actions, -1, 1),
            episode_id=np.zeros(len(rows)),
            source=["/".join((policy.spec.name, job.task, str(job.seed)))],
            tasks=[job.task],
            seeds=[job.seed],
            scores=[report.get("score", np.nan)],
            success=[report["success"]],
            **({} if expert or self.noise else transitions),
        )

    def _layouts(self) -> list[str]:
        """The observations that are needed; one that brings the ball tracker along comes first."""
        names = {self.layout, *(player.spec.observation for player in (self.policy, self.expert) if player)}
        return sorted(names, key=lambda name: (name not in ("robot", "agent"), name))

    def env(self, task: str) -> gym.Env:
        """The environment of a task."""
        if task not in self._envs:
            spec, reward = self.policy.spec, "competition" if TASKS[task].in_competition else "env"
            wanted = {"control": spec.control, "observation": self._layouts()[0], "hold": spec.hold}
            self._envs[task] = make_env(
                task, **wanted, walker=spec.walker or "own", reward=reward, info="terms"
            )
        return self._envs[task]


def _disturbed(action: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """An action and noise of that standard deviation; kicks stay, and none comes about."""
    kicks = len(action) == 3
    if not spread or (kicks and requested_kick(action) >= 0):
        return action
    noisy = np.clip(action + rng.normal(0, spread, action.shape), -1, 1).astype(np.float32)
    return action if kicks and requested_kick(noisy) >= 0 else noisy


def _target_notes(
    control: CommandControl, view: gym.ObservationWrapper, rows: list[tuple]
) -> Callable[[np.ndarray], None]:
    """A hook that notes each joint target of walker and kicks, with the observation that it follows."""

    def note(target: np.ndarray) -> None:
        seen = view.observation(control.sim.observation())
        rows.append((control.sim.n_steps, seen, target - DEFAULT_POSE))

    return note
