"""What an evaluation found: figures, episodes, a table, a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from soccer_lib.errors import InputError
from soccer_lib.evaluation.episode import Episode
from soccer_lib.evaluation.record import write_record
from soccer_lib.evaluation.statistics import remarks, summarise
from soccer_lib.runs import atomic_write_json, version_record

_COLUMNS = ["task", "score", "95% interval", "success", "falls", "offside", "length", "episodes", "distinct"]
_LISTED = ("task", "seed", "start", "score", "terms", "length", "outcome", "fingerprint")


@dataclass(frozen=True)
class EvaluationResult:
    """The episodes of one policy and what follows from them.

    Attributes:
        policy: name of the policy.
        episodes: in the order of tasks and seeds.
        settings: what was asked for, for the JSON file.
        seconds: wall-clock time [s].
    """

    policy: str
    episodes: tuple[Episode, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The flat figures of `evaluate --json` (see `statistics.summarise`), with the list `episodes`."""
        listed = [{name: getattr(episode, name) for name in _LISTED} for episode in self.episodes]
        return {**summarise(self.episodes), "episodes": listed}

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that were played, in order."""
        return tuple(dict.fromkeys(episode.task for episode in self.episodes))

    def table(self) -> str:
        """The figures as aligned plain text, and what a reader has to know about the intervals."""
        summary = self.summary
        rows = [_COLUMNS]
        for task in self.tasks:
            rates = [f"{summary[f'{task}/{rate}_rate']:.0%}" for rate in ("success", "fall", "offside")]
            length = f"{summary[f'{task}/episode_length_mean']:.0f}"
            counts = [str(summary[f"{task}/{count}"]) for count in ("n_episodes", "n_distinct")]
            rows.append([task, *self._score(f"{task}/comp_total"), *rates, length, *counts])
        if "comp_total_sum" in summary and len(self.tasks) > 1:
            rows.append(["sum", *self._score("comp_total_sum"), *[""] * 6])
        notes = remarks(summary, self.tasks)
        unstable = sum(episode.outcome == "unstable" for episode in self.episodes)
        if unstable:
            notes.append(f"{unstable} episodes ended because the physics blew up: their scores mean little.")
        title = f"policy: {self.policy}   (length in physics steps of 2 ms)"
        return "\n".join([title, *aligned(rows), *notes])

    def _score(self, key: str) -> tuple[str, str]:
        if key not in self.summary:
            return "-", "-"
        low, high = self.summary[f"{key}_ci95"]
        # A zero-width interval means that nothing varied, not that the value is certain.
        return f"{self.summary[key]:.3f}", "-" if low == high else f"{low:.3f} to {high:.3f}"

    def to_record(self, path: str | os.PathLike[str]) -> None:
        """Write every torque, to be checked with `replay`; the file is whole or absent.

        Raises:
            InputError: the torques were not kept.
            ResourceError: the disk is full or read-only.
        """
        if any(episode.torques is None for episode in self.episodes):
            raise InputError("the torques were not kept; expected them; evaluate with keep_torques=True")
        write_record(path, self.episodes, self.policy)

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the figures, the episodes and the settings; the file is whole or absent.

        Raises:
            ResourceError: the disk is full or read-only.
        """
        about = {"policy": self.policy, "settings": self.settings, "seconds": round(self.seconds, 3)}
        atomic_write_json(path, {**self.summary, **about, "versions": version_record()})


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines with columns of equal width: the first to the left, the others to the right, a rule on top."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        numbers = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join([row[0].ljust(widths[0]), *numbers]).rstrip())
    return [lines[0], "-" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]]
