"""The boundary to an agent: only finite numbers pass, and the last steps are kept for the search."""

from __future__ import annotations

import math
import os
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.errors import InputError, ResourceError, SimulationError
from soccer_lib.layout import Layout
from soccer_lib.runs import atomic_write_npz
from soccer_lib.sim import simulation_of
from soccer_lib.wrappers.stack import get_state

KEPT_STEPS = 20
"""Steps whose actions, observations and rewards are in a dump."""


class Guard(gym.Wrapper):
    """Stops at the first observation, reward or action that is no finite number, and dumps the last steps.

    Args:
        env: the stack up to the reward.
        folder: where a dump goes; None for the system's temporary folder.
    """

    def __init__(self, env: gym.Env, folder: str | os.PathLike[str] | None = None) -> None:
        super().__init__(env)
        if not isinstance(folder, str | os.PathLike | None):
            raise InputError(f"guard got {folder!r}; expected True, False or a folder; try True")
        self._layout: Layout = env.get_wrapper_attr("layout")
        self._folder = Path(folder or tempfile.gettempdir())
        self._last: deque[tuple[Any, np.ndarray, float]] = deque(maxlen=KEPT_STEPS)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode and forget the steps of the last one."""
        self._last.clear()
        observation, info = self.env.reset(seed=seed, options=options)
        if not observation.dot(observation) < math.inf:
            self._look_closer(observation, 0.0)
        return observation, info

    def step(self, action: np.ndarray):
        """Pass the step on.

        Raises:
            SimulationError: naming the entry of the observation, or the reward, that is no finite number.
            InputError: for such an action.
        """
        try:
            result = self.env.step(action)
        except InputError as error:
            if np.isfinite(action).all():
                raise
            raise InputError(f"{error}; {self._dump()}") from error
        observation = result[0]
        reward = float(result[1])
        self._last.append((np.array(action), observation, reward))
        # A square sum may overflow where all entries are finite: it only says when to look closer.
        if not observation.dot(observation) + abs(reward) < math.inf:
            self._look_closer(observation, reward)
        return result

    def _look_closer(self, observation: np.ndarray, reward: float) -> None:
        found = "" if math.isfinite(reward) else f"reward is {reward}"
        bad = np.flatnonzero(~np.isfinite(observation))
        if bad.size:
            index = int(bad[0])
            field = next(f for f in self._layout.fields if index < f.start + f.size)
            found = f"observation[{index}] ({field.name}[{index - field.start}]) is {observation[index]}"
        if not found:
            return
        sim = simulation_of(self)
        raise SimulationError(
            f"{sim.task.name}: {found} at {sim.sim_time:.3f} s; expected finite numbers; "
            f"try smaller or smoother actions; {self._dump()}"
        )

    def _dump(self) -> str:
        """Write what is known of the last steps; returns where, as part of a sentence."""
        columns = zip(*self._last, strict=True) if self._last else ((), (), ())
        arrays = dict(zip(("actions", "observations", "rewards"), columns, strict=True))
        name = f"guard-{simulation_of(self).task.name}-{os.getpid()}-{time.time_ns()}.npz"
        try:
            path = atomic_write_npz(self._folder / name, {**arrays, **dict(_flat(get_state(self.env)))})
        except ResourceError as error:
            return f"no dump of the last steps: {error}"
        return f"the last {len(self._last)} steps and the state are in {path}"


def _flat(value: Any, name: str = "state") -> Iterator[tuple[str, np.ndarray]]:
    """A nested state as arrays by path; what is no array of numbers or text becomes text."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}")
    else:
        array = np.asarray(value)
        yield name, np.asarray(str(value)) if array.dtype.hasobject else array
