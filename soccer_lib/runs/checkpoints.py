"""Checkpoints of a run: folders that are whole or absent, with a manifest of what each of them needs.

A checkpoint is written under a temporary name, read again, and renamed. Older ones stay until newer ones are
there, and a file that lies outside of them, such as a shard of a replay buffer, stays while one names it.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError, ResourceError, one_line
from soccer_lib.runs.files import (
    MANIFEST,
    atomic_write_bytes,
    atomic_write_json,
    free_room,
    load_record,
    mib,
    resource_errors,
    sha256_of,
    to_plain,
)
from soccer_lib.runs.heartbeat import print_progress

KEPT = 2
"""Checkpoints that stay: the newest, and one to fall back on where that is damaged."""

Needs = Mapping[str, str | None]
"""Files outside of a checkpoint, by their path in the run folder, with their SHA-256; None where it is enough
that they are there."""

_NAME = re.compile(r"ckpt_(\d{9,})")


@dataclass(frozen=True)
class Checkpoint:
    """A complete checkpoint.

    Attributes:
        path: its folder.
        step: of the run.
        identity: what it belongs to, in plain values.
        needs: files outside of it.
    """

    path: Path
    step: int
    identity: dict[str, Any]
    needs: Needs


class Checkpoints:
    """The checkpoints in a run folder.

    Args:
        run: the folder.
        identity: what the run is; a checkpoint of another one is refused.
    """

    def __init__(self, run: Path, identity: Mapping[str, Any]) -> None:
        self.run = run
        self.folder = run / "checkpoints"
        self.identity = to_plain(identity)

    def save(self, step: int, files: Mapping[str, bytes], needs: Needs) -> Path:
        """Write a checkpoint, and remove older ones than the `KEPT` newest, and newer ones.

        Args:
            step: of the run.
            files: their names and contents.
            needs: files outside of it that it cannot do without.

        Raises:
            ResourceError: no room, or the folder cannot be written; older checkpoints are as they were.
        """
        target = self.folder / f"ckpt_{step:09d}"
        draft = self.folder / f".{target.name}.tmp"
        size = sum(map(len, files.values()))
        try:
            with resource_errors(target, "write"):
                self.folder.mkdir(parents=True, exist_ok=True)
                self._check_room(size)
                shutil.rmtree(draft, ignore_errors=True)
                self._fill(draft, step, files, needs)
                if target.exists():  # a damaged one, which was passed over
                    shutil.rmtree(target)
                os.replace(draft, target)
                _flush(self.folder)
        except ResourceError as error:
            shutil.rmtree(draft, ignore_errors=True)
            older = [number for number, _ in self._present() if number < step]
            kept = f"the one of step {older[-1]:,} is as it was" if older else "there is no older one"
            free = mib(free_room(self.run))
            raise ResourceError(
                f"checkpoint of step {step:,} needs {mib(size)} and {self.run} has {free} free "
                f"({one_line(error.__cause__ or error, 120)}); expected room for it; {kept}: free some disk "
                "space and give the same command"
            ) from error
        self._retire(step)
        return target

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint that is complete; what is passed over is told, with the reason.

        Raises:
            InputError: it belongs to another run.
        """
        # A half-written checkpoint comes before what is in it.
        for leftover in sorted(self.run.glob("**/.*.tmp")):
            if leftover.exists():
                print_progress(f"{leftover} was never finished: removed")
            if leftover.is_dir():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)
        for _, path in reversed(self._present()):
            try:
                checkpoint = self._verified(path)
            except InputError as error:
                print_progress(f"checkpoint passed over: {error}")
                continue
            for what in self.identity.keys() | checkpoint.identity.keys():
                theirs = checkpoint.identity.get(what)
                ours = self.identity.get(what)
                if theirs != ours:
                    raise InputError(
                        f"{path} is of a run with {what} {theirs!r} and this one has {ours!r}; expected the "
                        "same; choose another --save-dir, or the settings that it was made with"
                    )
            return checkpoint
        return None

    def _fill(self, draft: Path, step: int, files: Mapping[str, bytes], needs: Needs) -> None:
        """Write files and manifest, and look whether the disk holds what was written."""
        draft.mkdir()
        hashes = {}
        for name, content in files.items():
            atomic_write_bytes(draft / name, content)
            hashes[name] = hashlib.sha256(content).hexdigest()
            if sha256_of(draft / name) != hashes[name]:
                raise OSError(f"{name} is not what was written")
        record = {"step": step, "identity": self.identity, "files": hashes, "needs": needs}
        atomic_write_json(draft / MANIFEST, record)
        _flush(draft)

    def _check_room(self, size: int) -> None:
        if free_room(self.run) < size:
            raise ResourceError("the disk is full")

    def _present(self) -> list[tuple[int, Path]]:
        """Steps and folders of what looks like a checkpoint, in the order of their steps."""
        found = []
        for path in self.folder.glob("ckpt_*"):
            match = _NAME.fullmatch(path.name)
            if match:
                found.append((int(match[1]), path))
        return sorted(found)

    def _verified(self, path: Path) -> Checkpoint:
        """A checkpoint, every file of which is what was written.

        Raises:
            InputError: naming what is not.
        """
        record = load_record(path / MANIFEST, "identity", "files", "needs")
        places = {path / name: sha256 for name, sha256 in record["files"].items()}
        places |= {self.run / name: sha256 for name, sha256 in record["needs"].items()}
        for file, sha256 in places.items():
            state = "" if file.is_file() else "missing"
            if not state and sha256 is not None and sha256_of(file) != sha256:
                state = "changed"
            if state:
                raise InputError(f"{file} is {state}; expected it as in {path / MANIFEST}; restore it")
        step = int(_NAME.fullmatch(path.name)[1])  # type: ignore[index]
        if record.get("step") != step:
            raise InputError(f"{path} says it is of step {record.get('step')}; expected {step}; restore it")
        return Checkpoint(path, step, record["identity"], record["needs"])

    def _retire(self, step: int) -> None:
        """Remove checkpoints that are no longer needed.

        Newer ones than this step were passed over, or are of a run that went further and was taken back.
        """
        present = self._present()
        kept = [path for number, path in present if number <= step][-KEPT:]
        for _, path in present:
            if path not in kept:
                retired = path.with_name(f".{path.name}.tmp")
                os.replace(path, retired)  # never half a checkpoint under its name
                shutil.rmtree(retired, ignore_errors=True)

    def needed(self) -> set[str]:
        """Files outside of checkpoints that one of them names, by their path in the run folder."""
        names: set[str] = set()
        for _, path in self._present():
            try:
                names |= load_record(path / MANIFEST, "needs")["needs"].keys()
            except InputError:  # damaged: it cannot be used, whatever it needs
                continue
        return names


def _flush(folder: Path) -> None:
    """Let a folder's entries reach the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
