"""The project's own motion clips: both layouts, what is stored, and a command that makes the same again."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np
import pytest
import sai_mujoco

from soccer_lib.control.macro import CLIPS
from soccer_lib.envs.make import make_env
from soccer_lib.errors import SimulationError
from soccer_lib.formats.clip import read_clip
from soccer_lib.layout import JOINTS
from soccer_lib.runs.files import load_json, sha256_of
from soccer_lib.sim import make_sim
from soccer_lib.view.clips import clip_facts
from soccer_lib.workshop import clips

FULL = CLIPS / clips.FULL_FOLDER


@pytest.fixture(scope="module")
def turn() -> np.ndarray:
    return clips.record("turn")


def test_the_same_command_makes_the_same_bytes(turn, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(clips, "NAMES", ("turn",))
    clips.main(clips.ClipsConfig(out=str(tmp_path)))
    written = load_json(tmp_path / "clips.json")["sha256"]
    assert list(written) == ["turn.npz", "booster_t1/turn.npz"]
    assert capsys.readouterr().out.count("turn.npz  2.60 s") == 2
    with np.load(tmp_path / "turn.npz") as made:
        for name, array in clips.lower_arrays(turn).items():
            assert made[name].dtype == array.dtype and made[name].tobytes() == array.tobytes()


@pytest.mark.golden
def test_the_committed_clip_is_what_the_command_makes(turn):
    # Other processors round otherwise, and a walk amplifies that: hence millimetres, not bits.
    stored, made = read_clip(CLIPS / "turn.npz"), clips.lower_arrays(turn)
    assert made["qpos"].shape == (len(stored), 19), "the walker has changed: run walker clips"
    assert np.abs(made["qpos"][:, :3] - stored.root_pos).max() < 0.02, "run walker clips"
    assert np.abs(made["qpos"][:, 7:] - stored.joint_pos).max() < 0.1, "run walker clips"


def test_a_recording_is_moved_and_turned_but_stays_itself():
    time = np.arange(6) * 0.002
    half = (2.0 + 0.5 * time) / 2  # heads along 2 rad and turns left at 0.5 rad/s
    qpos = np.zeros((6, 19))
    qpos[:, :3] = np.outer(time, (np.cos(2.0), np.sin(2.0), 0.0)) + (5.0, -3.0, 0.6)  # 1 m/s ahead
    qpos[:, 3], qpos[:, 6] = -np.cos(half), -np.sin(half)
    qpos[:, 7:] = np.outer(time, np.arange(12))
    arrays = clips.lower_arrays(qpos)
    assert np.allclose(arrays["qpos"][0, :7], (0, 0, 0.6, -np.sqrt(0.5), 0, 0, np.sqrt(0.5)), atol=1e-4)
    assert np.allclose(arrays["qpos"][5, :3], (0, -0.01, 0.6), atol=1e-4)
    # At the ends too, where there is a neighbour on one side only.
    assert np.allclose(arrays["qvel"], (0, -1, 0, 0, 0, 0.5, *range(12)), atol=0.04)
    assert arrays["split_points"].tolist() == [0, 5] and arrays["frequency"] == 500
    assert not any(array.dtype.hasobject for array in arrays.values())


def test_the_full_layout_has_the_upper_body_first(turn):
    lower = clips.lower_arrays(turn)
    full = clips.full_arrays(lower)
    assert full["qpos"].shape[1] == 30 and full["qvel"].shape[1] == 29
    assert full["joint_names"].tolist()[:3] == ["root", "AAHead_yaw", "Head_pitch"]
    assert [name.lower() for name in full["joint_names"][-12:]] == list(JOINTS)
    assert np.array_equal(full["qpos"][:, 18:], lower["qpos"][:, 7:])
    assert np.array_equal(full["qvel"][:, 17:], lower["qvel"][:, 6:]) and not full["qvel"][:, 6:17].any()


def test_the_upper_body_is_posed_as_the_lower_robot_has_it():
    sim, assets = make_sim("goalie_penalty_kick"), Path(sai_mujoco.__file__).parent / "assets"
    whole = mujoco.MjModel.from_xml_path(str(assets / "robots" / "t1" / "v1" / "robot.xml"))
    data = mujoco.MjData(whole)
    for name, angle in clips.UPPER_BODY.items():
        data.joint(name).qpos = angle
    mujoco.mj_kinematics(whole, data)
    sim.reset(seed=0)
    for link in ("AL3", "left_hand_link", "right_hand_link"):
        places = []
        for model, state, prefix in ((whole, data, ""), (sim.model, sim.data, "robot_0:")):
            geom = int(np.flatnonzero(model.geom_dataid == model.mesh(prefix + link).id)[0])
            trunk = state.body(prefix + "Trunk")
            places.append(trunk.xmat.reshape(3, 3).T @ (state.geom_xpos[geom] - trunk.xpos))
        assert np.allclose(*places, atol=2e-3), link


@pytest.mark.parametrize("name", clips.NAMES)
def test_the_committed_clips_have_the_public_layouts(name):
    lower, full = read_clip(CLIPS / f"{name}.npz"), read_clip(FULL / f"{name}.npz")
    assert np.array_equal(lower.joint_pos, full.joint_pos)
    assert "legs of 12 joints, by joint_names, 500 Hz" in lower.reading and "legs of 23" in full.reading
    for path in (CLIPS / f"{name}.npz", FULL / f"{name}.npz"):
        with np.load(path, allow_pickle=False) as archive:
            assert all(archive[key].dtype != object for key in archive.files)
    assert lower.heading[0] == pytest.approx(-np.pi / 2, abs=1e-3) and not lower.root_pos[0, :2].any()
    figures = clip_facts(lower)
    assert figures["mismatch"] < 0.01 and figures["implied_rate"] == pytest.approx(500, abs=0.1)
    up = lower.in_trunk(np.tile((0.0, 0.0, 1.0), (len(lower), 1)))[:, 2]
    assert np.arccos(up).max() < clips.TIPPING + 0.01


def test_the_committed_clips_show_what_they_are_named_after():
    walk, turn = (clip_facts(read_clip(CLIPS / f"{name}.npz")) for name in ("walk", "turn"))
    assert walk["travel"] > 1.0 and walk["ahead"] > 0.3 and abs(walk["left"]) < 0.1
    assert turn["travel"] < 0.3 and turn["turn"] > 0.3
    for name in clips.KICKS:
        assert clip_facts(read_clip(CLIPS / f"{name}.npz"))["peak_speed"] > 10


@pytest.mark.golden
def test_the_committed_clips_are_small_and_are_those_of_their_record():
    files, record = sorted(CLIPS.rglob("*.npz")), load_json(CLIPS / "clips.json")
    assert sum(path.stat().st_size for path in files) < 1e6
    assert {path.relative_to(CLIPS).as_posix(): sha256_of(path) for path in files} == record["sha256"]
    assert record["command"] == "python -m soccer_lib walker clips --out data/clips"


def test_a_clip_of_a_kick_begins_before_the_swing_and_ends_after_it(monkeypatch):
    """Swung from physics step 400 to 499: 0.3 s before are 150 steps, 0.6 s after are 300."""
    monkeypatch.setattr(clips, "_hold", lambda env, command, seconds: np.zeros(96))

    class Recording(list):
        stages = ["walk"] * 400 + ["swing"] * 100 + ["walk"] * 500

    assert clips._kick(None, Recording(), np.zeros(96), "placed_kick") == slice(250, 499 + 300)


def test_a_recording_holds_the_state_before_each_physics_step():
    """The first row is the reset, each further one what the step before it has made."""
    env = make_env("kick_to_target", control="command", seed=3)
    env.reset()
    recording = clips._Recording(env)
    start = env.unwrapped.data.qpos[:].copy()
    clips._hold(env, clips.STAND, 0.1)
    after = env.unwrapped.joint_pos.copy()
    assert (
        len(recording) == 50
        and len(recording.rows) == 51
        and set(recording.stages) == {recording.macro.stage}
    )
    assert np.isin(recording.rows[0], start).all() and np.array_equal(recording.rows[50][7:], after)


def test_a_kick_that_is_refused_makes_no_clip(monkeypatch):
    monkeypatch.setattr(clips, "NEAR", 1.5)
    with pytest.raises(SimulationError, match="clip placed_kick: no swing in"):
        clips.record("placed_kick")


def test_a_clip_ends_before_the_robot_lies(monkeypatch):
    monkeypatch.setattr(clips, "TIPPING", 0.1)
    assert 0 < len(clips.record("walk")) < 1500
