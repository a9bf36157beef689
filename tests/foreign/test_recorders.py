"""More recorders: units, frames, orders and velocities that others write, each read as it is or refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from soccer_lib.errors import InputError
from soccer_lib.formats.clip import read_clip
from soccer_lib.layout import JOINTS
from tests.foreign.test_clips import RATE, TRUE, motion, put, scaled

PERMUTED = np.random.default_rng(0).permutation(12)


def lengths(factor: float) -> Callable[[dict], None]:
    """The root's place and velocity in another unit."""

    def change(arrays: dict) -> None:
        scaled("qpos", slice(0, 3), factor)(arrays)
        scaled("qvel", slice(0, 3), factor)(arrays)

    return change


def y_up(arrays: dict) -> None:
    turn = Rotation.from_euler("x", -90, degrees=True)
    quat = Rotation.from_quat(arrays["qpos"][:, [4, 5, 6, 3]])
    arrays["qpos"][:, :3] = turn.apply(arrays["qpos"][:, :3])
    arrays["qpos"][:, 3:7] = (turn * quat).as_quat()[:, [3, 0, 1, 2]]
    for columns in (slice(0, 3), slice(3, 6)):
        arrays["qvel"][:, columns] = turn.apply(arrays["qvel"][:, columns])


def from_its_start(arrays: dict) -> None:
    arrays["qpos"][:, :3] -= arrays["qpos"][0, :3]


def spin_first(arrays: dict) -> None:
    arrays["qvel"][:, :6] = arrays["qvel"][:, [3, 4, 5, 0, 1, 2]]


def world_to_trunk(arrays: dict) -> None:
    arrays["qpos"][:, 4:7] *= -1


def signs(arrays: dict) -> None:
    arrays["qpos"][::2, 3:7] *= -1


def backwards(arrays: dict) -> None:
    arrays["qpos"] = arrays["qpos"][::-1]
    arrays["qvel"] = arrays["qvel"][::-1]


def in_another_order(arrays: dict) -> None:
    arrays["qpos"][:, 7:] = arrays["qpos"][:, 7:][:, PERMUTED]
    arrays["qvel"][:, 6:] = arrays["qvel"][:, 6:][:, PERMUTED]
    arrays["joint_names"] = np.array(JOINTS)[PERMUTED]


def with_more(columns: int, behind: bool, names: bool = False) -> Callable[[dict], None]:
    """More joints, which stay at rest, before or behind the legs."""

    def change(arrays: dict) -> None:
        rest = np.zeros((len(arrays["qpos"]), columns))
        for name, root in (("qpos", 7), ("qvel", 6)):
            legs = arrays[name][:, root:]
            arrays[name] = np.hstack([arrays[name][:, :root], *((legs, rest) if behind else (rest, legs))])
        if names:
            arrays["joint_names"] = np.array([*JOINTS, *(f"arm_{n}" for n in range(columns))])

    return change


def with_a_ball(arrays: dict) -> None:
    frames = len(arrays["qpos"])
    arrays["qpos"] = np.hstack([arrays["qpos"], np.zeros((frames, 7))])
    arrays["qvel"] = np.hstack([arrays["qvel"], np.zeros((frames, 6))])


def differences(arrays: dict) -> None:
    arrays["qvel"][:-1, 6:] = np.diff(arrays["qpos"][:, 7:], axis=0) * RATE


def a_stiff_robot(arrays: dict) -> None:
    arrays["qpos"][:, 7:] = 0
    arrays["qvel"][:, 6:] = 0


def batched(arrays: dict) -> None:
    arrays["qpos"], arrays["qvel"] = arrays["qpos"][None], arrays["qvel"][None]


def timed(arrays: dict) -> None:
    del arrays["frequency"]
    arrays["time"] = np.arange(len(arrays["qpos"])) / RATE


