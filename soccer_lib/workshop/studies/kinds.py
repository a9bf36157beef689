"""The studies: which kinds of clones are compared, and what each of them learns from."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np

from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.files import read_dataset
from soccer_lib.errors import InputError
from soccer_lib.seeds import TUNING
from soccer_lib.workshop.studies.config import StudyConfig
from soccer_lib.workshop.studies.run import SCORED, Kind, make_study, trained_clones

SEES_ALL = "agent, all of it"
"""The kind that sees all of its observation; from the others `bc` hides what misleads them."""

LAYOUT_OF = {"full": "full", "robot": "robot", "agent": "agent", SEES_ALL: "agent"}
"""Kinds of clones, and the observation that each learns from."""


def run_studies(config: StudyConfig) -> None:
    """Make the curves, those that are finished excepted.

    Raises:
        InputError: settings that the dataset cannot serve; then nothing was begun.
    """
    data = read_dataset(config.dataset)
    data.column("seeds")
    tasks = data.column("tasks")
    present = min(int((tasks == task).sum()) for task in np.unique(tasks))
    if max(config.amounts) > present:
        raise InputError(
            f"--amounts got {max(config.amounts)}; expected at most the {present} episodes of each task in "
            f"{config.dataset}; take fewer, or another --dataset"
        )
    for name in config.only or STUDIES:
        STUDIES[name](config)
    shutil.rmtree(trained_clones(config), ignore_errors=True)


def amount_study(config: StudyConfig) -> dict[str, Any]:
    """Clones of few and of many demonstrations, drawn anew for each seed."""
    kinds = [Kind(amount) for amount in config.amounts]
    return make_study(config, "amount", kinds, _some_of(config))


def few_study(config: StudyConfig) -> dict[str, Any]:
    """Clones of the fewest demonstrations, before and after a round in which the striker corrects them."""
    few = _some_of(config)
    return make_study(
        config, "few", [Kind("few", rounds=1)], lambda kind, seed: few(Kind(config.amounts[0]), seed)
    )


def _some_of(config: StudyConfig) -> Callable[[Kind, int], Dataset]:
    """Draws as many demonstrations of each task as a kind has for its name."""
    data = read_dataset(config.dataset)
    return lambda kind, seed: some_of_each_task(data, int(kind.x), seed)


def some_of_each_task(data: Dataset, amount: int, seed: int) -> Dataset:
    """So many episodes of each task, drawn."""
    tasks = data.column("tasks")
    order = np.random.default_rng(seed).permutation(len(data.source))
    episodes = [order[tasks[order] == task][:amount] for task in np.unique(tasks)]
    return data.take(np.isin(data.episode_id, np.concatenate(episodes)))


def observation_study(config: StudyConfig) -> dict[str, Any]:
    """Clones of the same episodes, seen in world axes, in the robot's, and with its controller's state."""
    data = read_dataset(config.dataset)
    seeds = data.column("seeds")
    episodes = len(seeds) // len(np.unique(data.column("tasks")))

    @functools.cache
    def seen_as(layout: str) -> Dataset:
        if layout == data.observation_layout:
            return data
        first_seed = int(seeds.min())
        return collect_dataset(
            PlayedDatasetConfig(from_policy="striker", observation=layout, episodes=episodes, seed=first_seed)
        )

    kinds = [Kind(kind, hides=kind != SEES_ALL) for kind in LAYOUT_OF]
    # What a clone should see is chosen by this study, so its seeds are those that choices are made by.
    return make_study(
        config, "observation", kinds, lambda kind, seed: seen_as(LAYOUT_OF[str(kind.x)]), TUNING.start
    )


def kicks_study(config: StudyConfig) -> dict[str, Any]:
    """Clones of the same demonstrations, with units for the kicks and with nothing but a regression."""
    data = read_dataset(config.dataset)
    kinds = [Kind("plain regression", kick_units=False), Kind("kick units")]
    return make_study(config, "kicks", kinds, lambda kind, seed: data, SCORED)


def dagger_study(config: StudyConfig) -> dict[str, Any]:
    """Clones before and after each round in which the striker corrects them."""
    data = read_dataset(config.dataset)
    return make_study(
        config, "dagger", [Kind("rounds", rounds=config.rounds)], lambda kind, seed: data, SCORED
    )


def epochs_study(config: StudyConfig) -> dict[str, Any]:
    """Clones after few and many epochs of one training: what an epoch may be chosen by."""
    data = read_dataset(config.dataset)
    kinds = [Kind("epochs", kept_epochs=config.kept_epochs)]
    return make_study(config, "epochs", kinds, lambda kind, seed: data, TUNING.start)


STUDIES: dict[str, Callable[[StudyConfig], dict[str, Any]]] = {
    "amount": amount_study,
    "observation": observation_study,
    "kicks": kicks_study,
    "dagger": dagger_study,
    "few": few_study,
    "epochs": epochs_study,
}
"""In the order in which they are made; each writes bc_NAME.json."""
