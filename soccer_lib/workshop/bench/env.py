"""`bench env`: how fast the environments step, as ratios to the stock environment within one run.

Every variant is timed in short runs, in turn, in one process, through `make_env` or `gym.make`; resets
are left out, the robot stands under the same PD torques in all of them, or walks where commands are
timed. A ratio holds on other machines, an absolute figure does not. Ratios are taken within a round, whose
runs follow each other closely, and the median round counts: what else the machine does slows down both.
Held actions are timed in CPU seconds of the thread for the same reason.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import mujoco
import numpy as np

from soccer_lib.control import load_walker
from soccer_lib.envs.make import make_env
from soccer_lib.errors import InputError
from soccer_lib.layout import DEFAULT_POSE, TORQUE_LIMIT
from soccer_lib.sim import SoccerSim, make_sim, make_stock
from soccer_lib.sim.torque import pd_torque
from soccer_lib.tasks import COMMAND_STEPS, Task, tasks_named
from soccer_lib.workshop.bench.report import LiveTable, finish
from soccer_lib.workshop.bench.scaling import counts_of, measure_evaluations, measure_growth, memory
from soccer_lib.wrappers import CONTROLS

_KP = np.full(12, 200.0, dtype=np.float32)
_KD = np.full(12, 5.0, dtype=np.float32)
_UPRIGHT = np.zeros(12, dtype=np.float32)
"""Joint targets of a robot that stands on straight legs [rad]."""

_JOINT_STEPS = 10
"""Physics steps of one joint-target action."""

HELD_ROUNDS = 4
"""Rounds of held actions for each timed run: they are short, and their layers cost little."""


@dataclass(frozen=True)
class EnvBenchConfig:
    """Time the environments against the stock environment and against bare MuJoCo."""

    tasks: str = "goalie_penalty_kick,obstacle_penalty_kick,kick_to_target"
    """Tasks, comma-separated; the first one gives the ratios without a task in their name."""
    repeats: int = 15
    """Timed rounds; four times as many where actions are held."""
    steps: int = 200
    """Physics steps of one timed run [2 ms each]; a standing robot stays up for all of them."""
    walker: str = "own"
    """Walker of the command interface: own, hub or a path; its figures are left out if it is missing."""
    envs: str = "1,2,8,32"
    """How many environments at once are stepped, comma-separated; "" leaves them and evaluations out."""
    episodes: int = 30
    """Episodes of each timed evaluation."""
    json: str = ""
    """File for the result; nothing is written without it."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        least = {"repeats": 1, "steps": COMMAND_STEPS, "episodes": 1}
        for flag, value in least.items():
            if getattr(self, flag) < value:
                raise InputError(
                    f"--{flag} got {getattr(self, flag)}; expected {value} or more; leave it at its default"
                )
        counts_of(self.envs)


Run = Callable[[], float]
"""One timed run: resets, then returns the seconds spent in steps."""


def _standing_torque(observation: np.ndarray) -> np.ndarray:
    return pd_torque(_UPRIGHT, observation[:12], observation[12:24], _KP, _KD)


def _torque_run(env: gym.Env, steps: int, scale: np.ndarray | float) -> Run:
    env.unwrapped.plays_on = True  # a fall ends no measurement

    def run() -> float:
        observation, _ = env.reset(seed=0)
        spent = 0.0
        for _ in range(steps):
            action = _standing_torque(observation) / scale
            start = time.thread_time()
            observation, *_ = env.step(action)
            spent += time.thread_time() - start
        return spent

    return run


def _raw_run(sim: SoccerSim, steps: int) -> Run:
    """Bare `mj_step` on the same model with the same torques: the ceiling for any exact simulation."""

    def run() -> float:
        sim.reset(seed=0)
        spent = 0.0
        for _ in range(steps):
            sim.ctrl[:] = pd_torque(_UPRIGHT, sim.joint_pos, sim.joint_vel, _KP, _KD)
            start = time.thread_time()
            mujoco.mj_step(sim.model, sim.data)
            spent += time.thread_time() - start
        return spent

    return run


