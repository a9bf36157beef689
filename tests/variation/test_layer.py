"""The layer as a whole: nominal is stock, seeds decide, states go on, compiled and stock steps have it."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.errors import InputError
from soccer_lib.variation import FACTORS, Variation

TASKS = ("goalie_penalty_kick", "obstacle_penalty_kick", "kick_to_target")
NOMINAL = {name: one.nominal for name, one in FACTORS.items() if one.nominal is not None}
EVERYWHERE = {
    "start_distance": [0.6, 0.9], "mass": [0.9, 1.1], "friction": [0.5, 0.9], "motor_strength": [0.9, 1.1],
    "joint_offset": [-0.02, 0.02], "noise": 0.01, "delay": 0.1, "push": [0.2, 0.4], "push_interval": 0.3,
    "action_noise": [0.02, 0.1], "gait_phase": [0.2, 0.8],
}  # fmt: skip
OF_TASK = {
    "goalie_penalty_kick": {"keeper_speed": [0.2, 0.5]},
    "obstacle_penalty_kick": {"obstacle_gap": 1.0},
    "kick_to_target": {"target_angle": [-30, 30], "target_distance": [1.5, 2.5]},
}
COMMANDS = np.random.default_rng(7).uniform(-0.5, 0.5, (8, 3)).astype(np.float32)


def nominal_of(task):
    return {
        name: value
        for name, value in NOMINAL.items()
        if not FACTORS[name].tasks or task in FACTORS[name].tasks
    }


def played(env, seed=11, commands=COMMANDS):
    observation, _ = env.reset(seed=seed)
    steps = [observation.tobytes()]
    for command in commands:
        observation, reward, terminated, truncated, info = env.step(command)
        steps.append((observation.tobytes(), float(reward), terminated, truncated, info["held_steps"]))
        if terminated or truncated:
            break
    return steps


def make(task, **settings):
    return sl.make_env(task, control="command", observation="agent", info="terms", **settings)


@pytest.mark.parametrize("task", TASKS)
def test_nominal_values_are_the_stock_environment_bit_for_bit(task, walker):
    plain = make(task)
    nominal = make(task, randomise=nominal_of(task), curriculum={"levels": [{}]})
    assert isinstance(nominal.env.env.env, Variation)
    for seed in (11, 12):
        assert played(nominal, seed) == played(plain, seed)
    assert played(nominal, None) == played(plain, None), "its draws leave those of the stock reset alone"


@pytest.mark.parametrize("task", TASKS)
def test_compiled_and_python_and_stock_steps_have_the_same_variation(task, walker):
    ranges = EVERYWHERE | OF_TASK[task]
    compiled, python = (played(make(task, randomise=ranges, compiled=kind)) for kind in (True, False))
    assert compiled == python
    assert compiled[:4] == played(make(task, randomise=ranges, fast=False), commands=COMMANDS[:3])
    assert compiled != played(make(task))


def test_a_drawn_gait_phase_is_that_of_a_start_that_was_asked_for(walker):
    task = "kick_to_target"
    drawn, plain = make(task, randomise={"gait_phase": [0, 1]}), make(task)
    _, info = drawn.reset(seed=11)
    phase = info["variation"]["gait_phase"]
    assert 0 < phase < 1
    asked_for = {"gait_phase": phase}
    first, _ = plain.reset(seed=11, options=asked_for)
    assert np.array_equal(drawn.reset(seed=11)[0], first) and not np.array_equal(
        plain.reset(seed=11)[0], first
    )
    _, info = drawn.reset(seed=11, options={"gait_phase": 0.25})
    assert info["variation"]["gait_phase"] == 0.25, "who asks for a start gets that one"
    assert make(task, randomise={"gait_phase": 1}).reset(seed=11)[1]["variation"]["gait_phase"] == 0
    with pytest.raises(InputError, match="gait_phase came without a walker"):
        sl.make_env(task, control="joint", curriculum={"levels": [{}, {"gait_phase": 0.5}]})


def test_the_stock_model_is_back_for_the_next_episode(walker):
    """A level without ranges plays the stock episode, whatever was played before it."""
    task = "goalie_penalty_kick"
    levels = {"levels": [EVERYWHERE | OF_TASK[task], {}], "window": 1, "up": 0.5}
    env = make(task, curriculum=levels)
    env.reset(seed=1)
    layer = next(one for one in sl.envs.layers(env) if isinstance(one, Variation))
    layer._ladder.note(True)
    assert played(env) == played(make(task))


def test_values_are_those_of_the_seed_and_in_every_info(walker):
    env = make("kick_to_target", randomise=EVERYWHERE)
    first = env.reset(seed=1)[1]["variation"]
    assert set(first) == {*EVERYWHERE, "level"} and first["level"] == 1
    assert env.step(COMMANDS[0])[4]["variation"] == first
    second = env.reset()[1]["variation"]
    assert second["mass"] != first["mass"]
    assert env.reset(seed=1)[1]["variation"] == first and env.reset()[1]["variation"] == second
    assert env.reset(seed=2)[1]["variation"] != first


def test_describe_tells_ranges_and_values(walker):
    env = make("kick_to_target", randomise={"mass": [0.9, 1.1]}, curriculum={"levels": [{"push": 0.2}, {}]})
    mass = env.reset(seed=1)[1]["variation"]["mass"]
    line = next(line for line in sl.describe(env).splitlines() if line.startswith("Variation"))
    assert "level 1 of 2" in line and f"mass 0.9 to 1.1 (now {mass:.3g})" in line and "push 0.2" in line


def test_a_state_goes_on_bit_for_bit(walker):
    """Taken in the middle of a disturbed episode and put into an environment that has played another."""
    task = "kick_to_target"
    settings = {
        "randomise": EVERYWHERE,
        "curriculum": {"levels": [OF_TASK[task], {}, {"mass": 2}], "window": 2, "up": 0.9},
    }
    env = make(task, **settings)
    played(env, commands=COMMANDS[:4])
    state = sl.get_state(env)
    twin = make(task, **settings)
    played(twin, seed=77)
    sl.set_state(twin, copy.deepcopy(state))
    for command in COMMANDS[4:]:
        mine, other = env.step(command), twin.step(command)
        assert mine[0].tobytes() == other[0].tobytes() and mine[1:4] == other[1:4]
        assert mine[4]["variation"] == other[4]["variation"]
    assert env.reset()[1]["variation"] == twin.reset()[1]["variation"]


def test_a_copy_is_in_the_same_state(walker):
    env = make("kick_to_target", randomise=EVERYWHERE)
    played(env, commands=COMMANDS[:2])
    twin = copy.deepcopy(env)
    assert env.step(COMMANDS[2])[0].tobytes() == twin.step(COMMANDS[2])[0].tobytes()


def test_success_leads_to_the_next_level(monkeypatch):
    """Joint targets of 0 fall; what counts as success is the simulation's word, said here for it."""
    levels = [{"mass": 1.1}, {"mass": 1.2}]
    env = sl.make_env(
        "kick_to_target", control="joint", curriculum={"levels": levels, "window": 2, "up": 1.0}
    )
    sim = env.unwrapped

    def episode(success):
        info = env.reset(seed=1)[1]
        over = False
        while not over:
            monkeypatch.setattr(
                type(sim), "success", property(lambda _: success, lambda _, v: None), raising=False
            )
            over = any(env.step(np.ones(12, np.float32))[2:4])
            monkeypatch.undo()
        return info["variation"]

    told = [episode(success)["level"] for success in (True, False, True, True, False)]
    assert told == [1, 1, 1, 1, 2]
    assert env.reset()[1]["variation"]["mass"] == 1.2


