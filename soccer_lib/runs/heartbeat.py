"""One line that says how far a long job is, printed every few seconds and kept in `progress.txt`."""

from __future__ import annotations

import os
import sys
import time
from typing import TextIO

from soccer_lib.runs.files import atomic_write_text


def clock(seconds: float) -> str:
    """Return a duration as `m:ss` or `h:mm:ss`."""
    total = max(0, round(seconds))
    hours, rest = divmod(total, 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02d}:{secs:02d}" if hours else f"{minutes}:{secs:02d}"


class Heartbeat:
    """Progress of a job with a known number of steps.

    Example:
        >>> beat = Heartbeat(None, total=2, unit="episodes", every=1e9)
        >>> beat.update(1)
        >>> beat.line(1, elapsed=4.0)
        '1/2 episodes (50%), 0.25/s, ETA 0:04'
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        total: int,
        unit: str,
        label: str = "",
        every: float = 5.0,
        start: int = 0,
        stream: TextIO | None = None,
    ) -> None:
        """Start the clock.

        Args:
            path: the file for the last line, or None for printing only.
            total: steps of the whole job.
            unit: what is counted, in the plural.
            label: put before each line.
            every: least time between two lines [s].
            start: steps that were done before, in a resumed job.
            stream: where to print; standard output by default.
        """
        self.path, self.total, self.unit, self.label, self.every = path, total, unit, label, every
        self.start, self.step = start, start
        self._stream = stream
        self._began = self._last = time.monotonic()
        self._finished = False

    def line(self, step: int, value: str = "", elapsed: float | None = None) -> str:
        """Return the line for `step`; `elapsed` [s] is the time since the start."""
        seconds = time.monotonic() - self._began if elapsed is None else elapsed
        done = step - self.start
        rate = done / seconds if seconds > 0 and done > 0 else 0.0
        percent = 100.0 * step / self.total if self.total else 100.0
        head = f"{self.label}: " if self.label else ""
        parts = [f"{head}{step}/{self.total} {self.unit} ({percent:.0f}%)"]
        if step >= self.total:
            parts.append(f"took {clock(seconds)}")
        elif rate:
            parts.append(f"{rate:.3g}/s, ETA {clock((self.total - step) / rate)}")
        if value:
            parts.append(value)
        return ", ".join(parts)

    def update(self, step: int, value: str = "") -> None:
        """Note that `step` steps are done; prints only when a line is due or the job is complete."""
        self.step = step
        now = time.monotonic()
        if self._finished or (now - self._last < self.every and step < self.total):
            return
        self._last = now
        self._finished = step >= self.total
        self._write(self.line(step, value))

    def _write(self, line: str) -> None:
        print(line, file=self._stream or sys.stdout, flush=True)
        if self.path is not None:
            atomic_write_text(self.path, line + "\n")
