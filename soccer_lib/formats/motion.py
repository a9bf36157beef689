"""How somebody recorded a motion, found by what fits: its rate, its axes, the order of its quaternions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from soccer_lib.errors import one_line
from soccer_lib.ranges import Range

if TYPE_CHECKING:
    from scipy.spatial.transform import Rotation

RATE = Range(1, 10_000)
"""Frames per second that a clip may have [Hz]."""

COMMON_RATES = np.array([24, 25, 30, 50, 60, 90, 100, 120, 125, 200, 240, 250, 300, 400, 500, 1000])
"""Rates of recorders [Hz]; one that was found from velocities is rounded to one that lies within 3%."""

RATE_KEYS = {"frequency": 1, "fps": 1, "framerate": 1, "mocap_framerate": 1, "mocap_frame_rate": 1, "dt": -1}
"""What recorders call the rate, and the power of the number that is the rate [Hz]."""

NUMBERS = Range(-1e5, 1e5)


def fit_of(velocity: np.ndarray, change: np.ndarray) -> tuple[float, float]:
    """The rate at which velocities are changes per frame [Hz], and their cosine; NaN and 0 at rest.

    Shapes: (T, n) both.
    """
    product = float(np.sum(velocity * change))
    square = float(np.sum(change * change))
    if square < 1e-12 or not velocity.any():
        return float("nan"), 0.0
    return product / square, product / float(np.sqrt(square * np.sum(velocity * velocity)))


def in_world(
    name: str, vectors: np.ndarray, change: np.ndarray, turn: Rotation, part: slice
) -> tuple[np.ndarray, tuple[float, float], list[str]]:
    """Velocities in world axes, how they fit the change of the pose, and a note where they were in others."""
    turned = turn.apply(vectors)
    fit, fit_turned = (fit_of(array[part], change[part]) for array in (vectors, turned))
    if 1 - fit_turned[1] < 0.5 * (1 - fit[1]):
        return turned, fit_turned, [f"{name} in the trunk's axes"]
    return vectors, fit, []


def is_strange(fit: float, cosine: float, rate: float) -> bool:
    """Whether velocities that fit one rate do not belong to a clip of another [Hz]."""
    # Differences of few frames fall short of the velocity: at 25 Hz a kick's do by a fifth.
    most = 1.15 if min(fit, rate) > 45 else 1.6
    return cosine > 0.7 and not 1 / most < fit / rate < most


def doubts_of(fits: dict, changes: dict[str, np.ndarray], rate: float, given: bool) -> list[str]:
    """Velocities that fit another rate than the clip's [Hz], or do not follow the motion at all.

    Args:
        fits: rate and cosine of joints, root and turning, as `fit_of` found them.
        changes: of their pose, per frame. Shapes: (T, n).
        rate: of the clip [Hz].
        given: the user says so, whatever fits.
    """
    doubts = []
    for name, (fit, cosine) in fits.items():
        speed = rate * np.sqrt(np.mean(np.sum(changes[name] ** 2, axis=1)))
        if is_strange(fit, cosine, rate):
            doubts += [f"velocities of {name} fit {fit:.4g} Hz"] * (not given)
        elif cosine < 0.7 and speed > 0.1 and rate > 20:  # all real clips have 1.00
            doubts.append(f"velocities of {name} do not follow its motion")
    if not changes["joints"].any() and rate * np.abs(changes["root"]).max() > 0.5:
        doubts.append("the legs never move")
    return doubts


def pose_doubts(height: np.ndarray, quat: np.ndarray) -> list[str]:
    """What no LowerT1 on its feet looks like: its trunk is upright, 0.5 to 0.7 m above the ground."""
    middle = float(np.median(height))
    doubts = [] if 0.2 < middle < 1.2 else [f"the trunk is {middle:.3g} m above the ground"]
    return doubts + ["the trunk lies"] * (trunk_uprightness(quat) < 0.3)


def rate_of(
    path: Path, arrays: dict[str, np.ndarray], rate_hz: float | None, fits: dict
) -> tuple[float, str]:
    """Frames per second, and where they come from."""
    for key, power in RATE_KEYS.items():
        if key in arrays:
            number = NUMBERS.array(f"{path}: {key}", arrays[key])
            if number.size != 1 or not number.all():
                raise ValueError(f"{key} is {one_line(number, 60)}")
            return RATE.number(f"{path}: the rate", float(number.reshape(())) ** power), f"by its {key}"
    if rate_hz:
        return RATE.number(f"{path}: the rate", rate_hz), "as given"
    rate, _ = max((fits[name] for name in ("root", "joints")), key=lambda fit: fit[1])
    near = COMMON_RATES[np.abs(COMMON_RATES / rate - 1).argmin()] if rate > 0 else rate
    rate = float(near) if abs(near / rate - 1) < 0.03 else round(rate, 1)
    return RATE.number(f"{path}: the rate", rate), "by its velocities"


def trunk_uprightness(quat: np.ndarray) -> float:
    """How much the trunk's z axis points up, in the middle of all frames, for quaternions x y z w."""
    x, y, _, _ = quat.T
    return float(np.median(1 - 2 * (x * x + y * y)))


def starts_of(path: Path, split_points: np.ndarray, frames: int) -> tuple[int, ...]:
    """First frame of each part."""
    cuts = np.unique(Range(0, frames, whole=True).array(f"{path}: split_points", split_points)).astype(int)
    # Some files end with their length, others with their last frame: neither begins a part.
    return (0, *(int(cut) for cut in cuts if 0 < cut < frames - 1))
