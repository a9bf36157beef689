"""What a sweep varies: fixed settings and parameters, checked against the command that they are for.

In a file:

    command = "train"                 # or "bc", with rung_episodes and final_episodes beside it
    [fixed]                           # settings of every trial, named as the command's flags
    preset = "scratch"
    [space.lr]                        # a number from low to high; log: evenly in its logarithm
    low = 1e-4
    high = 1e-3
    log = true
    [space.net_arch]                  # one of several
    choices = ["64,64", "128,128"]
    [space."reward_weights.score"]    # one pair of a setting that is made of name=value pairs
    low = 0.5
    high = 2.0
"""

from __future__ import annotations

import dataclasses
import math
import os
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soccer_lib.cli.main import PROG, parse_config
from soccer_lib.cli.stages import flag_words
from soccer_lib.control.weights import DATA
from soccer_lib.errors import InputError, known_name, unknown_name
from soccer_lib.formats.settings import ENDINGS, read_settings
from soccer_lib.learn.config import TrainConfig, check_choices
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.ranges import Range, of_type
from soccer_lib.tasks import tasks_named

Value = str | int | float | bool
Config = TrainConfig | BCConfig

COMMANDS: dict[str, type[Config]] = {"train": TrainConfig, "bc": BCConfig}
"""Commands that a trial may be a run of."""

PACKAGED = Path(__file__).parent / "spaces"
"""Folder of the spaces that are known by name."""

FRESH_SEED = 50
"""First seed of the episodes that decide between the best trials: no trial is scored on them."""

_SET_HERE = {"save_dir", "out", "seed", "resume"}
"""Settings that the sweep decides over."""

_PAIRS = {"reward_weights", "reward_scale", "task_weights"}
"""Settings made of name=value pairs."""

_LENGTHS = {"total_timesteps", "eval_freq", "epochs", "final_episodes", "eval_episodes", "eval_seeds"}
"""Settings that trials have to have alike, or their scores could not be compared."""

_EPISODES = {"rung_episodes": 8, "final_episodes": 40}
"""Of each task, that a clone is judged by; as many as evaluations of `train` have by default."""

