"""Motion clips: joint and root motion of a robot, read from npz files as they are found in the wild.

A file holds `qpos` (root xyz [m], root quaternion w x y z, joints [rad]) and `qvel` (linear and angular
velocity of the root, joint velocities [rad/s]): 12 leg joints, or the 23 of the whole robot with the legs
last. `joint_names`, `frequency` [Hz] and `split_points` (first frames of its parts) may be there.

Recorders differ, and the motion itself tells how: velocities of the root are in world axes or in the
trunk's, whichever fits the change of its pose (MuJoCo keeps the angular one in the trunk's); quaternions may
be x y z w, joints may be in degrees. How a file was understood stands in `reading`; what fits in no way is
refused. Sources: Booster Dataset (ArenaX Labs), `soccer/booster_lower_t1` and `booster_t1`.
"""

from __future__ import annotations

import dataclasses
import os
from functools import cached_property
from pathlib import Path

import numpy as np

from soccer_lib.errors import InputError, one_line
from soccer_lib.formats import motion
from soccer_lib.layout import JOINTS
from soccer_lib.runs.files import load_npz

_FULL_BODY = 23
_MOVING = ("joint_pos", "joint_vel", "root_pos", "root_quat", "world_velocity", "world_spin")


@dataclasses.dataclass(frozen=True, eq=False)
class Clip:
    """One motion clip.

    Attributes:
        name: the file's name without its ending.
        source: the file, as it was given.
        reading: how the file was understood: which columns are the legs, where the rate comes from.
        rate_hz: frames per second [Hz].
        joint_pos: order of `layout.JOINTS` [rad]. Shape: (T, 12).
        joint_vel: [rad/s]. Shape: (T, 12).
        root_pos: of the trunk, world axes [m]. Shape: (T, 3).
        root_quat: of the trunk, x y z w as everywhere in the library. Shape: (T, 4).
        world_velocity: of the trunk, world axes [m/s]. Shape: (T, 3).
        world_spin: angular velocity of the trunk, world axes [rad/s]. Shape: (T, 3).
        columns: where the legs stand among the file's joints, in the order of `layout.JOINTS`.
        starts: first frame of each part; frames of two parts do not follow each other.
    """

    name: str
    source: str
    reading: str
    rate_hz: float
    joint_pos: np.ndarray
    joint_vel: np.ndarray
    root_pos: np.ndarray
    root_quat: np.ndarray
    world_velocity: np.ndarray
    world_spin: np.ndarray
    columns: tuple[int, ...]
    starts: tuple[int, ...] = (0,)

    def __len__(self) -> int:
        return len(self.joint_pos)

    @property
    def seconds(self) -> float:
        """Length [s]."""
        return len(self) / self.rate_hz

    @cached_property
    def heading(self) -> np.ndarray:
        """Yaw of the trunk [rad], 0 along the world's x axis. Shape: (T,)."""
        x, y, z, w = self.root_quat.T
        return np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))

    @cached_property
    def velocity(self) -> np.ndarray:
        """Of the trunk in its heading frame: ahead, to the left, up [m/s]. Shape: (T, 3)."""
        return self.in_heading(self.world_velocity)

    @cached_property
    def gyro(self) -> np.ndarray:
        """Angular velocity of the trunk in its own axes [rad/s]. Shape: (T, 3)."""
        return self.in_trunk(self.world_spin)

    def in_heading(self, vectors: np.ndarray) -> np.ndarray:
        """World vectors in the heading frame, frame by frame: ahead, to the left, up. Shape: (T, 3)."""
        cos = np.cos(self.heading)
        sin = np.sin(self.heading)
        x, y, z = vectors.T
        return np.stack((cos * x + sin * y, cos * y - sin * x, z), axis=1)

    def in_trunk(self, vectors: np.ndarray) -> np.ndarray:
        """World vectors in the trunk's own axes, frame by frame. Shape: (T, 3)."""
        from scipy.spatial.transform import Rotation

        return Rotation.from_quat(self.root_quat).apply(vectors, inverse=True)

    def parts(self) -> list[Clip]:
        """The parts as clips of their own."""
        ends = (*self.starts[1:], len(self))
        return [self.take(slice(*ends_of)) for ends_of in zip(self.starts, ends, strict=True)]

    def resample(self, rate_hz: float) -> Clip:
        """The clip at another rate [Hz]: linear between frames, no frame mixes two parts.

        Raises:
            InputError: no recorder has such a rate.
        """
        motion.RATE.number("rate", rate_hz, "try 50")
        step = self.rate_hz / rate_hz
        ends = np.array((*self.starts[1:], len(self)))
        times = [np.arange(a, b - 1 + 1e-6, step) for a, b in zip(self.starts, ends, strict=True)]
        starts = np.cumsum([0, *(len(part) for part in times[:-1])])
        time = np.concatenate(times)
        before = np.minimum(np.floor(time + 1e-6).astype(int), len(self) - 1)
        after = np.minimum(before + 1, len(self) - 1)
        share = np.maximum(np.round(time - before, 6), 0)[:, None]
        first = self.take(before)
        second = self.take(after)
        turned = np.sum(first.root_quat * second.root_quat, axis=1) < 0  # q and -q are the same orientation
        second.root_quat[turned] *= -1
        mixed = {name: (1 - share) * getattr(first, name) + share * getattr(second, name) for name in _MOVING}
        mixed["root_quat"] /= np.linalg.norm(mixed["root_quat"], axis=1, keepdims=True)
        return dataclasses.replace(self, **mixed, rate_hz=float(rate_hz), starts=tuple(starts.tolist()))

    def take(self, frames: slice | np.ndarray) -> Clip:
        """Some frames of a part, as numpy indexes them; the rate stays that of the clip."""
        chosen = {name: getattr(self, name)[frames] for name in _MOVING}
        return dataclasses.replace(self, starts=(0,), **chosen)


