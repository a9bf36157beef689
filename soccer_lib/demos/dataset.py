"""Datasets: what was seen and what was done, one npz file without pickle and a JSON record beside it.

| key | shape | meaning |
|---|---|---|
| `observations` | (N, D) float32 | what the agent saw, layout `observation_layout` |
| `actions` | (N, 3 or 12) float32 | what it did (or an expert would have done), in [-1, 1], for `control` |
| `control`, `observation_layout` | text | as in `make_env` |
| `rate_hz` | number | samples per second, 500 / hold [Hz] |
| `episode_id` | (N,) int32 | index into the arrays of episodes, counting up |
| `source` | (E,) text | where each episode is from; a split never tears one source apart |
| `has_transitions` | bool | whether the next five are there |
| `rewards`, `terminated`, `truncated`, `held_steps` | (N,) | true ones; steps in physics steps of 2 ms |
| `next_observations` | (N, D) float32 | what was seen after the action |
| `tasks`, `seeds`, `scores`, `success` | (E,) | of played episodes; a score is NaN outside the competition |
| `weights` | (N,) float32 | how much a sample counts when it is cloned; 1 where there are none |
| `sentinels` | (N,) bool | of clips: samples that ask for a kick |
| `counts` | (E, 2) int32 | of clips: samples and sentinels of each episode |
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, one_line
from soccer_lib.layout import AGENT, FULL, RAW, ROBOT
from soccer_lib.policies.learned import ACTIONS
from soccer_lib.policies.policy import HOLD
from soccer_lib.ranges import Range

SIZES = {
    "raw": tuple(layout.size for layout in RAW.values()),
    **{layout.name: (layout.size,) for layout in (FULL, ROBOT, AGENT)},
}
"""Numbers in an observation of each layout."""

TRANSITIONS: dict[str, type] = {
    "rewards": np.float32,
    "next_observations": np.float32,
    "terminated": np.bool_,
    "truncated": np.bool_,
    "held_steps": np.int32,
}
"""Arrays that a dataset has all of or none of, and their types; one entry a sample."""

_SAMPLES: dict[str, type] = {
    "observations": np.float32,
    "actions": np.float32,
    "episode_id": np.int32,
    "sentinels": np.bool_,
    "weights": np.float32,
    **TRANSITIONS,
}
_EPISODES: dict[str, type] = {
    "source": str,
    "tasks": str,
    "success": np.bool_,
    "seeds": np.int64,
    "scores": np.float64,
}
_ARRAYS = _SAMPLES | _EPISODES

RATE = Range(1e-3, 10_000)
"""Samples per second: a stride or a hold may take them far below those of a clip [Hz]."""

_RANGES: dict[type | str, Range] = {
    np.float32: Range(-1e30, 1e30),
    np.float64: Range(-1e30, 1e30),
    np.int32: Range(0, 2**31 - 1, whole=True),
    np.int64: Range(0, 2**63 - 1, whole=True),
    np.bool_: Range(0, 1, whole=True),
    "held_steps": HOLD,
    "weights": Range(0, 1e6),
}
"""What the numbers of a type may be, or of an array that has a range of its own."""


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """Samples in the order of episodes; the attributes are the keys of the file, None where it has none.

    Raises:
        InputError: arrays that do not fit together, numbers that are not finite, actions beyond [-1, 1].
    """

    control: str
    observation_layout: str
    rate_hz: float
    observations: np.ndarray
    actions: np.ndarray
    episode_id: np.ndarray
    source: np.ndarray
    rewards: np.ndarray | None = None
    next_observations: np.ndarray | None = None
    terminated: np.ndarray | None = None
    truncated: np.ndarray | None = None
    held_steps: np.ndarray | None = None
    tasks: np.ndarray | None = None
    seeds: np.ndarray | None = None
    scores: np.ndarray | None = None
    success: np.ndarray | None = None
    sentinels: np.ndarray | None = None
    weights: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Give every array its type and check that they fit together."""
        try:
            for name, kind in _ARRAYS.items():
                if getattr(self, name) is not None:
                    object.__setattr__(self, name, _typed(name, kind, getattr(self, name)))
            self._check_shapes()
            self._check_numbers()
        except (ValueError, TypeError, OverflowError) as error:
            raise InputError(
                f"this is not a dataset: {one_line(error, 200)}; expected keys and shapes as in the table of "
                "soccer_lib/demos/dataset.py; make it again with: dataset"
            ) from error

    def __len__(self) -> int:
        return len(self.observations)

    @property
    def has_transitions(self) -> bool:
        """Whether rewards, next observations, ends and held steps are there."""
        return self.rewards is not None

    def column(self, name: str) -> np.ndarray:
        """An array that not every dataset has.

        Raises:
            InputError: this one does not have it.
        """
        array = getattr(self, name)
        if array is None:
            raise InputError(
                f"this dataset has no {name}; expected one that has; make one with: dataset --from POLICY"
            )
        return array

    def arrays(self) -> dict[str, np.ndarray]:
        """What the file holds."""
        fields = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        arrays = {name: np.asarray(value) for name, value in fields.items() if value is not None}
        if self.sentinels is not None:
            samples = np.bincount(self.episode_id)
            sentinels = np.bincount(self.episode_id, self.sentinels)
            arrays["counts"] = np.stack((samples, sentinels), axis=1).astype(np.int32)
        return {**arrays, "has_transitions": np.asarray(self.has_transitions)}

    def take(self, rows: np.ndarray) -> Dataset:
        """Only some samples; an episode without any is dropped. Shape of `rows`: (N,), bool."""
        episodes = np.isin(np.arange(len(self.source)), self.episode_id[rows])
        taken: dict[str, Any] = {}
        for name in _ARRAYS:
            value = getattr(self, name)
            taken[name] = None if value is None else value[rows if name in _SAMPLES else episodes]
        # The episodes that are left are numbered anew, without gaps.
        new_number = np.cumsum(episodes) - 1
        taken["episode_id"] = new_number[taken["episode_id"]]
        return dataclasses.replace(self, **taken)

    def split(self, share: float, seed: int = 0) -> tuple[Dataset, Dataset]:
        """Training and validation part: whole episodes, and all parts of a clip on one side.

        Args:
            share: of the sources that go to the first part, in (0, 1).
            seed: of the draw.

        Raises:
            InputError: another share, or fewer than two sources.
        """
        names = np.unique(self.source)
        if not 0 < share < 1 or len(names) < 2:
            raise InputError(
                f"a split of {share} came for {len(names)} sources; expected a share between 0 and 1 and two "
                "sources or more, so that none is torn apart; try --split 0.8"
            )
        # At least one source goes to each side.
        count = min(max(round(share * len(names)), 1), len(names) - 1)
        drawn = np.random.default_rng(seed).permutation(names)[:count]
        first = np.isin(self.source, drawn)[self.episode_id]
        return self.take(first), self.take(~first)

    def _check_shapes(self) -> None:
        sizes = SIZES.get(self.observation_layout)
        width = ACTIONS.get(self.control)
        if not (sizes and width):
            raise ValueError(f"{self.control!r} and {self.observation_layout!r}")
        RATE.number("rate_hz", self.rate_hz, "make the file again")
        samples = len(self.observations)
        size = self.observations.shape[-1]
        episodes = len(self.source)
        if not samples or size not in sizes:
            raise ValueError(
                f"{samples} observations of {size} entries, {self.observation_layout} has {sizes}"
            )
        if 0 < sum(getattr(self, name) is not None for name in TRANSITIONS) < len(TRANSITIONS):
            raise ValueError(f"it has only some of {', '.join(TRANSITIONS)}")
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(_SAMPLES, (samples,))
        shapes |= dict.fromkeys(_EPISODES, (episodes,))
        shapes |= dict.fromkeys(("observations", "next_observations"), (samples, size))
        shapes["actions"] = (samples, width)
        for name, shape in shapes.items():
            value = getattr(self, name)
            if value is not None and value.shape != shape:
                raise ValueError(f"{name} has shape {value.shape} instead of {shape}")

    def _check_numbers(self) -> None:
        if np.abs(self.actions).max() > 1:
            raise ValueError(f"actions reach {np.abs(self.actions).max():g}, beyond [-1, 1]")
        episodes = len(self.source)
        steps = np.diff(self.episode_id, prepend=-1, append=episodes)
        if steps.min() < 0 or steps.max() > 1 or episodes != len(np.unique(self.episode_id)):
            raise ValueError(f"episode_id does not count up through {episodes} episodes")


