"""Episodes for a comparison: agents in turn, disturbed or not, each with its trail and in its file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import gymnasium as gym

from soccer_lib.comparison.disturbances import (
    NONE,
    Disturbance,
    DisturbedPolicy,
    Push,
    disturb_model,
    disturbance_rng,
)
from soccer_lib.comparison.failures import cause_of
from soccer_lib.comparison.trail import Trail, TrailNotes, trail_as_json, trail_from_json
from soccer_lib.errors import InputError
from soccer_lib.evaluation import Episode
from soccer_lib.evaluation.episode import EpisodeJob
from soccer_lib.evaluation.play import Transition, env_for
from soccer_lib.evaluation.player import play_scored
from soccer_lib.policies import Policy
from soccer_lib.runs.files import atomic_write_text, load_record
from soccer_lib.sim import simulation_of

KEPT_ENVS = 6
"""Environments that a worker keeps, 50 to 70 MiB each."""


@dataclass(frozen=True)
class CompareJob(EpisodeJob):
    """One episode of one agent.

    Attributes:
        agent: its name in the comparison.
        disturbance: what is wrong in it.
    """

    agent: str = ""
    disturbance: Disturbance = NONE


@dataclass(frozen=True)
class PlayedEpisode:
    """What became of a job.

    Attributes:
        episode: as `evaluate` keeps it, without its torques.
        trail: where robot and ball went.
    """

    episode: Episode
    trail: Trail

    @cached_property
    def cause(self) -> str | None:
        """Why it failed (see `failures.CAUSES`); None where it was solved."""
        return cause_of(self.episode.task, self.trail)


@dataclass
class ComparePlayer:
    """Plays the episodes of several agents.

    Attributes:
        agents: name -> policy.
        contents: name -> hash of everything that decides what the agent does in an episode.
        folder: where each episode gets a file; None keeps none.
        fast: the exact fast simulation, or the stock environment.
        deterministic: passed to `policy.predict`.
    """

    agents: dict[str, Policy]
    contents: dict[str, str]
    folder: Path | None = None
    fast: bool = True
    deterministic: bool = True
    _envs: OrderedDict[Any, gym.Env] = field(default_factory=OrderedDict)

    def file(self, job: CompareJob) -> Path:
        """The file of an episode: its name says all that the episode depends on."""
        assert self.folder is not None
        words = [self.contents[job.agent], job.task, str(job.seed), str(job.start)]
        if job.disturbance.kind:
            words.append(f"{job.disturbance.kind}-{job.disturbance.level:g}")
        return self.folder / "episodes" / f"{'_'.join(words)}.json"

    def __call__(self, job: CompareJob) -> PlayedEpisode:
        """Play one episode to its end, and write its file."""
        policy = self.agents[job.agent]
        disturbance = job.disturbance
        env = self._env(job)
        rng = disturbance_rng(job.seed, job.start, disturbance)
        notes = TrailNotes(env, job.start)
        push = Push(simulation_of(env), disturbance.of("push"), rng)
        if disturbance.kind in ("noise", "delay"):
            policy = DisturbedPolicy(policy, disturbance.of("noise"), disturbance.of("delay"), rng)

        def on_step(step: Transition) -> None:
            notes.on_step(step)
            push.on_step(step)

        episode = play_scored(
            env,
            policy,
            job,
            deterministic=self.deterministic,
            on_reset=notes.on_reset,
            on_step=on_step,
        )
        played = PlayedEpisode(episode, notes.trail())
        if self.folder:
            write_played(self.file(job), played)
        return played

    def _env(self, job: CompareJob) -> gym.Env:
        """The environment of a job; agents of equal needs share one."""
        spec = self.agents[job.agent].spec
        in_model = job.disturbance if job.disturbance.kind in ("mass", "friction") else NONE
        key = (dataclasses.replace(spec, name=""), job.task, in_model)
        if key not in self._envs:
            while len(self._envs) >= KEPT_ENVS:
                self._envs.popitem(last=False)[1].close()
            env = env_for(spec, job.task, fast=self.fast)
            disturb_model(simulation_of(env), in_model)
            self._envs[key] = env
        self._envs.move_to_end(key)
        return self._envs[key]


def write_played(path: Path, played: PlayedEpisode) -> None:
    """Write an episode's file; it is whole or absent.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    content = {
        "episode": dataclasses.asdict(dataclasses.replace(played.episode, torques=None)),
        "trail": trail_as_json(played.trail),
    }
    atomic_write_text(path, json.dumps({**content, "digest": _digest(content)}) + "\n")


def read_played(path: Path) -> PlayedEpisode:
    """Read an episode's file.

    Raises:
        InputError: it is missing, damaged, or not as it was written.
    """
    content = load_record(path, "episode", "trail")
    digest = content.pop("digest", None)
    if digest != _digest(content):
        raise InputError(
            f"{path} is not as it was written; expected an episode of this comparison; remove the file, and "
            "the same command plays it again"
        )
    return PlayedEpisode(Episode(**content["episode"]), trail_from_json(content["trail"]))


def _digest(content: dict[str, Any]) -> str:
    return hashlib.blake2b(json.dumps(content).encode(), digest_size=16).hexdigest()
