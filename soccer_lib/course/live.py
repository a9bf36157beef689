"""Training beside a notebook: a process that is watched by its run folder, stopped and started again."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from soccer_lib.errors import SimulationError
from soccer_lib.runs.folder import metrics_of

Lines = Sequence[Mapping[str, Any]]

PAUSE = 1.0
"""Time between two looks at a run folder [s]."""

STOPPED = (-signal.SIGINT, -signal.SIGTERM, 130, 143)
"""Exit codes of a run that was asked to stop, and has saved itself."""


class TrainingProcess:
    """A `train` of its own, so that a notebook can watch it, and a crash of either leaves the other.

    Args:
        settings: flags of `train` and their values; `save_dir` among them. What the run prints goes into a
            file beside that folder, `<save_dir>.log`.

    Attributes:
        folder: of the run.
        command: as it would be typed.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        flags = [part for name, value in settings.items() for part in _flag(name, value)]
        self.folder = Path(settings["save_dir"])
        self.command = shlex.join(["python", "-m", "soccer_lib", "train", *flags])
        self._log = self.folder.with_suffix(".log")
        self._log.parent.mkdir(parents=True, exist_ok=True)
        # Two threads on busy cores are slower than one.
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "soccer_lib", "train", *flags],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )

    def goes_on(self) -> bool:
        """Whether it still runs.

        Raises:
            SimulationError: it ended with an error, whose last line is shown.
        """
        code = self._process.poll()
        if code not in (None, 0, *STOPPED):
            last = self.log()[-1:] or ["it said nothing"]
            raise SimulationError(f"train ended with exit code {code}: {last[0]}")
        return code is None

    def stop(self) -> str:
        """Ask it to stop, as Ctrl-C does, wait until it has saved its state, and return its last words."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
        self.goes_on()
        return (self.log() or [""])[-1]

    def log(self) -> list[str]:
        """All lines that were printed, by earlier processes of this folder too."""
        return self._log.read_text(encoding="utf-8").strip().splitlines()


def follow(
    folder: Path,
    show: Callable[[Lines], None],
    goes_on: Callable[[], bool],
    until: Callable[[Lines], bool] | None = None,
) -> Lines:
    """Show the metrics of a run as they come, until it ends or has come far enough.

    Args:
        folder: of the run.
        show: called with all lines so far whenever there are new ones.
        goes_on: whether more may come.
        until: whether these lines are enough.

    Returns:
        The lines.
    """
    seen = 0
    while True:
        running = goes_on()  # asked first: what it writes at last is read below
        lines = metrics_of(folder)
        if len(lines) != seen:
            seen = len(lines)
            show(lines)
        if not running or (until is not None and until(lines)):
            return lines
        time.sleep(PAUSE)


def is_running(folder: Path) -> bool:
    """Whether a run folder says that its run goes on, wherever that is."""
    try:
        return bool(json.loads((folder / "status.json").read_text(encoding="utf-8"))["status"] == "running")
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _flag(name: str, value: Any) -> list[str]:
    flag = f"--{name.replace('_', '-')}"
    if isinstance(value, bool):
        return [flag if value else flag.replace("--", "--no-", 1)]
    values = value if isinstance(value, list | tuple) else [value]
    return [flag, *map(str, values)]
