"""What a foreign network's widths say about the environment it acts in, and what has to be told."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.layout import AGENT, FULL, RAW, ROBOT
from soccer_lib.policies.foreign.sb3 import ACTIVATIONS
from soccer_lib.policies.learned import ACTIONS, KIND, name_of
from soccer_lib.policies.policy import HOLD, PolicySpec
from soccer_lib.runs.files import load_json
from soccer_lib.tasks import COMPETITION

LAYOUTS: dict[str, list[int]] = {
    "raw": sorted({layout.size for layout in RAW.values()}),
    "raw+imu": sorted(RAW[task].size + 6 for task in COMPETITION),
    "full": [FULL.size],
    "robot": [ROBOT.size],
    "agent": [AGENT.size],
}
"""Input layouts by name, and their widths; "raw+imu" is picked out of "full"."""

CHOICES = {"activation": tuple(ACTIVATIONS.values()), "norm": ("after", "before"), "output": ("clip", "tanh")}
"""What arrays do not say: the activation, LayerNorm after or before it, and what bounds the output."""

HINTS = ("observation", "control", "walker", "hold", "only", "normaliser", *CHOICES)
"""What can be told of a foreign file."""

_OF_TEAM_0 = {"goal_xpos": "goal_team_0", "goalkeeper": "goalkeeper_team_0"}


def check_hints(where: str, hints: Mapping[str, Any]) -> None:
    """Hold what was told of a foreign file against what can be told.

    Raises:
        InputError: an unknown name, or a value of another type or outside of its range.
    """
    for name, value in hints.items():
        if name not in HINTS:
            raise unknown_name(f"hint of {where}", name, HINTS)
        if name == "hold":
            HOLD.number(f"{where}: hold", value, "try 50")
        elif not isinstance(value, str):
            raise InputError(f"{where}: {name} got {value!r}; expected text; put it in quotes")


def hints_beside(path: Path) -> dict[str, Any]:
    """What a JSON of the same name tells of a foreign file; it never makes code trusted.

    Raises:
        InputError: it is no JSON object, or has a value that cannot be.
    """
    beside = path.with_suffix(".json")
    content = load_json(beside) if beside.is_file() else {}
    if not isinstance(content, dict) or not isinstance(content.get("spec", {}), dict):
        raise InputError(f'{beside} is no JSON object; expected {{"observation": NAME}}; remove or mend it')
    if content.get("kind") == KIND:
        return {}  # the record of a policy that was made from this file
    content |= content.get("spec", {})
    hints = {name: content[name] for name in HINTS if content.get(name)}
    check_hints(str(beside), hints)
    return hints


def convert_command(path: Path) -> str:
    """What to type to convert a file, up to the flags."""
    return f"python -m soccer_lib convert {shlex.quote(str(path))} OUT.safetensors"


def imu_entries(task: str) -> np.ndarray:
    """Where a task's raw observation, projected gravity and gyro stand among the 89 of "full", for team 0.

    This is the input of the competition's own imitation policies: 45 + 3 + 3 = 51 on the goalie task.
    """
    names = [field.name for field in RAW[task].fields]
    for short, name in _OF_TEAM_0.items():
        names = [name + field.removeprefix(short) if field.startswith(short) else field for field in names]
    fields = [*names, "projected_gravity", "robot_gyro"]
    return np.concatenate([np.arange(FULL.size)[FULL[name]] for name in fields])


def spec_of(path: Path, inputs: int, outputs: int, told: Mapping[str, Any]) -> tuple[PolicySpec, dict]:
    """The spec of a network, from its widths and from what was told of it.

    Args:
        path: its file.
        inputs: width of its input.
        outputs: width of its output.
        told: `observation`, `control`, `hold`, `walker`, where known.

    Returns:
        The spec, and what the network picks from the observation: `entries` and `width`, or nothing.

    Raises:
        InputError: no layout has these widths, several have, or they are not those of what was told.
    """
    observation = _choice(path, "observation", told, f"{inputs} inputs", inputs, LAYOUTS)
    if observation == "raw+imu":
        told = {"control": "joint", **told}  # what such policies are trained for
    controls = {name: [size] for name, size in ACTIONS.items()}
    control = _choice(path, "control", told, f"{outputs} outputs", outputs, controls)
    picked: dict[str, np.ndarray] = {}
    if observation == "raw+imu":
        task = next(task for task in COMPETITION if RAW[task].size + 6 == inputs)
        observation = "full"
        picked = {"entries": imu_entries(task), "width": np.array(FULL.size)}
    walks = {"hold": told.get("hold") or None, "walker": told.get("walker") or "own"}
    return PolicySpec(name_of(path), control, observation, **(walks if control == "command" else {})), picked


def _choice(
    path: Path, what: str, told: Mapping, has: str, width: int, table: Mapping[str, list[int]]
) -> str:
    """The name that was told, or the only one whose width fits."""
    fits = [name for name, widths in table.items() if width in widths]
    name = told.get(what) or (fits[0] if len(fits) == 1 else "")
    if name in fits:
        return name
    expected = ", ".join(f"{n} ({' or '.join(map(str, table[n]))})" for n in (not name and fits) or table)
    raise InputError(
        f"{path} has {has}{f', which {name!r} has not' if name else ''}; expected {what} {expected}; "
        f"say which: {convert_command(path)} --{what} NAME"
    )
