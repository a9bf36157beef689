"""`runbook run`: the steps in turn, up to the end or to a closed gate; what is done is skipped."""

from __future__ import annotations

import dataclasses
import os
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from soccer_lib.errors import InputError, ResourceError, SimulationError, SoccerError, known_name, one_line
from soccer_lib.runs import RunFolder
from soccer_lib.runs.files import resource_errors
from soccer_lib.runs.heartbeat import print_progress
from soccer_lib.runs.stop import StopRequest
from soccer_lib.workshop.runbook.gates import judge_gate
from soccer_lib.workshop.runbook.page import PAGE, progress_text, write_progress
from soccer_lib.workshop.runbook.process import StepProcess, last_lines
from soccer_lib.workshop.runbook.read import read_runbook
from soccer_lib.workshop.runbook.records import Record, Records
from soccer_lib.workshop.runbook.steps import Runbook, RunbookStep

EVERY = 10.0
"""Time between two lines, and two pages, about a step that runs [s]."""

_RESUMES = (
    "dataset", "bc", "train", "stages", "compare", "study", "study training", "walker train", "walker kick",
    "notebook", "offline", "sweep",
)  # fmt: skip
"""Commands that go on with what a kill left in their folder; others find it empty."""


@dataclasses.dataclass(frozen=True)
class RunbookConfig:
    """Run the steps of a runbook; the same command goes on where it was."""

    file: Annotated[str, tyro.conf.Positional] = ""
    """A TOML or JSON file with steps, in place of --preset."""
    preset: Literal["", "smoke", "evening", "two-days"] = ""
    """One that comes along: smoke proves that all runs, in minutes; evening and two-days are in earnest."""
    folder: str = ""
    """Where its steps go; by default runs/runbook/ and its name."""
    set: Annotated[tuple[tuple[str, str], ...], tyro.conf.UseAppendAction] = ()
    """A setting of the runbook and its value: --set episodes 20."""
    past: tuple[str, ...] = ()
    """Steps whose gates are told, but do not stop the runbook."""
    any_version: bool = False
    """Keep steps that another version of the project has done; else they run again."""

    @property
    def source(self) -> str:
        """The file or the preset.

        Raises:
            InputError: neither, or both.
        """
        if bool(self.file) == bool(self.preset):
            given = f"{self.file!r} and --preset {self.preset}" if self.file else "neither"
            raise InputError(f"got {given}; expected a file or --preset; try: runbook run --preset smoke")
        return self.file or self.preset


def main(config: RunbookConfig) -> int:
    """Run a runbook; the exit code is 1 where a gate is closed.

    Raises:
        InputError: the file has a mistake, or its folder belongs to something else.
        ResourceError, SimulationError: as the step that failed.
        KeyboardInterrupt, Terminated: the step was told, and has saved its state.
    """
    runbook = read_runbook(config.source, config.folder, config.set)
    for name in config.past:
        known_name("step in --past", name, [step.name for step in runbook.steps])
    folder = RunFolder.open(runbook.folder, {"runbook": runbook.name}, "runbook")
    records = Records(runbook, config.any_version)
    folder.set_status("running")
    status = "stopped"
    try:
        with StopRequest() as stop:
            closed = StepRunner(runbook, records, stop).run_all(config.past)
        status = "stopped at a gate" if closed else "done"
    except SoccerError:
        status = "failed"
        raise
    finally:
        folder.set_status(status)
        write_progress(runbook, records, status)
    together = records.write_outputs(runbook)
    print(progress_text(runbook, records))
    print(f"page: {runbook.folder / PAGE}; all outputs together: {together[:16]}")
    if closed:
        print(f"error: {one_line(closed, 600)}", file=sys.stderr)
    return int(bool(closed))


