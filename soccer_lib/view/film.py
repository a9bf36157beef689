"""An episode of any agent once more, to look at: its trajectory, and pictures of it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat

import numpy as np

from soccer_lib.evaluation.episode import EpisodeJob
from soccer_lib.evaluation.play import env_for
from soccer_lib.evaluation.player import start_options
from soccer_lib.evaluation.trajectory import Trajectory, trace_episode
from soccer_lib.policies import Policy
from soccer_lib.view.scene import Size
from soccer_lib.view.style import title_of
from soccer_lib.view.video import captioned, trajectory_frames


def trace_job(policy: Policy, job: EpisodeJob, deterministic: bool = True) -> Trajectory:
    """The trajectory of an episode, as `evaluate` plays it: same task, seed and start."""
    return trace_episode(
        env_for(policy.spec, job.task),
        policy,
        seed=job.seed,
        options=start_options(policy.spec, job.start),
        deterministic=deterministic,
    )


def film_frames(
    name: str, job: EpisodeJob, trajectory: Trajectory, fps: int = 25, size: Size = (640, 360)
) -> Iterator[np.ndarray]:
    """Pictures of an episode with a line below: who plays which seed and start, and how it ended.

    Args:
        name: of the agent.
        job: the episode.
        trajectory: of `trace_job`.
        fps: pictures a second.
        size: of the pictures [pixels].
    """
    report = trajectory.report or {}
    score = f", score {report['score']:.2f}" if "score" in report else ""
    outcome = title_of(report.get("outcome", "goes on"))
    words = f"{name}, seed {job.seed}, start {job.start}: {outcome}{score}"
    return captioned(trajectory_frames(trajectory, fps=fps, size=size), repeat(words))
