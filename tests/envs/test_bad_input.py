"""What a caller gets wrong is refused in one line, and changes nothing."""

from __future__ import annotations

import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.envs import get_state, set_state
from soccer_lib.envs.vec import make_vec_env
from soccer_lib.errors import InputError, SimulationError
from soccer_lib.seeds import LAST_SEED

TASK = "penalty_kick"


@pytest.fixture(scope="module")
def torque():
    env = sl.make_env(TASK)
    env.reset(seed=0)
    return env


@pytest.fixture(scope="module")
def command():
    env = sl.make_env(TASK, control="command")
    env.reset(seed=0)
    return env


@pytest.mark.parametrize(
    "arguments",
    [
        {"fast": "no"},
        {"fast": 1},
        {"control": ["torque"]},
        {"observation": {}},
        {"reward": []},
        {"width": "a"},
        {"width": 1.5},
        {"height": 10**9},
        {"seed": -1},
        {"seed": "a"},
        {"seed": 2**63},
        {"control": "command", "hold": 10**9},
        {"control": "command", "hold": 0},
        {"control": "command", "hold": 2.5},
        {"control": "command", "walker": 5},
        {"control": "command", "macro": 5},
        {"task_weights": 5},
        {"task_weights": [1]},
    ],
)
def test_arguments_of_a_wrong_type_or_size_are_refused(arguments):
    with pytest.raises(InputError) as caught:
        sl.make_env(TASK, **arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments", [{"reward_weights": "x"}, {"reward_weights": [1]}, {"reward_gamma": "x"}]
)
def test_weights_and_gamma_of_a_wrong_type_are_refused(arguments):
    with pytest.raises(InputError):
        sl.make_env("kick_to_target", reward="shaped", **arguments)


@pytest.mark.parametrize("tasks", [5, None, ["x", 5], b"x", (TASK, None)])
def test_tasks_that_are_none_are_refused(tasks):
    with pytest.raises(InputError, match="task"):
        sl.make_env(tasks)


@pytest.mark.parametrize("hold", [1, 5000, np.int64(50)])
def test_a_command_lasts_a_step_to_a_whole_episode(hold):
    assert sl.make_env(TASK, control="command", hold=hold).get_wrapper_attr("hold") == hold


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"gait_phase": 0.5}, "gait_phase"),  # torques have no walker
        ({"nope": 1}, "nope"),
        ({1: 2}, "1"),
        ([1], "options"),
        ("x", "options"),
        ({"standing_steps": -10}, "standing_steps"),
        ({"standing_steps": 15}, "standing_steps"),
        ({"standing_steps": 10**12}, "standing_steps"),
        ({"standing_steps": "10"}, "standing_steps"),
    ],
)
def test_options_of_reset_that_mean_nothing_are_named(torque, options, named):
    with pytest.raises(InputError, match=named):
        torque.reset(seed=0, options=options)
    torque.reset(seed=0, options={"standing_steps": 10})
    assert torque.unwrapped.n_steps == 10


@pytest.mark.parametrize("phase", ["a", True, 1, -0.1, np.nan, None])
def test_a_gait_phase_outside_the_cycle_is_refused(command, phase):
    with pytest.raises(InputError, match="gait_phase"):
        command.reset(seed=0, options={"gait_phase": phase})


@pytest.mark.parametrize("seed", [-1, 1.5, "a", True, np.nan, [1], 2**63])
def test_seeds_that_are_none_are_refused_everywhere(torque, seed):
    for reset in (torque.reset, sl.make_env([TASK, "kick_to_target"], observation="full").reset):
        with pytest.raises(InputError, match="seed got"):
            reset(seed=seed)


@pytest.mark.parametrize("seed", [2**31, 2**32, 2**63 - 1])
def test_seeds_have_64_bits(seed):
    env = sl.make_env("kick_to_target")
    first = env.reset(seed=seed)[0]
    np.testing.assert_array_equal(first, env.reset(seed=np.int64(seed))[0])
    assert not np.array_equal(first, env.reset(seed=seed - 1)[0])


BAD_ACTIONS = [
    None,
    "x",
    {"a": 1},
    [[1], [2, 3]],
    [None] * 12,
    ["a"] * 12,
    np.zeros(12, complex),
    np.zeros(12, object),
    np.zeros(12, "M8[D]"),
    np.zeros(12, bool),
]


@pytest.mark.parametrize("action", BAD_ACTIONS, ids=lambda a: str(a)[:12])
def test_actions_that_are_no_numbers_are_refused_and_play_nothing(torque, action):
    torque.reset(seed=0)
    for step in (torque.step, torque.unwrapped.step):
        with pytest.raises(InputError, match="action"):
            step(action)
    assert torque.unwrapped.n_steps == 0


def changed(env, path, change):
    state = get_state(env)
    place = state
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = change(place[path[-1]])
    return state


