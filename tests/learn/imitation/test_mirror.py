"""The mirror image: the same twice over, and what the striker does in it is mirrored too."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.learn.imitation.mirror import mirrored
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
        again = mirrored(mirrored(data))
        assert (again.observations == data.observations).all() and (again.actions == data.actions).all()
    joints = dataset(rng.normal(size=(9, 96)), rng.uniform(-1, 1, (9, 12)), control="joint")
    assert (mirrored(joints).actions[:, :6] == joints.actions[:, 6:] * (1, -1, -1, 1, 1, -1)).all()
    with pytest.raises(InputError, match="'raw'; expected one of: full, robot, agent; try --no-mirror"):
        mirrored(dataset(rng.normal(size=(9, 45)), rng.uniform(-1, 1, (9, 3)), "raw"))


def test_the_striker_does_the_mirrored_thing_in_the_mirrored_scene():
    striker, memory, rows = load_policy("striker"), Memory(steps=30, aligning=3), scenes()
    actions = np.array([striker.act(row, memory, True)[0] for row in rows])
    image = mirrored(dataset(rows, np.clip(actions, -1, 1)))
    answers = np.array([striker.act(row, memory, True)[0] for row in image.observations])
    # Where two sides are as good as each other it may take the other one.
    assert (np.abs(np.clip(answers, -1, 1) - image.actions).max(axis=1) < 1e-4).mean() > 0.98
    assert np.abs(actions[:, 1]).max() > 0.1


def test_kicks_stay_the_kicks_that_they_are():
    data = dataset(np.zeros((2, 96)), np.array([[1, -1, 1], [0.5, -0.5, 0.5]]))
    assert mirrored(data).actions.tolist() == [[1, -1, 1], [0.5, 0.5, -0.5]]
