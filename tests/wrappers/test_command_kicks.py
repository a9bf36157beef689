"""Kicks through the command interface: when they fire, how long their step lasts, what info counts."""

from __future__ import annotations

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.control.kicks import PATTERNS
from soccer_lib.control.macro import Macro
from soccer_lib.envs.make import get_state, layers, set_state
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT, DEFAULT_POSE, JOINTS
from soccer_lib.wrappers import CONTROLS

SHOT, PLACED = np.array(PATTERNS["shot"], np.float32), np.array(PATTERNS["placed"], np.float32)
WALK = np.array([0.6, 0.0, 0.0], np.float32)


def striking_env(task="goalie_penalty_kick", **arguments):
    return sl.make_env(task, control="command", observation="agent", **arguments)


def walk_to_ball(env, distance=0.7):
    observation, info = env.reset(seed=3)
    while observation[AGENT["ball_xpos_rel_robot"]][0] > distance:
        observation, _, terminated, truncated, info = env.step(WALK)
        assert not (terminated or truncated)
    return observation, info


def steer_to_ball(env, distance=0.7):
    observation, _ = env.reset(seed=6)
    while np.hypot(*observation[AGENT["ball_xpos_rel_robot"]][:2]) > distance:
        ahead, left = observation[AGENT["ball_xpos_rel_robot"]][:2]
        turn = np.clip(2 * np.arctan2(left, ahead), -1, 1)
        observation, *_ = env.step(np.array([0.5, 0.0, turn], np.float32))


@pytest.fixture(scope="module")
def struck():
    """An episode with a placed kick: what the step of the kick returned, and what came before and after."""
    env = striking_env("kick_to_target")
    control = next(layer for layer in layers(env) if isinstance(layer, CONTROLS["command"]))
    steer_to_ball(env)
    before = get_state(env)
    ball = env.unwrapped._ball.copy()
    result = env.step(PLACED)
    return env, control, before, ball, result


def test_a_kick_far_from_the_ball_is_refused_and_the_walk_goes_on():
    env = striking_env()
    env.reset(seed=0)
    env.step(WALK)
    *_, info = env.step(SHOT)
    assert info["macro_refused_count"] == 1 and info["macro_trigger_count"] == 0
    assert not info["macro_triggered"] and not info["macro_active"]
    assert info["held_steps"] == 50 and info["command"] == pytest.approx([0.9, 0, 0])


def test_the_step_of_a_kick_lasts_until_the_swing_is_over(struck):
    _, control, _, ball, (_, _, terminated, truncated, info) = struck
    assert info["macro_triggered"] and info["macro_name"] == "placed" and info["macro_trigger_count"] == 1
    assert info["held_steps"] > 300 and info["macro_active_steps"] == info["held_steps"]
    assert not (terminated or truncated)
    assert np.hypot(*(control.sim.readings.ball - ball)[:2]) > 0.05  # the ball is on its way


def test_commands_wait_while_the_robot_recovers(struck):
    env, control, before, _, _ = struck
    set_state(env, before)
    observation, *_ = env.step(PLACED)
    assert control.macro_active and observation[AGENT["kick_active"]] == 1
    *_, info = env.step(PLACED)
    assert info["macro_refused_count"] == 1 and not info["macro_triggered"]
    for _ in range(8):
        observation, *_, info = env.step(np.zeros(3, np.float32))
    assert not info["macro_active"] and observation[AGENT["kick_active"]] == 0
    assert info["macro_step_index"] == 0


def test_a_state_taken_before_a_kick_gives_the_same_kick(struck):
    env, _, before, _, (observation, reward, *_, info) = struck
    other = striking_env("kick_to_target")
    other.reset(seed=1)
    set_state(other, before)
    again, reward_again, *_, info_again = other.step(PLACED)
    assert again.tobytes() == observation.tobytes() and reward_again == reward
    assert info_again["held_steps"] == info["held_steps"]


def test_a_state_in_a_recovery_continues_bit_for_bit(struck):
    env, _, before, _, _ = struck
    set_state(env, before)
    env.step(PLACED)
    inside = get_state(env)
    expected = [env.step(WALK)[0].tobytes() for _ in range(3)]
    other = striking_env("kick_to_target")
    other.reset(seed=2)
    set_state(other, inside)
    assert [other.step(WALK)[0].tobytes() for _ in range(3)] == expected


def test_a_reset_forgets_the_kick(struck):
    env, control, before, _, _ = struck
    set_state(env, before)
    env.step(PLACED)
    _, info = env.reset(seed=0)
    assert control.macro.stage == "idle" and info["macro_trigger_count"] == 0


