"""Clips to samples: commands, scenes and sentinels by hand."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.demos.builder import NEAREST, build_dataset, sentinel_frames, sentinel_pattern, thinned
from soccer_lib.demos.clips import read_clips
from soccer_lib.demos.config import ClipDatasetConfig
from soccer_lib.envs.make import layers, make_env
from soccer_lib.errors import InputError
from soccer_lib.layout import DEFAULT_POSE, ROBOT


def build(folder, **settings):
    return build_dataset(ClipDatasetConfig(input_root=str(folder), **settings))


def seen(data, name):
    return data.observations[:, ROBOT[name]]


def test_commands_are_shares_of_the_scale_in_the_heading_frame(clips):
    data, figures = build(clips)
    assert data.source.tolist() == ["big_kick", "sidestep", "stroll"]
    assert data.rate_hz == 100 and data.control == "command" and not data.has_transitions
    big, side, stroll = (data.actions[data.episode_id == episode] for episode in range(3))
    assert np.allclose(big, (1, 0, 0), atol=1e-6) and np.allclose(stroll, (0.5, 0, 0), atol=1e-6)
    assert np.allclose(side, (0, 0.5, 0), atol=1e-6)
    assert [entry["clipped"] for entry in figures] == [11, 0, 0]
    assert [entry["samples"] for entry in figures] == [11, 11, 11]


def test_commands_beyond_the_scale_are_clipped_and_counted(clips, make_clip):
    # 1.8 m/s are 1.2 of the scale, ahead; -0.54 m/s are -0.9 of it, to the left.
    np.savez(clips / "fast.npz", **make_clip((1.8, -0.54)))
    data, figures = build(clips, files=("fast",))
    np.testing.assert_allclose(data.actions, np.tile((1, -0.9, 0), (11, 1)), atol=1e-6)
    assert figures[0]["clipped"] == 11 and figures[0]["mean"][0] == 1
    assert build(clips, files=("stroll",))[1][0]["clipped"] == 0


def test_the_own_body_is_seen_as_the_environment_shows_it(clips, make_clip, tmp_path):
    data, _ = build(clips, files=("stroll",))
    assert np.allclose(seen(data, "projected_gravity"), (0, 0, -1))
    assert np.allclose(seen(data, "robot_velocimeter"), (0.75, 0, 0), atol=1e-6)
    assert np.allclose(seen(data, "robot_accelerometer"), (0, 0, 9.81), atol=1e-4)
    assert np.allclose(seen(data, "joint_vel"), np.arange(12) / 10)
    assert np.allclose(seen(data, "joint_pos")[5], 0.05 * np.arange(12) / 10 - 0.1)
    turning = tmp_path / "turning"
    turning.mkdir()
    np.savez(turning / "turn.npz", **make_clip((1.0, 0.0), turn=0.65))
    data, _ = build(turning)
    assert np.allclose(data.actions[:, 2], 0.5)
    assert np.allclose(seen(data, "robot_gyro"), (0, 0, 0.65))
    # v x omega: what keeps the robot on its curve points to its left.
    assert np.allclose(seen(data, "robot_accelerometer")[1:-1], (0, 0.65, 9.81), atol=1e-3)


def test_the_scene_hangs_together(clips):
    data, _ = build(clips, files=("stroll",), goal_distance=2.5)
    ball, south, north = (
        seen(data, name) for name in ("ball_xpos_rel_robot", "goal_team_0_rel_robot", "goal_team_1_rel_robot")
    )
    assert np.allclose(ball[:, 2], 0.11 - 0.65) and np.allclose(south[:, 2], -0.65)
    assert np.allclose(south - ball, seen(data, "goal_team_0_rel_ball"))
    assert np.allclose((south - ball)[:, :2], (2.5, 0)) and np.allclose(south - north, (21.94, 0, 0))
    assert np.allclose(north - ball, seen(data, "goal_team_1_rel_ball"))
    assert np.allclose(seen(data, "ball_velp_rel_robot"), (-0.75, 0, 0), atol=1e-6)
    assert np.allclose(seen(data, "player_team"), (1, 0))


def test_what_each_task_has_besides_by_hand(clips):
    def scene(task_mode):
        data, _ = build(clips, files=("stroll",), task_mode=task_mode)
        return data, seen(data, "goal_team_0_rel_robot")

    # The trunk is 0.65 m above the ground, on which the goal's place lies.
    data, goal = scene("goalie")
    np.testing.assert_allclose(seen(data, "goalkeeper_team_0_xpos_rel_robot"), goal + (0, 0, 0.2), atol=1e-6)
    other_goal = seen(data, "goal_team_1_rel_robot")
    keeper = seen(data, "goalkeeper_team_1_xpos_rel_robot")
    np.testing.assert_allclose(keeper, other_goal + (0, 0, 0.2), atol=1e-6)
    np.testing.assert_allclose(
        seen(data, "goalkeeper_team_0_velp_rel_robot"), np.tile((-0.75, 0, 0), (11, 1)), atol=1e-6
    )
    assert not seen(data, "target_xpos_rel_robot").any() and not seen(data, "defender_xpos").any()
    data, goal = scene("obstacle")
    np.testing.assert_allclose(seen(data, "target_xpos_rel_robot"), goal + (0, 0, 1.12), atol=1e-6)
    defenders = seen(data, "defender_xpos").reshape(-1, 3, 3) - goal[:, None]
    for defender, left in enumerate((-0.8, 0, 0.8)):
        np.testing.assert_allclose(defenders[:, defender], np.tile((0, left, 0.6), (11, 1)), atol=1e-6)
    assert not seen(data, "goalkeeper_team_0_xpos_rel_robot").any()
    data, goal = scene("kick")
    np.testing.assert_allclose(seen(data, "target_xpos_rel_robot"), goal, atol=1e-6)
    assert not seen(data, "defender_xpos").any()


def test_every_task_gets_the_entries_that_the_real_one_has(clips):
    data, _ = build(clips, files=("stroll",))
    assert seen(data, "task_one_hot")[:4].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    for index, task in enumerate(("goalie_penalty_kick", "obstacle_penalty_kick", "kick_to_target")):
        env = make_env(task, control="joint", observation="robot")
        real = env.reset(seed=1)[0]
        for field in ROBOT.fields:
            if field.name.endswith("_xpos_rel_robot") or field.name == "defender_xpos":
                there = [np.abs(row[field.slice]).max() > 0.01 for row in (real, data.observations[index])]
                assert there[0] == there[1], (task, field.name)
    assert not seen(build(clips, task_mode="zeros")[0], "task_one_hot").any()
    assert (seen(build(clips, task_mode="kick")[0], "task_one_hot") == (0, 0, 1)).all()


def test_a_frame_of_the_simulation_is_rebuilt_from_its_kinematics(tmp_path, walker):
    """What the builder says of a walking robot is what the environment says of it."""
    env = make_env("kick_to_target", control="command", observation="robot", walker=walker)
    env.reset(seed=3)
    sim, rows, shown = layers(env)[0], [], []
    root = sim.model.joint("robot_0:root")
    for _ in range(6):
        observation, *_ = env.step(np.array([0.4, 0.1, 0.2], np.float32))
        joints = observation[ROBOT["joint_pos"]], observation[ROBOT["joint_vel"]]
        place = sim.data.qpos[root.qposadr[0] :][:7].copy()
        speed = sim.data.qvel[root.dofadr[0] :][:6].copy()
        spin = (
            sim.data.body("robot_0:Trunk").xmat.reshape(3, 3) @ speed[3:]
        )  # MuJoCo keeps it in the body's axes
        rows.append((np.concatenate((place, joints[0])), np.concatenate((speed[:3], spin, joints[1]))))
        shown.append(observation)
    qpos, qvel = map(np.array, zip(*rows, strict=True))
    np.savez(tmp_path / "walk.npz", qpos=qpos, qvel=qvel, frequency=10.0)
    data, real = build(tmp_path)[0].observations, np.array(shown)
    # The environment's sensors are one physics step of 2 ms older than its joints.
    for name, tolerance in (
        ("joint_pos", 1e-6),
        ("joint_vel", 1e-6),
        ("projected_gravity", 0.02),
        ("robot_gyro", 0.5),
        ("robot_velocimeter", 0.05),
    ):
        assert np.allclose(data[:, ROBOT[name]], real[:, ROBOT[name]], atol=tolerance), name
    for name in ("ball_velp_rel_robot", "ball_velr_rel_robot"):
        assert np.allclose(data[:, ROBOT[name]], real[:, ROBOT[name]], atol=0.5), name


def test_near_and_far(clips):
    def distances(**settings):
        data, _ = build(clips, **settings)
        return np.linalg.norm(seen(data, "ball_xpos_rel_robot")[:, :2], axis=1), data.sentinels

    far, _ = distances(context_mode="keep", enable_sentinels=True)
    assert ((far >= 0.6) & (far <= 3.0)).all() and np.ptp(far) > 1
    near, _ = distances(context_mode="all", ball_radius=0.5)
    assert ((near >= NEAREST) & (near <= 0.5)).all()
    mixed, sentinels = distances(enable_sentinels=True)
    assert sentinels.sum() == 3 and np.array_equal(mixed <= 0.6, sentinels)


def test_the_ball_lies_up_to_half_a_radian_off_straight_ahead(clips):
    data, _ = build(clips)
    ahead, left, _ = seen(data, "ball_xpos_rel_robot").T
    bearing = np.arctan2(left, ahead)
    # Even draws, of which this seed's outermost lie near both ends.
    assert -0.5 <= bearing.min() < -0.4 and 0.4 < bearing.max() <= 0.5


def test_sentinels_are_exact_and_others_never_read_as_a_kick(clips, make_clip):
    np.savez(clips / "wild_kick.npz", **make_clip((2.0, -0.9), turn=2.0))  # (1, -1, 1): reads as a shot
    np.savez(clips / "wild_run.npz", **make_clip((2.0, 0.9), turn=2.0))  # (1, 1, 1): no kick has these signs
    data, figures = build(
        clips,
        enable_sentinels=True,
        sentinel_files=("wild_kick",),
        sentinel_frames="0,2-3",
        sentinel_pattern="-1,1,-1",
    )
    wild = data.episode_id == data.source.tolist().index("wild_kick")
    assert np.flatnonzero(data.sentinels[wild]).tolist() == [0, 2, 3] and not data.sentinels[~wild].any()
    assert (data.actions[data.sentinels] == (-1, 1, -1)).all()
    assert np.abs(data.actions[wild & ~data.sentinels]).max() < 0.8
    assert (data.actions[data.episode_id == 4] == 1).all()
    assert [entry["held"] for entry in figures] == [0, 0, 0, 8, 0]
    assert data.arrays()["counts"].tolist() == [[11, 0], [11, 0], [11, 0], [11, 3], [11, 0]]


def test_joint_level_takes_the_next_pose_as_target(clips):
    data, _ = build(clips, files=("stroll",), level="joint", stride=2)
    assert data.control == "joint" and data.rate_hz == 50 and len(data) == 5
    pose = lambda frame: frame / 100 * np.arange(12) / 10 - 0.1  # noqa: E731
    assert np.allclose(data.actions[0], pose(2) - DEFAULT_POSE, atol=1e-6)
    assert np.allclose(seen(data, "joint_pos")[1], pose(2), atol=1e-6)


def test_stride_rate_and_thinning(clips, make_clip):
    assert len(build(clips, stride=5)[0]) == 9 and build(clips, stride=5)[0].rate_hz == 20
    data, _ = build(clips, enable_sentinels=True, max_samples=6)
    assert len(data) == 6 and data.sentinels.sum() == 3
    slow = {name: array[::2] for name, array in make_clip((1, 0), frames=22).items() if name != "frequency"}
    np.savez(clips / "slow.npz", **slow, frequency=50.0)
    with pytest.raises(InputError, match="2 rates"):
        build(clips)
    with pytest.raises(InputError, match="a part of 11 frames, --stride is 12"):
        build(clips, files=("stroll",), stride=12)
    assert build(clips, rate_hz=25)[0].rate_hz == 25


def test_thinning_spaces_evenly_and_keeps_sentinels_longest():
    sentinels = np.isin(np.arange(10), (3, 4))
    # Both sentinels, and of the other eight those at 0, 2.33, 4.67 and 7: rows 0, 2, 7 and 9.
    assert np.flatnonzero(thinned(sentinels, 6)).tolist() == [0, 2, 3, 4, 7, 9]
    assert np.flatnonzero(thinned(sentinels, 2)).tolist() == [3, 4]
    assert np.flatnonzero(thinned(sentinels, 1)).tolist() == [3]
    assert np.flatnonzero(thinned(sentinels, 3)).tolist() == [0, 3, 4]
    assert thinned(sentinels, 0).all() and thinned(sentinels, 11).all()
    assert np.flatnonzero(thinned(np.zeros(9, bool), 3)).tolist() == [0, 4, 8]


def test_sentinels_are_counted_after_the_stride(clips):
    data, _ = build(
        clips, files=("big_kick",), enable_sentinels=True, stride=3, sentinel_frames="1,3-9", task_mode="kick"
    )
    # Frames 0, 3, 6 and 9 of 11 are samples; the second and the fourth of them ask, and there is no fifth.
    assert data.sentinels.tolist() == [False, True, False, True]
    assert data.actions[data.sentinels].tolist() == [[1, -1, 1]] * 2
    np.testing.assert_allclose(seen(data, "joint_vel"), np.tile(np.arange(12) / 10, (4, 1)))
    angles = 0.03 * np.arange(4)[:, None] * np.arange(12) / 10 - 0.1
    np.testing.assert_allclose(seen(data, "joint_pos"), angles, atol=1e-6)


def test_joint_targets_are_the_joints_of_the_next_sample(clips):
    data, _ = build(clips, files=("stroll",), level="joint", stride=2)
    # Samples at frames 0, 2, 4, 6, 8; the last one's target is frame 10, 0.1 s after the first frame.
    assert len(data) == 5 and data.control == "joint" and data.rate_hz == 50
    target = 0.1 * np.arange(12) / 10 - 0.1 - DEFAULT_POSE
    np.testing.assert_allclose(data.actions[-1], target, atol=1e-6)


def test_parts_are_episodes_of_one_source(clips, make_clip):
    np.savez(clips / "twice.npz", **make_clip((1, 0)), split_points=np.array([0, 5, 10]))
    data, _ = build(
        clips, files=("twice",), enable_sentinels=True, sentinel_files=("twice",), sentinel_frames="0"
    )
    assert data.source.tolist() == ["twice", "twice"] and np.bincount(data.episode_id).tolist() == [5, 6]
    assert np.flatnonzero(data.sentinels).tolist() == [0, 5]


def test_the_seed_decides_every_draw(clips):
    first, second = build(clips)[0], build(clips)[0]
    assert np.array_equal(first.observations, second.observations)
    assert not np.array_equal(first.observations, build(clips, seed=1)[0].observations)


def test_which_clips_are_read(clips, capsys):
    def names(*arguments):
        return [clip.name for clip in read_clips(clips, *arguments)]

    assert names() == ["big_kick", "sidestep", "stroll"]
    assert (
        names(["s*", "big_kick.npz"], ["side*"])
        == names(["s*,big_kick"], ["side*"])
        == ["big_kick", "stroll"]
    )
    assert names(["stroll", "strole"]) == ["stroll"] and "'strole'" in capsys.readouterr().out
    with pytest.raises(InputError, match="did you mean 'stroll'"):
        names(["stroll", "strole"], [], True)
    for arguments in ((["strole"],), ([], ["*"])):
        with pytest.raises(InputError, match="big_kick, sidestep, stroll"):
            names(*arguments)
    with pytest.raises(InputError, match="is not a folder"):
        read_clips(clips / "nowhere")
    with pytest.raises(InputError, match="has no .npz files"):
        read_clips(clips.parent)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"stride": 0}, "--stride got 0"),
        ({"ball_radius": 4.0}, "--ball-radius got 4.0"),
        ({"ball_radius": 0.1}, "--ball-radius got 0.1"),
        ({"split": 1.0}, "--split got 1.0"),
        ({"sentinel_threshold": 1.0}, "--sentinel-threshold"),
        ({"enable_sentinels": True, "level": "joint"}, "drop --enable-sentinels"),
        ({"seed": -1}, "--seed got -1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(InputError, match=words):
        ClipDatasetConfig(**settings)


def test_sentinel_texts(clips):
    assert sentinel_frames("0-2,7") == [0, 1, 2, 7]
    assert sentinel_pattern(" 1,-1, 1").tolist() == [1, -1, 1]
    for frames in ("", "2-", "a", "1;2", "5-1", "0-99999999999"):
        with pytest.raises(InputError, match="--sentinel-frames"):
            sentinel_frames(frames)
    for pattern in ("1,-1", "1,1,1", "0.9,-1,1"):
        with pytest.raises(InputError, match="--sentinel-pattern"):
            sentinel_pattern(pattern)
    with pytest.raises(InputError, match="fits none of"):
        build(clips, enable_sentinels=True, sentinel_files=("header",))


def test_the_public_clips(shared):
    folder = shared / "data" / "booster_lower_t1"
    data, figures = build(folder, enable_sentinels=True)
    assert len(data) == 16_640 and len(figures) == 10 and data.sentinels.sum() == 15
    running = data.actions[data.episode_id == data.source.tolist().index("running")]
    assert (running[:, 0] == 1).mean() > 0.8 and abs(running[:, 1].mean()) < 0.5
