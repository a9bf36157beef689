"""Motion as other recorders write it: read as what it is, or refused in a line."""

from __future__ import annotations

import dataclasses
import gzip
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from soccer_lib.demos.builder import build_dataset
from soccer_lib.demos.config import ClipDatasetConfig
from soccer_lib.errors import InputError
from soccer_lib.formats.clip import read_clip
from soccer_lib.layout import JOINTS

RATE, FRAMES = 100.0, 201
"""Two seconds of a robot that walks along a curve, sways in roll and pitch, and moves its legs."""


def motion(rate: float = RATE, frames: int = FRAMES) -> dict[str, np.ndarray]:
    """Velocities are exact; the root's are in world axes."""
    time = np.arange(frames) / rate
    roll, pitch, yaw = 0.2 * np.sin(5 * time), 0.3 * np.sin(4 * time + 1), 2 + 0.8 * time
    turn = Rotation.from_euler("ZYX", np.stack((yaw, pitch, roll), axis=1))
    step = 1e-5
    later = Rotation.from_euler(
        "ZYX",
        np.stack(
            (yaw + 0.8 * step, 0.3 * np.sin(4 * (time + step) + 1), 0.2 * np.sin(5 * (time + step))), axis=1
        ),
    )
    spin = (later * turn.inv()).as_rotvec() / step
    place = np.stack((np.sin(0.7 * time), 0.5 * time**2, 0.65 + 0.02 * np.sin(9 * time)), axis=1)
    speed = np.stack((0.7 * np.cos(0.7 * time), time, 0.18 * np.cos(9 * time)), axis=1)
    phase = np.arange(12) / 3
    joints = 0.4 * np.sin(6 * time[:, None] + phase)
    moving = 2.4 * np.cos(6 * time[:, None] + phase)
    quat = turn.as_quat()[:, [3, 0, 1, 2]]
    return {
        "qpos": np.concatenate((place, quat, joints), axis=1),
        "qvel": np.concatenate((speed, spin, moving), axis=1),
    }


TRUE = motion()


def turned(columns: slice) -> Callable[[dict], None]:
    """Put velocities of the root into the trunk's axes."""

    def change(arrays: dict) -> None:
        turn = Rotation.from_quat(arrays["qpos"][:, [4, 5, 6, 3]])
        arrays["qvel"][:, columns] = turn.apply(arrays["qvel"][:, columns], inverse=True)

    return change


def scaled(name: str, columns: slice, factor: float) -> Callable[[dict], None]:
    def change(arrays: dict) -> None:
        arrays[name][:, columns] *= factor

    return change


def put(**more) -> Callable[[dict], None]:
    return lambda arrays: arrays.update({name: value for name, value in more.items()})


def without(*names: str) -> Callable[[dict], None]:
    def change(arrays: dict) -> None:
        for name in names:
            del arrays[name]

    return change


def w_last(arrays: dict) -> None:
    arrays["qpos"][:, 3:7] = arrays["qpos"][:, [4, 5, 6, 3]]


def smoothed(arrays: dict) -> None:
    """No rate, and joint velocities that a filter made 2.3% too large."""
    del arrays["frequency"]
    arrays["qvel"][:, 6:] *= 1.023


def cast(kind: str) -> Callable[[dict], None]:
    def change(arrays: dict) -> None:
        for name in ("qpos", "qvel"):
            arrays[name] = arrays[name].astype(kind)

    return change


def still(arrays: dict) -> None:
    del arrays["frequency"]
    arrays["qvel"][:] = 0
    arrays["qpos"][:] = arrays["qpos"][:1]


def transposed(arrays: dict) -> None:
    arrays["qpos"], arrays["qvel"] = arrays["qpos"].T, arrays["qvel"].T


def lost_frames(arrays: dict) -> None:
    arrays["qpos"][-3:] = np.nan


@dataclasses.dataclass
class Try:
    """What a recorder does differently, and what comes of it."""

    change: Callable[[dict], None]
    says: str = ""
    """What `reading` has to hold, where it is read as the motion that it is."""
    words: str = ""
    """What the refusal says."""
    listed: bool = False
    """Named in the list of what users met; the others were thought of here."""