_KEYS = ("low", "high", "log", "choices")


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One thing that trials vary.

    Attributes:
        name: of the setting, or setting.name of one of its pairs.
        low, high: where a number may lie; None where there are choices.
        log: draw it evenly in its logarithm.
        whole: only whole numbers.
        choices: what it may be else.
    """

    name: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    whole: bool = False
    choices: tuple[Value, ...] = ()

    @property
    def edges(self) -> tuple[Value, ...]:
        """Every choice, or both ends."""
        if self.low is None or self.high is None:
            return self.choices
        return (self.rounded(self.low), self.rounded(self.high))

    def rounded(self, value: Value) -> Value:
        """What is drawn, with four digits: the command that makes a trial again can be read."""
        if self.low is None or self.high is None:
            return value
        if self.whole:
            return int(value)
        return min(max(float(f"{value:.4g}"), self.low), self.high)


@dataclasses.dataclass(frozen=True)
class Space:
    """What trials vary and what they have in common.

    Attributes:
        command: train or bc.
        fixed: settings of every trial.
        parameters: what is drawn.
        episodes: of each task that a clone plays at a rung and at its end; `train` has settings for that.
    """

    command: str
    fixed: dict[str, Any]
    parameters: tuple[Parameter, ...]
    episodes: tuple[int, int]

    def config(self, drawn: Mapping[str, Value], seed: int, folder: str) -> Config:
        """The settings of one run.

        Raises:
            InputError: together they make no run.
        """
        return parse_config(COMMANDS[self.command], self.words(drawn, seed, folder), f"{PROG} {self.command}")

    def words(self, drawn: Mapping[str, Value], seed: int, folder: str) -> list[str]:
        """The flags of one run, as they would be typed."""
        settings = dict(self.fixed)
        hints = typing.get_type_hints(COMMANDS[self.command])
        for parameter in self.parameters:
            name = parameter.name
            value = parameter.rounded(drawn[name])
            setting, dot, pair = name.partition(".")
            if dot:
                before = f"{settings[setting]}," if settings.get(setting) else ""
                settings[setting] = f"{before}{pair}={value}"
            else:
                several = typing.get_origin(hints[setting]) is tuple
                settings[setting] = str(value).split() if several else value
        if self.command == "train":
            settings.setdefault("workers", 0)  # a worker of the sweep is one process on one core
        settings["seed"] = seed
        settings["save_dir" if self.command == "train" else "out"] = folder
        return flag_words(settings)

    def to_table(self) -> dict[str, Any]:
        """The content of a file that says the same."""
        space: dict[str, Any] = {}
        for one in self.parameters:
            if one.choices:
                space[one.name] = {"choices": list(one.choices)}
            else:
                space[one.name] = {"low": one.low, "high": one.high, "log": one.log}
        counts = dict(zip(_EPISODES, self.episodes, strict=True)) if self.command == "bc" else {}
        return {"command": self.command, **counts, "fixed": self.fixed, "space": space}


def read_space(source: str | Mapping[str, Any], flags: Mapping[str, Any] | None = None) -> Space:
    """Read a space and hold it against the settings of its command.

    Args:
        source: one of the packaged names, a TOML or JSON file, or its content.
        flags: settings over the fixed ones; a parameter among them is not varied.

    Raises:
        InputError: no such space, an unknown parameter, or one whose ends the command refuses.
    """
    what = "--space"
    if isinstance(source, str) and not source.endswith(ENDINGS):
        names = sorted(path.stem for path in PACKAGED.glob("*.toml"))
        if source not in names:
            raise unknown_name("space", source, [*names, "a .toml or .json file"])
        what = f"--space {source}"
        source = str(PACKAGED / f"{source}.toml")
    elif isinstance(source, str):
        what = f"--space {source}"
    table = read_settings(source, "--space")
    for key in table:
        known_name(f"entry of {what}", key, ("command", "fixed", "space", *_EPISODES))
    command = of_type(f"{what}: command", table.get("command", "train"), str, "train or bc")
    known_name(f"command in {what}", command, COMMANDS)
    if command != "bc" and set(_EPISODES) & table.keys():
        raise InputError(
            f"{what} sets {' or '.join(_EPISODES)} beside train; expected them with bc; write eval_episodes "
            "and final_episodes under [fixed]"
        )
    rung, final = (
        Range(1, 50, whole=True).number(f"{what}: {name}", table.get(name, usual), f"try {usual}")
        for name, usual in _EPISODES.items()
    )
    fields = {field.name for field in dataclasses.fields(COMMANDS[command])}
    fixed = dict(of_type(f"{what}: fixed", table.get("fixed", {}), dict, "a table")) | dict(flags or {})
    for name in fixed:
        known_name(f"setting of {command} in {what}", name, sorted(fields - _SET_HERE))
    if command == "bc":
        fixed.setdefault("dataset", [os.path.relpath(DATA / "demos" / "striker.npz")])
    drawn = of_type(f"{what}: space", table.get("space", {}), dict, "a table for each parameter")
    both = set(drawn) & set(table.get("fixed", {}))
    if both:
        raise InputError(f"{what} fixes and varies {both.pop()}; expected one of both; remove the other")
    parameters = tuple(
        _parameter(what, command, name, one) for name, one in drawn.items() if name not in (flags or {})
    )
    if not parameters:
        raise InputError(f"{what} varies nothing; expected a parameter; write [space.lr] with low and high")
    space = Space(command, fixed, parameters, (rung, final))
    _check(what, space)
    return space


def _parameter(what: str, command: str, name: str, table: Any) -> Parameter:
    """One parameter from its table."""
    where = f"{what}: {name}"
    table = of_type(where, table, dict, "a table with low and high, or choices")
    setting, dot, pair = name.partition(".")
    hints = typing.get_type_hints(COMMANDS[command], include_extras=True)
    if setting not in hints or setting in _SET_HERE | _LENGTHS or dot and (setting not in _PAIRS or not pair):
        valid = sorted(hints.keys() - _SET_HERE - _LENGTHS)
        valid += [f"{pairs}.NAME" for pairs in sorted(_PAIRS & hints.keys())]
        raise unknown_name(f"parameter of {command} in {what}", name, valid)
    for key in table:
        known_name(f"entry of {where}", key, _KEYS)
    if "choices" in table:
        choices = of_type(f"{where}: choices", table["choices"], list, "a list", "write choices = [1, 2]")
        if len(table) > 1 or len(choices) < 2 or not all(isinstance(one, Value) for one in choices):
            raise InputError(f"{where} got {table}; expected two or more choices and nothing else; mend it")
        return Parameter(name, choices=tuple(choices))
    if not {"low", "high"} <= table.keys():
        raise InputError(f"{where} got {table}; expected low and high, or choices; write low = 0.1, high = 1")
    whole = any(isinstance(one, Range) and one.whole for one in getattr(hints[setting], "__metadata__", ()))
    low = Range(whole=whole).number(f"{where}: low", table["low"], "try 1")
    above = Range(low, above=True, whole=whole)
    high = above.number(f"{where}: high", table["high"], f"write what is above {low:g}")
    log = of_type(f"{where}: log", table.get("log", False), bool, "true or false")
    if log and low <= 0:
        raise InputError(f"{where} is logarithmic from {low:g}; expected low above 0; try {high / 100:g}")
    return Parameter(name, low, high, log, whole)


def _check(what: str, space: Space) -> None:
    """Let the command look at every end and choice, each beside the first of the others.

    Raises:
        InputError: the command refuses one.
    """
    usual = {one.name: one.edges[0] for one in space.parameters}
    trials = [usual, *({**usual, one.name: edge} for one in space.parameters for edge in one.edges[1:])]
    for drawn in trials:
        try:
            config = space.config(drawn, 0, "runs/trial")
            if isinstance(config, TrainConfig):
                check_choices(config.resolved())
        except InputError as error:
            raise InputError(f"{what}: {error}") from None
    outside = [task.name for task in tasks_named(",".join(config.tasks)) if not task.in_competition]
    if outside:
        raise InputError(
            f"{what}: {outside[0]} has no official score, by which trials are ranked; expected tasks of the "
            "competition; try all"
        )
    if isinstance(config, TrainConfig) and max(config.eval_seeds) >= FRESH_SEED:
        raise InputError(
            f"{what}: eval_seeds go up to {max(config.eval_seeds)}; expected seeds below {FRESH_SEED}: those "
            "from there on choose between the best trials; try 0 1 2 3"
        )


def rungs_of(space: Space) -> tuple[int, int]:
    """Where a trial is judged on its way: every so many env steps or epochs, up to their whole number."""
    config = space.config({one.name: one.edges[0] for one in space.parameters}, 0, "runs/trial")
    if isinstance(config, BCConfig):
        return max(1, math.ceil(config.epochs / 5)), config.epochs * (config.dagger_rounds + 1)
    config = config.resolved()
    total = config.total_timesteps or 1
    return min(config.eval_freq or total, total), total
