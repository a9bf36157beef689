"""One notebook through papermill, with the checks that papermill leaves out.

After a killed kernel papermill marks every cell completed, so its exception counts first. Then every
cell must be completed: `sys.exit(0)` in a cell raises nothing and leaves the later cells pending.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError

from soccer_lib.errors import one_line
from soccer_lib.runs.files import resource_errors

REPORT_EVERY = 10.0
"""Time between two lines about a notebook that runs [s]."""


def execute_notebook(source: Path, folder: Path, parameters: Mapping[str, Any]) -> str:
    """Run a notebook and leave `NAME.ipynb` in `folder` if all of it ran, else `NAME.failed.ipynb`.

    Args:
        source: the notebook, which is not changed.
        folder: where the executed copy and `NAME.log` go.
        parameters: values for the `parameters` cell.

    Returns:
        An empty text, or the cell, counted from 1 in the executed copy, and what went wrong in it.

    Raises:
        ResourceError: the folder cannot be written.
    """
    running = folder / f".{source.stem}.running.ipynb"
    final = folder / f"{source.stem}.ipynb"
    failed = folder / f"{source.stem}.failed.ipynb"
    with resource_errors(folder, "write"):
        try:
            with _log(source.stem, folder):
                reason = _papermill(source, running, parameters)
            if not reason:
                os.replace(running, final)
                failed.unlink(missing_ok=True)
        finally:
            if running.exists():  # it failed, or somebody stopped it
                os.replace(running, failed)
    return reason


def _papermill(source: Path, running: Path, parameters: Mapping[str, Any]) -> str:
    """Execute into `running` and return where and why it failed."""
    try:
        book = papermill.execute_notebook(
            source,
            running,
            dict(parameters),
            kernel_name="python3",
            language="python",  # without it a notebook whose metadata name no kernel is refused
            progress_bar=False,
            log_output=True,
            autosave_cell_every=10,
            extra_arguments=["--log-level=CRITICAL"],  # the kernel's own warnings are not the learner's
        )
        statuses = {cell.metadata.papermill.status for cell in book.cells}
        reason = "" if statuses == {"completed"} else "the notebook ended itself, later cells did not run"
    except DeadKernelError:
        reason = "the kernel died (killed, or out of memory)"
    except papermill.PapermillExecutionError as error:
        reason = one_line(f"{error.ename}: {error.evalue}", 300)
    if not reason:
        return ""
    return f"{_last_started_cell(running)}: {reason}"


def _last_started_cell(notebook: Path) -> str:
    """Number, from 1, and first line of the cell at which an execution ended."""
    cells = enumerate(nbformat.read(notebook, as_version=4).cells, start=1)
    started = [cell for cell in cells if cell[1].metadata.get("papermill", {}).get("start_time")]
    number, cell = started[-1]
    first_line = cell.source.strip().partition("\n")[0]
    return f"cell {number} `{one_line(first_line, 60)}`"


class _NewestLine(logging.Handler):
    """Keeps the newest line of the log."""

    line = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.line = one_line(record.getMessage().strip("- \n"), 100)


@contextlib.contextmanager
def _log(name: str, folder: Path) -> Iterator[None]:
    """Keep papermill's log in `NAME.log`, and print its newest line every few seconds."""
    logger = logging.getLogger("papermill")
    newest = _NewestLine()
    file = logging.FileHandler(folder / f"{name}.log", mode="w", encoding="utf-8")
    start = time.monotonic()
    over = threading.Event()

    def report() -> None:
        while not over.wait(REPORT_EVERY):
            print(f"{name}: {(time.monotonic() - start) / 60:.1f} min, {newest.line}", flush=True)

    logger.setLevel(logging.INFO)
    logger.handlers = [newest, file]
    threading.Thread(target=report, daemon=True).start()
    try:
        yield
    finally:
        over.set()
        logger.handlers = []
        file.close()
