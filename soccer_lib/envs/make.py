"""`make_env`: the one place where the stack of layers is built and its order asserted."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.envs.registration import EnvSpec

from soccer_lib.errors import InputError, known_name
from soccer_lib.ranges import Range, of_type
from soccer_lib.seeds import checked_seed
from soccer_lib.sim import SoccerSim, make_sim
from soccer_lib.tasks import TASKS, Task, tasks_named
from soccer_lib.variation import Variation, read_curriculum, read_ranges, read_variation
from soccer_lib.wrappers import CONTROLS, OBSERVATIONS, REWARDS, EpisodeReport, Guard, MultiTask
from soccer_lib.wrappers.control import ControlInterface
from soccer_lib.wrappers.multitask import task_shares
from soccer_lib.wrappers.rewards import GAMMA, reward_layer
from soccer_lib.wrappers.stack import Copyable, get_state, layers, set_state

__all__ = [
    "INFO_LEVELS",
    "check_sizes",
    "describe",
    "get_state",
    "layers",
    "make_env",
    "set_state",
]

INFO_LEVELS = ("full", "terms")
"""How much a step tells: the stock info, or only reward terms and success."""


_PIXELS = Range(1, 16_384, whole=True)


def make_env(
    task: str | Task | Sequence[str | Task],
    *,
    task_weights: Mapping[str, float] | None = None,
    control: str = "torque",
    observation: str = "raw",
    reward: str = "env",
    reward_weights: Mapping[str, Any] | None = None,
    reward_gamma: float | None = None,
    curriculum: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    randomise: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    walker: str = "own",
    macro: str | os.PathLike[str] | None = None,
    hold: int | None = None,
    fast: bool = True,
    compiled: bool = True,
    info: str = "full",
    team: int = 0,
    guard: bool | str | os.PathLike[str] = True,
    seed: int | None = None,
    render_mode: str | None = None,
    width: int = 640,
    height: int = 360,
) -> gym.Env:
    """Make one soccer environment, ready for gymnasium and Stable-Baselines3.

    Args:
        task: our name ("goalie_penalty_kick") or the gym id ("LowerT1GoaliePenaltyKick-v0"); several, as a
            list, with commas or "all", draw a task per episode.
        task_weights: task -> weight of the draw; a task without one counts 1.
        control: "torque" (12 torques in [-1, 1] of their limits, 500 Hz), "joint" (12 joint targets,
            default pose + action [rad], 50 Hz) or "command" (3 velocities for a walker, held for 0.1 s).
        observation: "raw" (the stock one), "full" (89 entries, the same for every task), "robot" (the 89 in
            the robot's heading frame, the ball by its true centre) or "agent" (96: robot, time left, gait
            phase, last command, kick active).
        reward: "env" (the stock dense reward), "competition" (the official score, at the end) or a profile:
            "shaped" (the official score and potentials: the one to train on), "competition-dense",
            "pressure_shot", "tight".
        reward_weights: term -> weight, over those of the profile (see `wrappers.rewards.profiles`); 0 ends
            a term.
        reward_gamma: discount of one env step that potentials are paid with; None for the default of the
            control interface: 0.9998 torque, 0.998 joint, 0.99 command.
        curriculum: levels that success leads through (see `variation.curriculum`): a TOML or JSON
            file, or the table itself.
        randomise: factor -> range that each episode draws from (see `variation.factors`), likewise.
        walker: for "command": "own", "hub" or the path of a walker file.
        macro: for "command": what a kick plays instead of itself: a motion clip, by its name in data/clips or
            as an npz file.
        hold: for "command": physics steps that one command lasts; None for 50.
        fast: step the exact fast simulation; False steps the stock environment.
        compiled: take the steps of the fast simulation in a compiled loop; False takes them in Python, about
            half as fast, and so does a machine without numba: same numbers.
        info: "full" (every stock entry) or "terms" (reward terms and success; faster).
        team: 0 kicks at the south goal, 1 at the north goal, -1 draws one at each reset.
        guard: stop at an observation, reward or action that is no finite number and write the last steps to
            the temporary folder; a path names another folder, False switches this off.
        seed: seed of the first reset that gives none; None leaves it to the reset.
        render_mode: None or "rgb_array".
        width: of a rendered picture [pixels].
        height: of a rendered picture [pixels].

    Returns:
        A `gymnasium.Env`; `describe(env)` lists its layers. Every info has `task_name`, `reward_terms`
        (unweighted), `sim_time` [s], `held_steps` [physics steps], and at the end `episode_report`; with
        `curriculum` or `randomise` also `variation`, the level and what was drawn.

    Raises:
        InputError: for an unknown name, or a pair of mujoco and sai-mujoco that cannot work.
    """
    given = {name: value for name, value in locals().items() if value != _DEFAULTS.get(name)}
    for what, value, table in (
        ("control", control, CONTROLS),
        ("observation", observation, OBSERVATIONS),
        ("info level", info, INFO_LEVELS),
    ):
        known_name(what, value, table)
    if render_mode not in (None, "rgb_array"):
        raise InputError(
            f"render_mode {render_mode!r} is unknown; expected None or 'rgb_array'; see env.render()"
        )
    of_type("fast", fast, bool, "True or False")
    for side, pixels in (("width", width), ("height", height)):
        _PIXELS.number(side, pixels, "try 640x360")
    for name, file in (("walker", walker), ("macro", macro)):
        of_type(name, file, str | os.PathLike | None, "a name or a path")
    seed = checked_seed(seed)
    if control != "command" and (macro is not None or hold is not None or walker != "own"):
        raise InputError(
            f"walker {walker!r}, macro {macro!r} and hold {hold} came with control {control!r}, which has "
            "none of them; expected control='command'; leave them out"
        )
    tasks = tasks_named(task)
    shares = task_shares(tasks, task_weights)
    check_sizes(list(shares), observation)
    gamma = GAMMA[control] if reward_gamma is None else reward_gamma
    wrap_reward = reward_layer(reward, reward_weights, gamma)
    vary = _variation_layer(given, shares)
    control_kwargs: dict[str, Any] = {
        "full_info": info == "full",
        "sum_reward": REWARDS[reward].sum_reward,
        "compiled": compiled,
        "track_ball": control == "command" or observation in ("robot", "agent"),
    }
    if control == "command":
        control_kwargs |= {"walker": walker, "macro": macro, "hold": hold}

    def stack(name: str) -> gym.Env:
        sim = make_sim(name, fast=fast, team=team, render_mode=render_mode, width=width, height=height)
        controlled = CONTROLS[control](sim, **control_kwargs)
        env: gym.Env = wrap_reward(vary(OBSERVATIONS[observation](controlled)))
        if guard is not False:
            env = Guard(env, None if guard is True else guard)
        env = EpisodeReport(env)
        _assert_order(env)
        return env

    envs = {name: stack(name) for name in shares}
    env = MultiTask(envs, shares) if len(envs) > 1 else next(iter(envs.values()))
    if seed is not None:
        env = _FirstSeed(env, seed)
    given["task"] = ",".join(one.name for one in tasks)
    longest = max(TASKS[name].max_steps for name in shares)
    env.spec = EnvSpec(
        f"soccer_lib/{'-'.join(shares)}-v0",
        entry_point="soccer_lib.envs:make_env",
        max_episode_steps=math.ceil(longest / next(iter(envs.values())).get_wrapper_attr("hold")),
        disable_env_checker=True,
        kwargs={name: os.fspath(v) if isinstance(v, os.PathLike) else v for name, v in given.items()},
    )
    return env


_DEFAULTS = make_env.__kwdefaults__ or {}


def _variation_layer(given: dict[str, Any], tasks: Iterable[str]) -> Callable[[gym.Env], gym.Env]:
    """The layer of `curriculum` and `randomise`, ready to be put around an environment; none without them."""
    given |= read_variation(given, tasks)  # a copy is made by what the files said
    curriculum = read_curriculum(given["curriculum"]) if "curriculum" in given else None
    ranges = read_ranges(given.get("randomise", {}))
    if curriculum or ranges:
        return partial(Variation, ranges=ranges, curriculum=curriculum)
    return lambda env: env


def check_sizes(tasks: Sequence[str], observation: str) -> None:
    """Refuse an observation whose size differs between tasks.

    Raises:
        InputError: naming the sizes and the observations that have one size.
    """
    if observation == "raw" and len(tasks) > 1:
        sizes = ", ".join(f"{name} {TASKS[name].raw_size}" for name in tasks)
        raise InputError(
            f"observation 'raw' has another size for each task ({sizes}); expected one size for all; "
            "try 'full' or 'robot' (89) or 'agent' (96)"
        )


class _FirstSeed(Copyable, gym.Wrapper):
    """Gives the seed of `make_env` to the first reset that names none."""

    def __init__(self, env: gym.Env, seed: int) -> None:
        super().__init__(env)
        self._seed: int | None = seed

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode; a seed given here wins."""
        if seed is None:
            seed = self._seed
        self._seed = None
        return self.env.reset(seed=seed, options=options)


