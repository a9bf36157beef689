"""Several tasks in one environment: a task per episode, drawn by weight."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from typing import Any

import gymnasium as gym

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.tasks import Task, task_named
from soccer_lib.wrappers.stack import get_state, set_state


def task_shares(tasks: Sequence[Task], weights: Mapping[str, float] | None = None) -> dict[str, float]:
    """The share of episodes that each task gets.

    Args:
        tasks: which tasks there are.
        weights: task name or gym id -> weight; a task without one counts 1.

    Returns:
        task name -> share above 0; they add up to 1.

    Raises:
        InputError: a weight of another task, a negative or non-finite one, or only zeros.
    """
    chosen = {task.name: 1.0 for task in tasks}
    for key, weight in (weights or {}).items():
        name = task_named(key).name
        if name not in chosen:
            raise unknown_name("task in task_weights", key, chosen)
        if not (isinstance(weight, numbers.Real) and 0 <= weight < math.inf):
            raise InputError(f"task_weights of {name} got {weight!r}; expected a number of 0 or more; try 1")
        chosen[name] = float(weight)
    total = sum(chosen.values())
    if not total:
        raise InputError(f"task_weights are 0 for {', '.join(chosen)}; expected one above 0; try 1 for each")
    return {name: weight / total for name, weight in chosen.items() if weight}


class MultiTask(gym.Env):
    """A task per episode, drawn by weight from this layer's own generator.

    `unwrapped` is the simulation in play. After `reset(seed)` each task's first episode has that seed, so
    that it is the episode which the task alone would have played.

    Args:
        envs: task name -> its complete environment; all with the same spaces.
        shares: task name -> share of the episodes.

    Attributes:
        name: the task in play.
    """

    def __init__(self, envs: dict[str, gym.Env], shares: dict[str, float]) -> None:
        self.envs = envs
        self.shares = shares
        self.name = next(iter(envs))
        self._seeds: dict[str, int | None] = dict.fromkeys(envs)
        self.observation_space, self.action_space = self.active.observation_space, self.active.action_space
        self.metadata, self.render_mode = self.active.metadata, self.active.render_mode

    @property
    def active(self) -> gym.Env:
        """The environment of the task in play."""
        return self.envs[self.name]

    @property
    def unwrapped(self) -> gym.Env:
        """The simulation in play, as for an environment with one task."""
        return self.active.unwrapped

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Draw a task and start its episode."""
        super().reset(seed=seed)
        if seed is not None:
            self._seeds = dict.fromkeys(self.envs, seed)
        drawn = self.np_random.choice(len(self.shares), p=list(self.shares.values()))
        self.name = list(self.shares)[drawn]
        seed = self._seeds[self.name]
        self._seeds[self.name] = None
        return self.active.reset(seed=seed, options=options)

    def step(self, action: Any):
        """Step the task in play."""
        return self.active.step(action)

    def render(self):
        """Draw the task in play."""
        return self.active.render()

    def close(self) -> None:
        """Close all tasks."""
        for env in self.envs.values():
            env.close()

    def get_state(self) -> dict[str, Any]:
        """The task in play, the generator, and the state of every task."""
        return {
            "name": self.name,
            "seeds": dict(self._seeds),
            "random": self.np_random.bit_generator.state,
            "tasks": {name: get_state(env) for name, env in self.envs.items()},
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`.

        Raises:
            InputError: if the state is of other tasks.
        """
        if list(state["tasks"]) != list(self.envs):
            raise InputError(
                f"state is of tasks {list(state['tasks'])}; expected {list(self.envs)}; "
                "make the environment that it was taken from"
            )
        self.name = state["name"]
        self._seeds = dict(state["seeds"])
        self.np_random.bit_generator.state = state["random"]
        for name, env in self.envs.items():
            set_state(env, state["tasks"][name])
