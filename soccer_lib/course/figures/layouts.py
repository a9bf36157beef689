"""The tables of observations and joints, as notebooks show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from soccer_lib.layout import DEFAULT_POSE, JOINTS, KD, KP, TORQUE_LIMIT, Layout


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


def _markdown_table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    from IPython.display import Markdown

    lines = [head, ["---"] * len(head), *rows]
    return Markdown("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))
