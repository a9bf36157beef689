"""Motion clips to a dataset: each frame becomes what a robot in this motion would see, and what it does.

Observations are `layout.ROBOT` (89 entries, heading frame), so that what learns from them can act with
`make_env(observation="robot")`. From the clip: joints, gravity, gyro, accelerometer (from differences of the
velocity) and velocimeter. A clip has no ball, so a scene is set up around the robot, anew for each sample:
a resting ball at a drawn distance (near: up to `ball_radius`, far: from there to `ball_far`) and up to
`BEARING` off straight ahead; the south goal, at which team 0 kicks, `goal_distance` beyond it in the
heading's direction; and what the task has besides: goalkeepers in the middle of their goals, the defenders
on the line, the target in the goal (obstacle: `TARGET_HEIGHT` above the ground).

Actions, level command: velocity of the trunk in its heading frame and its turning, as shares of
`COMMAND_SCALE`, held within [-1, 1]. Level joint: the joint positions of the next sample minus
`DEFAULT_POSE`, held within [-1, 1] rad.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from soccer_lib.control.ball import BALL_RADIUS
from soccer_lib.control.clip import Clip
from soccer_lib.control.kicks import PATTERNS, kick_asked
from soccer_lib.demos.clips import fitting, read_clips
from soccer_lib.demos.config import NEAREST, DatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError, unknown_name
from soccer_lib.layout import COMMAND_SCALE, DEFAULT_POSE, ROBOT
from soccer_lib.ranges import Range
from soccer_lib.wrappers.heading import SOUTH_GOAL

FRAME = Range(0, 999_999, whole=True)
"""Numbers of frames that can be named."""

BEARING = 0.5
"""Largest angle between the heading and the ball [rad]."""

TARGET_HEIGHT, KEEPER_HEIGHT, DEFENDER_HEIGHT = 1.12, 0.2, 0.6
"""Of the middle of each above the ground, as in the real tasks [m]."""

_DEFENDERS = (-0.8, 0.0, 0.8)
_MODES = {"goalie": (0,), "obstacle": (1,), "kick": (2,), "all": (0, 1, 2), "zeros": (-1,)}
_FLAGS = ("sentinels", "near", "clipped", "held")
_GRAVITY = 9.81
_HELD = 0.99
"""Of the sentinel threshold: where a motion's command is held that would read as a kick."""


def build_dataset(config: DatasetConfig) -> tuple[Dataset, list[dict[str, Any]]]:
    """Build a dataset from a folder of clips.

    Returns:
        The dataset, with an episode for each part of each clip, and figures of each clip: what was read,
        samples, sentinels, near, clipped (beyond the actions' range), held (below the kick threshold), mean
        and standard deviation of the actions.

    Raises:
        InputError: bad settings, or clips that cannot be read or do not fit together.
    """
    clips = read_clips(config.input_root, config.files, config.exclude_files, config.strict_files)
    if config.rate_hz:
        clips = [clip.resample(config.rate_hz) for clip in clips]
    rates = {clip.rate_hz: clip.name for clip in clips}
    if len(rates) > 1:
        shown = ", ".join(f"{name} {rate:g} Hz" for rate, name in rates.items())
        raise InputError(f"clips of {len(rates)} rates came ({shown}); expected one; try --rate-hz 50")
    kicking = fitting([clip.name for clip in clips], config.sentinel_files if config.enable_sentinels else ())
    if config.enable_sentinels and not kicking:
        raise InputError(
            f"--sentinel-files {' '.join(config.sentinel_files)} fits none of "
            f"{', '.join(clip.name for clip in clips)}; expected clips that kick; try '*kick*'"
        )
    rng, parts, source, figures = np.random.default_rng(config.seed), [], [], []
    for clip in clips:
        own = [_samples(part, clip.name in kicking, config, rng) for part in clip.parts()]
        parts, source = parts + own, source + [clip.name] * len(own)
        actions, flags = (np.concatenate([part[column] for part in own]) for column in (1, 2))
        counts = dict(zip(_FLAGS, flags.sum(axis=0).tolist(), strict=True))
        shares = {"mean": actions.mean(axis=0), "std": actions.std(axis=0), "reading": clip.reading}
        figures.append({"clip": clip.name, "samples": len(actions), **counts, **shares})
    observations, actions, flags = map(np.concatenate, zip(*parts, strict=True))
    dataset = Dataset(
        control="joint" if config.level == "joint" else "command",
        observation_layout=ROBOT.name,
        rate_hz=clips[0].rate_hz / config.stride,
        observations=observations,
        actions=actions,
        episode_id=np.repeat(np.arange(len(parts)), [len(part[1]) for part in parts]),
        source=source,
        sentinels=flags[:, 0],
    )
    return dataset.take(_thinned(dataset.sentinels, config.max_samples)), figures


