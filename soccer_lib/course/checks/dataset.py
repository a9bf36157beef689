"""Exercises of lesson 02: commands of a clip, and the split by episode."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from soccer_lib.course.checks.answers import Answers
from soccer_lib.course.checks.judge import example, judge
from soccer_lib.layout import COMMAND_SCALE


def check_clip_commands(commands: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> bool:
    """Check a function (world velocities, world spins, x y z w, a row a frame) -> commands in [-1, 1]."""
    rng = np.random.default_rng(4)
    right = rng.uniform(-0.9, 0.9, (6, 3))
    ahead, left, turn = (right * COMMAND_SCALE).T

    def clip(yaw: np.ndarray | float, pitch: float = 0.0, faster: float = 1.0) -> tuple[np.ndarray, ...]:
        """Frames of a robot that follows the right commands at these headings."""
        zero = np.zeros(6)
        yaws = zero + yaw
        x = np.cos(yaws) * ahead - np.sin(yaws) * left
        y = np.sin(yaws) * ahead + np.cos(yaws) * left
        velocity = faster * np.stack((x, y, zero + 0.1), axis=1)
        spin = np.stack((zero, zero, faster * turn), axis=1)
        quat = Rotation.from_euler("ZY", np.stack((yaws, zero + pitch), axis=1)).as_quat()
        return velocity, spin, quat

    yaws = rng.uniform(-np.pi, np.pi, 6)
    held = np.clip(3 * right, -1, 1)
    return judge(
        commands,
        [
            example("facing along x: velocities and turning as shares of COMMAND_SCALE", clip(0), right),
            example("a robot that faces and moves along -y moves ahead", clip(-np.pi / 2), right),
            example("each frame is turned by its own heading", clip(yaws), right),
            example("leaning forward does not change a command", clip(yaws, 0.3), right),
            example("what is faster than the scale is held at -1 or 1", clip(yaws, faster=3.0), held),
        ],
    )


def check_split(split: Callable[[np.ndarray, float, int], np.ndarray]) -> bool:
    """Check a function (episode of each sample, share, seed) -> which samples train, a mask."""
    lengths = np.random.default_rng(5).integers(1, 60, 20)
    # Numbers of episodes need not start at 0, nor come in order.
    episode_id = np.repeat(np.random.default_rng(5).permutation(20) + 7, lengths)

    def training(answers: Answers, share: float, seed: int) -> tuple[np.ndarray, frozenset[int]]:
        mask = answers(episode_id, share, seed, shape=episode_id.shape, kind=bool)
        return mask, frozenset(episode_id[mask].tolist())

    def whole_episodes(answers: Answers) -> None:
        mask, episodes = training(answers, 0.8, 0)
        torn = sorted(episodes & set(episode_id[~mask].tolist()))
        if torn:
            got = f"episode {torn[0]} has {mask[episode_id == torn[0]].sum()} of its samples in training"
            got += f" and {(~mask[episode_id == torn[0]]).sum()} in validation"
            raise answers.miss((episode_id, 0.8, 0), "all samples of an episode on one side", got)

    def counts(share: float) -> Callable[[Answers], None]:
        def holds(answers: Answers) -> None:
            for seed in range(5):  # the right number may come by luck
                _, episodes = training(answers, share, seed)
                if len(episodes) != round(20 * share):
                    expected = f"{round(20 * share)} of the 20 episodes in training"
                    raise answers.miss((episode_id, share, seed), expected, f"{len(episodes)} in training")

        return holds

    def repeats(answers: Answers) -> None:
        if training(answers, 0.8, 3)[1] != training(answers, 0.8, 3)[1]:
            expected = "the same episodes in both of two calls"
            raise answers.miss((episode_id, 0.8, 3), expected, "different ones")

    def varies(answers: Answers) -> None:
        draws = {training(answers, 0.8, seed)[1] for seed in range(5)}
        if len(draws) == 1:
            expected = "seeds 0 to 4 do not all draw the same episodes"
            raise answers.miss((episode_id, 0.8, 4), expected, "five times the same ones")

    return judge(
        split,
        [
            ("no episode has samples on both sides", whole_episodes),
            ("of 20 episodes a share of 0.8 trains on 16, however long they are", counts(0.8)),
            ("a share of 0.5 trains on 10", counts(0.5)),
            ("the same seed draws the same episodes", repeats),
            ("another seed draws others", varies),
        ],
    )
