"""The tables of tasks, commands, observations and joints, as notebooks show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soccer_lib.control.walker import Walker
from soccer_lib.layout import COMMAND_SCALE, DEFAULT_POSE, JOINTS, KD, KP, TORQUE_LIMIT, Layout
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.sim.penalty import ObstacleSim
from soccer_lib.sim.target import KickToTargetSim
from soccer_lib.tasks import PHYSICS_DT, TASKS


def layout_table(layout: Layout) -> Any:
    """What stands where in an observation, for the last line of a notebook cell; `.data` is Markdown."""
    rows = layout.table()
    return _markdown_table(list(rows[0]), [list(row.values()) for row in rows])


def joint_table() -> Any:
    """The twelve joints: index, torque limit, default pose and gains; `.data` is Markdown."""
    head = ["entry", "joint", "torque limit [N m]", "default pose [rad]", "Kp [N m/rad]", "Kd [N m s/rad]"]
    rows = []
    for index, joint in enumerate(JOINTS):
        numbers = [f"{column[index]:g}" for column in (TORQUE_LIMIT, DEFAULT_POSE, KP, KD)]
        rows.append([index, joint, *numbers])
    return _markdown_table(head, rows)


TASK_WORDS = {
    "goalie_penalty_kick": (
        "past a goalkeeper who moves from side to side",
        "goal, block, ball off the field, fall",
        "the ball is in the goal",
    ),
    "obstacle_penalty_kick": (
        "over defenders, through a point in the air",
        "point passed, block, ball off the field or over the line elsewhere, fall",
        "the ball passes within {radius} m of the point",
    ),
    "kick_to_target": (
        "to a spot on the field",
        "target reached, ball off the field, fall",
        "the ball comes within {radius} m of the spot",
    ),
    "penalty_kick": ("into an empty goal", "goal, ball off the field, fall", "the ball is in the goal"),
    "goal_keeper": (
        "not into the own goal",
        "goal, save, ball off the field, fall",
        "the robot has touched the ball and it stays out for 0.2 s",
    ),
}
"""Task -> where the ball has to go, what ends an episode before its time, and what counts as success."""

SUCCESS_RADIUS = {
    "obstacle_penalty_kick": ObstacleSim.goal_radius,
    "kick_to_target": KickToTargetSim.target_radius,
}

TERM_WORDS = {
    "ball_vel_twd_goal": "a m/s of the ball at the line",
    "goal_scored": "a goal",
    "success": "a hit",
    "robot_fallen": "a fall",
    "ball_blocked": "a block",
    "offside": "the ball off the field",
    "distance": "of nearness of the ball to the target",
    "steps": "in any case",
}
"""Official terms in words, in the order in which the table names them; smaller ones are left to lesson 06."""


def task_table() -> Any:
    """The five tasks: where the ball has to go, what ends an episode, what is a success, what is scored."""
    head = ["task", "the ball has to go", "time", "what ends it earlier", "success", "official score"]
    rows = []
    for task in TASKS.values():
        goal, ends, success = TASK_WORDS[task.name]
        success = success.format(radius=SUCCESS_RADIUS.get(task.name, ""))
        seconds = f"{task.max_steps * PHYSICS_DT:g} s"
        rows.append([f"`{task.name}`", goal, seconds, ends, success, _score_words(task.name)])
    return _markdown_table(head, rows)


def _score_words(task: str) -> str:
    """What the official score pays, in words."""
    weights = OFFICIAL_WEIGHTS.get(task)
    if weights is None:
        return "not of the competition"
    parts = [f"{weights[term]:+g} {words}" for term, words in TERM_WORDS.items() if term in weights]
    return ", ".join(parts)


def command_table(walker: Walker) -> Any:
    """What a command of 1 stands for, and how far a walker follows it; `.data` is Markdown."""
    names = ("forward", "sideways (left)", "turn (left)")
    units = ("m/s", "m/s", "rad/s")
    rows = []
    for name, unit, scale, (low, high) in zip(names, units, COMMAND_SCALE, walker.limits, strict=True):
        rows.append([name, f"{scale:g} {unit}", f"{low:g} to {high:g} {unit}"])
    return _markdown_table(["entry", "1 stands for", "the walker can"], rows)


def _markdown_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    from IPython.display import Markdown

    lines = [head, ["---"] * len(head), *rows]
    return Markdown("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))
