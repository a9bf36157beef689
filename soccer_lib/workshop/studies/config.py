"""Settings of the studies."""

from __future__ import annotations

import dataclasses
import os
from typing import Annotated

from soccer_lib.control.weights import DATA
from soccer_lib.errors import InputError
from soccer_lib.ranges import Range, check_fields

SETTINGS_OF = {
    "amount": {"amounts"},
    "observation": set(),
    "kicks": set(),
    "dagger": {"rounds", "round_episodes"},
    "few": {"amounts", "round_episodes"},
    "epochs": {"kept_epochs"},
}
"""Settings that not every study depends on, by study."""


@dataclasses.dataclass(frozen=True)
class StudyConfig:
    """Train clones of many kinds, score each, and write the curves of lesson 03; run again to continue."""

    out: str = "runs/curves"
    """folder for bc_amount.json, bc_observation.json and the others [path]"""
    dataset: str = os.path.relpath(DATA / "demos" / "striker.npz")
    """dataset of the striker's demonstrations [path]"""
    amounts: Annotated[tuple[int, ...], Range(1, 100_000, whole=True)] = (5, 20, 50)
    """demonstrations of each task that a clone learns from; the study few starts with the first [count]"""
    rounds: Annotated[int, Range(0, 100, whole=True)] = 2
    """rounds of DAgger [count]"""
    round_episodes: Annotated[int, Range(1, 1000, whole=True)] = 20
    """episodes of each task that a clone plays in a round of DAgger [count]"""
    kept_epochs: Annotated[tuple[int, ...], Range(1, 1_000_000, whole=True)] = (10, 20, 30, 40)
    """epochs after which the study epochs scores a clone [count]"""
    seeds: Annotated[int, Range(1, 1000, whole=True)] = 5
    """clones of each kind [count]"""
    epochs: Annotated[int, Range(1, 1_000_000, whole=True)] = 40
    """passes over the data, at most [count]"""
    more_passes: Annotated[int, Range(1, 1000, whole=True)] = 4
    """a part of the data is passed over as many times more as it is smaller, up to this factor [count]"""
    episodes: Annotated[int, Range(1, 10_000, whole=True)] = 12
    """episodes of each task that a clone is scored on; every seed has its own [count]"""
    only: tuple[str, ...] = ()
    """studies to make; without a name all: amount, observation, kicks, dagger, few, epochs"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        for name, counts in (("--amounts", self.amounts), ("--kept-epochs", self.kept_epochs)):
            if not counts or len(set(counts)) < len(counts):
                raise InputError(
                    f"{name} got {counts}; expected one number or more, and each once; try 5 20 50"
                )
        unknown = [name for name in self.only if name not in SETTINGS_OF]
        if unknown:
            raise InputError(
                f"--only got {unknown[0]!r}; expected some of {', '.join(SETTINGS_OF)}; try amount"
            )

    def settings_of(self, study: str) -> dict[str, object]:
        """What the content of a study's file depends on."""
        of_others = set().union(*SETTINGS_OF.values()) - SETTINGS_OF[study]
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in fields.items() if name not in {*of_others, "only"}}
