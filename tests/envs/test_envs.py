"""`make_env`: every combination is a proper environment, and bad arguments are named."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref
from pathlib import Path

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as gymnasium_check
from stable_baselines3.common.env_checker import check_env as sb3_check

import soccer_lib as sl
from soccer_lib.errors import InputError
from soccer_lib.layout import DEFAULT_POSE, TORQUE_LIMIT
from soccer_lib.sim.torque import pd_torque
from soccer_lib.workshop.bench.scaling import memory
from soccer_lib.wrappers import CONTROLS, OBSERVATIONS
from soccer_lib.wrappers.observation import projected_gravity


def check_quietly(env):
    """Both checkers; unbounded observations and environments without a spec are meant, else nothing warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for text in (
            ".*A Box observation space m.*",
            ".*not having a spec.*|.*is different from the unwrapped.*",
        ):
            warnings.filterwarnings("ignore", message=text)
        gymnasium_check(env, skip_render_check=True)
        sb3_check(env)


def arguments_of(control, request):
    """The command interface needs a walker; where there is none its tests are skipped."""
    return {"control": control} | (
        {"walker": request.getfixturevalue("walker")} if control == "command" else {}
    )


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("task", sl.TASKS)
def test_checkers_of_gymnasium_and_sb3_pass_on_every_combination(task, control, request):
    arguments = arguments_of(control, request)
    for observation in OBSERVATIONS:
        check_quietly(sl.make_env(task, observation=observation, **arguments))
        if sl.TASKS[task].in_competition:
            check_quietly(sl.make_env(task, observation=observation, reward="competition", **arguments))
    for observation in ("raw", "agent"):
        check_quietly(sl.make_env(task, observation=observation, fast=False, **arguments))


def first_steps(env, actions):
    env.unwrapped.plays_on = True
    observation, info = env.reset(seed=5)
    steps = [env.step(action) for action in actions]
    return [observation.tobytes(), *((s[0].tobytes(), s[1], s[2], s[3], list(s[4])) for s in steps)]


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("observation", OBSERVATIONS)
@pytest.mark.parametrize("task", sl.COMPETITION)
@pytest.mark.golden
def test_fast_and_stock_give_the_same_through_every_layer(task, observation, control, request):
    arguments = {"observation": observation, **arguments_of(control, request)}
    fast, stock = (sl.make_env(task, fast=fast, **arguments) for fast in (True, False))
    shape = {"torque": (40, 12), "joint": (20, 12), "command": (5, 3)}[control]
    actions = np.random.default_rng(2).uniform(-0.2, 0.2, shape).astype(np.float32)
    assert first_steps(fast, actions) == first_steps(stock, actions)


def test_lean_info_changes_nothing_else():
    actions = np.random.default_rng(2).uniform(-1, 1, (40, 12)).astype(np.float32)
    for control in ("torque", "joint"):
        full, lean = (sl.make_env("kick_to_target", control=control, info=info) for info in ("full", "terms"))
        for a, b in zip(first_steps(full, actions)[1:], first_steps(lean, actions)[1:], strict=True):
            assert a[:4] == b[:4]
            assert set(b[4]) <= set(a[4]) and {"reward_terms", "task_name", "sim_time", "success"} <= set(
                b[4]
            )


def test_torque_control_scales_to_the_limits():
    env = sl.make_env("penalty_kick")
    env.reset(seed=0)
    action = np.linspace(-1, 1, 12, dtype=np.float32)
    env.step(action)
    np.testing.assert_array_equal(env.unwrapped.ctrl, action * TORQUE_LIMIT)
    env.step(3 * action)
    np.testing.assert_array_equal(env.unwrapped.ctrl, np.clip(3 * action, -1, 1) * TORQUE_LIMIT)
    assert env.unwrapped.clipped == 8


def test_joint_control_holds_ten_steps_and_adds_up_the_reward():
    env, sim = sl.make_env("penalty_kick", control="joint"), sl.make_env("penalty_kick")
    env.reset(seed=0)
    sim.reset(seed=0)
    action = np.full(12, 0.05, dtype=np.float32)
    _, reward, *_, info = env.step(action)
    total = 0.0
    for _ in range(10):
        body = sim.unwrapped
        torque = pd_torque(DEFAULT_POSE + action, body.joint_pos, body.joint_vel)
        total += sim.step(torque / TORQUE_LIMIT)[1]
    assert info["held_steps"] == 10 and info["sim_time"] == pytest.approx(0.02)
    assert reward == pytest.approx(total, abs=1e-9)


def test_held_steps_stop_at_the_fall():
    env = sl.make_env("penalty_kick", control="joint")
    env.reset(seed=0)
    lengths = []
    terminated = truncated = False
    while not (terminated or truncated):
        _, _, terminated, truncated, info = env.step(np.ones(12, dtype=np.float32))
        lengths.append(info["held_steps"])
    assert set(lengths[:-1]) == {10} and 1 <= lengths[-1] <= 10
    assert info["episode_report"]["length"] == sum(lengths)
    assert info["reward_terms"]["robot_fallen"]


