"""Whole environments with and without the compiled loop, in one thread and in two."""

import importlib.util
import itertools
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from soccer_lib.compiled import jit
from soccer_lib.envs.make import describe, get_state, make_env, set_state
from soccer_lib.errors import InputError
from soccer_lib.evaluation.play import env_for, play_episode
from soccer_lib.policies import load_policy

pytest.importorskip("numba")


def log_of(task, seed=0, **settings):
    """Everything that an episode of the striker shows."""
    striker = load_policy("striker")
    env = env_for(striker.spec, task, **settings)
    log = []

    def note(step):
        state = {name: part for name, part in get_state(env).items() if not name.endswith("Sim")}
        log.append((step.next_observation.tobytes(), step.reward, step.terminated, step.truncated,
                    repr(step.info), repr(state)))  # fmt: skip

    play_episode(env, striker, seed=seed, on_step=note)
    return log


@pytest.mark.parametrize("task", ["kick_to_target", "obstacle_penalty_kick"])
@pytest.mark.parametrize("reward", ["env", "competition"])
def test_the_striker_plays_the_same_episode(task, reward):
    settings = {"reward": reward, "info": "full"}
    assert log_of(task, compiled=True, **settings) == log_of(task, compiled=False, **settings)


@pytest.mark.parametrize("control", ["torque", "joint", "command"])
def test_actions_of_every_control_give_the_same_numbers(control):
    envs = [make_env("goalie_penalty_kick", control=control, compiled=compiled) for compiled in (True, False)]
    rng = np.random.default_rng(0)
    for env in envs:
        env.reset(seed=0, options={"standing_steps": 20})
    over = False
    while not over:
        action = 0.4 * rng.normal(size=envs[0].action_space.shape).clip(-1, 1).astype(np.float32)
        mine, theirs = (env.step(action) for env in envs)
        assert mine[0].tobytes() == theirs[0].tobytes()
        assert mine[1:4] == theirs[1:4] and type(mine[1]) is type(theirs[1])
        assert repr(mine[4]) == repr(theirs[4])
        over = mine[2] or mine[3]


@pytest.mark.parametrize("hold", [25, 130])
def test_a_walk_in_one_go_is_the_walk_in_steps(hold):
    """States after each command: holds that end between two steps of the walker, or last many of them."""

    def state_of(env):
        sim = env.unwrapped.get_state()
        return repr((get_state(env)["CommandControl"], sim["memory"], sim["physics"].tobytes()))

    settings = {"control": "command", "observation": "agent", "hold": hold}
    envs = [make_env("kick_to_target", compiled=compiled, **settings) for compiled in (True, False)]
    for env in envs:
        env.reset(seed=3, options={"gait_phase": 0.35})
    for number in range(6):
        action = np.array([0.6, 0.2 * (-1) ** number, 0.4], np.float32)
        mine, theirs = (env.step(action) for env in envs)
        assert mine[0].tobytes() == theirs[0].tobytes() and repr(mine[1:]) == repr(theirs[1:])
        assert state_of(envs[0]) == state_of(envs[1])
        if number == 2:
            state = get_state(envs[0])
    for env in envs:
        set_state(env, state)
    mine, theirs = (env.step(np.zeros(3, np.float32)) for env in envs)
    assert repr(mine) == repr(theirs)


@pytest.mark.parametrize("hold", [25, 130])
def test_a_recovery_in_one_go_is_the_recovery_in_steps(hold):
    """The walk after a swing, with holds that end inside of it, between two steps of the walker too."""
    envs = [make_env("kick_to_target", compiled=c, control="command", hold=hold) for c in (True, False)]
    for env in envs:
        env.reset(seed=3)
        for _ in range(4):
            env.step(np.array([0.6, 0.0, 0.4], np.float32))
        state = get_state(env)
        state["CommandControl"]["macro"] |= {"stage": "recover", "name": "shot", "tick": 3, "waited": 90}
        set_state(env, state)
    active = []
    for _ in range(600 // hold):
        mine, theirs = (env.step(np.array([0.5, 0.1, 0.0], np.float32)) for env in envs)
        assert mine[0].tobytes() == theirs[0].tobytes() and repr(mine[1:]) == repr(theirs[1:])
        layers_of = [{k: v for k, v in get_state(env).items() if k != "KickToTargetSim"} for env in envs]
        assert repr(layers_of[0]) == repr(layers_of[1])
        active.append(mine[4]["macro_active"])
    # 37 walker steps are left of it; the last one ends it and no longer counts.
    assert sum(active) * hold in range(360 - hold, 370) and mine[4]["macro_active_steps"] == 360


def test_a_hook_after_every_physics_step_is_called_in_the_middle_of_an_episode():
    env = make_env("penalty_kick", control="joint")
    plain = make_env("penalty_kick", control="joint", compiled=False)
    rewards = []
    for number in range(6):
        torques = []
        for one in (env, plain):
            if not number:
                one.reset(seed=0)
            one.unwrapped.on_step = [torques.append] if number % 2 else []
        rewards.append([one.step(np.full(12, 0.1, np.float32))[1] for one in (env, plain)])
        assert len(torques) == (20 if number % 2 else 0)
    assert all(mine == theirs for mine, theirs in rewards)


def test_two_threads_do_not_meet():
    jobs = [("kick_to_target", 0), ("kick_to_target", 1)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda job: log_of(*job), jobs))
    assert together == [log_of(*job) for job in jobs]


