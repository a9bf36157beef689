"""The task table: five soccer tasks of `sai-mujoco`, their names, ids and sizes.

Source: the registry of sai-mujoco 0.1.30, checked against the real environments in `tests/test_tasks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from soccer_lib.errors import InputError, closest, unknown_name

PHYSICS_DT = 0.002
"""Physics clock: length of one step [s]; the stock environments step once per action (500 Hz)."""

WALKER_STEPS = 10
WALKER_DT = 0.02
"""Walker clock: physics steps and time [s] between two joint targets (50 Hz)."""

COMMAND_STEPS = 50
COMMAND_DT = 0.1
"""Command clock: physics steps and time [s] that one command is held for, by default (10 Hz)."""


@dataclass(frozen=True)
class Task:
    """One soccer task.

    Attributes:
        name: our name, used in commands, files and `info["task_name"]`.
        gym_id: the id under which sai-mujoco registers the environment.
        raw_size: length of the stock observation.
        max_steps: physics steps until the time limit [2 ms each].
        one_hot: index in the task one-hot of the 89-entry observation; None outside the competition.
    """

    name: str
    gym_id: str
    raw_size: int
    max_steps: int
    one_hot: int | None

    @property
    def in_competition(self) -> bool:
        """Whether the task counts for the official score."""
        return self.one_hot is not None


TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        Task("goalie_penalty_kick", "LowerT1GoaliePenaltyKick-v0", 45, 5000, 0),
        Task("obstacle_penalty_kick", "LowerT1ObstaclePenaltyKick-v0", 54, 5000, 1),
        Task("kick_to_target", "LowerT1KickToTarget-v0", 39, 5000, 2),
        Task("penalty_kick", "LowerT1PenaltyKick-v0", 39, 1000, None),
        Task("goal_keeper", "LowerT1GoalKeeper-v0", 33, 5000, None),
    )
}

COMPETITION: tuple[str, ...] = tuple(task.name for task in TASKS.values() if task.in_competition)
"""The three tasks that are scored, in the order of the task one-hot."""


def task_named(name: str | Task) -> Task:
    """Look a task up by our name or by its gym id.

    Args:
        name: for example "kick_to_target" or "LowerT1KickToTarget-v0".

    Raises:
        InputError: if there is no such task.
    """
    if isinstance(name, Task):
        return name
    for task in TASKS.values():
        if name in (task.name, task.gym_id):
            return task
    near = closest(name, [*TASKS, *(task.gym_id for task in TASKS.values())])
    remedy = f"did you mean '{near}'?" if near else "gym ids such as 'LowerT1KickToTarget-v0' work too"
    raise unknown_name("task", name, TASKS, remedy)


def tasks_named(names: str | Task | Sequence[str | Task]) -> list[Task]:
    """Resolve "all", one name, a comma-separated list or a sequence of names, without repeats.

    Raises:
        InputError: if a name is unknown or nothing is named.
    """
    if isinstance(names, Task):
        return [names]
    if isinstance(names, str):
        names = [part.strip() for part in names.split(",") if part.strip()]
    if not isinstance(names, Iterable):
        raise unknown_name("task", names, TASKS)
    groups = [COMPETITION if isinstance(name, str) and name == "all" else (name,) for name in names]
    tasks = list(dict.fromkeys(task_named(name) for group in groups for name in group))
    if not tasks:
        raise InputError(f"no task named; expected 'all' or some of {', '.join(TASKS)}")
    return tasks
