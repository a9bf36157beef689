"""Laws of the layers, each with its number worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.errors import InputError
from soccer_lib.layout import KP, TORQUE_LIMIT
from soccer_lib.runs import load_npz
from soccer_lib.wrappers.control import pd_torque


def test_twelve_resets_of_several_tasks_give_twelve_starts():
    """A seed is used up by the first episode of its task; from then on each task draws anew."""
    tasks = ("kick_to_target", "obstacle_penalty_kick")
    env = sl.make_env(list(tasks), observation="full")
    starts: dict[str, list[bytes]] = {task: [] for task in tasks}
    for number in range(12):
        observation, info = env.reset(seed=3 if number == 0 else None)
        starts[info["task_name"]].append(observation.tobytes())
    for task, seen in starts.items():
        assert len(seen) > 1, "with equal weights 12 draws hold both tasks more than once"
        assert len(set(seen)) == len(seen)
        alone, _ = sl.make_env(task, observation="full").reset(seed=3)
        assert seen[0] == alone.tobytes()


def test_a_dump_holds_steps_of_the_present_episode_only(tmp_path):
    env = sl.make_env("penalty_kick", guard=tmp_path)
    for seed, steps in ((1, 5), (2, 3)):
        env.reset(seed=seed)
        for _ in range(steps):
            env.step(np.full(12, 0.1 * seed, np.float32))
    with pytest.raises(InputError, match="the last 3 steps"):
        env.step(np.full(12, np.nan, np.float32))
    [path] = tmp_path.glob("guard-*.npz")
    np.testing.assert_allclose(load_npz(path)["actions"], np.full((3, 12), 0.2), rtol=1e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_torques_stay_within_the_limits_on_both_sides(sign):
    """A target 10 rad away wants 10 times the stiffness, far beyond every limit."""
    assert (10 * KP > TORQUE_LIMIT).all()
    torque = pd_torque(np.full(12, sign * 10, np.float32), np.zeros(12), np.zeros(12))
    np.testing.assert_array_equal(torque, sign * TORQUE_LIMIT)


def test_a_report_counts_its_own_episode_only():
    env = sl.make_env("penalty_kick", control="joint", info="terms")
    counts = []
    for _ in range(2):
        env.reset(seed=0)
        paid, steps, over = 0.0, 0, False
        while not over:
            _, reward, terminated, truncated, info = env.step(np.zeros(12, np.float32))
            paid, steps, over = paid + reward, steps + 1, terminated or truncated
        report = info["episode_report"]
        assert report["env_steps"] == steps and report["return"] == pytest.approx(paid)
        counts.append(steps)
    assert counts[0] == counts[1]