def describe(env: Any) -> str:
    """One line a layer, from the simulation outwards: its class and what it is for.

    Args:
        env: an environment of `make_env` or `make_vec_env`; of several tasks the one in play is shown.
    """
    if not isinstance(env, gym.Env):
        return env.describe()
    lines = []
    for layer in layers(env):
        purpose = (type(layer).__doc__ or "").strip().split("\n")[0]
        if isinstance(layer, MultiTask):
            lines += describe(layer.active).split("\n")[:-2]  # its spaces are those of all tasks
            purpose = ", ".join(f"{name} {share:.0%}" for name, share in layer.shares.items())
        if isinstance(layer, ControlInterface):
            purpose += " (physics steps in compiled code)" if layer.loop else " (physics steps in Python)"
        if isinstance(layer, Variation):
            purpose = layer.summary()
        lines.append(f"{type(layer).__name__:<18} {purpose}")
    observation = env.observation_space
    action = env.action_space
    assert isinstance(action, gym.spaces.Box)
    lines.append(f"{'observation':<18} {observation.shape} {np.dtype(observation.dtype).name}")
    lines.append(f"{'action':<18} {action.shape} in [{action.low.min():g}, {action.high.max():g}]")
    return "\n".join(lines)


def _assert_order(env: gym.Env) -> None:
    kinds: tuple[type | tuple[type, ...], ...] = (
        SoccerSim,
        tuple(CONTROLS.values()),
        tuple(OBSERVATIONS.values()),
        Variation,
        tuple(REWARDS.values()),
        Guard,
        EpisodeReport,
    )
    stack = layers(env)
    found = [next((i for i, kind in enumerate(kinds) if isinstance(layer, kind)), -1) for layer in stack]
    optional = {kinds.index(Variation), kinds.index(Guard)}
    always = set(range(len(kinds))) - optional
    if found != sorted(set(found)) or not always <= set(found):
        raise AssertionError(f"layers in the wrong order: {[type(layer).__name__ for layer in stack]}")
