"""The run folder: one configuration, its metrics and its status.

A folder belongs to one command with one configuration. Opening it again with the same configuration
resumes; with another one it is refused, and nothing in it is touched.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError
from soccer_lib.runs.files import (
    atomic_write_json,
    atomic_write_text,
    load_record,
    resource_errors,
    sha256_of,
    to_plain,
)
from soccer_lib.runs.lock import LOCK, FolderLock

PACKAGES = ("mujoco", "sai-mujoco", "gymnasium", "numpy", "scipy")
_NO_RUN = (".tmp", LOCK)
"""Ends of names that a folder may hold before it belongs to a run."""

CHECKOUT = Path(__file__).resolve().parents[2]


def now() -> str:
    """Return the time in UTC, to the second, in ISO format."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def version_record() -> dict[str, str]:
    """Return the versions that decide a result; torch only where it is in use."""
    names = PACKAGES + (("torch",) if "torch" in sys.modules else ())
    return {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in names}


def machine_record() -> dict[str, Any]:
    """Return what a time depends on: processor, usable cores, memory [GiB], system. No host name."""
    names: list[str] = []
    with contextlib.suppress(OSError):  # only Linux has this file
        names = re.findall(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    return {
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
    }


def git_record() -> str | None:
    """Return the checkout's commit, ending in -dirty where files differ from it; None outside of one."""
    # --git-dir keeps git from taking another repository that this folder may lie in.
    command = ["git", "--git-dir=.git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    with contextlib.suppress(OSError):  # no git on this machine
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
        return done.stdout.strip() or None
    return None


def library_hash(root: Path = CHECKOUT) -> str:
    """Return one hash over the library's source and the project's own data."""
    files = [*(root / "soccer_lib").rglob("*.py"), *(root / "data").rglob("*.*")]
    table = [(path.relative_to(root).as_posix(), sha256_of(path)) for path in sorted(files) if path.is_file()]
    return hashlib.sha256(repr(table).encode()).hexdigest()


def notebook_folder(out_dir: str, name: str) -> Path:
    """Return the folder that a notebook writes to.

    Args:
        out_dir: the notebook's `out_dir` parameter; empty where it is run by hand.
        name: the notebook's file name without its ending.

    Returns:
        `out_dir`, or `runs/by_hand/<name>` of the checkout, seen from the working directory.
    """
    return Path(out_dir or os.path.relpath(CHECKOUT / "runs" / "by_hand" / name))


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """A folder under `runs/` that belongs to one command with one configuration.

    It belongs to one process at a time: to this one for as long as the object lives, see `FolderLock`.

    Attributes:
        path: the folder, as the user gave it.
        resumed: True where the folder was there already.
        lock: what keeps other processes out.
    """

    path: Path
    resumed: bool
    lock: FolderLock = dataclasses.field(repr=False, compare=False)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], config: Any, command: str, ignore: Collection[str] = ()
    ) -> RunFolder:
        """Create the folder with its `config.json`, or reopen it for the same configuration.

        Args:
            path: the folder.
            config: the stage's dataclass.
            command: the command that owns the folder.
            ignore: settings that may differ when the run is taken up again, such as the folder itself.

        Raises:
            InputError: the folder belongs to another command or configuration, is in use by another process,
                or is no run folder.
            ResourceError: the folder cannot be made or written.
        """
        folder = Path(path)
        settings = to_plain(config)
        file = folder / "config.json"
        with resource_errors(path, "make the folder"):
            folder.mkdir(parents=True, exist_ok=True)
            occupied = any(not entry.name.endswith(_NO_RUN) for entry in folder.iterdir())
        if occupied:
            _check_owner(file, settings, command, ignore)
        lock = FolderLock.take(folder)
        if occupied or file.exists():  # another process may have made it while this one looked
            _check_owner(file, settings, command, ignore)
            return cls(folder, True, lock)
        record = {"command": command, "config": settings, "versions": version_record()}
        atomic_write_json(
            file, {**record, "git": git_record(), "machine": machine_record(), "created": now()}
        )
        return cls(folder, False, lock)

    def append_metrics(self, values: Mapping[str, Any]) -> None:
        """Add one line to `metrics.jsonl`; non-finite numbers become null."""
        path = self.path / "metrics.jsonl"
        line = json.dumps(to_plain(values), allow_nan=False) + "\n"
        with resource_errors(path, "write"), open(path, "ab+") as stream:
            if stream.tell():
                stream.seek(-1, os.SEEK_END)
                if stream.read() != b"\n":  # a kill cut the last line: keep it from swallowing this one
                    line = "\n" + line
            stream.write(line.encode("utf-8"))

    def metrics(self) -> list[dict[str, Any]]:
        """Read `metrics.jsonl` from its beginning; a line that a kill cut is left out."""
        return metrics_of(self.path)

    def cut_metrics(self, lines: int) -> list[dict[str, Any]]:
        """Keep so many lines of `metrics.jsonl`: a run that goes on writes the later ones again."""
        kept = self.metrics()[:lines]
        text = "".join(f"{json.dumps(line)}\n" for line in kept)
        atomic_write_text(self.path / "metrics.jsonl", text)
        return kept

    def is_done(self) -> bool:
        """Whether `status.json` says so; one that cannot be read does not."""
        with contextlib.suppress(InputError):
            return load_record(self.path / "status.json").get("status") == "done"
        return False

    def set_status(self, status: str, **details: Any) -> None:
        """Write `status.json`: running, done or failed, since when, and any details."""
        atomic_write_json(self.path / "status.json", {"status": status, "time": now(), **details})


def metrics_of(folder: Path) -> list[dict[str, Any]]:
    """Read the `metrics.jsonl` of a run, whoever owns it; a line that a kill cut is left out."""
    path = folder / "metrics.jsonl"
    if not path.is_file():
        return []
    entries = []
    with resource_errors(path, "read"):
        lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            entries.append(json.loads(line))
    return [entry for entry in entries if isinstance(entry, dict)]


def _check_owner(file: Path, settings: dict[str, Any], command: str, ignore: Collection[str]) -> None:
    """Raise unless `file` is the `config.json` of this command and configuration."""
    folder = file.parent
    remedy = "choose another folder"
    if not file.exists():
        raise InputError(
            f"{folder} is not empty and has no config.json; expected a new folder or one of a run; {remedy}"
        )
    record = load_record(file, "config")
    owner = record.get("command")
    if owner != command:
        raise InputError(f"{folder} belongs to {owner or 'something else'}; expected {command}; {remedy}")
    for key in {**settings, **record["config"]}:
        old = record["config"].get(key)
        new = settings.get(key)
        if key not in ignore and old != new and key.endswith("sha256"):
            raise InputError(
                f"{folder} was made with another {key.removesuffix('_sha256')} than this run has; expected "
                f"the same content; {remedy}, or restore the file"
            )
        if key not in ignore and old != new:
            raise InputError(
                f"{folder} was made with {key} = {old!r} and this run has {new!r}; "
                f"expected the same settings; {remedy} or --{key.replace('_', '-')} as it was"
            )
