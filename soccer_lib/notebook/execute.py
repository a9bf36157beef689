"""One notebook through papermill in a child process, with the checks that papermill leaves out.

The exit code is looked at first: after a killed kernel (138) papermill marks every cell completed.
Then every code cell must be completed: `sys.exit(0)` in a cell ends with exit code 0 and later
cells pending.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import yaml

from soccer_lib.errors import one_line
from soccer_lib.runs.files import resource_errors
from soccer_lib.runs.folder import CHECKOUT

DEAD_KERNEL = 138
POLL = 0.2  # [s]
_CELL = re.compile(r"^Executing Cell (\d+)")
_NOISE = re.compile(r"^(Ending Cell|Input Notebook|Output Notebook|Executing notebook)|^\s*$|^[-=]+$")


@dataclass(frozen=True)
class Outcome:
    """How a notebook ended."""

    ok: bool
    minutes: float
    reason: str = ""
    """Cell, counted from 1 in the executed copy, its first line, and what went wrong."""
    copy: Path | None = None
    """The executed copy, or the one of the failed run."""


@dataclass
class _Watch:
    """What the child's output says so far."""

    cell: int = 0
    last: str = ""
    tail: list[str] = field(default_factory=list)

    def read(self, stream: Any, log: Any) -> None:
        """Copy the child's lines to the log file and remember the newest."""
        for line in stream:
            with contextlib.suppress(OSError):  # a full disk shows in the executed copy
                log.write(line)
                log.flush()
            text = line.rstrip()
            match = _CELL.match(text)
            if match:
                self.cell, self.last = int(match[1]), ""
            elif not _NOISE.search(text):
                self.last = one_line(text, 100)
                self.tail = [*self.tail[-4:], text]


def execute_notebook(
    source: Path,
    folder: Path,
    parameters: Mapping[str, Any],
    kernel: str = "python3",
    timeout: float = 0.0,
    report: Callable[[int, float, str], None] | None = None,
) -> Outcome:
    """Run a notebook and leave `NAME.ipynb` in `folder` if all of it ran, else `NAME.failed.ipynb`.

    Args:
        source: the notebook, which is not changed.
        folder: where the executed copy and `NAME.log` go.
        parameters: values for the `parameters` cell.
        kernel: Jupyter kernel.
        timeout: longest time [s]; 0 for no limit.
        report: called often with the cell's number, the minutes so far and the last line of output.

    Raises:
        ResourceError: the folder cannot be written.
    """
    began = time.monotonic()
    running = folder / f".{source.stem}.running.ipynb"
    final = folder / f"{source.stem}.ipynb"
    failed = folder / f"{source.stem}.failed.ipynb"
    watch = _Watch()
    try:
        running.unlink(missing_ok=True)
        code, late = _papermill(source, running, folder, parameters, kernel, timeout, watch, report)
        minutes = (time.monotonic() - began) / 60
        reason = _verdict(running, code, watch)
        if late:
            reason = f"cell {watch.cell}: still running after {timeout:g} s, the limit of --timeout"
        if not reason:
            os.replace(running, final)
            failed.unlink(missing_ok=True)
            return Outcome(True, minutes, copy=final)
    finally:
        if running.exists():  # it failed, or somebody stopped it
            os.replace(running, failed)
    return Outcome(False, minutes, reason, failed if failed.exists() else None)


def _papermill(
    source: Path,
    running: Path,
    folder: Path,
    parameters: Mapping[str, Any],
    kernel: str,
    timeout: float,
    watch: _Watch,
    report: Callable[[int, float, str], None] | None,
) -> tuple[int, bool]:
    """Run the child and return its exit code and whether it was stopped for being late."""
    command = [sys.executable, "-m", "papermill", str(source), str(running), "-k", kernel]
    # Without -l a notebook whose metadata name no kernel is refused.
    command += [
        "-l",
        "python",
        "--cwd",
        ".",
        "--log-output",
        "--no-progress-bar",
        "--autosave-cell-every",
        "10",
    ]
    if parameters:
        command += ["-y", yaml.safe_dump(dict(parameters))]
    paths = [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    began = time.monotonic()
    log_path = folder / f"{source.stem}.log"
    with resource_errors(log_path, "write"):
        log = open(log_path, "w", encoding="utf-8")
    with log:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment,
            preexec_fn=_die_with_parent,
        )
        reader = threading.Thread(target=watch.read, args=(child.stdout, log), daemon=True)
        reader.start()
        late = False
        try:
            while child.poll() is None:
                seconds = time.monotonic() - began
                if timeout and seconds > timeout:
                    late = True
                    break
                if report is not None:
                    report(watch.cell, seconds / 60, watch.last)
                time.sleep(POLL)
        finally:
            _stop(child)
            reader.join(timeout=5)
    return child.returncode, late


def _stop(child: subprocess.Popen[str]) -> None:
    """End the child; its kernel notices that within a second and ends too."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(timeout=5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _verdict(running: Path, code: int, watch: _Watch) -> str:
    """Return where and why it failed; an empty text means that every cell ran."""
    last = one_line(watch.tail[-1] if watch.tail else f"papermill ended with {code}", 200)
    if not running.exists():
        return last
    try:
        book = nbformat.read(running, as_version=4)
    except Exception as error:  # cut off in the middle of a save
        return f"cell {watch.cell}: the executed copy cannot be read ({one_line(error, 80)})"
    if code == DEAD_KERNEL:
        return f"{_place(book, watch.cell)}: the kernel died (killed, or out of memory)"
    for number, cell in enumerate(book.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        errors = [output for output in cell.outputs if output.output_type == "error"]
        if errors:
            message = one_line(f"{errors[0].ename}: {errors[0].evalue}", 300)
            return f"{_place(book, number)}: {message}"
        status = cell.metadata.get("papermill", {}).get("status")
        if status != "completed":
            return f"{_place(book, number)}: the notebook stopped before the end of this cell ({status})"
    return last if code else ""


def _place(book: nbformat.NotebookNode, number: int) -> str:
    """Return a cell's number and first line, to find it by."""
    lines = book.cells[number - 1].source.strip().splitlines() if 0 < number <= len(book.cells) else []
    return f"cell {number} `{one_line(lines[0], 60)}`" if lines else f"cell {number}"


def _die_with_parent() -> None:
    """Have the kernel's runner ended when this process is killed, where the system can do that."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
