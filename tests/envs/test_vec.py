"""Many environments: the same numbers with any number of workers, SB3's habits, no worker lost in silence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import traceback
import warnings

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.evaluation import evaluate_policy
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

import soccer_lib as sl
from soccer_lib.envs.slots import Slots
from soccer_lib.envs.vec import make_vec_env, slot_tasks
from soccer_lib.errors import InputError, SimulationError
from soccer_lib.wrappers import Guard

TASKS = ["goalie_penalty_kick", "kick_to_target"]
JOINT = {"control": "joint", "observation": "robot"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """The same five slots in two workers and in this process."""
    dumps = tmp_path_factory.mktemp("dumps")
    venvs = [make_vec_env(TASKS, 5, workers=n, seed=1000, guard=dumps, **JOINT) for n in (2, 0)]
    yield venvs
    for venv in venvs:
        venv.close()


def actions(steps, n_envs=5, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (steps, n_envs, 12)).astype(np.float32)


def plain(info):
    """An info as something that compares by value, without the wall clock."""
    info = {key: value for key, value in info.items() if key != "episode"} | {
        "episode": {key: info["episode"][key] for key in "rl"} if "episode" in info else None
    }
    return {key: value.tobytes() if hasattr(value, "tobytes") else value for key, value in info.items()}


def play(venv, moves):
    seen = []
    for move in moves:
        observations, rewards, dones, infos = venv.step(move)
        assert observations.dtype == rewards.dtype == np.float32 and dones.dtype == bool
        seen.append((observations.tobytes(), rewards.tobytes(), dones.tolist(), [plain(i) for i in infos]))
    return seen


# -- shares --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "n_envs", "counts"),
    [
        ((1 / 3, 1 / 3, 1 / 3), 8, (3, 3, 2)),
        ((0.5, 0.5), 2, (1, 1)),
        ((0.98, 0.01, 0.01), 3, (1, 1, 1)),
        ((0.98, 0.01, 0.01), 10, (8, 1, 1)),
        ((0.45, 0.35, 0.2), 7, (3, 3, 1)),
        ((1.0,), 4, (4,)),
    ],
)
def test_slots_by_hand(shares, n_envs, counts):
    slots = slot_tasks(dict(zip("abc", shares, strict=False)), n_envs)
    assert tuple(slots.count(name) for name in "abc"[: len(shares)]) == counts


def test_tasks_take_turns_so_that_workers_get_a_mixture():
    assert slot_tasks({"a": 0.5, "b": 0.5}, 6) == list("ababab")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_envs": 1}, "n_envs got 1 for 2 tasks"),
        ({"n_envs": 0}, "n_envs got 0"),
        ({"n_envs": 2.0}, "n_envs got 2.0"),
        ({"n_envs": 2, "workers": -1}, "workers got -1"),
        ({"n_envs": 2, "contrl": "joint"}, "did you mean 'control'"),
        ({"n_envs": 2, "observation": "raw"}, "observation 'raw'"),
        ({"n_envs": 2, "task_weights": {"penalty_kick": 1}}, "task_weights"),
        ({"n_envs": 2, "control": "jonit"}, "unknown control 'jonit'"),
    ],
)
def test_bad_arguments_are_one_line(arguments, message):
    with pytest.raises(InputError, match=message) as error:
        make_vec_env(TASKS, **{"observation": "full", "workers": 0, **arguments})
    assert "\n" not in str(error.value)


# -- numbers -------------------------------------------------------------------------------------------


def test_workers_change_no_number_and_a_state_goes_on_anywhere(pair):
    apart, here = pair
    assert apart.slot_tasks == here.slot_tasks and set(here.slot_tasks) == set(TASKS)
    first = [venv.reset().tobytes() for venv in pair]
    assert first[0] == first[1]
    moves = actions(60)
    seen = play(apart, moves)
    assert any(any(step[2]) for step in seen)  # episodes ended
    assert play(here, moves) == seen
    assert [plain(i) for i in here.reset_infos] == [plain(i) for i in apart.reset_infos]
    state = apart.get_state()
    rest = play(apart, actions(40, seed=1))
    here.reset()
    here.set_state(state)
    assert play(here, actions(40, seed=1)) == rest
    with pytest.raises(InputError, match="state of 1 slots; expected 5"):
        here.set_state({"slots": state["slots"][:1]})
    with pytest.raises(InputError, match="state is of layers.*GoalieSim.*expected.*KickToTargetSim"):
        apart.set_state({**state, "slots": state["slots"][:1] * 5})


def test_everything_is_as_in_the_dummy_of_sb3():
    ours = make_vec_env(TASKS[1], 2, workers=0, **JOINT)
    theirs = DummyVecEnv([lambda: Monitor(sl.make_env(TASKS[1], info="terms", **JOINT))] * 2)
    for venv in (ours, theirs):
        venv.seed(7)
        np.testing.assert_array_equal(venv._seeds, [7, 8])
    np.testing.assert_array_equal(ours.reset(), theirs.reset())
    for move in actions(80, 2):
        (a, b, c, d), (e, f, g, h) = ours.step(move), theirs.step(move)
        for mine, other in ((a, e), (b, f), (c, g)):
            assert mine.dtype == other.dtype
            np.testing.assert_array_equal(mine, other)
        for mine, other in zip(d, h, strict=True):
            assert list(mine) == list(other) or set(mine) == set(other)
            assert mine["TimeLimit.truncated"] == other["TimeLimit.truncated"]
            if "episode" in mine:
                np.testing.assert_array_equal(mine["terminal_observation"], other["terminal_observation"])
                assert mine["episode"]["l"] == other["episode"]["l"]
                assert mine["episode"]["r"] == pytest.approx(other["episode"]["r"], abs=1e-5)
                assert {type(mine["episode"][key]) for key in "rt"} == {float}
    assert [set(info) for info in ours.reset_infos] == [set(info) for info in theirs.reset_infos]


def test_a_time_out_is_marked(pair):
    venv = pair[1]
    venv.reset()
    venv.members[0].held.envs[1].unwrapped.n_steps = 4995
    _, _, dones, infos = venv.step(np.zeros((5, 12), np.float32))
    assert dones.tolist() == [False, True, False, False, False]
    assert infos[1]["TimeLimit.truncated"] and not infos[0]["TimeLimit.truncated"]


class Ending(gym.Env):
    """Ends at once in the way it was made for; its resets count."""

    observation_space = action_space = gym.spaces.Box(-1, 1, (1,))

    def __init__(self, terminated, truncated):
        self.ends = terminated, truncated
        self.resets = 0

    def reset(self, *, seed=None, options=None):
        self.resets += 1
        return np.array([float(self.resets)]), {"reset": self.resets}

    def step(self, action):
        info = {"episode_report": {"return": 2.5, "env_steps": 3}}
        return np.array([-1.0]), float(action[0]), *self.ends, info


def test_only_a_time_out_that_is_no_end_as_well_counts_as_one(monkeypatch):
    ends = [(False, False), (True, False), (False, True), (True, True)]
    monkeypatch.setattr("soccer_lib.envs.slots.make_env", lambda **spec: Ending(**spec))
    slots = Slots([{"terminated": one, "truncated": other} for one, other in ends])
    slots.reset([None] * 4, [{}] * 4)
    observations, rewards, dones, infos, resets = slots.step(np.arange(4.0)[:, None])
    assert [info["TimeLimit.truncated"] for info in infos] == [False, False, True, False]
    assert dones.tolist() == [False, True, True, True] and rewards.tolist() == [0, 1, 2, 3]
    # What is over begins again at once; its last observation is in the info.
    assert observations[:, 0].tolist() == [-1, 2, 2, 2] and resets == {k: {"reset": 2} for k in (1, 2, 3)}
    assert all(info["terminal_observation"] == -1 for info in infos[1:])
    assert [infos[3]["episode"][key] for key in "rl"] == [2.5, 3] and "episode" not in infos[0]


def test_methods_attributes_options_and_wrapping(pair):
    for venv in pair:
        assert venv.get_attr("hold") == [10] * 5 and venv.get_attr("hold", 4) == [10]
        assert venv.env_method("reset", indices=[4, 0], seed=3)[0][1]["task_name"] == venv.slot_tasks[4]
        venv.set_attr("mark", 7, indices=[2, -1])
        assert venv.get_attr("mark", [-1, 2]) == [7, 7]
        assert not venv.has_attr("mark") and venv.has_attr("layout")
        assert venv.env_is_wrapped(Monitor) == venv.env_is_wrapped(Guard) == [True] * 5
        assert venv.env_is_wrapped(gym.wrappers.TimeLimit, indices=1) == [False]
        assert venv.render_mode is None
        text = sl.describe(VecNormalize(venv))
        assert "slots              5: goalie_penalty_kick 3, kick_to_target 2" in text
        assert "Guard" in text and ("pid" in text) == (venv is pair[0])
        with pytest.raises(InputError, match="actions of 4 slots; expected 5"):
            venv.step(np.zeros((4, 12), np.float32))


def test_options_reach_the_walker(walker):
    venv = make_vec_env(TASKS[1], 2, workers=0, control="command", observation="agent", walker=walker)
    venv.set_options([{"gait_phase": 0.25}, {}])
    observations = venv.reset()
    np.testing.assert_allclose(observations[:, 90:92], [[0, 1], [1, 0]], atol=1e-6)
    np.testing.assert_allclose(venv.reset()[:, 90:92], [[1, 0], [1, 0]], atol=1e-6)


def test_sb3_trains_and_evaluates_on_it(pair):
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*Monitor.*")
        model = PPO("MlpPolicy", VecNormalize(pair[0]), n_steps=8, batch_size=8, n_epochs=1,
                    policy_kwargs={"net_arch": [8]}, seed=0, device="cpu")  # fmt: skip
        model.set_logger(Logger(None, []))  # SB3's own makes a folder
        model.learn(80)
        returns, lengths = evaluate_policy(
            model, pair[0], n_eval_episodes=5, return_episode_rewards=True, deterministic=False
        )
    assert len(returns) == 5 and min(lengths) > 5


# -- workers -------------------------------------------------------------------------------------------


def test_a_workers_exception_arrives_with_its_traceback(pair):
    for venv in pair:
        venv.reset()
        moves = np.zeros((5, 12), np.float32)
        moves[4, 3] = np.nan
        with pytest.raises(InputError, match=r"action\[3\] \(left_knee_pitch\) is nan") as error:
            venv.step(moves)
        assert "in _admit" in "".join(traceback.format_exception(error.value))
        assert venv.step(np.zeros((5, 12), np.float32))[0].shape == (5, 89)  # and it goes on
    pair[0].set_attr("_return", "no number", indices=4)
    with pytest.raises(SimulationError, match="TypeError: can only concatenate") as error:
        pair[0].step(np.zeros((5, 12), np.float32))
    [note] = error.value.__notes__
    assert note.startswith("In worker 1 (pid ") and "in step" in note
    pair[0].reset()


def test_a_worker_that_cannot_build_says_why(tmp_path):
    started = time.monotonic()
    with pytest.raises(InputError, match="walker file .* not found"):
        make_vec_env(TASKS, 2, workers=1, control="command", observation="agent", walker=str(tmp_path / "no"))
    assert time.monotonic() - started < 60


def test_a_killed_worker_is_named_and_closing_does_not_hang():
    venv = make_vec_env(TASKS, 2, workers=2, **JOINT)
    venv.reset()
    first, second = (member.process for member in venv.members)
    os.kill(first.pid, signal.SIGSTOP)  # not even a suspended worker may hold up the end
    os.kill(second.pid, signal.SIGKILL)
    os.kill(first.pid, signal.SIGCONT)
    started = time.monotonic()
    with pytest.raises(SimulationError) as error:
        venv.step(np.zeros((2, 12), np.float32))
    for part in ("worker 1", f"pid {second.pid}", "kick_to_target", "exit code -9"):
        assert part in str(error.value)
    os.kill(first.pid, signal.SIGSTOP)
    venv.close()
    venv.close()
    assert time.monotonic() - started < 10
    assert not first.is_alive()
    with pytest.raises(SimulationError, match="closed"):
        venv.reset()


SCRIPT = """
import numpy as np, soccer_lib as sl
print("main runs")
venv = sl.make_vec_env("kick_to_target", 2, workers=2, control="joint")
venv.reset()
{then}
print("pids", *(member.process.pid for member in venv.members), flush=True)
{end}
"""


@pytest.mark.parametrize(
    ("then", "end", "code"),
    [
        ("venv.step_async(np.zeros((2, 12), np.float32))", "raise SystemExit(3)", 3),
        ("", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9),
    ],
)
def test_a_script_without_a_main_guard_ends_and_leaves_nothing(tmp_path, then, end, code):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(then=then, end=end))
    paths = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": paths},
    )  # fmt: skip
    assert done.returncode == code and not done.stderr, done.stderr
    first, second = done.stdout.splitlines()
    assert first == "main runs"
    pids, until = second.split()[1:], time.monotonic() + 10
    while any(_alive(int(pid)) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(_alive(int(pid)) for pid in pids)


def _alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_workers_do_without_torch(pair):
    """Torch would cost each worker 0.3 GB and seconds."""
    for member in pair[0].members:
        with open(f"/proc/{member.process.pid}/maps", encoding="ascii", errors="ignore") as file:
            assert "libtorch" not in file.read()