@dataclasses.dataclass
class StepRunner:
    """Runs steps, one after the other.

    Attributes:
        runbook: whose steps.
        records: what is known of them.
        stop: whether a signal came; it is passed on to the step that runs.
    """

    runbook: Runbook
    records: Records
    stop: StopRequest

    def run_all(self, past: Sequence[str] = ()) -> str:
        """Run what is not done yet; returns why a gate stopped it, else an empty text.

        Args:
            past: steps whose gates do not stop it.

        Raises:
            SoccerError: a step failed.
            KeyboardInterrupt, Terminated: a signal came; the step was told.
        """
        for number, step in enumerate(self.runbook.steps, start=1):
            title = f"step {number} of {len(self.runbook.steps)}: {step.name}"
            why = self.records.why_run(step)
            if why:
                print_progress(f"{title}: {why}; {step.typed}")
                self.run_step(step, title)
            else:
                print_progress(f"{title}: done before and unchanged, skipped")
            closed = self.judge(step)
            if closed and step.name not in past:
                return f"{step.name}: {closed}"
            self.stop.leave("the same command goes on with the next step")
        return ""

    def judge(self, step: RunbookStep) -> str:
        """Judge the gates of a step; returns the first closed one, and what to try."""
        verdicts = [judge_gate(gate) for gate in step.gates]
        record = self.records.of(step)
        record.gates = [f"{'passed' if verdict.passed else 'CLOSED'}: {verdict}" for verdict in verdicts]
        self.records.save()
        for line in record.gates:
            print_progress(f"  gate {line}")
        for verdict in verdicts:
            if not verdict.passed:
                onward = f"or --past {step.name} to go on all the same"
                return f"gate closed: {verdict}; try: {verdict.gate.remedy}; {onward}"
        return ""

    def run_step(self, step: RunbookStep, title: str) -> None:
        """Run one step to its end, from where it was where it can."""
        records = self.records
        record = records.of(step)
        process = StepProcess(step, self.runbook.log_folder / f"{step.name}.log", record.pid)
        try:
            if process.left_over:
                shown = f" (process {record.pid})" if record.pid else ""
                print_progress(f"{title}: an earlier call's process{shown} is still at it: waiting for it")
                self.watch(process, record, title)
            begun = bool(record.key) and record.status != "done" and not records.changed(step, record.key)
            resumed = begun and step.command in _RESUMES
            code = self.attempt(step, process, title, resumed)
            if code == 2 and resumed:
                print_progress(f"{title}: it cannot go on ({process.last_line()}); it begins anew")
                aside = _put_aside(step.folder)
                code = self.attempt(step, process, title, False)
                if code == 2 and aside:  # it was not its folder that it refused
                    _put_aside(step.folder)
                    with resource_errors(aside, "rename"):
                        os.replace(aside, step.folder)
        finally:
            process.close()
        if code:
            raise _failed(records, step, process, code)
        records.finish(step)
        print_progress(f"{title}: done in {records.of(step).minutes:.1f} min")

    def attempt(self, step: RunbookStep, process: StepProcess, title: str, resumed: bool) -> int:
        """Begin the command and wait for it; returns its exit code."""
        if not resumed:
            _put_aside(step.folder)
        record = self.records.begin(step, resumed)
        process.start()
        record.pid = process.pid
        self.records.save()
        return self.watch(process, record, title)

    def watch(self, process: StepProcess, record: Record, title: str) -> int:
        """Wait for a process, tell how far it is every few seconds, and pass on a signal that comes."""
        before = record.minutes
        cpu_before = _cpu_of_children()
        began = time.monotonic()
        told = began - EVERY
        passed_on = False
        code: int | None = None
        try:
            while code is None:
                if self.stop.came and not passed_on:
                    process.send(self.stop.came)
                    passed_on = True
                if time.monotonic() - told >= EVERY:
                    told = time.monotonic()
                    self.records.save()
                    write_progress(self.runbook, self.records, "running")
                    if told - began >= EVERY:
                        print_progress(f"{title}: {record.minutes:.1f} min, {process.last_line()}")
                code = process.wait(0.2)
                record.minutes = before + (time.monotonic() - began) / 60
        except BaseException:  # the second signal: the step gets it too
            if self.stop.came:
                process.send(self.stop.came)
            raise
        record.cpu_minutes += (_cpu_of_children() - cpu_before) / 60
        if passed_on:
            record.status = "stopped"
            record.reason = process.last_line()
        self.records.save()
        if passed_on:
            self.stop.leave("the step has saved what it had; the same command goes on with it")
        return code


def _failed(records: Records, step: RunbookStep, process: StepProcess, code: int) -> SoccerError:
    """The error for a step that did not end well, with its own exit code where it is one of ours."""
    record = records.of(step)
    record.status = "failed"
    words = [line for line in last_lines(process.log) if line.startswith("error: ")]
    reason = words[-1].removeprefix("error: ") if words else process.last_line()
    if code < 0:
        reason = f"signal {-code} ended it"
    record.reason = reason = one_line(reason, 300)
    record.pid = 0
    records.save()
    kind = {2: InputError, 3: ResourceError}.get(code, SimulationError)
    return kind(
        f"step {step.name}: {reason}; its words are in {process.log}; mend it, and the same command goes on"
    )


def _put_aside(folder: Path) -> Path | None:
    """Give a step an empty place: what is there gets another name, which is returned, and nothing is lost.

    Raises:
        ResourceError: the folder cannot be renamed.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    number = 1
    while (other := folder.with_name(f"{folder.name}.before-{number}")).exists():
        number += 1
    with resource_errors(folder, "rename"):
        os.replace(folder, other)
    print_progress(f"what was in {folder} is in {other} now")
    return other


def _cpu_of_children() -> float:
    """Processor time of all processes that were begun here and have ended [s]."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
