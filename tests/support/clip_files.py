"""Small motion clips whose numbers are known."""

from __future__ import annotations

import numpy as np

RATE = 100.0


def clip_arrays(velocity: tuple[float, float], turn: float = 0.0, frames: int = 11) -> dict[str, np.ndarray]:
    """A robot that looks along -y and slides at a constant velocity ahead and to the left [m/s]."""
    time = np.arange(frames) / RATE
    heading = -np.pi / 2 + turn * time
    zero = np.zeros(frames)
    cos, sin = np.cos(heading), np.sin(heading)
    ahead, left = velocity
    speed = np.stack((cos * ahead - sin * left, sin * ahead + cos * left, zero), axis=1)
    place = np.cumsum(speed, axis=0) / RATE + (0, 0, 0.65)
    quat = np.stack((np.cos(heading / 2), zero, zero, np.sin(heading / 2)), axis=1)
    joints = np.outer(time, np.arange(12) / 10) - 0.1
    spin = np.stack((zero, zero, zero + turn), axis=1)
    moving = np.tile(np.arange(12) / 10, (frames, 1))
    return {
        "qpos": np.concatenate((place, quat, joints), axis=1),
        "qvel": np.concatenate((speed, spin, moving), axis=1),
        "frequency": np.array(RATE),
    }
