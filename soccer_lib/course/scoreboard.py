"""The scoreboard of a class: a folder of result files, checked by replaying what was recorded.

Everybody hands in two files of one name, made by `evaluate --json NAME.json --record NAME.npz`. What the
board shows is computed from the torques of the record, not read from the JSON: a figure that was typed in, or
an episode that was left out, is named.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, one_line
from soccer_lib.evaluation import Episode, read_record
from soccer_lib.evaluation.episode import EPISODE_LIMIT
from soccer_lib.evaluation.replay import ReplayedEpisode, Replayer
from soccer_lib.evaluation.statistics import summarise
from soccer_lib.runs.files import load_json
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import REPORTED
from soccer_lib.view.results import summary_of
from soccer_lib.view.table import results_table

CHECKED = "replayed: equal"


@dataclass(frozen=True)
class HandIn:
    """What one member of the class handed in.

    Attributes:
        name: of the files.
        summary: figures as `evaluate --json` writes them, computed from the record; empty where there is
            nothing to show.
        verdict: `CHECKED`, or why not.
    """

    name: str
    summary: Mapping[str, Any]
    verdict: str

    @property
    def checked(self) -> bool:
        """Whether the figures are those of the record, and the record those of the environment."""
        return self.verdict.startswith(CHECKED)


def read_class(
    folder: str | os.PathLike[str], stock: bool = False, workers: int = 0, progress: bool = True
) -> list[HandIn]:
    """Read and check all hand-ins of a folder: those that hold come first, the best sum on top.

    Args:
        folder: of NAME.json, each with its NAME.npz.
        stock: replay in the stock environment, which takes several times as long.
        workers: processes; 0 takes one a core.
        progress: print a line every few seconds.

    Raises:
        InputError: there is no JSON file in the folder.
    """
    files = sorted(Path(folder).glob("*.json"))
    if not files:
        raise InputError(
            f"{folder} has no .json file; expected NAME.json and NAME.npz of everybody; "
            "make them with evaluate --json NAME.json --record NAME.npz"
        )
    hand_ins = [_read(file, stock, workers, progress) for file in files]
    hand_ins = _name_copies(hand_ins)
    return sorted(hand_ins, key=lambda one: (not one.checked, -one.summary.get("comp_total_sum", -np.inf)))


def scoreboard(hand_ins: Sequence[HandIn]) -> str:
    """The class as aligned plain text: scores with intervals of those that hold, and a verdict on each."""
    shown = {one.name: one.summary for one in hand_ins if one.checked}
    board = results_table(shown) if shown else "no hand-in could be checked"
    width = max(len(one.name) for one in hand_ins)
    return "\n".join([board, "", *(f"{one.name:<{width}}  {one.verdict}" for one in hand_ins)])


def _read(file: Path, stock: bool, workers: int, progress: bool) -> HandIn:
    """One hand-in; whatever is wrong with it becomes its verdict."""
    record = file.with_suffix(".npz")
    try:
        claimed = dict(summary_of(load_json(file)))
    except InputError as error:
        return HandIn(file.stem, {}, one_line(error, 100))
    if not record.exists():
        return HandIn(file.stem, {}, f"not checked: {record.name} is missing")
    try:
        episodes = read_record(record)
    except InputError as error:
        return HandIn(file.stem, {}, one_line(error, 100))
    label = f"replay of {file.stem}" if progress else ""
    replayed = run_jobs(Replayer(stock), episodes, workers, label, limit=EPISODE_LIMIT)
    return HandIn(file.stem, _summary_of(episodes), _verdict(claimed, episodes, replayed))


def _summary_of(episodes: Sequence[Episode]) -> dict[str, Any]:
    """The figures of a record, with its episodes for the picture's dots."""
    listed = [{name: getattr(episode, name) for name in _LISTED} for episode in episodes]
    return {**summarise(episodes), "episodes": listed}


_LISTED = ("task", "seed", "start", "score", "fingerprint")


def _verdict(
    claimed: Mapping[str, Any], episodes: Sequence[Episode], replayed: Sequence[ReplayedEpisode]
) -> str:
    """What the replay says of the record, and the record of the claim."""
    for now in replayed:
        if not now.equal:
            then = now.recorded
            place = f"{then.task}, seed {then.seed}"
            return f"the record of {place} differs from its replay in {', '.join(now.differences)}"
    for key, value in summarise(episodes).items():
        if key not in claimed:
            return f"the JSON file says nothing of {key}"
        if claimed[key] != value:
            return f"the JSON file claims {key} {_short(claimed[key])}; the record gives {_short(value)}"
    early = sorted({episode.seed for episode in episodes if episode.seed not in REPORTED})
    note = f"; seed {early[0]} is not for reported figures (from {REPORTED.start} on)" if early else ""
    return CHECKED + note


def _short(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else one_line(value, 60)


def _name_copies(hand_ins: Sequence[HandIn]) -> list[HandIn]:
    """Say where hand-ins hold the very same episodes: same starts, same torques."""
    fingerprints = {
        one.name: frozenset(episode["fingerprint"] for episode in one.summary.get("episodes", ()))
        for one in hand_ins
    }
    named = []
    for one in hand_ins:
        own = fingerprints[one.name]
        others = [name for name, found in fingerprints.items() if found and found == own and name != one.name]
        note = f"; the same episodes as {', '.join(others)}" if others else ""
        named.append(replace(one, verdict=one.verdict + note))
    return named
