"""One step as a process of its own, which may outlive the call that began it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

from soccer_lib.errors import one_line
from soccer_lib.runs.files import resource_errors
from soccer_lib.runs.folder import now
from soccer_lib.workshop.runbook.steps import RunbookStep

_BEGUN = "== begun"
"""Above the words of each call."""

_TAIL = 4000
"""What of a log is looked at for its last line [bytes]."""


class StepProcess:
    """The command of a step, begun by this call or by an earlier one that was killed.

    The process holds a lock for as long as it lives. Where the runbook alone was killed, the next call finds
    the lock taken and waits for the step, in place of a second one beside it.

    Args:
        step: the step.
        log: file for its words.
        pid: of the process that an earlier call began; 0 where it is not known.
    """

    def __init__(self, step: RunbookStep, log: Path, pid: int = 0) -> None:
        self.log = log
        self.pid = pid
        with resource_errors(log, "write"):
            log.parent.mkdir(parents=True, exist_ok=True)
            self._lock: IO[bytes] = open(log.with_suffix(".lock"), "ab")
        self._child: subprocess.Popen[bytes] | None = None
        self._step = step
        self.left_over = not self._take()

    def start(self) -> None:
        """Begin the command; its words are added to the log."""
        command = [sys.executable, "-u", "-m", "soccer_lib", *self._step.words]
        with resource_errors(self.log, "write"), open(self.log, "ab") as stream:
            stream.write(f"{_BEGUN} {now()} {self._step.typed}\n".encode())
            stream.flush()
            # A session of its own: Ctrl-C reaches the runbook, which tells the step, once.
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(self._lock.fileno(),),
            )
        self.pid = self._child.pid

    def wait(self, seconds: float) -> int | None:
        """Wait so long for its end; returns its exit code, None while it runs. Of a stranger it is 0."""
        if self._child is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._child.wait(seconds)
            return None
        until = time.monotonic() + seconds
        while not self._take():
            if time.monotonic() > until:
                return None
            time.sleep(0.05)
        return 0

    def send(self, number: signal.Signals) -> None:
        """Pass a signal on."""
        with contextlib.suppress(ProcessLookupError):
            if self._child is not None:
                self._child.send_signal(number)
            elif self.left_over and self.pid:
                os.kill(self.pid, number)

    def close(self) -> None:
        """Let go of the lock; a process that still runs keeps it."""
        self._lock.close()

    def last_line(self) -> str:
        """The newest line of its words."""
        lines = last_lines(self.log)
        return one_line(lines[-1], 120) if lines else ""

    def _take(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return True
        return True


def last_lines(log: Path) -> list[str]:
    """The last lines of a log that say something, of the call that came last."""
    if not log.is_file():
        return []
    with open(log, "rb") as stream:
        stream.seek(max(0, log.stat().st_size - _TAIL))
        text = stream.read().decode("utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip()]
    begun = max((number for number, line in enumerate(lines) if line.startswith(_BEGUN)), default=-1)
    return lines[begun + 1 :]