REFUSED: dict[str, tuple[Callable[[dict], None], str]] = {
    "millimetres": (lengths(1000), "the trunk is 651 m above the ground"),
    "centimetres": (lengths(100), "the trunk is 65.1 m"),
    "feet": (lengths(3.28), "the trunk is 2.1"),
    "places from its start": (from_its_start, "the trunk is 0.00"),
    "y up": (y_up, "the trunk is -0.5 m"),
    "spin before velocity": (spin_first, "velocities of root do not follow its motion"),
    "the world seen from the trunk": (world_to_trunk, "velocities of turning do not follow"),
    "backwards": (backwards, "velocities of joints do not follow"),
    "velocities never filled in": (
        scaled("qvel", slice(None), 0),
        "velocities of joints .*, velocities of root .*, velocities of turning do not follow",
    ),
    "no velocity of the root": (
        scaled("qvel", slice(0, 3), 0),
        ": velocities of root do not follow",
    ),
    "no spin": (scaled("qvel", slice(3, 6), 0), ": velocities of turning do not follow"),
    "no velocity of the joints": (scaled("qvel", slice(6, None), 0), ": velocities of joints do not follow"),
    "velocities per frame": (scaled("qvel", slice(None), 1 / RATE), "velocities of joints fit 1"),
    "legs that never move": (a_stiff_robot, "the legs never move"),
    "a ball behind the robot": (with_a_ball, r"qpos is \(201, 26\) and qvel \(201, 24\)"),
    "29 joints without names": (with_more(17, behind=True), "29 joints and no joint_names"),
    "names of another robot": (put(joint_names=np.array([f"j{n}" for n in range(12)])), "without left_hip"),
    "a batch of one": (batched, r"qpos is \(1, 201, 19\)"),
    "quaternions of length 2": (scaled("qpos", slice(3, 7), 2), "no unit quaternion"),
}

READ: dict[str, Callable[[dict], None]] = {
    "quaternions of changing sign": signs,
    "joints in another order, with names": in_another_order,
    "a whole body, legs last": with_more(11, behind=False),
    "a whole body, legs first, with names": with_more(11, behind=True, names=True),
    "velocities from differences": differences,
    "times instead of a rate": timed,
}


def written(folder, change):
    arrays = {**motion(), "frequency": np.array(RATE)}
    change(arrays)
    np.savez(folder / "m.npz", **arrays)
    return folder / "m.npz"


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_motion_of_this_robot_is_refused(name, tmp_path):
    change, words = REFUSED[name]
    with pytest.raises(InputError, match=words) as refusal:
        read_clip(written(tmp_path, change))
    assert "\n" not in str(refusal.value) and "expected" in str(refusal.value)


@pytest.mark.parametrize("name", READ)
def test_what_differs_in_form_alone_is_read(name, tmp_path):
    clip = read_clip(written(tmp_path, READ[name]))
    assert clip.rate_hz == RATE
    np.testing.assert_allclose(clip.world_velocity, TRUE["qvel"][:, :3], atol=1e-6)
    np.testing.assert_allclose(clip.world_spin, TRUE["qvel"][:, 3:6], atol=1e-6)
    np.testing.assert_allclose(clip.joint_pos, TRUE["qpos"][:, 7:], atol=1e-9)
    np.testing.assert_allclose(clip.joint_vel, TRUE["qvel"][:, 6:], atol=0.1)


def test_doubts_are_shown_where_they_are_not_refused(tmp_path):
    path = written(tmp_path, lengths(1000))
    assert "the trunk is 651 m above the ground" in read_clip(path, lenient=True).reading


def test_a_robot_on_its_side_is_refused(tmp_path):
    def rolled(arrays: dict) -> None:
        arrays["qpos"][:] = arrays["qpos"][:1]
        arrays["qpos"][:, 3:7] = (np.sqrt(0.5), np.sqrt(0.5), 0, 0)
        arrays["qvel"][:] = 0

    with pytest.raises(InputError, match=r": the trunk lies"):
        read_clip(written(tmp_path, rolled))