def implied_rate(position: np.ndarray, velocity: np.ndarray) -> float:
    """The rate at which velocities are the central differences of positions [Hz]; NaN without motion.

    Args:
        position: Shape: (T, n).
        velocity: Shape: (T, n).
    """
    return motion.fit_of(velocity[1:-1], (position[2:] - position[:-2]) / 2)[0]


def read_clip(path: str | os.PathLike[str], rate_hz: float | None = None, lenient: bool = False) -> Clip:
    """Read a motion clip; no pickle in the file is touched.

    Args:
        path: the npz file.
        rate_hz: frames per second where the file does not say [Hz]; None finds them from its velocities.
        lenient: only say in `reading` what is refused else: velocities that do not fit the motion.

    Raises:
        InputError: a missing, damaged or pickled file, other widths, numbers that are not finite, joint
            names without the legs, a rate that cannot be, or velocities that do not fit the motion.
    """
    arrays = load_npz(path, ("qpos", "qvel"), ("joint_names", "split_points", *motion.RATE_KEYS))
    try:
        return _clip_of(Path(path), arrays, rate_hz, lenient)
    except InputError:
        raise
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path} is no motion clip: {one_line(error, 240)}; expected qpos (T, 19) or (T, 30) and qvel of "
            "one column less, as in the Booster Dataset; exclude it or export it again"
        ) from error