def _raw_tape_run(sim: SoccerSim, torques: np.ndarray) -> Run:
    """Bare `mj_step` with recorded torques: the same motion, and with it the same contacts."""

    def run() -> float:
        sim.reset(seed=0)
        start = time.thread_time()
        for torque in torques:
            sim.ctrl[:] = torque
            mujoco.mj_step(sim.model, sim.data)
        return time.thread_time() - start

    return run


def _held_run(env: gym.Env, steps: int, first: float = 0.0) -> Run:
    """Steps with one action that is held for longer than a physics step: `first` and zeros."""
    action = np.zeros(env.action_space.shape, dtype=np.float32)
    action[0] = first
    hold = env.get_wrapper_attr("hold")
    env.unwrapped.plays_on = True

    def run() -> float:
        env.reset(seed=0)
        start = time.thread_time()
        for _ in range(steps // hold):
            env.step(action)
        return time.thread_time() - start

    return run


def _stock_joint_run(env: gym.Env, steps: int) -> Run:
    """What a user of the stock environment writes for joint targets at 50 Hz."""

    def run() -> float:
        observation, _ = env.reset(seed=0)
        start = time.thread_time()
        for _ in range(steps // _JOINT_STEPS):
            total = 0.0
            for _ in range(_JOINT_STEPS):
                torque = pd_torque(DEFAULT_POSE, observation[:12], observation[12:24])
                observation, reward, terminated, truncated, _ = env.step(torque)
                total += reward  # nobody reads it, but a user's loop adds it up
                if terminated or truncated:
                    break
        return time.thread_time() - start

    return run


def measure_task(task: Task, repeats: int, steps: int) -> dict[str, float]:
    """Microseconds per physics step of every variant, and their ratios.

    Args:
        task: whose environment is timed.
        repeats: timed rounds; the median counts.
        steps: physics steps of a run.
    """
    lean = make_env(task, info="terms")
    full = make_env(task)
    joint = make_env(task, control="joint", info="terms")
    stock = gym.wrappers.TimeLimit(make_stock(task), task.max_steps)
    runs: dict[str, Run] = {
        "stock": _torque_run(stock, steps, 1.0),
        "raw": _raw_run(lean.unwrapped, steps),
        "fast": _torque_run(lean, steps, TORQUE_LIMIT),
        "fast_info": _torque_run(full, steps, TORQUE_LIMIT),
        "stock_joint50hz": _stock_joint_run(stock, steps),
        "joint50hz": _held_run(joint, steps),
    }
    micro = _micro(runs, repeats, steps)
    figures = {f"us_per_physics_step_{name}": float(np.median(value)) for name, value in micro.items()}
    for name, slow, quick in (
        ("ratio_fast_vs_stock", "stock", "fast"),
        ("ratio_fast_info_vs_stock", "stock", "fast_info"),
        ("ratio_joint50hz_vs_stock_joint50hz", "stock_joint50hz", "joint50hz"),
        ("ratio_raw_vs_stock", "stock", "raw"),
    ):
        figures[name] = float(np.median(micro[slow] / micro[quick]))
    return figures


def measure_layers(
    task: Task,
    control: str,
    observation: str,
    repeats: int,
    steps: int,
    first: float = 0.0,
    **control_kwargs: Any,
) -> dict[str, float]:
    """What the layers around a control interface cost, and how near the whole comes to bare MuJoCo.

    Args:
        task: whose environment is timed.
        control: the control interface.
        observation: of the full stack; its reward is the competition's where it has one.
        repeats: timed rounds; the median counts.
        steps: physics steps of a run.
        first: first entry of the action that is held.
        control_kwargs: further arguments of the control interface.

    Returns:
        `overhead_layers_<control>`: share of the step time that observation (with the ball tracker), reward
        and guard take; `ratio_<control>_physics_vs_raw`: physics steps per second of the stock observation
        and reward, to those of bare `mj_step` in the same motion.
    """
    reward = "competition" if task.in_competition else "env"
    make = functools.partial(make_env, task, control=control, info="terms", **control_kwargs)
    plain = make()
    full = make(observation=observation, reward=reward)
    bare = CONTROLS[control](make_sim(task), full_info=False, sum_reward=reward == "env", **control_kwargs)
    plain.unwrapped.tape = bytearray()
    _held_run(plain, steps, first)()
    torques = plain.unwrapped.taped
    plain.unwrapped.tape = None
    runs = {
        "full": _held_run(full, steps, first),
        "bare": _held_run(bare, steps, first),
        "raw": _raw_tape_run(bare.unwrapped, torques),
        "plain": _held_run(plain, steps, first),
    }
    micro = _micro(runs, HELD_ROUNDS * repeats, steps)
    return {
        f"overhead_layers_{control}": float(np.median(1 - micro["bare"] / micro["full"])),
        f"ratio_{control}_physics_vs_raw": float(np.median(micro["raw"] / micro["plain"])),
    }


def measure_shaping(task: Task, repeats: int, steps: int, walker: str) -> dict[str, float]:
    """Share of a command's time that the terms and potentials of the reward `shaped` take."""
    make = functools.partial(
        make_env, task, control="command", observation="agent", info="terms", walker=walker
    )
    runs = {reward: _held_run(make(reward=reward), steps, 0.3) for reward in ("competition", "shaped")}
    micro = _micro(runs, HELD_ROUNDS * repeats, steps)
    return {"overhead_shaping_command": float(np.median(1 - micro["competition"] / micro["shaped"]))}


def _micro(runs: dict[str, Run], rounds: int, steps: int) -> dict[str, np.ndarray]:
    """Microseconds per physics step of each variant in each round. Shapes: (rounds,)."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()  # warms caches and is not counted
    for _ in range(rounds):
        for name, run in runs.items():
            seconds[name].append(run())
    return {name: np.array(values) / steps * 1e6 for name, values in seconds.items()}


def memory_per_env(task: Task, count: int = 4) -> float:
    """Memory that one more environment of a task takes [MiB], from `count` of them."""
    # The second one brings the pages into memory that further ones share; none is freed before it is read.
    envs = [make_env(task) for _ in range(2)]
    envs[0].reset(seed=0)
    before = memory()
    for _ in range(count):
        env = make_env(task)
        env.reset(seed=0)
        env.step(np.zeros(12, dtype=np.float32))
        envs.append(env)
    return (memory() - before) / count


def _time_layers(task: Task, config: EnvBenchConfig) -> dict[str, float]:
    figures = measure_layers(task, "joint", "robot", config.repeats, config.steps)
    figures |= measure_layers(
        task, "command", "agent", config.repeats, config.steps, first=0.3, walker=config.walker
    )
    if task.in_competition:
        figures |= measure_shaping(task, config.repeats, config.steps, config.walker)
    return figures


COLUMNS = {
    "fast": "ratio_fast_vs_stock",
    "fast+info": "ratio_fast_info_vs_stock",
    "joint50hz": "ratio_joint50hz_vs_stock_joint50hz",
    "raw": "ratio_raw_vs_stock",
    "MiB/env": "memory_per_env_mib",
}
"""Column of the table -> figure."""


def main(config: EnvBenchConfig) -> None:
    """Time all tasks, print the table, write the JSON."""
    load_walker(config.walker)
    tasks = tasks_named(config.tasks)
    result: dict[str, Any] = {}
    table = LiveTable({"task": 24, **dict.fromkeys(COLUMNS, 11)}, note="(times stock)")
    for task in tasks:
        figures = measure_task(task, config.repeats, config.steps)
        figures["memory_per_env_mib"] = memory_per_env(task)
        if task is tasks[0]:
            result.update(figures)
        result.update({f"{task.name}/{name}": value for name, value in figures.items()})
        table.row([task.name, *(f"{figures[name]:.1f}" for name in COLUMNS.values())])
    layers = _time_layers(tasks[0], config)
    table = LiveTable({"layers": 36, "value": 8})
    for name, value in layers.items():
        table.row([name, f"{value:.3f}"])
    result.update(layers)
    if counts := counts_of(config.envs):
        result |= measure_growth(tasks[0], counts)
        result |= measure_evaluations(tasks[0], config.episodes)
    finish(config, result)
