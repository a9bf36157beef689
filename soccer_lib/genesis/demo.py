"""A first look: an arm reaches for a few targets, and a film of it without a display."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro

from soccer_lib.genesis.config import GPU_OF_DEVICE
from soccer_lib.genesis.evaluate import BASELINES, Act, acting_env, distance_words
from soccer_lib.genesis.layout import DT
from soccer_lib.genesis.scene import ArmScene
from soccer_lib.genesis.targets import held_out_targets
from soccer_lib.genesis.vec import ReachVecEnv
from soccer_lib.ranges import Range, check_fields
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.outputs import check_outputs

EVERY = 2
"""Env steps from one picture to the next: 25 pictures a second."""


@dataclass(frozen=True)
class GenesisDemoConfig:
    """Let an arm of Genesis reach for a few targets; film it, or show it in a window."""

    agent: Annotated[str, tyro.conf.Positional] = "random"
    """a run of genesis train, or random, or zero [path]"""
    targets: Annotated[int, Range(1, 1000, whole=True)] = 3
    """how many, one after the other [count]"""
    robot: str = "franka"
    """which arm"""
    video: str = ""
    """film it into this file, .mp4 or .gif [path]"""
    show_viewer: bool = False
    """open a window"""
    device: Literal["cpu", "cuda", "auto"] = "cpu"
    """where physics and networks run; auto takes a GPU where there is one"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        if self.video:
            from soccer_lib.view.video import check_video_name

            check_video_name(self.video)


def show_reaching(config: GenesisDemoConfig) -> None:
    """Let the arm reach, print how it went, and write the film where one is asked for.

    Raises:
        InputError: no such agent, no display, or another ending than a video's.
        ResourceError: the film cannot be written.
    """
    check_outputs([config.video])
    gpu = GPU_OF_DEVICE[config.device]
    camera = (640, 480) if config.video else None
    env: Any
    if config.agent in BASELINES:
        env = ReachVecEnv(ArmScene(1, config.robot, gpu, config.show_viewer, camera))
        act = BASELINES[config.agent]()
    else:
        env, act = acting_env(Path(config.agent), gpu, config.show_viewer, camera)
    try:
        frames = reaching_frames(env, act, held_out_targets(config.targets), pictures=bool(config.video))
        if config.video:
            from soccer_lib.view.video import write_video

            print_progress("drawing: the first picture takes up to a minute on a CPU")
            print_progress(f"wrote {write_video(frames, config.video, round(1 / (EVERY * DT)))}")
        else:
            for _ in frames:
                pass
    finally:
        env.close()


def reaching_frames(
    env: Any, act: Act, targets: np.ndarray, pictures: bool = True, pause: int = 5
) -> Iterator[np.ndarray]:
    """Play one episode for each target with the first arm, and yield its pictures.

    Args:
        env: a `ReachVecEnv`, behind its normaliser where it has one.
        act: the policy.
        targets: [m]. Shape: (n, 3).
        pictures: yield them; without, the episodes are only played.
        pause: pictures for which the end of an episode stands still.
    """
    arm = env.unwrapped.arm
    for number, target in enumerate(targets, start=1):
        env.unwrapped.aim(np.tile(target, (env.num_envs, 1)))
        observation = env.reset()
        picture = None
        step = 0
        over = False
        while not over:
            if pictures and step % EVERY == 0:
                picture = arm.picture()
                yield picture
            step += 1
            observation, _, ended, infos = env.step(act(observation))
            over = bool(ended[0])
        how = "reached" if infos[0]["is_success"] else "not reached"
        away = distance_words(infos[0]["distance_to_target"], env.unwrapped.task.stage.posture)
        shown = ", ".join(f"{entry:.2f}" for entry in target)
        print_progress(f"target {number} at ({shown}) m: {how} after {step * DT:.2f} s, {away}")
        if picture is not None:
            for _ in range(pause):
                yield picture


def main(config: GenesisDemoConfig) -> None:
    """Run the command."""
    show_reaching(config)
