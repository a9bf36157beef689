"""A leaderboard of result files: each is checked by replaying what was recorded.

A result is made by `evaluate --json NAME.json --record NAME.npz`. What the board shows of it is computed from
the torques of the record, not read from the JSON: a figure that was typed in, or an episode that was left
out, is named. A result without its record is listed as a claim, below those that hold.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.comparison.summaries import results_table, summary_of
from soccer_lib.errors import InputError, SoccerError, one_line, printable
from soccer_lib.evaluation import Episode, read_record
from soccer_lib.evaluation.episode import EPISODE_LIMIT
from soccer_lib.evaluation.replay import ReplayedEpisode, Replayer
from soccer_lib.evaluation.statistics import summarise
from soccer_lib.policies.learned import FOLDER_FILES
from soccer_lib.ranges import Range, of_type
from soccer_lib.runs.files import load_record
from soccer_lib.runs.pool import run_jobs
from soccer_lib.seeds import REPORTED

CHECKED = "replayed: equal"
CLAIMED = "not checked"

_OWN_FIGURE = "comp_eval/C_overall"
"""What a finished training says of itself in its status."""


@dataclass(frozen=True)
class Entry:
    """One line of a leaderboard.

    Attributes:
        name: of the result's file, with its folder where it lies in one.
        summary: figures as `evaluate --json` writes them: computed from the record, or as they are claimed;
            empty where there is nothing to show.
        verdict: `CHECKED`, or why not.
    """

    name: str
    summary: Mapping[str, Any]
    verdict: str

    @property
    def checked(self) -> bool:
        """Whether the figures are those of the record, and the record those of the environment."""
        return self.verdict.startswith(CHECKED)

    @property
    def claimed(self) -> bool:
        """Whether there are figures that nobody has checked."""
        return bool(self.summary) and self.verdict.startswith(CLAIMED)

    @property
    def remark(self) -> str:
        """The verdict, and of which episodes the figures are: other seeds and starts, other figures."""
        episodes = self.summary.get("episodes", ())
        if not episodes:
            return self.verdict
        seeds = [episode["seed"] for episode in episodes]
        starts = "distinct" if any(episode["start"] for episode in episodes) else "official"
        return f"{self.verdict}; seeds {min(seeds)} to {max(seeds)}, {starts} starts"


def read_entries(
    folders: Sequence[str | os.PathLike[str]],
    *,
    stock: bool = False,
    workers: int = 0,
    progress: bool = True,
) -> list[Entry]:
    """Read and check all results of folders: those that hold come first, the best sum on top.

    Every JSON file that lies in a folder itself counts as a result, whatever it is, unless the folder is that
    of a run; of the folders below it count the JSON files that are evaluations, and the runs that lack one.

    Args:
        folders: where to look.
        stock: replay in the stock environment, which takes several times as long.
        workers: processes; 0 takes one a core.
        progress: print a line every few seconds.

    Raises:
        InputError: a folder is not there, or there is no result in any of them.
    """
    entries: list[Entry] = []
    replayer = Replayer(stock)
    for folder in map(Path, folders):
        if not folder.is_dir():
            raise InputError(f"{folder} is not a folder; expected one with results or runs; check the path")
        files = list(_result_files(folder))
        for file in files:
            # Files of several folders may have the same name.
            place = file if len(folders) > 1 else file.relative_to(folder)
            name = printable(place.with_suffix("").as_posix())
            label = f"replay of {name}" if progress else ""
            entries.append(_read(file, name, replayer, workers, label))
        entries += _runs_without_result(folder, files)
    if not entries:
        places = ", ".join(map(str, folders))
        raise InputError(
            f"{places} holds no result and no run; expected NAME.json with NAME.npz beside it; make them "
            "with evaluate --json NAME.json --record NAME.npz"
        )
    return sorted(_name_copies(entries), key=_rank)


def _rank(entry: Entry) -> tuple[bool, bool, float]:
    return not entry.checked, not entry.claimed, -entry.summary.get("comp_total_sum", -np.inf)


def leaderboard_table(entries: Sequence[Entry]) -> str:
    """Entries as aligned plain text: scores with intervals of those that hold, and a verdict on each."""
    shown = {entry.name: entry.summary for entry in entries if entry.checked}
    board = results_table(shown) if shown else "no result could be checked"
    claims = {entry.name: entry.summary for entry in entries if entry.claimed}
    parts = [board]
    if claims:
        parts += ["", "claimed, no record to check them by:", results_table(claims)]
    width = max(len(entry.name) for entry in entries)
    return "\n".join([*parts, "", *(f"{entry.name:<{width}}  {entry.remark}" for entry in entries)])


def _result_files(folder: Path) -> Iterator[Path]:
    """JSON files that count as results; the episodes of a comparison are none."""
    of_run = (folder / "config.json").is_file()
    if not of_run:
        yield from sorted(folder.glob("*.json"))
    for file in sorted(folder.glob("**/*.json" if of_run else "*/**/*.json")):
        if file.parent.name != "episodes":
            with contextlib.suppress(InputError):
                summary_of(load_record(file))
                yield file


def _runs_without_result(folder: Path, results: Sequence[Path]) -> Iterator[Entry]:
    """Runs below a folder that have left a policy and no evaluation of it."""
    for config in sorted(folder.glob("**/config.json")):
        run = config.parent
        path = printable(str(run))
        has_policy = any((run / f"{name}.safetensors").is_file() for name in FOLDER_FILES)
        if has_policy and not any(run in file.parents for file in results):
            call = f"evaluate --policy {path} --json {path}/result.json --record {path}/result.npz"
            yield Entry(path, {}, f"no result{_own_figure(run)}; try {call}")


def _own_figure(run: Path) -> str:
    """What a finished training says of itself, in words."""
    with contextlib.suppress(InputError):
        figure = load_record(run / "status.json").get(_OWN_FIGURE)
        if isinstance(figure, int | float):
            return f" (its own {figure:.2f} is of tuning seeds)"
    return ""


def _claimed_entry(name: str, claimed: Mapping[str, Any], record: Path) -> Entry:
    """A result without a record."""
    missing = f"{CLAIMED}: {printable(record.name)} is missing"
    try:
        return Entry(name, _claim(claimed), missing)
    except InputError as error:
        return Entry(name, {}, f"{missing}, and {one_line(error, 80)}")


def _claim(summary: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a file that a table shows, if they are numbers.

    Raises:
        InputError: one of them is something else.
    """
    counts = [key for key in summary if str(key).endswith(("/n_episodes", "/n_distinct"))]
    figures: dict[str, Any] = {key: Range(0, whole=True).number(key, summary[key]) for key in counts}
    for key in [key for key in summary if str(key).endswith(("/comp_total", "comp_total_sum"))]:
        number = Range()
        figures[key] = number.number(key, summary[key])
        ends = summary.get(f"{key}_ci95")
        ends = of_type(f"{key}_ci95", ends, list, "two numbers")
        figures[f"{key}_ci95"] = [number.number(f"{key}_ci95", end) for end in ends]
        if len(ends) != 2:
            raise InputError(f"{key}_ci95 has {len(ends)} ends; expected two; make the file again")
    if "comp_total_sum" not in figures:
        raise InputError("no official score; expected comp_total_sum; evaluate a task of the competition")
    return figures


