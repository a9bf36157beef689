"""The command `film`: play one episode of an agent again, and film it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from soccer_lib.errors import InputError
from soccer_lib.evaluation.episode import N_STARTS, EpisodeJob
from soccer_lib.policies import load_policy
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs.outputs import check_outputs
from soccer_lib.tasks import task_named
from soccer_lib.view.film import film_frames, trace_job
from soccer_lib.view.video import check_video_name, write_video


@dataclass(frozen=True)
class FilmConfig:
    """Film one episode: the same task, seed and start give the same one."""

    policy: Annotated[str, tyro.conf.Positional]
    """Who plays: a name or a path, as for evaluate."""
    task: str
    """Task."""
    video: str
    """Video to write, .mp4 or .gif."""
    seed: int = 10000
    """Seed of the episode."""
    start: Annotated[int, Range(0, N_STARTS - 1, whole=True)] = 0
    """Start: 0 is the official one; k is the gait phase k/20, or k x 0.02 s of standing."""
    fps: Annotated[int, Range(1, 100, whole=True)] = 25
    """Pictures a second."""
    width: Annotated[int, Range(160, 1280, whole=True)] = 640
    """Width of the picture, in pixels; its height is 9/16 of it."""
    deterministic: bool = True
    """Take the policy's likeliest action; --no-deterministic draws one."""
    trust_code: bool = False
    """Let torch run a TorchScript policy as it is, with whatever its author put into it."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)


def main(config: FilmConfig) -> None:
    """The command `film`.

    Raises:
        SoccerError: an unknown name, a bad number, a failed episode, or a file that could not be written.
    """
    check_video_name(config.video)
    check_outputs([config.video])
    policy = load_policy(config.policy, trust_code=True) if config.trust_code else load_policy(config.policy)
    job = EpisodeJob(task_named(config.task).name, config.seed, config.start)
    trajectory = trace_job(policy, job, config.deterministic)
    if len(trajectory.time) < 2:
        raise InputError("the episode has no length; expected one to film; choose another seed")
    height = round(config.width * 9 / 16 / 2) * 2
    frames = film_frames(policy.spec.name, job, trajectory, config.fps, (config.width, height))
    written = write_video(frames, config.video, config.fps)
    print(f"wrote {written}: {trajectory.events[-1][1]} after {trajectory.events[-1][0]:.1f} s")