TRIES: dict[str, Try] = {
    "world axes": Try(lambda arrays: None, says="100 Hz by its frequency", listed=True),
    "angular velocity of the trunk": Try(
        turned(slice(3, 6)), says="turning in the trunk's axes", listed=True
    ),
    "both velocities of the trunk": Try(
        lambda arrays: (turned(slice(0, 3))(arrays), turned(slice(3, 6))(arrays)),
        says="velocity in the trunk's axes",
    ),
    "turning in degrees": Try(scaled("qvel", slice(3, 6), 180 / np.pi), says="turning in degrees"),
    "turning of the trunk in degrees": Try(
        lambda arrays: (turned(slice(3, 6))(arrays), scaled("qvel", slice(3, 6), 180 / np.pi)(arrays)),
        says="turning in the trunk's axes, turning in degrees",
    ),
    "no rate and smoothed joints": Try(smoothed, says="100 Hz by its velocities", listed=True),
    "quaternions x y z w": Try(w_last, says="quaternions x y z w", listed=True),
    "joints in degrees": Try(
        lambda arrays: (
            scaled("qpos", slice(7, None), 180 / np.pi)(arrays),
            scaled("qvel", slice(6, None), 180 / np.pi)(arrays),
        ),
        says="joints in degrees",
        listed=True,
    ),
    "joints in degrees, their velocities in rad/s": Try(
        scaled("qpos", slice(7, None), 180 / np.pi), words="velocities of joints fit 1.7"
    ),
    "a frequency that does not fit": Try(
        put(frequency=50.0),
        words=r"the rate is 50 Hz .by its frequency., but velocities of joints fit 100",
        listed=True,
    ),
    "a frequency that nearly fits": Try(put(frequency=120.0), words="the rate is 120 Hz"),
    "a frequency of the physics": Try(put(frequency=500.0), words="the rate is 500 Hz .*fit 100"),
    "frequency of shape (1,)": Try(put(frequency=np.array([RATE])), says="by its frequency", listed=True),
    "frequency as an integer": Try(put(frequency=np.int32(100)), says="by its frequency"),
    "fps": Try(lambda arrays: (without("frequency")(arrays), put(fps=100)(arrays)), says="by its fps"),
    "dt": Try(lambda arrays: (without("frequency")(arrays), put(dt=0.01)(arrays)), says="by its dt"),
    "mocap_framerate": Try(
        lambda arrays: (without("frequency")(arrays), put(mocap_framerate=100.0)(arrays)),
        says="by its mocap_framerate",
    ),
    "names as bytes": Try(
        put(joint_names=np.array([name.encode() for name in JOINTS])), says="by joint_names", listed=True
    ),
    "names of a robot in a scene": Try(
        put(joint_names=np.array(["root", *(f"robot_0:{name.upper()}" for name in JOINTS)])),
        says="by joint_names",
    ),
    "single precision": Try(cast("float32"), says="by its frequency"),
    "no parts": Try(put(split_points=np.zeros(0, np.int32)), says="by its frequency"),
    "parts as floats": Try(put(split_points=np.array([0.0, 201.0])), says="by its frequency"),
    "parts between frames": Try(put(split_points=np.array([0.0, 10.5])), words="split_points has 10.5"),
    "parts beyond the end": Try(put(split_points=np.array([0, 900])), words="split_points has 900"),
    "two rates": Try(put(frequency=np.array([50.0, 100.0])), words="frequency is"),
    "a rate of nan": Try(put(frequency=np.nan), words="frequency has nan"),
    "a rate of 1e-300": Try(put(frequency=1e-300), words="the rate got 1e-300", listed=True),
    "a rate of 1e9": Try(put(frequency=1e9), words="frequency has 1e.09", listed=True),
    "a rate in words": Try(put(frequency=np.array("fast")), words="frequency holds str"),
    "a robot that stands still, without a rate": Try(still, words="the rate got nan"),
    "complex numbers": Try(cast("complex128"), words="qpos holds complex128", listed=True),
    "text": Try(cast("U8"), words="qpos holds str", listed=True),
    "dates": Try(
        lambda arrays: put(qpos=np.zeros((201, 19), "M8[s]"))(arrays),
        words="qpos holds datetime",
        listed=True,
    ),
    "lost frames": Try(lost_frames, words=r"qpos has nan at \(198, 0\)"),
    "frames in columns": Try(transposed, words=r"qpos is \(19, 201\)"),
    "millimetres": Try(scaled("qpos", slice(0, 3), 1e6), words="qpos has"),
    "positions alone": Try(without("qvel"), words="no array 'qvel' but qpos, frequency", listed=True),
    "amass": Try(
        lambda arrays: (arrays.clear(), put(poses=np.zeros((9, 156)), trans=np.zeros((9, 3)))(arrays)),
        words="no array 'qpos' but poses, trans",
        listed=True,
    ),
    "beyondmimic": Try(
        lambda arrays: (
            arrays.clear(),
            put(fps=50, joint_pos=np.zeros((9, 29)), body_pos_w=np.zeros(9))(arrays),
        ),
        words="no array 'qpos' but fps, joint_pos, body_pos_w",
    ),
}