def _samples(part: Clip, kicks: bool, config: DatasetConfig, rng: np.random.Generator) -> tuple:
    """Observations, actions and `_FLAGS` of one part."""
    frames = np.arange(0, len(part), config.stride)
    if config.level == "joint":
        actions, frames = part.joint_pos[frames[1:]] - DEFAULT_POSE, frames[:-1]
    else:
        actions = np.column_stack((part.velocity[frames, :2], part.world_spin[frames, 2])) / COMMAND_SCALE
    count = len(frames)
    if len(part) < 2 or not count or config.stride > len(part):
        raise InputError(f"{part.source} has a part of {len(part)} frames; expected more; try --stride 1")
    clipped, actions = (np.abs(actions) > 1).any(axis=1), np.clip(actions, -1, 1)
    sentinels = kicks & np.isin(np.arange(count), sentinel_frames(config.sentinel_frames))
    held = np.zeros(count, bool)
    if config.level != "joint":
        reads = [kick_asked(action, config.sentinel_threshold) is not None for action in actions]
        held, most = np.array(reads) & ~sentinels, _HELD * config.sentinel_threshold
        actions[held] = np.clip(actions[held], -most, most)
        actions[sentinels] = sentinel_pattern(config.sentinel_pattern)
    near = {"keep": np.zeros(count, bool), "sentinel": sentinels, "all": np.ones(count, bool)}
    near = near[config.context_mode]
    low, high = np.where(
        near[:, None], (NEAREST, config.ball_radius), (config.ball_radius, config.ball_far)
    ).T
    distance, bearing = rng.uniform(low, high), rng.uniform(-BEARING, BEARING, count)
    ball = distance[:, None] * np.column_stack((np.cos(bearing), np.sin(bearing)))
    tasks = np.resize(_MODES[config.task_mode], count)
    observations = scene_observations(part, frames, ball, config.goal_distance, tasks)
    return observations, actions, np.column_stack((sentinels, near, clipped, held))


def scene_observations(
    clip: Clip, frames: np.ndarray, ball: np.ndarray, goal_distance: float, tasks: np.ndarray
) -> np.ndarray:
    """What a robot in these frames would see of a ball, a goal and its task; see the module.

    Args:
        clip: one part.
        frames: which of its frames. Shape: (n,).
        ball: true centre of the ball from the trunk, ahead and to the left [m]. Shape: (n, 2).
        goal_distance: of the south goal from the ball [m].
        tasks: index in the task one-hot, -1 for none. Shape: (n,).

    Returns:
        `layout.ROBOT`, Shape: (n, 89).
    """
    proper = np.gradient(clip.world_velocity, axis=0) * clip.rate_hz + (0, 0, _GRAVITY)
    at, still, up = clip.take(frames), -clip.velocity[frames], np.tile((0.0, 0.0, 1.0), (len(frames), 1))
    centre = np.column_stack((ball, BALL_RADIUS - at.root_pos[:, 2]))
    south = centre + (goal_distance, 0, -BALL_RADIUS)
    north = south + 2 * np.array(SOUTH_GOAL)  # the kick goes along the field
    goalie, obstacle, target = tasks[:, None] == 0, tasks[:, None] == 1, tasks[:, None] > 0
    keeper, defenders = KEEPER_HEIGHT * up, [south + (0, y, DEFENDER_HEIGHT) for y in _DEFENDERS]
    seen = {
        "joint_pos": at.joint_pos,
        "joint_vel": at.joint_vel,
        "projected_gravity": -at.in_trunk(up),
        "robot_gyro": at.gyro,
        "robot_accelerometer": clip.in_trunk(proper)[frames],
        "robot_velocimeter": at.in_trunk(at.world_velocity),
        "goal_team_0_rel_robot": south,
        "goal_team_1_rel_robot": north,
        "goal_team_0_rel_ball": south - centre,
        "goal_team_1_rel_ball": north - centre,
        "ball_xpos_rel_robot": centre,
        "ball_velp_rel_robot": still,
        "ball_velr_rel_robot": -at.in_heading(at.world_spin),
        "player_team": np.tile((1, 0), (len(frames), 1)),
        "goalkeeper_team_0_xpos_rel_robot": goalie * (south + keeper),
        "goalkeeper_team_0_velp_rel_robot": goalie * still,
        "goalkeeper_team_1_xpos_rel_robot": goalie * (north + keeper),
        "goalkeeper_team_1_velp_rel_robot": goalie * still,
        "target_xpos_rel_robot": target * (south + obstacle * TARGET_HEIGHT * up),
        "target_velp_rel_robot": target * still,
        "defender_xpos": obstacle * np.concatenate(defenders, axis=1),
        "task_one_hot": tasks[:, None] == np.arange(3),
    }
    return np.concatenate([seen[field.name] for field in ROBOT.fields], axis=1, dtype=np.float32)


def sentinel_pattern(text: str) -> np.ndarray:
    """The command that asks for a kick, from its signs such as "1,-1,1". Shape: (3,).

    Raises:
        InputError: no kick has these signs.
    """
    patterns = {",".join(f"{sign:g}" for sign in signs): signs for signs in PATTERNS.values()}
    if text.replace(" ", "") not in patterns:
        raise unknown_name("--sentinel-pattern", text, patterns)
    return np.array(patterns[text.replace(" ", "")])


def sentinel_frames(text: str) -> list[int]:
    """The numbers in a list such as "0-2" or "0,5-9".

    Raises:
        InputError: it is no such list.
    """
    spans = [re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", word) for word in text.split(",")]
    if not all(spans):
        raise InputError(f"--sentinel-frames got {text!r}; expected numbers and spans; try 0-2")
    for span in spans:
        FRAME.number("--sentinel-frames", int(span[2] or span[1]), "try 0-2")
        FRAME.number("--sentinel-frames", int(span[2] or span[1]) - int(span[1]), "let spans rise, as 0-2")
    return [n for span in spans for n in range(int(span[1]), int(span[2] or span[1]) + 1)]


def _thinned(sentinels: np.ndarray, most: int) -> np.ndarray:
    """Which samples stay, evenly spaced, sentinels before others. Shape: (N,), bool."""
    keep, room = np.zeros(len(sentinels), bool), most or len(sentinels)
    for rows in (np.flatnonzero(sentinels), np.flatnonzero(~sentinels)):
        count = min(room, len(rows))
        keep[rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]] = True
        room -= count
    return keep