def _clip_of(path: Path, arrays: dict[str, np.ndarray], rate_hz: float | None, lenient: bool) -> Clip:
    qpos, qvel = (
        motion.NUMBERS.array(f"{path}: {name}", arrays[name]).astype(float) for name in ("qpos", "qvel")
    )
    if qpos.ndim != 2 or len(qpos) < 3 or qpos.shape[1] < 7 or qvel.shape != (len(qpos), qpos.shape[1] - 1):
        raise ValueError(f"qpos is {qpos.shape} and qvel {qvel.shape}")
    norm = np.linalg.norm(qpos[:, 3:7], axis=1, keepdims=True)
    if np.abs(norm - 1).max() > 0.01:
        raise ValueError(f"frame {np.abs(norm - 1).argmax()} has no unit quaternion in qpos[3:7]")
    legs, reading = _legs(arrays.get("joint_names"), qpos.shape[1] - 7)
    notes = [reading]
    joint_pos = qpos[:, 7:][:, legs]
    joint_vel = qvel[:, 6:][:, legs]
    if np.percentile(np.abs(joint_pos), 95) > np.pi:
        joint_pos = np.deg2rad(joint_pos)
        joint_vel = np.deg2rad(joint_vel)
        notes.append("joints in degrees")
    quat = (qpos[:, 3:7] / norm)[:, [1, 2, 3, 0]]
    # Read in the wrong order a standing robot lies.
    if motion.trunk_uprightness(quat) < 0.5 and motion.trunk_uprightness(qpos[:, 3:7]) > 0.7:
        quat = qpos[:, 3:7] / norm
        notes.append("quaternions x y z w")
    starts = motion.starts_of(path, arrays.get("split_points", np.zeros(0)), len(qpos))
    ends = (*starts[1:], len(qpos))
    first, last = max(zip(starts, ends, strict=True), key=lambda part: part[1] - part[0])
    part = slice(first + 1, last - 1)  # the longest: where two parts meet no velocity fits
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_quat(quat)
    turned = np.zeros((len(qpos), 3))
    turned[1:-1] = (turn[2:] * turn[:-2].inv()).as_rotvec() / 2
    bent = np.gradient(joint_pos, axis=0)
    moved = np.gradient(qpos[:, :3], axis=0)
    fits = {"joints": motion.fit_of(joint_vel[part], bent[part])}
    velocity, fits["root"], velocity_note = motion.in_world("velocity", qvel[:, :3], moved, turn, part)
    spin, fits["turning"], spin_note = motion.in_world("turning", qvel[:, 3:6], turned, turn, part)
    notes += velocity_note + spin_note
    rate, said = motion.rate_of(path, arrays, rate_hz, fits)
    if abs(fits["turning"][0] / rate / np.rad2deg(1) - 1) < 0.1:
        spin = np.deg2rad(spin)
        fits["turning"] = rate, 1.0
        notes.append("turning in degrees")
    changes = {"joints": bent[part], "root": moved[part], "turning": turned[part]}
    doubts = motion.doubts_of(fits, changes, rate, bool(rate_hz)) + motion.pose_doubts(qpos[:, 2], quat)
    if doubts and not lenient:
        raise ValueError(f"at {rate:g} Hz ({said}): {', '.join(doubts)}")
    return Clip(
        name=path.stem,
        source=os.fspath(path),
        reading=", ".join([*notes, f"{rate:g} Hz {said}", *doubts]),
        rate_hz=rate,
        joint_pos=joint_pos,
        joint_vel=joint_vel,
        root_pos=qpos[:, :3],
        root_quat=quat,
        world_velocity=velocity,
        world_spin=spin,
        columns=tuple(legs),
        starts=starts,
    )


def _legs(names: np.ndarray | None, width: int) -> tuple[list[int], str]:
    """Columns of the leg joints among all joints, and how they were found."""
    if names is None:
        if width not in (len(JOINTS), _FULL_BODY):
            raise ValueError(f"it has {width} joints and no joint_names")
        return list(range(width - len(JOINTS), width)), f"legs are the last 12 of {width} joints, by width"
    texts = [name.decode() if isinstance(name, bytes) else str(name) for name in names.reshape(-1)]
    plain = [text.split(":")[-1].lower() for text in texts][-width:]
    missing = ", ".join(joint for joint in JOINTS if joint not in plain)
    if len(plain) != width or missing:
        raise ValueError(f"{len(plain)} joint_names for {width} joints, without {missing or 'none'}")
    return [plain.index(joint) for joint in JOINTS], f"legs of {width} joints, by joint_names"
