"""What is known of each step: what it was run for, how it ended, what it took, and what its files hold."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError
from soccer_lib.runs.files import (
    atomic_write_json,
    load_json,
    load_record,
    resource_errors,
    sha256_of,
    to_plain,
)
from soccer_lib.runs.folder import library_hash, now
from soccer_lib.workshop.identity import package_versions
from soccer_lib.workshop.runbook.steps import Runbook, RunbookStep

RECORDS = "steps.json"
"""The file, in the runbook's folder."""

OUTPUTS = "outputs.json"
"""Hash of every output, and one over all of them."""

_CIRCUMSTANCE = re.compile(r"(\w+_)?(seconds|minutes)|time|created|git|machine")
"""Names of entries of JSON files that say when and where something was made, not what it is."""


@dataclasses.dataclass
class Record:
    """A step as the file keeps it.

    Attributes:
        status: waits, running, done, failed or stopped.
        key: what it was begun for: words, inputs, library, versions.
        minutes: wall-clock time so far [min].
        cpu_minutes: processor time of the calls that came to their end [min].
        starts: how often it was begun for this key.
        outputs: its files, with the hash of their content.
        pid: the process, while it runs.
        reason: why it failed or stopped.
        gates: what its gates said, a line each.
        ended: when.
    """

    status: str = "waits"
    key: dict[str, Any] = dataclasses.field(default_factory=dict)
    minutes: float = 0.0
    cpu_minutes: float = 0.0
    starts: int = 0
    outputs: dict[str, str] = dataclasses.field(default_factory=dict)
    pid: int = 0
    reason: str = ""
    gates: list[str] = dataclasses.field(default_factory=list)
    ended: str = ""


class Records:
    """The records of a runbook's steps, in its folder.

    Args:
        runbook: whose.
        any_version: take what another version of the project has done as done.
    """

    def __init__(self, runbook: Runbook, any_version: bool = False) -> None:
        self.path = runbook.folder / RECORDS
        self._made_by = {"library": library_hash(), "versions": package_versions()}
        self._any_version = any_version
        self._records: dict[str, Record] = {}
        if self.path.is_file():
            fields = {field.name for field in dataclasses.fields(Record)}
            for name, entry in load_record(self.path).items():
                if not isinstance(entry, dict) or not entry.keys() <= fields:
                    raise InputError(f"{self.path} holds something else; expected records; remove it")
                self._records[name] = Record(**entry)

    def of(self, step: RunbookStep) -> Record:
        """The record of a step, which the caller may change and `save`."""
        return self._records.setdefault(step.name, Record())

    def save(self) -> None:
        """Write all records."""
        atomic_write_json(self.path, {name: to_plain(record) for name, record in self._records.items()})

    def key_of(self, step: RunbookStep) -> dict[str, Any]:
        """What a step's outputs depend on.

        Raises:
            InputError: an input is not there.
        """
        inputs = {str(path): content_hash(path) for path in step.inputs}
        return {"words": list(step.words), "inputs": inputs, **self._made_by}

    def why_run(self, step: RunbookStep) -> str:
        """Why a step has to run; empty where it is done and nothing that it depends on has changed.

        Raises:
            InputError: an input is not there.
        """
        record = self.of(step)
        if not record.key:
            return "not done yet"
        changed = self.changed(step, record.key)
        if changed:
            return changed
        if record.status != "done":
            return f"{record.status} before"
        if set(record.outputs) != set(step.outputs):
            return "other outputs are wanted"
        for name, content in record.outputs.items():
            path = step.folder / name
            if not path.exists():
                return f"{path} is missing"
            if content_hash(path) != content:
                return f"{path} changed"
        return ""

    def changed(self, step: RunbookStep, key: Mapping[str, Any]) -> str:
        """What differs between what a step was begun for and what it would be run for now."""
        today = self.key_of(step)
        if key["words"] != today["words"]:
            return "its command changed"
        for path, content in today["inputs"].items():
            if key["inputs"].get(path) != content:
                return f"its input {path} changed"
        if len(key["inputs"]) > len(today["inputs"]):
            return "it has fewer inputs"
        if self._any_version:
            return ""
        if key.get("library") != today["library"]:
            return "the project's source or data changed"
        return "versions of packages changed" if key.get("versions") != today["versions"] else ""

    def begin(self, step: RunbookStep, resumed: bool) -> Record:
        """Note that a step is begun, or taken up again."""
        record = self.of(step)
        if not resumed:
            record = self._records[step.name] = Record()
        record.key = self.key_of(step)
        record.status = "running"
        record.starts += 1
        record.reason = ""
        self.save()
        return record

    def finish(self, step: RunbookStep) -> Record:
        """Note that a step is done, and what its files hold.

        Raises:
            InputError: one of its outputs is not there.
        """
        record = self.of(step)
        for path in step.files:
            if not path.exists():
                raise InputError(
                    f"{step.name} ended well and left no {path}; expected it; mend outputs, or its command"
                )
        record.outputs = {name: content_hash(step.folder / name) for name in step.outputs}
        record.status = "done"
        record.pid = 0
        record.ended = now()
        self.save()
        return record

    def write_outputs(self, runbook: Runbook) -> str:
        """Write the hashes of all outputs; returns the one over all of them."""
        hashes = {
            f"{step.name}/{name}": content
            for step in runbook.steps
            for name, content in sorted(self.of(step).outputs.items())
        }
        together = hashlib.sha256(json.dumps(hashes).encode()).hexdigest()
        atomic_write_json(runbook.folder / OUTPUTS, {"all": together, **hashes})
        return together


def content_hash(path: str | os.PathLike[str]) -> str:
    """SHA-256 of what a file says: of JSON without times and places, of a folder over all its files.

    Raises:
        InputError: it is not there.
        ResourceError: it cannot be read.
    """
    path = Path(path)
    with resource_errors(path, "read"):
        if path.is_dir():
            inside = [file for file in sorted(path.rglob("*")) if file.is_file()]
            table = [(file.relative_to(path).as_posix(), content_hash(file)) for file in inside]
            return hashlib.sha256(repr(table).encode()).hexdigest()
        if not path.is_file():
            raise InputError(f"{path} is not there; expected a file or folder; make it again")
        if path.suffix == ".json":
            return hashlib.sha256(json.dumps(_content(load_json(path))).encode()).hexdigest()
        return sha256_of(path)


def _content(value: Any) -> Any:
    """JSON without the entries that say when and where, or how long it took."""
    if isinstance(value, dict):
        return {name: _content(item) for name, item in value.items() if not _CIRCUMSTANCE.fullmatch(name)}
    return [_content(item) for item in value] if isinstance(value, list) else value