def test_pd_torque_by_hand():
    torque = pd_torque(np.full(12, 0.1, np.float32), np.zeros(12), np.ones(12), np.full(12, 100, np.float32),
                       np.full(12, 2, np.float32))  # fmt: skip
    np.testing.assert_allclose(torque, 8.0, rtol=1e-6)
    high = pd_torque(np.full(12, 9, np.float32), np.zeros(12), np.zeros(12))
    np.testing.assert_array_equal(high, TORQUE_LIMIT)
    assert torque.dtype == np.float32


def test_projected_gravity_by_hand():
    np.testing.assert_allclose(projected_gravity(np.array([0, 0, 0, 1.0])), [0, 0, -1])
    half = np.sqrt(0.5)
    np.testing.assert_allclose(projected_gravity(np.array([half, 0, 0, half])), [0, -1, 0], atol=1e-12)
    np.testing.assert_allclose(projected_gravity(np.array([0, half, 0, half])), [1, 0, 0], atol=1e-12)


def test_competition_reward_is_the_official_score_at_the_end_only():
    env = sl.make_env("kick_to_target", reward="competition")
    env.reset(seed=1)
    rewards, terminated = [], False
    while not terminated:
        _, reward, terminated, truncated, info = env.step(np.zeros(12, dtype=np.float32))
        rewards.append(reward)
    assert set(rewards[:-1]) == {0.0}
    assert (
        rewards[-1]
        == info["episode_report"]["score"]
        == sl.official_score("kick_to_target", info["reward_terms"])
    )


def test_competition_time_out_is_a_true_end():
    env = sl.make_env("goalie_penalty_kick", reward="competition")
    env.reset(seed=0)
    env.unwrapped.n_steps = env.unwrapped.task.max_steps - 1
    _, reward, terminated, truncated, info = env.step(np.zeros(12, dtype=np.float32))
    assert terminated and not truncated
    assert reward == pytest.approx(-0.99, abs=0.01)
    assert info["episode_report"]["outcome"] == "time_limit"


def test_seed_of_make_env_counts_once():
    seeded = sl.make_env("kick_to_target", seed=11)
    plain = sl.make_env("kick_to_target")
    first = seeded.reset()[0]
    np.testing.assert_array_equal(first, plain.reset(seed=11)[0])
    second = seeded.reset()[0]
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(second, plain.reset()[0])


def test_describe_lists_the_layers():
    text = sl.describe(sl.make_env("kick_to_target", control="joint", observation="full"))
    names = [line.split()[0] for line in text.splitlines()]
    assert names == ["KickToTargetSim", "JointControl", "FullObservation", "EnvReward", "Guard",
                     "EpisodeReport", "observation", "action"]  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("control", "torqe"),
        ("observation", "robto"),
        ("reward", "dense"),
        ("info", "all"),
        ("render_mode", "human"),
        ("team", 5),
        ("width", -3),
        ("hold", 20),
        ("macro", "kick_shot"),
    ],
)
def test_bad_arguments_are_named_in_one_line(argument, value):
    with pytest.raises(InputError) as error:
        sl.make_env("penalty_kick", **{argument: value})
    assert str(value) in str(error.value) and "\n" not in str(error.value)


def test_competition_reward_needs_a_competition_task():
    with pytest.raises(InputError, match="penalty_kick"):
        sl.make_env("penalty_kick", reward="competition")


@pytest.mark.parametrize(
    ("control", "index", "name"),
    [("torque", 7, "right_hip_roll"), ("joint", 7, "right_hip_roll"), ("command", 2, "turn")],
)
def test_bad_actions_are_named_and_play_nothing(control, index, name, tmp_path, request):
    env = sl.make_env("penalty_kick", guard=tmp_path, **arguments_of(control, request))
    env.reset(seed=0)
    bad = np.zeros(env.action_space.shape, dtype=np.float32)
    bad[index] = np.inf
    with pytest.raises(InputError, match=rf"action\[{index}\] \({name}\) is inf"):
        env.step(bad)
    with pytest.raises(InputError, match=r"shape \(4,\)"):
        env.step(np.zeros(4))
    assert env.unwrapped.n_steps == 0


def test_unknown_public_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no name 'nonsense'"):
        sl.nonsense  # noqa: B018
    assert set(sl.__all__) <= set(dir(sl))


def test_environments_that_are_closed_leave_no_thread_no_file_and_no_memory():
    """15 of them, one after another; a hundred leave no more."""
    models = []

    def play_one(task):
        env = sl.make_env(task, control="command", observation="agent")
        env.reset(seed=0)
        env.step(np.zeros(3, np.float32))
        models.append(weakref.ref(env.unwrapped.model))
        env.close()

    def held():
        gc.collect()
        files = Path("/proc/self/fd")
        return threading.active_count(), len(list(files.iterdir())) if files.exists() else 0

    tasks = ("penalty_kick", "kick_to_target", "goalie_penalty_kick")
    for task in tasks:
        play_one(task)
    before, mib = held(), memory()
    for task in 5 * tasks:
        play_one(task)
    assert held() == before
    assert [model() for model in models] == [None] * 18
    assert not memory() - mib > 40  # not a number where the system does not tell
