"""What all workers of a study agree on; it is kept in the study's storage, whichever that is."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import soccer_lib
from soccer_lib.errors import InputError
from soccer_lib.learn.config import TrainConfig
from soccer_lib.ranges import of_type
from soccer_lib.workshop.identity import learning_hash, package_versions
from soccer_lib.workshop.sweep.space import Space, read_space, rungs_of

FORMAT = 1
"""Of what a study keeps; another one is refused."""


@dataclasses.dataclass(frozen=True)
class Plan:
    """A study.

    Attributes:
        name: of the study.
        mark: drawn when it was begun, also in its folder; another folder of the same name has another.
        space: what trials vary.
        seeds: runs of each trial, with training seeds that count up from `seed`.
        seed: of the first run of each trial, and of what is drawn.
        sampler: tpe or random.
        pruner: hyperband, halving, median or none.
    """

    name: str
    mark: str
    space: Space
    seeds: int
    seed: int
    sampler: str
    pruner: str

    @functools.cached_property
    def rungs(self) -> tuple[int, int]:
        """See `rungs_of`."""
        return rungs_of(self.space)

    def to_record(self) -> dict[str, Any]:
        """As JSON, with the version of the project that made it."""
        content = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {**content, "space": self.space.to_table(), "format": FORMAT, "made_by": made_by()}

    @classmethod
    def from_record(cls, name: str, record: Any) -> Plan:
        """Read `to_record`.

        Raises:
            InputError: it is of no sweep, or of another version of the project or of its packages.
        """
        remedy = f"give --study another name than {name}, or go back to that version: nothing was changed"
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            found = record.get("format") if isinstance(record, dict) else "nothing"
            raise InputError(f"study {name} has format {found!r}; expected {FORMAT}; {remedy}")
        here = made_by()
        begun = of_type(f"study {name}: made_by", record.get("made_by"), dict, "versions")
        for what in {**here, **begun}:
            if begun.get(what) != here.get(what):
                raise InputError(
                    f"study {name} was begun with {what} {begun.get(what)} and this is {here.get(what)}; "
                    f"expected the same, as its trials are compared; {remedy}"
                )
        names = [field.name for field in dataclasses.fields(cls)]
        if not set(names) <= record.keys():
            raise InputError(f"study {name} lacks a part of its plan; expected {', '.join(names)}; {remedy}")
        content = {field: record[field] for field in names}
        return cls(**{**content, "space": read_space(content["space"])})


def made_by() -> dict[str, str]:
    """The version of the project, and of the packages that its scores depend on."""
    version = f"{soccer_lib.__version__} (source {learning_hash()[:12]})"
    return {"soccer_lib": version, **package_versions()}


def training_seed_of(plan: Plan, run: int) -> int:
    """Training seed of the n-th run of a trial; those behind `seeds` are of fresh runs."""
    seed = plan.seed + run
    if plan.space.command == "train":
        TrainConfig(seed=seed)  # refuses what is too high
    return seed
