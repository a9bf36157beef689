"""How far a runbook is, on one page: a table as text, and the same as HTML."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from soccer_lib.errors import SoccerError, one_line
from soccer_lib.evaluation.result import aligned
from soccer_lib.report.pages import write_page_of
from soccer_lib.runs import machine_record
from soccer_lib.runs.files import atomic_write_text
from soccer_lib.runs.folder import git_record
from soccer_lib.workshop.runbook.process import last_lines
from soccer_lib.workshop.runbook.records import Records
from soccer_lib.workshop.runbook.steps import Runbook, RunbookStep

PAGE = "runbook.html"
TEXT = "runbook.txt"


def write_progress(runbook: Runbook, records: Records, status: str) -> None:
    """Write both pages; a disk that is full is told by the step, not by its page."""
    with contextlib.suppress(SoccerError):
        atomic_write_text(runbook.folder / TEXT, progress_text(runbook, records) + "\n")
        write_page_of(
            "runbook.html",
            runbook.folder / PAGE,
            title=runbook.title,
            status=status,
            times=times_line(runbook, records),
            rows=[_details(runbook, records, step) for step in runbook.steps],
            settings=runbook.settings,
            changed=runbook.changed,
            machine=machine_record(),
            git=git_record() or "unknown",
            running=status == "running",
        )


def progress_text(runbook: Runbook, records: Records) -> str:
    """A line a step, its gates below it, and the times."""
    rows = [["step", "status", "minutes", "of them CPU", "expected CPU"]]
    rows += [_row(records, step) for step in runbook.steps]
    head, rule, *lines = aligned(rows)
    text = [runbook.title, head, rule]
    for step, line in zip(runbook.steps, lines, strict=True):
        text += [line, *(f"    {gate}" for gate in records.of(step).gates)]
    if runbook.changed:
        text.append(f"changed by --set: {', '.join(f'{n} {runbook.settings[n]}' for n in runbook.changed)}")
    return "\n".join([*text, times_line(runbook, records)])


def times_line(runbook: Runbook, records: Records) -> str:
    """Times so far, and to come at the pace so far."""
    so_far = sum(records.of(step).minutes for step in runbook.steps)
    cpu = sum(records.of(step).cpu_minutes for step in runbook.steps)
    to_come = minutes_to_come(runbook.steps, records)
    if not to_come:
        return f"took {so_far:.1f} min, {cpu:.1f} of CPU"
    return f"so far {so_far:.1f} min, {cpu:.1f} of CPU; to come about {to_come:.0f} min at this pace"


def minutes_to_come(steps: Sequence[RunbookStep], records: Records) -> float:
    """What the other steps will take, as those took that are done [min of the clock]."""
    done = [step for step in steps if records.of(step).status == "done" and step.minutes]
    expected = sum(step.minutes for step in done)
    pace = sum(records.of(step).minutes for step in done) / expected if expected else 1.0
    waiting = [step for step in steps if records.of(step).status != "done"]
    return sum(max(0.0, pace * step.minutes - records.of(step).minutes) for step in waiting)


def _row(records: Records, step: RunbookStep) -> list[str]:
    record = records.of(step)
    times = [f"{value:.1f}" if value else "" for value in (record.minutes, record.cpu_minutes, step.minutes)]
    return [step.name, record.status, *times]


def _details(runbook: Runbook, records: Records, step: RunbookStep) -> dict[str, Any]:
    """What the page says of a step."""
    record = records.of(step)
    lines = last_lines(runbook.log_folder / f"{step.name}.log")
    newest = one_line(lines[-1], 160) if lines and record.status not in ("done", "waits") else ""
    return {
        "cells": _row(records, step),
        "about": step.about,
        "command": f"python -m soccer_lib {step.typed}",
        "gates": record.gates or [f"waits: {gate}" for gate in step.gates],
        "newest": record.reason or newest,
        "outputs": {name: content[:12] for name, content in record.outputs.items()},
        "starts": record.starts,
    }
