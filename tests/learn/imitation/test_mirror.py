"""The mirror image: the same twice over, and what the striker does in it is mirrored too."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.control.kicks import requested_kick
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.learn.imitation.mirror import mirror_image
from soccer_lib.policies import load_policy
from soccer_lib.policies.striker import Memory


def dataset(observations, actions, layout="agent", control="command") -> Dataset:
    n = len(observations)
    return Dataset(control, layout, 10.0, observations, actions, np.zeros(n), ["a"])


def scenes(n: int = 300) -> np.ndarray:
    """Robots around a ball before the north goal, a keeper and a target."""
    rng, rows = np.random.default_rng(0), np.zeros((n, 96), np.float32)
    for name in ("ball_xpos_rel_robot", "target_xpos_rel_robot"):
        rows[:, AGENT[name]] = rng.uniform((0.1, -0.6, -0.6), (1.5, 0.6, -0.6), (n, 3))
    rows[:, AGENT["goal_team_0_rel_robot"]] = rng.uniform((2, -1, -0.6), (4, 1, -0.6), (n, 3))
    rows[:, AGENT["goal_team_1_rel_robot"]] = rows[:, AGENT["goal_team_0_rel_robot"]] - (20, 0, 0)
    keeper = rng.uniform((0, -1, 0), (0, 1, 0), (n, 3))
    rows[:, AGENT["goalkeeper_team_0_xpos_rel_robot"]] = rows[:, AGENT["goal_team_0_rel_robot"]] + keeper
    rows[:, AGENT["goalkeeper_team_0_velp_rel_robot"]] = rng.uniform((0, -1, 0), (0, 1, 0), (n, 3))
    rows[np.arange(n), AGENT["task_one_hot"].start + np.arange(n) % 3] = 1
    return rows


def test_the_mirror_of_the_mirror_is_the_dataset():
    rng = np.random.default_rng(0)
    for layout, width in (("agent", 96), ("robot", 89), ("full", 89)):
        data = dataset(rng.normal(size=(9, width)), rng.uniform(-1, 1, (9, 3)), layout)
        again = mirror_image(mirror_image(data))
        assert (again.observations == data.observations).all() and (again.actions == data.actions).all()
    joints = dataset(rng.normal(size=(9, 96)), rng.uniform(-1, 1, (9, 12)), control="joint")
    assert (mirror_image(joints).actions[:, :6] == joints.actions[:, 6:] * (1, -1, -1, 1, 1, -1)).all()
    with pytest.raises(InputError, match="'raw'; expected one of: full, robot, agent; try --no-mirror"):
        mirror_image(dataset(rng.normal(size=(9, 45)), rng.uniform(-1, 1, (9, 3)), "raw"))


def test_the_striker_does_the_mirrored_thing_in_the_mirrored_scene():
    striker, memory, rows = load_policy("striker"), Memory(steps=30, aligning=3), scenes()
    actions = np.array([striker.act(row, memory, True)[0] for row in rows])
    image = mirror_image(dataset(rows, np.clip(actions, -1, 1)))
    answers = np.array([striker.act(row, memory, True)[0] for row in image.observations])
    # Where two sides are as good as each other it may take the other one.
    assert (np.abs(np.clip(answers, -1, 1) - image.actions).max(axis=1) < 1e-4).mean() > 0.98
    assert np.abs(actions[:, 1]).max() > 0.1


def test_kicks_stay_the_kicks_that_they_are():
    data = dataset(np.zeros((2, 96)), np.array([[1, -1, 1], [0.5, -0.5, 0.5]]))
    assert mirror_image(data).actions.tolist() == [[1, -1, 1], [0.5, 0.5, -0.5]]


def test_every_field_of_the_mirror_image_by_hand():
    rng = np.random.default_rng(3)
    row = rng.normal(size=(1, 96)).astype(np.float32)
    image = mirror_image(dataset(row, np.zeros((1, 3)))).observations[0]
    row = row[0]

    def signs(name: str) -> list[float]:
        return (image[AGENT[name]] / row[AGENT[name]]).tolist()

    # To the left becomes to the right: y of places, velocities and accelerations.
    for name in ("projected_gravity", "robot_accelerometer", "robot_velocimeter", "ball_xpos_rel_robot"):
        assert signs(name) == [1, -1, 1], name
    assert signs("target_xpos_rel_robot") == signs("goal_team_1_rel_ball") == [1, -1, 1]
    assert signs("defender_xpos") == [1, -1, 1] * 3
    # Turning to the left becomes turning to the right: z, and x too, but rolling ahead about y stays.
    assert signs("robot_gyro") == signs("ball_velr_rel_robot") == [-1, 1, -1]
    # What is no direction stays.
    assert signs("player_team") == [1, 1] and signs("task_one_hot") == [1, 1, 1]
    assert signs("time_left") == [1] and signs("kick_active") == [1]
    # The other leg swings, half a cycle later: cosine and sine change their signs.
    assert signs("gait_phase") == [-1, -1]
    assert signs("last_command") == [1, -1, -1]
    # Left and right leg change places; roll and yaw change their signs.
    for name in ("joint_pos", "joint_vel"):
        legs, mirror_legs = row[AGENT[name]].reshape(2, 6), image[AGENT[name]].reshape(2, 6)
        np.testing.assert_array_equal(mirror_legs, legs[::-1] * np.float32((1, -1, -1, 1, 1, -1)))


def test_walking_commands_are_mirrored_and_never_become_kicks():
    commands = np.array([[0.9, 0.9, 0.9], [0.85, -0.3, 0.9], [-0.9, -0.9, 0.9], [-1, 1, -1]])
    image = mirror_image(dataset(np.zeros((4, 96)), commands)).actions
    # (0.9, -0.9, -0.9) has the signs of a low loft; (-0.9, -0.9, 0.9) and (-1, 1, -1) are kicks themselves.
    np.testing.assert_allclose(image[0], [0.792, -0.792, -0.792])
    np.testing.assert_allclose(image[1], [0.85, 0.3, -0.9])
    np.testing.assert_allclose(image[2], [-0.9, -0.9, 0.9])
    assert image[3].tolist() == [-1, 1, -1]
    assert [requested_kick(row) for row in image] == [None, None, "drive", "placed"]
    assert np.abs(mirror_image(dataset(np.zeros((1, 96)), commands[:1])).observations).max() == 0


def test_the_mirror_image_keeps_its_episodes_and_has_no_transitions():
    n = 4
    data = Dataset(
        "command",
        "agent",
        10.0,
        np.ones((n, 96)),
        np.zeros((n, 3)),
        np.array([0, 0, 1, 1]),
        np.array(["a", "b"]),
        rewards=np.zeros(n),
        next_observations=np.ones((n, 96)),
        terminated=np.zeros(n),
        truncated=np.zeros(n),
        held_steps=np.full(n, 50),
    )
    image = mirror_image(data)
    assert not image.has_transitions and image.episode_id.tolist() == [0, 0, 1, 1]
    assert image.source.tolist() == ["a", "b"] and image.observation_layout == "agent"
