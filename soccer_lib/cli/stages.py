"""The command `stages`: runs of `train`, each from the best policy of the one before."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from soccer_lib.cli.main import PROG, parse_config
from soccer_lib.cli.recipes import RECIPES
from soccer_lib.errors import InputError, unknown_name
from soccer_lib.formats.settings import ENDINGS, read_settings
from soccer_lib.learn.config import TrainConfig
from soccer_lib.ranges import of_type

_SET_HERE = ("save_dir", "resume")
"""Flags of `train` that the stages decide over."""

_START = ("bc_weights", "pretrained_path")
"""Where the first stage may start from, by both names."""


@dataclass(frozen=True)
class StagesConfig:
    """Train in stages, each from the best policy of the one before; the same command goes on where it was."""

    recipe: Annotated[str, tyro.conf.Positional] = "overnight"
    """overnight, or a TOML or JSON file: flags of train for all stages, and a table [[stages]] for each"""
    save_dir: str = ""
    """folder for a run folder of each stage and the table of them; by default runs/ and the recipe's name"""
    flags: str = ""
    """flags of train over those of the recipe, for every stage, such as "total_timesteps=2000 n_envs=4";
    "bc_weights=PATH" is where the first stage starts from"""


def main(config: StagesConfig) -> None:
    """Train the stages and print their table.

    Raises:
        SoccerError: a wrong recipe, a failed environment, or a file that could not be written.
    """
    from soccer_lib.learn.stages import train_stages, write_table  # not at the top: --help does without torch

    stages = planned_stages(config)
    folder = Path(stages[0].save_dir).parent
    try:
        train_stages(folder, stages)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the same command goes on with the stage that was interrupted") from None
    print(write_table(folder, stages))
    print(f"wrote stages.json and stages.md in {folder}; its policy is that of the last stage")


def planned_stages(config: StagesConfig) -> list[TrainConfig]:
    """The settings of each stage, in its run folder, as if its flags were typed.

    Raises:
        InputError: no such recipe, no stages, an unknown or wrong flag; it names the stage.
    """
    name = config.recipe
    if name in RECIPES:
        recipe = dict(RECIPES[name])
    elif name.endswith(ENDINGS):
        recipe = read_settings(name, "stages")
    else:
        raise unknown_name("recipe", name, [*RECIPES, "a .toml or .json file"])
    stages = recipe.pop("stages", None)
    if not isinstance(stages, list) or not stages or not all(isinstance(one, Mapping) for one in stages):
        raise InputError(f"{name} has no stages; expected a table for each; write [[stages]] above it")
    folder = Path(config.save_dir or Path("runs") / Path(name).stem)
    typed = typed_flags(config.flags)
    planned: list[TrainConfig] = []
    for number, stage in enumerate(stages, start=1):
        flags: dict[str, Any] = {**recipe, **stage}
        title = of_type(f"{name}: stage {number}: name", flags.pop("name", "stage"), str, "a word")
        where = f"{name}: stage {number} ({title})"
        if not re.fullmatch(r"[\w-]+", title):
            raise InputError(f"{where}: expected letters, digits, - and _ in the name; try {number}")
        given = {*_SET_HERE, *(_START if planned else ())} & set(flags)
        if given:
            raise InputError(f"{where} sets {given.pop()}, which the stages do; expected none; leave it out")
        flags |= typed
        if planned:
            flags = {key: value for key, value in flags.items() if key not in _START}
            flags["bc_weights"] = planned[-1].save_dir
        flags["save_dir"] = str(folder / f"{number}_{title}")
        try:
            planned.append(parse_config(TrainConfig, flag_words(flags), f"{PROG} train"))
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
    if len({Path(stage.save_dir).name for stage in planned}) < len(planned):
        raise InputError(f"{name} has two stages of one name; expected a name for each; rename one")
    return planned


def typed_flags(text: str) -> dict[str, list[str]]:
    """Flags from "name=value name=value", by their names in the settings."""
    flags: dict[str, list[str]] = {}
    for word in shlex.split(text):
        name, equals, value = word.lstrip("-").partition("=")
        if not equals:
            raise InputError(f'--flags got {word!r}; expected name=value; try "n_envs=4 seed=1"')
        flags[name.replace("-", "_")] = value.split()
    return flags


def flag_words(flags: Mapping[str, Any]) -> list[str]:
    """Flags as words of a command line."""
    words: list[str] = []
    for name, value in flags.items():
        flag = name.replace("_", "-")
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words += [f"--{flag}", *map(str, value if isinstance(value, list) else [value])]
    return words
