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
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from soccer_lib.control.ball import BALL_RADIUS
from soccer_lib.control.kicks import NO_KICK, PATTERNS, requested_kicks
from soccer_lib.demos.clips import fitting, read_clips
from soccer_lib.demos.config import NEAREST, ClipDatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError, unknown_name
from soccer_lib.formats.clip import Clip
from soccer_lib.layout import COMMAND_SCALE, DEFAULT_POSE, ROBOT
from soccer_lib.wrappers.heading import SOUTH_GOAL

BEARING = 0.5
"""Largest angle between the heading and the ball [rad]."""

TARGET_HEIGHT = 1.12
"""Middle of the obstacle task's target above the ground, as in the real task [m]."""

KEEPER_HEIGHT = 0.2
"""Middle of a goalkeeper above the ground, as in the real tasks [m]."""

DEFENDER_HEIGHT = 0.6
"""Middle of a defender above the ground, as in the real task [m]."""

MOST_FRAMES = 1_000_000
"""Highest number of a frame that can be named."""

_DEFENDERS = (-0.8, 0.0, 0.8)
_TASKS = {"goalie": (0,), "obstacle": (1,), "kick": (2,), "all": (0, 1, 2), "zeros": (-1,)}
"""Entries of the task one-hot that the samples take in turn; -1 for none."""

_GRAVITY = 9.81
_HELD = 0.99
"""Where a motion's command is held that would read as a kick: this share of the sentinel threshold."""


class _Samples(NamedTuple):
    """Samples of clips; all but the first two are flags that are counted. Shapes: (n, ...)."""

    observations: np.ndarray
    actions: np.ndarray
    sentinels: np.ndarray
    near: np.ndarray
    clipped: np.ndarray
    held: np.ndarray


def build_dataset(config: ClipDatasetConfig) -> tuple[Dataset, list[dict[str, Any]]]:
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
        examples = ", ".join(f"{name} {rate:g} Hz" for rate, name in rates.items())
        raise InputError(f"clips of {len(rates)} rates came ({examples}); expected one; try --rate-hz 50")
    kicking = _kicking_clips(clips, config) if config.enable_sentinels else set()

    rng = np.random.default_rng(config.seed)
    parts: list[_Samples] = []
    source: list[str] = []
    figures = []
    for clip in clips:
        clip_parts = [_samples(part, clip.name in kicking, config, rng) for part in clip.parts()]
        parts += clip_parts
        source += [clip.name] * len(clip_parts)
        figures.append(_figures(clip, _joined(clip_parts)))

    samples = _joined(parts)
    dataset = Dataset(
        control="joint" if config.level == "joint" else "command",
        observation_layout=ROBOT.name,
        rate_hz=clips[0].rate_hz / config.stride,
        observations=samples.observations,
        actions=samples.actions,
        episode_id=np.repeat(np.arange(len(parts)), [len(part.actions) for part in parts]),
        source=np.array(source),
        sentinels=samples.sentinels,
    )
    return dataset.take(thinned(samples.sentinels, config.max_samples)), figures


def _kicking_clips(clips: Sequence[Clip], config: ClipDatasetConfig) -> set[str]:
    names = [clip.name for clip in clips]
    kicking = fitting(names, config.sentinel_files)
    if not kicking:
        raise InputError(
            f"--sentinel-files {' '.join(config.sentinel_files)} fits none of {', '.join(names)}; expected "
            "clips that kick; try '*kick*'"
        )
    return kicking


def _joined(parts: Sequence[_Samples]) -> _Samples:
    return _Samples(*map(np.concatenate, zip(*parts, strict=True)))


def _figures(clip: Clip, samples: _Samples) -> dict[str, Any]:
    return {
        "clip": clip.name,
        "samples": len(samples.actions),
        "sentinels": int(samples.sentinels.sum()),
        "near": int(samples.near.sum()),
        "clipped": int(samples.clipped.sum()),
        "held": int(samples.held.sum()),
        "mean": samples.actions.mean(axis=0),
        "std": samples.actions.std(axis=0),
        "reading": clip.reading,
    }


def _samples(part: Clip, kicks: bool, config: ClipDatasetConfig, rng: np.random.Generator) -> _Samples:
    """The samples of one part of a clip; `kicks` says whether some of them are to ask for a kick."""
    frames, actions = _actions(part, config)
    count = len(frames)
    if len(part) < 2 or not count or config.stride > len(part):
        raise InputError(
            f"{part.source} has a part of {len(part)} frames, --stride is {config.stride}; expected more "
            "frames than that; try --stride 1"
        )
    clipped = (np.abs(actions) > 1).any(axis=1)
    actions = np.clip(actions, -1, 1)
    sentinels = kicks & np.isin(np.arange(count), sentinel_frames(config.sentinel_frames))
    held = np.zeros(count, bool)
    if config.level != "joint":
        # Only sentinels may ask for a kick: a fast motion that happens to is held below the threshold.
        reads = requested_kicks(actions, config.sentinel_threshold) != NO_KICK
        held = reads & ~sentinels
        limit = _HELD * config.sentinel_threshold
        actions[held] = np.clip(actions[held], -limit, limit)
        actions[sentinels] = sentinel_pattern(config.sentinel_pattern)

    near = {
        "keep": np.zeros(count, bool),
        "sentinel": sentinels,
        "all": np.ones(count, bool),
    }[config.context_mode]
    tasks = np.resize(_TASKS[config.task_mode], count)
    ball = _ball(near, config, rng)
    observations = scene_observations(part, frames, ball, config.goal_distance, tasks)
    return _Samples(observations, actions, sentinels, near, clipped, held)


