"""`make_env`: the one place where the stack of layers is built and its order asserted."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.sim import SoccerSim, make_sim
from soccer_lib.tasks import Task
from soccer_lib.wrappers import CONTROLS, OBSERVATIONS, REWARDS, EpisodeReport

INFO_LEVELS = ("full", "terms")
"""How much a step tells: the stock info, or only reward terms and success."""


def make_env(
    task: str | Task,
    *,
    control: str = "torque",
    observation: str = "raw",
    reward: str = "env",
    walker: str = "own",
    hold: int | None = None,
    fast: bool = True,
    info: str = "full",
    team: int = 0,
    seed: int | None = None,
    render_mode: str | None = None,
    width: int = 640,
    height: int = 360,
) -> gym.Env:
    """Make one soccer environment, ready for gymnasium and Stable-Baselines3.

    Args:
        task: our name ("goalie_penalty_kick") or the gym id ("LowerT1GoaliePenaltyKick-v0").
        control: "torque" (12 torques in [-1, 1] of their limits, 500 Hz), "joint" (12 joint targets,
            default pose + action [rad], 50 Hz) or "command" (3 velocities for a walker, held for 0.1 s).
        observation: "raw" (the stock one), "full" (89 entries, the same for every task), "robot" (the 89 in
            the robot's heading frame, the ball by its true centre) or "agent" (96: robot, time left, gait
            phase, last command, kick active).
        reward: "env" (the stock dense reward) or "competition" (the official score, at the end).
        walker: for "command": "own", "hub" or the path of a walker file.
        hold: for "command": physics steps that one command lasts; None for 50.
        fast: step the exact fast simulation; False steps the stock environment.
        info: "full" (every stock entry) or "terms" (reward terms and success; faster).
        team: 0 kicks at the south goal, 1 at the north goal, -1 draws one at each reset.
        seed: seed of the first reset that gives none; None leaves it to the reset.
        render_mode: None or "rgb_array".
        width: of a rendered picture [pixels].
        height: of a rendered picture [pixels].

    Returns:
        A `gymnasium.Env`; `describe(env)` lists its layers. Every info has `task_name`, `reward_terms`
        (unweighted), `sim_time` [s], `held_steps` [physics steps], and at the end `episode_report`.

    Raises:
        InputError: for an unknown name, or a pair of mujoco and sai-mujoco that cannot work.
    """
    for what, value, table in (
        ("control", control, CONTROLS),
        ("observation", observation, OBSERVATIONS),
        ("reward", reward, REWARDS),
        ("info level", info, INFO_LEVELS),
    ):
        if value not in table:
            raise unknown_name(what, value, table)
    if render_mode not in (None, "rgb_array"):
        raise InputError(
            f"render_mode {render_mode!r} is unknown; expected None or 'rgb_array'; see env.render()"
        )
    sim = make_sim(task, fast=fast, team=team, render_mode=render_mode, width=width, height=height)
    reward_layer = REWARDS[reward]
    layer = {"full_info": info == "full", "sum_reward": reward_layer.sum_reward}
    layer["track_ball"] = observation in ("robot", "agent")
    if control == "command":
        layer |= {"walker": walker, "hold": hold}
    env: gym.Env = CONTROLS[control](sim, **layer)
    env = OBSERVATIONS[observation](env)
    env = EpisodeReport(reward_layer(env))
    if seed is not None:
        env = _FirstSeed(env, seed)
    _assert_order(env)
    return env


class _FirstSeed(gym.Wrapper):
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


def layers(env: gym.Env) -> list[gym.Env]:
    """The layers of an environment from the simulation outwards."""
    stack = [env]
    while isinstance(stack[-1], gym.Wrapper):
        stack.append(stack[-1].env)
    return stack[::-1]


def describe(env: gym.Env) -> str:
    """One line a layer, from the simulation outwards: its class and what it is for."""
    lines = []
    for layer in layers(env):
        first = (type(layer).__doc__ or "").strip().split("\n")[0]
        lines.append(f"{type(layer).__name__:<18} {first}")
    observation, action = env.observation_space, env.action_space
    lines.append(f"{'observation':<18} {observation.shape} {np.dtype(observation.dtype).name}")
    lines.append(f"{'action':<18} {action.shape} in [{action.low.min():g}, {action.high.max():g}]")
    return "\n".join(lines)


def get_state(env: gym.Env) -> dict[str, Any]:
    """Everything that decides how an environment goes on: the state of every layer that has one.

    Returns:
        layer name -> its state, in plain arrays, numbers and dicts.
    """
    return {type(layer).__name__: layer.get_state() for layer in layers(env) if hasattr(layer, "get_state")}


def set_state(env: gym.Env, state: dict[str, Any]) -> None:
    """Continue from a state of `get_state`, bit for bit.

    Raises:
        InputError: if the state was taken from an environment with another task or other layers.
    """
    stateful = {type(layer).__name__: layer for layer in layers(env) if hasattr(layer, "get_state")}
    if list(stateful) != list(state):
        raise InputError(
            f"state is of layers {list(state)}; expected {list(stateful)}; "
            "make the environment that it was taken from"
        )
    for name, layer in stateful.items():
        layer.set_state(state[name])


def _assert_order(env: gym.Env) -> None:
    order = (
        SoccerSim,
        tuple(CONTROLS.values()),
        tuple(OBSERVATIONS.values()),
        tuple(REWARDS.values()),
        EpisodeReport,
    )
    stack = layers(env)
    for layer, expected in zip(stack, order, strict=False):
        if not isinstance(layer, expected):
            raise AssertionError(f"layers in the wrong order: {[type(layer).__name__ for layer in stack]}")
