"""A curriculum: levels that an environment goes through as its episodes succeed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from soccer_lib.errors import InputError, known_name
from soccer_lib.formats.settings import read_settings
from soccer_lib.ranges import Range
from soccer_lib.variation.factors import Ranges, check_factors_of, has_factor, read_ranges

_SHARE = Range(0, 1)


@dataclass(frozen=True)
class Curriculum:
    """Levels, and when the next one begins.

    In a file each level is a table of ranges:

        up = 0.7
        [[levels]]
        start_distance = [0.5, 0.8]
        [[levels]]

    Attributes:
        levels: ranges of each, over those that are randomised anyway; an empty one adds nothing to them.
        up: share of the last `window` episodes that succeeded from which on the next level begins.
        down: share below which the level before comes back; 0 for never.
        window: episodes of a level before it is left [count].
    """

    levels: tuple[Ranges, ...] = ()
    up: float = 0.7
    down: float = 0.0
    window: int = 20


def read_curriculum(source: str | os.PathLike[str] | Mapping[str, Any]) -> Curriculum:
    """Read a curriculum.

    Args:
        source: a TOML or JSON file, JSON text or the table itself.

    Raises:
        InputError: no levels, an unknown entry, shares upside down, or a level that `read_ranges` refuses.
    """
    what = "--curriculum"
    table = read_settings(source, what)
    for name in table:
        known_name(f"entry of {what}", name, [field.name for field in fields(Curriculum)])
    levels = table.pop("levels", None)
    if not isinstance(levels, list | tuple) or not levels:
        raise InputError(f"{what} has no levels; expected one table or more; write [[levels]] above each")
    if not all(isinstance(level, Mapping) for level in levels):
        raise InputError(f"{what}: levels got {levels!r}; expected tables of ranges; write [[levels]]")
    ranges = tuple(read_ranges(level, f"{what} level {n}") for n, level in enumerate(levels, start=1))
    curriculum = Curriculum(ranges, **table)
    _SHARE.number(f"{what}: up", curriculum.up, "try 0.7")
    _SHARE.number(f"{what}: down", curriculum.down, "try 0.2")
    Range(1, 10_000, whole=True).number(f"{what}: window", curriculum.window, "try 20")
    if curriculum.down >= curriculum.up:
        raise InputError(
            f"{what}: down {curriculum.down} and up {curriculum.up}; expected down below up; try 0.2 and 0.7"
        )
    return curriculum


def read_variation(
    given: Mapping[str, Any], tasks: Iterable[str], task: str | None = None
) -> dict[str, dict[str, Any]]:
    """Read the entries `curriculum` and `randomise` of settings, where there are any, as tables.

    Args:
        given: arguments of `make_env`.
        tasks: that the settings are for; what none of them has is refused.
        task: leave out what only the others of them have.

    Raises:
        InputError: see `read_curriculum` and `read_ranges`.
    """
    found = [name for name in ("curriculum", "randomise") if given.get(name) is not None]
    tables = {name: read_settings(given[name], f"--{name}") for name in found}
    check_factors_of(tasks, read_ranges(tables.get("randomise", {})), "--randomise")
    if "curriculum" in tables:
        for level in read_curriculum(tables["curriculum"]).levels:
            check_factors_of(tasks, level, "--curriculum")
    if task:
        if "randomise" in tables:
            tables["randomise"] = _own(tables["randomise"], task)
        if "curriculum" in tables:
            tables["curriculum"]["levels"] = [_own(level, task) for level in tables["curriculum"]["levels"]]
    return tables


def _own(ranges: Mapping[str, Any], task: str) -> dict[str, Any]:
    return {name: values for name, values in ranges.items() if has_factor(task, name)}


class Ladder:
    """Where an environment is in a curriculum.

    Args:
        curriculum: its levels.

    Attributes:
        level: the present one, counted from 0.
    """

    def __init__(self, curriculum: Curriculum) -> None:
        self.curriculum = curriculum
        self.level = 0
        self._successes: list[bool] = []

    @property
    def ranges(self) -> Ranges:
        """Of the present level."""
        return self.curriculum.levels[self.level]

    def note(self, success: bool) -> None:
        """Take in an episode of the present level, and go up or down where it decides so."""
        rules = self.curriculum
        self._successes = [*self._successes, success][-rules.window :]
        if len(self._successes) < rules.window:
            return
        share = sum(self._successes) / rules.window
        step = int(share >= rules.up) - int(share < rules.down)
        level = min(max(self.level + step, 0), len(rules.levels) - 1)
        if level != self.level:
            self.level = level
            self._successes = []

    def get_state(self) -> dict[str, Any]:
        """Level and successes."""
        return {"level": self.level, "successes": list(self._successes)}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`."""
        last = len(self.curriculum.levels) - 1
        self.level = Range(0, last, whole=True).number("state: level", state["level"])
        self._successes = [bool(success) for success in state["successes"]]
