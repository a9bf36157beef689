"""Files of recorded episodes: task, seed, start, team, score and every torque, so that anyone can check."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, one_line
from soccer_lib.evaluate.episode import Episode
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.runs import atomic_write_npz, load_npz, version_record
from soccer_lib.sim.stock import TEAMS
from soccer_lib.tasks import TASKS

FORMAT = "soccer_lib torques"
VERSION = 1

# Array -> kind of its entries and whether there is one for each episode.
_ARRAYS = {
    "format": ("U", False),
    "version": ("i", False),
    "meta": ("U", False),
    "tasks": ("U", True),
    "seeds": ("i", True),
    "starts": ("i", True),
    "teams": ("i", True),
    "scores": ("f", True),
    "terms": ("U", True),
    "outcomes": ("U", True),
    "offsets": ("i", False),
    "torques": ("f", False),
}


@dataclass(frozen=True)
class RecordedEpisode:
    """One episode of a file.

    Attributes:
        task, seed, start, team, score, terms, outcome: as in `Episode`.
        torques: every physics step's [N m], float32, Shape: (length, 12).
    """

    task: str
    seed: int
    start: int
    team: int
    score: float | None
    terms: dict[str, float]
    outcome: str
    torques: np.ndarray

    @property
    def cost(self) -> int:
        """Physics steps."""
        return len(self.torques)


def record_bytes(tasks: Iterable[str], episodes: int) -> int:
    """The most that a record of so many episodes of each task can take on disk [bytes]."""
    return sum(TASKS[task].max_steps for task in tasks) * episodes * 12 * 4 + 100_000


def write_record(path: str | os.PathLike[str], episodes: Sequence[Episode], policy: str) -> None:
    """Write episodes with their torques; the file is whole or absent.

    Args:
        path: the npz file.
        episodes: played with their torques kept.
        policy: name of the policy, for the reader of the file.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    lengths = [len(episode.torques) for episode in episodes]
    arrays = {
        "format": FORMAT,
        "version": VERSION,
        "meta": json.dumps({"policy": policy, "versions": version_record()}),
        "tasks": [episode.task for episode in episodes],
        "seeds": np.array([episode.seed for episode in episodes], dtype=np.int64),
        "starts": np.array([episode.start for episode in episodes], dtype=np.int64),
        "teams": np.array([episode.team for episode in episodes], dtype=np.int64),
        "scores": np.array([np.nan if e.score is None else e.score for e in episodes], dtype=np.float64),
        # JSON writes the shortest digits that give the same number back, so the terms stay exact.
        "terms": [json.dumps(episode.terms) for episode in episodes],
        "outcomes": [episode.outcome for episode in episodes],
        "offsets": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "torques": np.concatenate([episode.torques for episode in episodes]),
    }
    atomic_write_npz(path, arrays)


def read_record(path: str | os.PathLike[str]) -> list[RecordedEpisode]:
    """Read a file of recorded episodes and check all of it.

    Raises:
        InputError: missing, damaged or foreign file, one of another version, or impossible contents.
    """
    arrays = load_npz(path, required=_ARRAYS)
    try:
        return _episodes(arrays)
    except InputError as error:
        message = f"{os.fspath(path)}: {error}; write it again with: evaluate --record FILE.npz"
        raise InputError(message) from error


def _episodes(arrays: dict[str, np.ndarray]) -> list[RecordedEpisode]:
    if arrays["format"].shape or str(arrays["format"]) != FORMAT:
        raise InputError(f"format {one_line(arrays['format'], 40)!r}; expected {FORMAT!r}")
    if arrays["version"].shape or arrays["version"].item() != VERSION:
        raise InputError(f"version {one_line(arrays['version'], 40)}; expected {VERSION}")
    count = len(np.atleast_1d(arrays["tasks"]))
    for name, (kind, one_each) in _ARRAYS.items():
        array = arrays[name]
        if array.dtype.kind != kind or (one_each and array.shape != (count,)):
            came = f"array {name!r} is {array.dtype} of shape {array.shape}"
            raise InputError(f"{came}; expected the kind that a record of {count} episodes has")
    offsets, torques = arrays["offsets"], arrays["torques"]
    _check_torques(offsets, torques, count)
    return [
        RecordedEpisode(
            task=_known(str(arrays["tasks"][i]), TASKS, "task"),
            seed=_not_negative(arrays["seeds"][i], "seed"),
            start=_not_negative(arrays["starts"][i], "start"),
            team=_known(int(arrays["teams"][i]), TEAMS, "team"),
            score=None if np.isnan(arrays["scores"][i]) else float(arrays["scores"][i]),
            terms=_terms(str(arrays["terms"][i])),
            outcome=str(arrays["outcomes"][i]),
            torques=torques[offsets[i] : offsets[i + 1]],
        )
        for i in range(count)
    ]


def _check_torques(offsets: np.ndarray, torques: np.ndarray, count: int) -> None:
    if torques.dtype != np.float32 or torques.ndim != 2 or torques.shape[1] != 12:
        came = f"torques are {torques.dtype} of shape {torques.shape}"
        raise InputError(f"{came}; expected float32 (steps, 12)")
    if (
        count == 0
        or offsets.shape != (count + 1,)
        or offsets[0] != 0
        or offsets[-1] != len(torques)
        or (np.diff(offsets) < 1).any()
    ):
        came = f"offsets do not part {len(torques)} steps into {count} episodes"
        raise InputError(f"{came}; expected at least one step each")
    if not (np.abs(torques) <= TORQUE_LIMIT).all():  # NaN compares false
        raise InputError("torques are not finite or beyond the limits; expected those that drove the robot")


def _known(value: Any, valid: Iterable[Any], what: str) -> Any:
    if value not in valid:
        names = ", ".join(map(str, valid))
        raise InputError(f"unknown {what} {one_line(value, 40)!r}; expected one of {names}")
    return value


def _not_negative(value: np.integer, what: str) -> int:
    if value < 0:
        raise InputError(f"{what} {value}; expected 0 or more")
    return int(value)


def _terms(text: str) -> dict[str, float]:
    try:
        return {str(name): float(value) for name, value in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        raise InputError(f"terms {one_line(text, 60)!r}; expected reward terms of a last step") from None
