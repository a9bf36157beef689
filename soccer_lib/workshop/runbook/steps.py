"""What a runbook is, once its file is read: steps with their words, files and gates."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Gate:
    """A floor for a figure of a JSON file, absolute or from another figure; below it the runbook stops.

    Attributes:
        figure: its name in the file.
        file: the JSON file.
        at_least: the floor; with `of` what is added to it.
        share: with `of`, the share of that figure which is wanted.
        of: JSON file of the figure that this one is compared with; None for an absolute floor.
        of_figure: its name there.
        remedy: the next thing to try.
    """

    figure: str
    file: Path
    at_least: float = 0.0
    share: float = 1.0
    of: Path | None = None
    of_figure: str = ""
    remedy: str = "change the step and give the same command"

    def floor(self, reference: float) -> float:
        """The least that passes, where the figure that it is compared with is `reference`."""
        return self.at_least if self.of is None else self.share * reference + self.at_least

    def __str__(self) -> str:
        if self.of is None:
            return f"{self.figure} at least {self.at_least:g}"
        less = f" {self.at_least:+g}" if self.at_least else ""
        return f"{self.figure} at least {self.share:.0%} of {self.of_figure} in {self.of}{less}"


@dataclass(frozen=True)
class RunbookStep:
    """One command, in a folder of its own.

    Attributes:
        name: its name, and that of its folder.
        about: what it is for, in a line.
        words: the command as it is typed behind `python -m soccer_lib`.
        command: which command that is.
        folder: where its files go.
        inputs: files and folders that it reads; when one changes it runs again.
        outputs: files in `folder` that it leaves.
        needs: names of the steps before it whose outputs it reads.
        gates: what has to hold once it is done.
        minutes: CPU minutes that it takes.
    """

    name: str
    about: str
    words: tuple[str, ...]
    command: str
    folder: Path
    inputs: tuple[Path, ...]
    outputs: tuple[str, ...]
    needs: tuple[str, ...]
    gates: tuple[Gate, ...]
    minutes: float

    @property
    def typed(self) -> str:
        """The command as it is typed behind `python -m soccer_lib`, in one line."""
        return shlex.join(self.words)

    @property
    def files(self) -> tuple[Path, ...]:
        """Its outputs as paths."""
        return tuple(self.folder / name for name in self.outputs)


@dataclass(frozen=True)
class Runbook:
    """Steps in the order in which they run.

    Attributes:
        name: of its file or preset.
        title: one line about it.
        folder: of all steps, their records and the page.
        steps: the steps.
        settings: the values that steps name in braces, with those of --set.
        changed: names of the settings that --set gave.
    """

    name: str
    title: str
    folder: Path
    steps: tuple[RunbookStep, ...]
    settings: dict[str, str]
    changed: tuple[str, ...]

    @property
    def log_folder(self) -> Path:
        """Where each step's words go."""
        return self.folder / LOGS


LOGS = "logs"
"""Folder of what the steps print; no step can be called so."""
