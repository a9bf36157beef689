"""The command `film`: play one episode of an agent again, or of several side by side, and film it."""

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
from soccer_lib.view.video import beside, check_video_name, write_video


@dataclass(frozen=True)
class FilmConfig:
    """Film one episode: the same task, seed and start give the same one."""

    policies: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="AGENT")]
    """Who plays: a name or a path, as for evaluate; several stand side by side in one picture."""
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
    """Width of an agent's picture, in pixels; its height is 9/16 of it."""
    deterministic: bool = True
    """Take the policy's likeliest action; --no-deterministic draws one."""
    trust_code: bool = False
    """Let torch run a TorchScript policy as it is, with whatever its author put into it."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        if not self.policies:
            raise InputError("no agent came; expected one or more to film; try: film striker --task ...")


def main(config: FilmConfig) -> None:
    """The command `film`.

    Raises:
        SoccerError: an unknown name, a bad number, a failed episode, or a file that could not be written.
    """
    check_video_name(config.video)
    check_outputs([config.video])
    trust = {"trust_code": True} if config.trust_code else {}
    policies = [load_policy(name, **trust) for name in config.policies]
    job = EpisodeJob(task_named(config.task).name, config.seed, config.start)
    traces = [trace_job(policy, job, config.deterministic) for policy in policies]
    if any(len(trace.time) < 2 for trace in traces):
        raise InputError("the episode has no length; expected one to film; choose another seed")
    size = (config.width, round(config.width * 9 / 16 / 2) * 2)
    films = [
        film_frames(policy.spec.name, job, trace, config.fps, size)
        for policy, trace in zip(policies, traces, strict=True)
    ]
    written = write_video(beside(films), config.video, config.fps)
    ends = (f"{trace.events[-1][1]} after {trace.events[-1][0]:.1f} s" for trace in traces)
    print(f"wrote {written}: {', '.join(ends)}")
