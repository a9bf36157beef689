"""Motion clips: both layouts, frames and rates by hand, and files that are not one."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.formats.clip import implied_rate, read_clip
from soccer_lib.layout import JOINTS

RATE = 100.0


def arrays(frames: int = 21, joints: int = 12, yaw: float = 0.0) -> dict[str, np.ndarray]:
    """Joint j moves at (j + 1) / 10 rad/s; the trunk walks at 1 m/s where it looks and turns at 0.5 rad/s."""
    time = np.arange(frames) / RATE
    speed = (np.arange(joints) + 1) / 10
    heading = yaw + 0.5 * time
    half, zero, one = heading / 2, np.zeros(frames), np.ones(frames)
    ahead = np.stack((np.cos(heading), np.sin(heading), zero), axis=1)
    root = np.cumsum(ahead, axis=0) / RATE + (0, 0, 0.7)
    quat = np.stack((np.cos(half), zero, zero, np.sin(half)), axis=1)
    spin = np.stack((zero, zero, 0.5 * one), axis=1)
    qpos = np.concatenate((root, quat, time[:, None] * speed), axis=1)
    return {"qpos": qpos, "qvel": np.concatenate((ahead, spin, np.tile(speed, (frames, 1))), axis=1)}


@pytest.fixture
def saved(tmp_path):
    """Write arrays as a clip's file."""

    def save(content: dict[str, np.ndarray], **more) -> str:
        path = tmp_path / "step.npz"
        np.savez(path, **content, **more)
        return str(path)

    return save


def test_the_lower_layout(saved):
    clip = read_clip(saved(arrays(), frequency=RATE))
    assert (clip.name, len(clip), clip.rate_hz, clip.seconds) == ("step", 21, 100.0, 0.21)
    assert np.allclose(clip.joint_vel[7], np.arange(1, 13) / 10)
    assert np.allclose(clip.joint_pos[10], np.arange(1, 13) / 100)
    assert clip.starts == (0,) and clip.source.endswith("step.npz")


def test_the_full_layout_has_the_legs_last(saved):
    clip = read_clip(saved(arrays(joints=23), frequency=np.float32(RATE)))
    assert np.allclose(clip.joint_vel[0], np.arange(12, 24) / 10)
    assert "last 12 of 23 joints, by width" in clip.reading


def test_names_win_over_the_order_of_the_columns(saved):
    names = ["root", "Waist", *(name.title() for name in reversed(JOINTS))]
    clip = read_clip(saved(arrays(joints=13), frequency=RATE, joint_names=names))
    assert np.allclose(clip.joint_vel[0], np.arange(13, 1, -1) / 10)
    assert "by joint_names" in clip.reading


def test_pickles_and_other_arrays_are_left_alone(saved):
    pickled = np.array([None, "x"], dtype=object)
    clip = read_clip(saved(arrays(), frequency=RATE, joint_names=pickled, metadata=pickled, xpos=np.zeros(0)))
    assert "by width" in clip.reading


def test_without_a_frequency_the_velocities_tell_it(saved):
    single = {name: array.astype(np.float32) for name, array in arrays().items()}
    clip = read_clip(saved(single))
    assert clip.rate_hz == 100.0 and "by its velocities" in clip.reading
    assert clip.joint_pos.dtype == np.float64
    assert read_clip(saved(single), rate_hz=50).rate_hz == 50
    assert np.isnan(implied_rate(np.zeros((5, 2)), np.zeros((5, 2))))


@pytest.mark.parametrize("yaw", [0.0, -np.pi / 2, 3.0])
def test_velocities_are_those_of_the_robot_whatever_way_it_looks(saved, yaw):
    clip = read_clip(saved(arrays(yaw=yaw), frequency=RATE))
    assert np.allclose(clip.velocity, (1, 0, 0))
    assert np.allclose(clip.gyro, (0, 0, 0.5))
    assert np.isclose(np.cos(clip.heading[0] - yaw), 1)


def test_the_gyro_is_in_the_trunks_own_axes(saved):
    content = arrays()
    content["qpos"][:, 3:7] = (np.sqrt(0.5), np.sqrt(0.5), 0, 0)  # rolled by 90 degrees: its y axis is up
    assert np.allclose(read_clip(saved(content, frequency=RATE), lenient=True).gyro, (0, 0.5, 0))


