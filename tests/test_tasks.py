"""The task table against the registry of the real environments."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.sim import make_sim
from soccer_lib.sim.stock import TESTED_VERSIONS, check_versions, make_stock
from soccer_lib.tasks import (
    COMMAND_DT,
    COMMAND_STEPS,
    COMPETITION,
    PHYSICS_DT,
    TASKS,
    WALKER_DT,
    WALKER_STEPS,
    task_named,
    tasks_named,
)


@pytest.mark.parametrize("name", TASKS)
def test_table_matches_the_registry(name):
    task = TASKS[name]
    env = make_stock(task)
    assert gym.spec(task.gym_id).max_episode_steps == task.max_steps
    assert env.observation_space.shape == (task.raw_size,)


def test_the_three_clocks_tick_together():
    sim = make_sim("penalty_kick")
    sim.reset(seed=0)
    for _ in range(WALKER_STEPS):
        sim.advance(np.zeros(12))
    assert sim.data.time == pytest.approx(0.02) and sim.sim_time == WALKER_DT == 0.02
    assert 5 * WALKER_STEPS == COMMAND_STEPS and COMMAND_DT == 0.1 and 500 * PHYSICS_DT == 1.0


def test_names_and_gym_ids_resolve():
    assert task_named("LowerT1KickToTarget-v0") is task_named("kick_to_target")
    assert [task.name for task in tasks_named("all")] == list(COMPETITION)
    assert [task.name for task in tasks_named("kick_to_target, kick_to_target,penalty_kick")] == [
        "kick_to_target",
        "penalty_kick",
    ]
    assert tasks_named(TASKS["goal_keeper"]) == [TASKS["goal_keeper"]]


@pytest.mark.parametrize("wrong", ["goalie", "", "LowerT1GoalieePenaltyKick-v0"])
def test_unknown_task_is_one_line_with_the_valid_names(wrong):
    with pytest.raises(InputError) as error:
        tasks_named([wrong])
    assert repr(wrong) in str(error.value) and "kick_to_target" in str(error.value)
    assert "\n" not in str(error.value)


def test_all_may_stand_beside_other_tasks():
    names = [task.name for task in tasks_named("all,goal_keeper,kick_to_target")]
    assert names == [*(task.name for task in tasks_named("all")), "goal_keeper"]


def test_no_task_at_all_is_refused():
    with pytest.raises(InputError, match="no task named"):
        tasks_named(" , ")


def test_wrong_package_pair_is_named_when_an_environment_is_made(monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", lambda package: "3.4.0")
    check_versions.cache_clear()
    try:
        with pytest.raises(InputError) as error:
            make_sim("penalty_kick")
    finally:
        check_versions.cache_clear()
    assert "mujoco 3.4.0" in str(error.value)
    assert f"pip install mujoco=={TESTED_VERSIONS['mujoco']}" in str(error.value)


def test_unknown_team_is_refused():
    with pytest.raises(InputError, match="team 2"):
        make_sim("penalty_kick", team=2)
