"""`runbook show`: what would run, and why; nothing is begun and nothing is written."""

from __future__ import annotations

import dataclasses

from soccer_lib.errors import InputError
from soccer_lib.workshop.runbook.page import times_line
from soccer_lib.workshop.runbook.read import read_runbook
from soccer_lib.workshop.runbook.records import Records
from soccer_lib.workshop.runbook.run import RunbookConfig


@dataclasses.dataclass(frozen=True)
class ShowConfig(RunbookConfig):
    """Say which steps of a runbook would run, and why; nothing is begun."""


def main(config: ShowConfig) -> None:
    """Print a line or two for each step.

    Raises:
        InputError: the file has a mistake.
    """
    runbook = read_runbook(config.source, config.folder, config.set)
    records = Records(runbook, config.any_version)
    runs: set[str] = set()
    lines = [runbook.title]
    for number, step in enumerate(runbook.steps, start=1):
        before = [name for name in step.needs if name in runs]
        try:
            why = records.why_run(step)
        except InputError:  # an earlier step has yet to make an input
            why = "not done yet"
        if not why and before:
            why = f"if {' or '.join(before)} leave{'s' * (len(before) == 1)} other files"
        if why:
            runs.add(step.name)
        state = f"runs ({why})" if why else "done and unchanged"
        lines += [
            f"{number}. {step.name}: {state}; about {step.minutes:g} CPU minutes. {step.about}".rstrip()
        ]
        lines += [f"   python -m soccer_lib {step.typed}"]
        lines += [f"   gate: {gate}" for gate in step.gates]
    print("\n".join([*lines, times_line(runbook, records)]))