def test_resampling_is_linear_and_keeps_the_rate_of_everything(saved):
    clip = read_clip(saved(arrays(), frequency=RATE))
    half, more = clip.resample(50), clip.resample(150)
    assert (len(half), half.rate_hz) == (11, 50.0) and np.array_equal(half.joint_pos, clip.joint_pos[::2])
    assert len(more) == 31
    assert np.allclose(np.diff(more.joint_pos, axis=0) * 150, more.joint_vel[0])
    assert np.allclose(np.linalg.norm(more.root_quat, axis=1), 1)
    assert np.allclose(np.diff(more.heading) * 150, 0.5)
    with pytest.raises(InputError, match="rate got 0"):
        clip.resample(0)


def test_a_quaternion_may_change_its_sign_between_two_frames(saved):
    content = arrays()
    content["qpos"][1::2, 3:7] *= -1
    assert np.allclose(np.diff(read_clip(saved(content, frequency=RATE)).resample(150).heading) * 150, 0.5)


@pytest.mark.parametrize("end", [20, 21])
def test_parts_are_not_mixed(saved, end):
    content = arrays()
    content["qpos"][10:, 7] += 5
    clip = read_clip(saved(content, frequency=RATE, split_points=np.array([0, 10, end], dtype=np.int32)))
    assert clip.starts == (0, 10)
    first, second = clip.parts()
    assert (len(first), len(second)) == (10, 11) and second.joint_pos[0, 0] > 5
    finer = clip.resample(300)
    assert finer.starts == (0, 28)
    assert finer.joint_pos[:28, 0].max() < 1 and finer.joint_pos[28:, 0].min() > 5


def broken(**changes):
    return {**arrays(), "frequency": np.array(RATE), **changes}


def with_nan():
    content = broken()
    content["qpos"][4, 9] = np.nan
    return content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (broken(qpos=np.zeros((21, 18))), r"qpos is \(21, 18\)"),
        (arrays(joints=15), "15 joints and no joint_names"),
        (with_nan(), r"qpos has nan at \(4, 9\) \(1 such\)"),
        (broken(qpos=np.zeros((21, 19))), "unit quaternion"),
        (broken(frequency=np.array(0.0)), "frequency is 0.0"),
        (broken(frequency=np.array([1.0, 2.0])), "no motion clip"),
        (broken(split_points=np.array([0, 90])), r"split_points has 90 at \(1,\)"),
        (broken(joint_names=np.array(["root", *JOINTS[:-1], "tail"])), "without right_ankle_roll"),
        (broken(qpos=np.full((21, 19), "a")), "qpos holds str"),
        ({"qpos": arrays()["qpos"]}, "no array 'qvel'"),
        (broken(qvel=np.array([None] * 3, dtype=object)), "allow_pickle=False"),
        (broken(qpos=arrays(frames=2)["qpos"], qvel=arrays(frames=2)["qvel"]), r"\(2, 19\)"),
    ],
)
def test_what_is_no_clip_is_refused_in_one_line(saved, content, words):
    with pytest.raises(InputError, match=words) as refusal:
        read_clip(saved(content))
    assert "expected" in str(refusal.value) and "\n" not in str(refusal.value)


def test_damaged_files_are_refused(saved, tmp_path):
    whole = bytearray(open(saved(broken()), "rb").read())
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 1
    for content in (whole[:-200], flipped, b"", b"\x80\x04N."):
        path = tmp_path / "damaged.npz"
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot read .*damaged.npz"):
            read_clip(path)
    with pytest.raises(InputError, match="No such file"):
        read_clip(tmp_path / "nothing.npz")


def test_the_real_clips_run_ahead_not_sideways(shared):
    folder = shared / "data" / "booster_lower_t1"
    running = read_clip(folder / "running.npz")
    assert running.rate_hz == 500 and len(running) == 460 and "by joint_names" in running.reading
    world, own = running.world_velocity.mean(axis=0), running.velocity.mean(axis=0)
    assert world[1] < -2.7 and own[0] > 2.7 and abs(own[1]) < 0.3
    assert implied_rate(running.joint_pos, running.joint_vel) == pytest.approx(500, abs=0.01)