def _read(file: Path, name: str, replayer: Replayer, workers: int, label: str) -> Entry:
    """One result; whatever is wrong with it becomes its verdict."""
    record = file.with_suffix(".npz")
    try:
        claimed = dict(summary_of(load_record(file)))
    except InputError as error:
        return Entry(name, {}, one_line(error, 100))
    if not record.exists():
        return _claimed_entry(name, claimed, record)
    try:
        episodes = read_record(record)
        replayed = run_jobs(replayer, episodes, workers, label, limit=EPISODE_LIMIT)
    except SoccerError as error:
        return Entry(name, {}, one_line(error, 100))
    summary = _summary_of(episodes)
    if "comp_total_sum" not in summary:
        return Entry(name, {}, "no official score: its tasks are not those of the competition")
    return Entry(name, summary, _verdict(claimed, episodes, replayed))


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


def _name_copies(entries: Sequence[Entry]) -> list[Entry]:
    """Say where results hold the very same episodes: same starts, same torques."""
    fingerprints = {
        one.name: frozenset(episode["fingerprint"] for episode in one.summary.get("episodes", ()))
        for one in entries
    }
    named = []
    for one in entries:
        own = fingerprints[one.name]
        others = [name for name, found in fingerprints.items() if found and found == own and name != one.name]
        note = f"; the same episodes as {', '.join(others)}" if others else ""
        named.append(replace(one, verdict=one.verdict + note))
    return named