@pytest.mark.parametrize(
    ("path", "change", "named"),
    [
        (("PenaltySim", "physics"), lambda a: a * np.nan, "physics is not finite"),
        (("PenaltySim", "derived", "xpos"), lambda a: a + np.inf, "xpos is not finite"),
        (("PenaltySim", "physics"), lambda a: a[:-1], "PenaltySim does not fit"),
        (("PenaltySim", "derived", "xpos"), lambda a: a[:2], "PenaltySim does not fit"),
        (("PenaltySim", "random"), lambda a: {}, "PenaltySim does not fit"),
        (("PenaltySim",), lambda a: 5, "PenaltySim does not fit"),
        (("PenaltySim", "memory", "n_steps"), lambda a: -5, "n_steps got -5"),
        (("PenaltySim", "memory", "n_steps"), lambda a: "a", "n_steps got 'a'"),
        (("CommandControl", "walker", "phase"), lambda a: np.nan, "phase is not finite"),
        (("CommandControl", "target"), lambda a: a * np.nan, "target is not finite"),
        (("CommandControl", "counts"), lambda a: {}, "CommandControl does not fit"),
        (("CommandControl", "macro"), lambda a: 5, "CommandControl does not fit"),
        (("EpisodeReport", "return"), lambda a: "x", "return got 'x'"),
        (("EpisodeReport", "steps"), lambda a: -1, "steps got -1"),
    ],
)
def test_a_state_that_was_damaged_is_refused_and_the_present_one_stays(command, path, change, named):
    command.reset(seed=0)
    command.step(np.zeros(3))
    state = changed(command, path, change)
    before = get_state(command)
    command.step(np.ones(3) * 0.5)
    after = command.step(np.zeros(3))[0]
    set_state(command, before)
    command.step(np.ones(3) * 0.5)
    with pytest.raises(InputError, match=named):
        set_state(command, state)
    np.testing.assert_array_equal(command.step(np.zeros(3))[0], after)


@pytest.mark.parametrize("state", [None, 5, [1], "x", {}])
def test_what_is_no_state_is_refused(torque, state):
    with pytest.raises(InputError, match="state"):
        set_state(torque, state)


@pytest.mark.parametrize(
    ("arguments", "steps"),
    [
        ({}, 1000),
        ({"control": "joint"}, 100),
        ({"control": "command"}, 20),
        ({"control": "command", "hold": 300}, 4),
    ],
)
def test_the_spec_tells_the_longest_episode_and_makes_the_same_again(arguments, steps):
    env = sl.make_env(TASK, **arguments)
    assert env.spec.max_episode_steps == steps  # 1,000 physics steps of 2 ms
    again = gym.make(gym.envs.registration.EnvSpec.from_json(env.spec.to_json()))
    np.testing.assert_array_equal(env.reset(seed=3)[0], again.reset(seed=3)[0])
    timed = gym.wrappers.TimeAwareObservation(sl.make_env(TASK, **arguments))
    assert timed.reset(seed=3)[0].shape == (env.observation_space.shape[0] + 1,)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize(
    ("task", "arguments"),
    [
        (TASK, {}),
        (TASK, {"control": "command", "observation": "agent", "seed": 7}),
        ("all", {"observation": "full", "reward": "shaped", "reward_weights": {"time": -0.5}}),
    ],
)
def test_a_copy_goes_on_like_its_original(task, arguments, copied):
    env = sl.make_env(task, **arguments)
    first = copied(env)
    np.testing.assert_array_equal(first.reset(seed=1)[0], env.reset(seed=1)[0])
    action = np.full(env.action_space.shape, 0.2, np.float32)
    env.step(action)
    second = copied(env)
    ours = env.step(action)
    theirs = second.step(action)
    np.testing.assert_array_equal(ours[0], theirs[0])
    assert ours[1:4] == theirs[1:4]
    np.testing.assert_array_equal(env.reset()[0], second.reset()[0])  # the generators too


def test_a_copy_before_the_first_reset_keeps_the_seed_for_it():
    env = copy.deepcopy(sl.make_env(TASK, seed=11))
    np.testing.assert_array_equal(env.reset()[0], sl.make_env(TASK).reset(seed=11)[0])


def test_parts_of_an_environment_and_vector_environments_refuse_to_be_copied(torque):
    vec = make_vec_env(TASK, 1, workers=0)
    for part in (torque.unwrapped, torque.env, vec):
        with pytest.raises(InputError, match="cop"):
            copy.deepcopy(part)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_vector_environment_refuses_calls_out_of_turn(workers):
    vec = make_vec_env(TASK, 2, workers=workers)
    actions = np.zeros((2, 12), np.float32)
    with pytest.raises(InputError, match="before the first reset"):
        vec.step(actions)
    vec.reset()
    with pytest.raises(InputError, match="without step_async"):
        vec.step_wait()
    vec.step_async(actions)
    with pytest.raises(InputError, match="twice"):
        vec.step_async(actions)
    vec.step_wait()
    for bad in (5, None, "x", [[1] * 12, [1]], actions.astype(complex), actions[:1]):
        with pytest.raises(InputError, match="action"):
            vec.step(bad)
    for state in (None, {}, 5):
        with pytest.raises(InputError, match="state"):
            vec.set_state(state)
    for seed in (-1, "x", 1.5, LAST_SEED):  # the second slot would have one more
        with pytest.raises(InputError, match="seed got"):
            vec.seed(seed)
    vec.step(actions)
    vec.close()
    with pytest.raises(SimulationError, match="closed"):
        vec.get_attr("spec")
