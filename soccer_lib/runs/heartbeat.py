"""One line that says how far a long job is, printed every few seconds and kept in `progress.txt`."""

from __future__ import annotations

import contextlib
import os
import time
from datetime import timedelta

from soccer_lib.runs.files import atomic_write_text


def print_progress(line: str) -> None:
    """Print a line on the way; one that cannot be printed never ends a run."""
    with contextlib.suppress(OSError):  # nobody reads any more, or the disk behind the output is full
        print(line, flush=True)


class Heartbeat:
    """Progress of a job with a known number of steps.

    Example:
        >>> Heartbeat(None, total=2, unit="episodes").line(1, seconds=4.0)
        '1/2 episodes (50%), 0.25/s, ETA 0:00:04'
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        total: int,
        unit: str,
        label: str = "",
        every: float = 5.0,
        start: int = 0,
    ) -> None:
        """Start the clock.

        Args:
            path: the file for the last line, or None for printing only.
            total: steps of the whole job.
            unit: what is counted, in the plural.
            label: put before each line.
            every: least time between two lines [s].
            start: steps that were done before, in a resumed job.
        """
        self.path = path
        self.total = total
        self.unit = unit
        self.every = every
        self.start = start
        self.label = f"{label}: " if label else ""
        self._began = self._last = time.monotonic()
        self._over = False

    def line(self, step: int, seconds: float, value: str = "") -> str:
        """Return the line for `step`, reached after `seconds` [s]; `value` is put at its end."""
        line = f"{self.label}{step}/{self.total} {self.unit} ({step / self.total:.0%})"
        rate = (step - self.start) / seconds if seconds else 0.0
        if step >= self.total:
            line += f", took {timedelta(seconds=round(seconds))}"
        elif rate:
            line += f", {rate:.3g}/s, ETA {timedelta(seconds=round((self.total - step) / rate))}"
        return f"{line}, {value}" if value else line

    def update(self, step: int, value: str = "") -> None:
        """Note that `step` steps are done; prints only when a line is due, or once the job is complete."""
        now = time.monotonic()
        due = now - self._last >= self.every or step >= self.total
        if not due or self._over:
            return
        self._over = step >= self.total
        self._last = now
        line = self.line(step, now - self._began, value)
        if self.path is not None:
            atomic_write_text(self.path, line + "\n")
        print_progress(line)