def test_without_numba_the_steps_are_pythons(monkeypatch):
    compiled = make_env("penalty_kick", control="command")
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "numba" else find(name))
    plain = make_env("penalty_kick", control="command")
    assert "in compiled code" in describe(compiled) and "in Python" in describe(plain)
    action = np.array([0.5, 0.0, 0.1], np.float32)
    for env in (compiled, plain):
        env.reset(seed=0)
    assert compiled.step(action)[0].tobytes() == plain.step(action)[0].tobytes()


def test_bad_actions_leave_the_loop_ready_for_the_next_episode():
    env = make_env("penalty_kick", control="joint", guard=False)
    fresh = make_env("penalty_kick", control="joint", guard=False)
    env.reset(seed=0)
    env.step(np.zeros(12, np.float32))
    with pytest.raises(InputError):
        env.step(np.full(12, np.nan, np.float32))
    env.reset(seed=1)
    fresh.reset(seed=1)
    mine, theirs = (one.step(np.zeros(12, np.float32)) for one in (env, fresh))
    assert mine[1] == theirs[1] and mine[0].tobytes() == theirs[0].tobytes()


def commanded(hook, compiled):
    """Rewards of four commands, None for one that fails, with `hook(control, number)` before each target."""
    env = make_env("penalty_kick", control="command", guard=False, compiled=compiled)
    env.reset(seed=0)
    control = env
    while not hasattr(control, "on_target"):
        control = control.env
    numbers = itertools.count()
    control.on_target.append(lambda target: hook(control, next(numbers)))
    rewards = []
    for _ in range(4):
        try:
            rewards.append(env.step(np.array([0.5, 0.0, 0.1], np.float32))[1])
        except ZeroDivisionError:
            rewards.append(None)
    return rewards


def fail_once(control, number):
    """Fail in the middle of the second command."""
    if number == 7:
        raise ZeroDivisionError


def watch_now_and_then(control, number):
    """Two targets in three are followed with a hook after each physics step."""
    control.sim.on_step = [lambda torque: None] if number % 3 else []


@pytest.mark.parametrize("hook", [fail_once, watch_now_and_then])
def test_rewards_of_an_action_that_fails_or_is_watched_in_part_are_pythons(hook):
    rewards = commanded(hook, compiled=True)
    assert rewards == commanded(hook, compiled=False)
    assert (None in rewards) == (hook is fail_once)


def test_rewards_of_a_failed_action_do_not_reach_the_next_episode():
    env = make_env("penalty_kick", control="joint", guard=False)
    rewards = []
    for leftover in (0, 20):
        env.reset(seed=0)
        env.get_wrapper_attr("loop").run(np.zeros(12, np.float32), leftover)
        env.reset(seed=0)
        env.unwrapped.on_step = [lambda torque: None]
        rewards.append(env.step(np.zeros(12, np.float32))[1])
        env.unwrapped.on_step = []
    assert rewards[0] == rewards[1]


def test_a_state_at_the_time_limit_is_stepped_inside_the_keepers_path():
    rows = []
    for compiled in (True, False):
        env = make_env("goalie_penalty_kick", control="joint", guard=False, compiled=compiled)
        env.reset(seed=0)
        state = get_state(env)
        state["GoalieSim"]["memory"]["n_steps"] = env.unwrapped.task.max_steps
        set_state(env, state)
        rows.append(env.step(np.zeros(12, np.float32)))
    assert rows[0][0].tobytes() == rows[1][0].tobytes() and rows[0][1:4] == rows[1][1:4]


def test_code_that_cannot_be_kept_is_compiled_all_the_same(monkeypatch):
    def nowhere(*_, **options):
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: function

    assert jit.can_keep()
    monkeypatch.setattr(jit.numba, "njit", nowhere)
    assert not jit.can_keep()


def test_kept_code_that_is_older_than_the_room_is_made_anew(tmp_path, monkeypatch):
    module = tmp_path / "doubled.py"
    module.write_text(
        "from numba import types\n"
        "from soccer_lib.compiled.jit import exported\n"
        "@exported(types.intp, types.intp)\n"
        "def doubled(n):\n"
        "    return 2 * n\n"
    )
    monkeypatch.syspath_prepend(tmp_path)

    def found():
        sys.modules.pop("doubled", None)
        native = importlib.import_module("doubled").doubled
        assert native(21) == 42
        return bool(native.code.cache_hits)

    assert [found(), found()] == [False, True]
    (index,) = tmp_path.glob("__pycache__/doubled.doubled-*.nbi")
    os.utime(index, (0, 0))
    assert [found(), found()] == [False, True]