def _actions(part: Clip, config: ClipDatasetConfig) -> tuple[np.ndarray, np.ndarray]:
    """Which frames are samples, and the actions of their motion, not yet held within [-1, 1]."""
    frames = np.arange(0, len(part), config.stride)
    if config.level == "joint":
        # A joint target is where the joints are in the next sample, so the last frame has none.
        return frames[:-1], part.joint_pos[frames[1:]] - DEFAULT_POSE
    velocity = np.column_stack((part.velocity[frames, :2], part.world_spin[frames, 2]))
    return frames, velocity / COMMAND_SCALE


def _ball(near: np.ndarray, config: ClipDatasetConfig, rng: np.random.Generator) -> np.ndarray:
    """Draw where the ball lies from the trunk, ahead and to the left [m]. Shapes: (n,) to (n, 2)."""
    low = np.where(near, NEAREST, config.ball_radius)
    high = np.where(near, config.ball_radius, config.ball_far)
    distance = rng.uniform(low, high)
    bearing = rng.uniform(-BEARING, BEARING, len(near))
    return distance[:, None] * np.column_stack((np.cos(bearing), np.sin(bearing)))


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
    pose = clip.take(frames)
    up = np.tile((0.0, 0.0, 1.0), (len(frames), 1))
    # What an accelerometer feels: the change of the velocity, and the ground that holds it against gravity.
    proper = np.gradient(clip.world_velocity, axis=0) * clip.rate_hz + (0, 0, _GRAVITY)
    still = -clip.velocity[frames]  # velocity of what rests, relative to the robot
    centre = np.column_stack((ball, BALL_RADIUS - pose.root_pos[:, 2]))
    south = centre + (goal_distance, 0, -BALL_RADIUS)
    north = south + 2 * np.array(SOUTH_GOAL)  # the kick goes along the field
    defenders = [south + (0, y, DEFENDER_HEIGHT) for y in _DEFENDERS]
    is_goalie = tasks[:, None] == 0
    is_obstacle = tasks[:, None] == 1
    has_target = tasks[:, None] > 0
    fields = {
        "joint_pos": pose.joint_pos,
        "joint_vel": pose.joint_vel,
        "projected_gravity": -pose.in_trunk(up),
        "robot_gyro": pose.gyro,
        "robot_accelerometer": clip.in_trunk(proper)[frames],
        "robot_velocimeter": pose.in_trunk(pose.world_velocity),
        "goal_team_0_rel_robot": south,
        "goal_team_1_rel_robot": north,
        "goal_team_0_rel_ball": south - centre,
        "goal_team_1_rel_ball": north - centre,
        "ball_xpos_rel_robot": centre,
        "ball_velp_rel_robot": still,
        "ball_velr_rel_robot": -pose.in_heading(pose.world_spin),
        "player_team": np.tile((1, 0), (len(frames), 1)),
        "goalkeeper_team_0_xpos_rel_robot": is_goalie * (south + KEEPER_HEIGHT * up),
        "goalkeeper_team_0_velp_rel_robot": is_goalie * still,
        "goalkeeper_team_1_xpos_rel_robot": is_goalie * (north + KEEPER_HEIGHT * up),
        "goalkeeper_team_1_velp_rel_robot": is_goalie * still,
        "target_xpos_rel_robot": has_target * (south + is_obstacle * TARGET_HEIGHT * up),
        "target_velp_rel_robot": has_target * still,
        "defender_xpos": is_obstacle * np.concatenate(defenders, axis=1),
        "task_one_hot": tasks[:, None] == np.arange(3),
    }
    return np.concatenate([fields[field.name] for field in ROBOT.fields], axis=1, dtype=np.float32)


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

    Example:
        >>> sentinel_frames("0-2,7")
        [0, 1, 2, 7]

    Raises:
        InputError: it is not such a list.
    """
    spans = [re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", word) for word in text.split(",")]
    ends = [(int(span[1]), int(span[2] or span[1])) for span in spans if span]
    if not all(spans) or not all(first <= last < MOST_FRAMES for first, last in ends):
        raise InputError(
            f"--sentinel-frames got {text!r}; expected numbers and spans up to {MOST_FRAMES:,}; try 0-2"
        )
    return [n for first, last in ends for n in range(first, last + 1)]


def thinned(sentinels: np.ndarray, max_samples: int) -> np.ndarray:
    """Which samples stay, evenly spaced, sentinels before others; 0 keeps all. Shape: (N,), bool."""
    keep = np.zeros(len(sentinels), bool)
    room = max_samples or len(sentinels)
    for rows in (np.flatnonzero(sentinels), np.flatnonzero(~sentinels)):
        count = min(room, len(rows))
        keep[rows[np.linspace(0, len(rows) - 1, count).round().astype(int)]] = True
        room -= count
    return keep