def test_several_tasks_have_a_level_each_and_draw_their_own_factors():
    env = sl.make_env(
        list(TASKS), observation="full", control="joint", randomise={"keeper_speed": 0.5, "target_angle": 0}
    )
    told = {}
    for seed in range(12):
        info = env.reset(seed=seed)[1]
        told[info["task_name"]] = set(info["variation"]) - {"level"}
    assert told == {
        "goalie_penalty_kick": {"keeper_speed"},
        "obstacle_penalty_kick": set(),
        "kick_to_target": {"target_angle", "target_distance"},
    }


def test_environments_of_several_tasks_each_take_what_they_have_of_a_level():
    levels = {"levels": [{"target_distance": 1.5, "mass": 1.1}, {}]}
    venv = sl.make_vec_env(list(TASKS), 3, workers=0, seed=0, observation="full", control="joint",
                           curriculum=levels, randomise={"keeper_speed": 0.5})  # fmt: skip
    venv.reset()
    told = {info["task_name"]: set(info["variation"]) - {"level"} for info in venv.reset_infos}
    venv.close()
    assert told == {
        "goalie_penalty_kick": {"keeper_speed", "mass"},
        "obstacle_penalty_kick": {"mass"},
        "kick_to_target": {"target_distance", "target_angle", "mass"},
    }


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"randomise": {"keeper_speed": 1}}, "means nothing for kick_to_target"),
        ({"curriculum": {"levels": [{"keeper_speed": 1}]}}, "--curriculum: keeper_speed means nothing"),
        ({"curriculum": {}}, "no levels"),
        ({"randomise": "ranges.txt"}, "ends in .toml or .json"),
        ({"randomise": "missing.toml"}, "cannot read missing.toml"),
        ({"randomise": 3}, "--randomise got 3"),
    ],
)
def test_bad_settings_are_refused_in_a_line(settings, words):
    with pytest.raises(InputError) as error:
        sl.make_env("kick_to_target", **settings)
    assert words in str(error.value) and "\n" not in str(error.value)