def _typed(name: str, kind: type, value: Any) -> np.ndarray:
    """An array as the type it has in a dataset, if that changes no value.

    Raises:
        ValueError: it holds something else, or numbers outside of their range.
    """
    array = np.asarray(value)
    if kind is str and array.dtype.kind not in "US":
        raise ValueError(f"{name} holds {array.dtype.name} instead of text")
    if kind is not str and not (kind is array.dtype.type is np.bool_):
        filled = np.nan_to_num(array) if name == "scores" and array.dtype.kind == "f" else array
        _RANGES.get(name, _RANGES.get(kind)).array(name, filled)
    return array.astype(kind, copy=False)


def join(datasets: Sequence[Dataset]) -> Dataset:
    """Several datasets as one; arrays that one of them lacks are left out.

    Raises:
        InputError: none, or other controls, layouts or rates.
    """
    kinds = {(data.control, data.observation_layout, float(data.rate_hz)) for data in datasets}
    if len(kinds) != 1:
        raise InputError(
            f"datasets of {len(kinds)} kinds came ({sorted(kinds)}); expected one control, layout and rate; "
            "make them alike"
        )
    joined: dict[str, Any] = {}
    for name in _ARRAYS:
        values = [getattr(data, name) for data in datasets]
        joined[name] = None if any(value is None for value in values) else np.concatenate(values)
    # Episodes count on from one dataset to the next.
    episodes_before = np.cumsum([0, *(len(data.source) for data in datasets[:-1])])
    joined["episode_id"] += np.repeat(episodes_before, [len(data) for data in datasets])
    return dataclasses.replace(datasets[0], **joined)


def dataset_of(arrays: Mapping[str, Any], where: str | os.PathLike[str]) -> Dataset:
    """A dataset from the arrays of a file; keys that are not ours are passed over.

    Raises:
        InputError: they do not fit together; the message names `where`.
    """
    fields: dict[str, Any] = {field.name: arrays.get(field.name) for field in dataclasses.fields(Dataset)}
    try:
        fields["control"] = str(fields["control"])
        fields["observation_layout"] = str(fields["observation_layout"])
        fields["rate_hz"] = float(RATE.array("rate_hz", fields["rate_hz"]).item())
        return Dataset(**fields)
    except (ValueError, TypeError) as error:
        raise InputError(f"{where}: {error}") from error