BYTES: dict[str, tuple[bytes, str, bool]] = {
    "a pointer of Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\n",
        "Git LFS pointer.*git lfs pull",
        True,
    ),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(64), "HDF5.*numpy.savez", True),
    "a pickled motion": (pickle.dumps({"dof": [1.0]}), "Python pickle, which is code", False),
    "a single array": (b"\x93NUMPY\x01\x00v\x00{'descr'", r"single array .*numpy.savez", False),
    "gzip": (gzip.compress(b"motion"), "gzip.*unpack", False),
    "a web page": (b"\n<!DOCTYPE html><html></html>", "a web page", False),
    "matlab": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "MATLAB file", False),
    "bvh": (b"HIERARCHY\nROOT Hips\n{\n", "not a zip file", False),
    "nothing": (b"", "it is empty", False),
}


@pytest.mark.parametrize("name", TRIES)
def test_a_recording_is_read_as_what_it_is_or_refused(name, tmp_path):
    case, path = TRIES[name], tmp_path / "m.npz"
    arrays = {**motion(), "frequency": np.array(RATE)}
    case.change(arrays)
    np.savez(path, **arrays)
    if case.words:
        with pytest.raises(InputError, match=case.words) as refusal:
            read_clip(path)
        assert "\n" not in str(refusal.value) and "expected" in str(refusal.value)
        return
    clip = read_clip(path)
    assert case.says in clip.reading, clip.reading
    assert (clip.rate_hz, len(clip), clip.starts) == (RATE, FRAMES, (0,))
    np.testing.assert_allclose(clip.world_velocity, TRUE["qvel"][:, :3], atol=1e-4)
    np.testing.assert_allclose(clip.world_spin, TRUE["qvel"][:, 3:6], atol=1e-4)
    np.testing.assert_allclose(clip.joint_pos, TRUE["qpos"][:, 7:], atol=1e-6)
    np.testing.assert_allclose(clip.joint_vel, TRUE["qvel"][:, 6:], rtol=0.03, atol=1e-5)
    same = np.abs(np.sum(clip.root_quat * TRUE["qpos"][:, [4, 5, 6, 3]], axis=1))
    np.testing.assert_allclose(same, 1, atol=1e-6)


@pytest.mark.parametrize("name", BYTES)
def test_a_file_of_another_kind_says_what_it_is(name, tmp_path):
    content, words, _ = BYTES[name]
    (tmp_path / "m.npz").write_bytes(content)
    with pytest.raises(InputError, match=words) as refusal:
        read_clip(tmp_path / "m.npz")
    assert "\n" not in str(refusal.value)


def test_a_dataset_refuses_what_inspect_clips_shows(tmp_path, command):
    np.savez(tmp_path / "m.npz", **motion(), frequency=50.0)
    with pytest.raises(InputError, match="velocities of joints fit 100"):
        build_dataset(ClipDatasetConfig(input_root=str(tmp_path)))
    shown = command("inspect", "clips", "--input-root", tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "fit 100" in read_clip(tmp_path / "m.npz", lenient=True).reading


def test_a_dataset_says_how_it_read_each_clip(tmp_path, command):
    arrays = motion()
    turned(slice(3, 6))(arrays)
    np.savez(tmp_path / "m.npz", **arrays, ctrl=np.zeros((FRAMES, 12)))
    done = command("dataset", "--input-root", tmp_path, "--output", tmp_path / "o.npz")
    assert done.returncode == 0, done.stderr
    assert "turning in the trunk's axes" in done.stdout and "100 Hz by its velocities" in done.stdout


def test_a_motion_that_is_sampled_too_rarely_to_tell_is_taken_at_its_word(tmp_path):
    rare = {name: array[::20] for name, array in motion(frames=401).items()}  # 5 Hz of a 1 Hz gait
    np.savez(tmp_path / "m.npz", **rare, frequency=5.0)
    assert read_clip(tmp_path / "m.npz").rate_hz == 5


def test_the_table_is_mostly_of_our_own_making():
    listed = [case.listed for case in TRIES.values()] + [case[2] for case in BYTES.values()]
    assert len(listed) >= 40 and listed.count(False) >= len(listed) / 2