def test_a_strike_that_cannot_line_up_is_given_up(monkeypatch):
    from soccer_lib.control import strike

    monkeypatch.setattr(strike, "LONGEST", 20)
    env = striking_env()
    walk_to_ball(env)
    *_, info = env.step(SHOT)
    assert info["macro_aborted_count"] == 1 and not info["macro_active"]
    assert info["held_steps"] == pytest.approx(210, abs=10)


def test_another_walker_does_not_kick(struck):
    _, control, *_ = struck
    foreign = CONTROLS["command"](control.sim)
    foreign.macro = Macro(foreign.walker)
    foreign.reset(seed=0)
    *_, info = foreign.step(SHOT)
    assert info["macro_refused_count"] == 1 and info["macro_name"] == ""


@pytest.mark.parametrize("threshold", [0.0, 1.0, float("nan")])
def test_a_threshold_that_is_none_is_refused(threshold, struck):
    with pytest.raises(InputError, match="kick_threshold got"):
        CONTROLS["command"](struck[1].sim, kick_threshold=threshold)


# motion clips instead of kicks


@pytest.fixture(scope="module")
def crouch(tmp_path_factory) -> str:
    """A clip of 0.3 s in which the robot only stands."""
    path, one = tmp_path_factory.mktemp("clips") / "crouch.npz", np.ones((150, 1))
    root = np.array([0, 0, 0.55, 1, 0, 0, 0])
    qpos, qvel = one * np.concatenate((root, DEFAULT_POSE)), one * np.zeros(18)
    np.savez(path, qpos=qpos, qvel=qvel, frequency=500.0, joint_names=np.array(["root", *JOINTS]))
    return str(path)


@pytest.fixture(scope="module")
def played(crouch):
    """An episode with a clip: the environment, and its state before the clip with the ball within reach."""
    env = striking_env("kick_to_target", macro=crouch)
    steer_to_ball(env)
    return env, get_state(env)


def test_a_clip_away_from_the_ball_is_refused(crouch):
    env = striking_env(macro=crouch)
    env.reset(seed=0)
    *_, info = env.step(SHOT)
    assert info["macro_refused_count"] == 1 and not info["macro_triggered"] and info["held_steps"] == 50


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_every_pattern_plays_the_clip_to_its_end(played, pattern):
    env, before = played
    set_state(env, before)
    *_, terminated, truncated, info = env.step(np.array(pattern, np.float32))
    assert info["macro_triggered"] and info["macro_active"] and info["macro_name"] == "crouch"
    assert info["macro_trigger_count"] == 1 and info["macro_aborted_count"] == 0
    # At most 3 s to come to rest, 0.2 s of standing, 0.3 s of blending, 0.3 s of clip.
    assert 400 <= info["held_steps"] < 1900 and info["macro_active_steps"] == info["held_steps"]
    assert info["macro_step_index"] == pytest.approx(info["held_steps"] / 10, abs=1)
    assert not (terminated or truncated)


def test_after_a_clip_the_robot_walks_on(played):
    env, before = played
    set_state(env, before)
    env.step(SHOT)
    *_, info = env.step(SHOT)
    assert info["macro_refused_count"] == 1 and info["macro_active"]
    for _ in range(8):
        *_, info = env.step(np.zeros(3, np.float32))
    assert not info["macro_active"] and info["macro_step_index"] == 0
    start = env.unwrapped.readings.imu.copy()
    for _ in range(12):
        *_, terminated, _, info = env.step(np.array([-0.4, 0.0, 0.0], np.float32))
    assert not terminated and np.hypot(*(env.unwrapped.readings.imu - start)[:2]) > 0.2


def test_a_state_inside_a_clip_continues_bit_for_bit(played, crouch):
    env, before = played
    set_state(env, before)
    env.step(SHOT)
    inside = get_state(env)
    expected = [env.step(WALK)[0].tobytes() for _ in range(6)]
    other = striking_env("kick_to_target", macro=crouch)
    other.reset(seed=2)
    set_state(other, inside)
    assert [other.step(WALK)[0].tobytes() for _ in range(6)] == expected
    with pytest.raises(InputError, match="state has macro 'clip crouch'; expected 'kicks'"):
        set_state(striking_env("kick_to_target"), inside)


def test_a_clip_that_tilts_the_robot_is_aborted(played, monkeypatch):
    from soccer_lib.control import macro

    env, before = played
    set_state(env, before)
    monkeypatch.setattr(macro, "TILT", 0.001)
    *_, info = env.step(SHOT)
    assert info["macro_aborted_count"] == 1 and info["macro_trigger_count"] == 1
    assert not info["macro_active"] and info["macro_triggered"] and info["held_steps"] < 400
