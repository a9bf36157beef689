"""The stock environments of sai-mujoco: construction, with the two traps of the packages removed.

Trap one: sai-mujoco 0.1.30 accepts mujoco versions that it cannot work with. Trap two: its goalkeeper
task reads `complete_space` before anything has filled it; a subclass fills it and leaves the installed
package alone.
"""

from __future__ import annotations

import copy
import functools
import importlib
import importlib.metadata
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.sim.pages import share_pages
from soccer_lib.tasks import Task, task_named

TESTED_VERSIONS = {"mujoco": "3.3.7", "sai-mujoco": "0.1.30"}
"""The pair of packages that the exact simulation was tested against, bit for bit."""

TEAMS = (0, 1, -1)
"""Kicks at the south goal, kicks at the north goal, drawn at each reset."""


@functools.cache
def check_versions() -> None:
    """Refuse a pair of packages that cannot work together; called when an environment is first made.

    Raises:
        InputError: naming both installed versions and the command that mends them.
    """
    for package, tested in TESTED_VERSIONS.items():
        try:
            found = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found = "none"
        if found != tested:
            raise InputError(
                f"{package} {found} is installed; these environments are reproduced bit for bit with "
                f"{' and '.join(f'{p} {v}' for p, v in TESTED_VERSIONS.items())}; "
                f"run: pip install {package}=={tested}"
            )


@functools.cache
def _fixed_goal_keeper(base: type) -> type:
    class FixedGoalKeeper(base):
        """The stock goalkeeper with its description of the scene refreshed before it is read."""

        def _get_env_obs(self) -> np.ndarray:
            self._get_info()
            return super()._get_env_obs()

    return FixedGoalKeeper


@functools.cache
def _with_hooks(base: type) -> type:
    class Hooked(base):
        """The stock environment, which calls hooks in each reset, between its draws and its first look."""

        after_draws: Sequence[Callable[[], None]] = ()

        def _reset_internal(self) -> None:
            super()._reset_internal()
            for hook in self.after_draws:
                hook()

    return Hooked


def make_stock(
    task: str | Task, *, team: int = 0, render_mode: str | None = None, width: int = 640, height: int = 360
) -> Any:
    """Build the unwrapped stock environment: no time limit, actions in N m.

    Args:
        task: our name or the gym id.
        team: 0, 1 or -1 (see `TEAMS`).
        render_mode: None or "rgb_array".
        width: of a rendered picture [pixels].
        height: of a rendered picture [pixels].

    Raises:
        InputError: for a wrong pair of packages, an unknown task or team.
    """
    check_versions()
    task = task_named(task)
    if team not in TEAMS:
        raise InputError(f"team {team!r} is unknown; expected 0 (south goal), 1 (north goal) or -1 (drawn)")
    importlib.import_module("sai_mujoco")
    spec = gym.spec(task.gym_id)
    module, name = str(spec.entry_point).split(":")
    cls = getattr(importlib.import_module(module), name)
    if task.name == "goal_keeper":
        cls = _fixed_goal_keeper(cls)
    cls = _with_hooks(cls)
    arguments = {**copy.deepcopy(spec.kwargs), "team": team, "render_mode": render_mode}
    try:
        env = cls(**arguments, width=width, height=height)
    except ValueError as error:
        # What MuJoCo says where a mesh or picture has no room, or the whole model.
        if any(words in str(error) for words in ("memory allocation", "allocate memory")):
            raise MemoryError("no room for a MuJoCo model") from error
        raise
    env.spec = copy.deepcopy(spec)
    # The MJCF trees are read only while the model is compiled, and hold every mesh once more.
    env.scene_mjcf = env.env_mjcf = env.mjcf_model = env.robots[0].mjcf_model = None
    env.shared_pages = share_pages(env.sim.model._model, task.name)  # noqa: SLF001 - the binding of sai-mujoco
    return env
