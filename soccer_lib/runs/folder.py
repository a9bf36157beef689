"""The run folder: one configuration, its metrics, its progress and its status.

A folder belongs to one command with one configuration. Opening it again with the same configuration
resumes; with another one it is refused, and nothing in it is touched.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError
from soccer_lib.runs.files import atomic_write_json, load_json, resource_errors, to_plain
from soccer_lib.runs.heartbeat import Heartbeat

PACKAGES = ("mujoco", "sai-mujoco", "gymnasium", "numpy", "scipy")
CHECKOUT = Path(__file__).resolve().parents[2]


def now() -> str:
    """Return the time in UTC, to the second, in ISO format."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def version_record() -> dict[str, str | None]:
    """Return the versions that decide a result; torch only where it is in use."""
    names = PACKAGES + (("torch",) if "torch" in sys.modules else ())
    record: dict[str, str | None] = {"python": platform.python_version()}
    for name in names:
        try:
            record[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            record[name] = None
    return record


def machine_record() -> dict[str, Any]:
    """Return what a time depends on: processor, usable cores, memory [GiB], system. No host name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "cpu": _cpu_name(),
        "cores": cores,
        "memory_gib": _memory_gib(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory_gib() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):
        return None


def git_record(root: Path = CHECKOUT) -> dict[str, Any] | None:
    """Return commit and dirty flag of the checkout, or None outside of one."""
    if not (root / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(git("status", "--porcelain"))}
    except (OSError, subprocess.SubprocessError):
        return None


def notebook_folder(out_dir: str, name: str) -> Path:
    """Return the folder that a notebook writes to.

    Args:
        out_dir: the notebook's `out_dir` parameter; empty where it is run by hand.
        name: the notebook's file name without its ending.

    Returns:
        `out_dir`, or `runs/notebook/<name>/by_hand` of the checkout, seen from the working directory.
    """
    if out_dir:
        return Path(out_dir)
    return Path(os.path.relpath(CHECKOUT / "runs" / "notebook" / name / "by_hand"))


def _first_difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Return the first key whose values differ, a missing one counting as different."""
    absent = object()
    for key in [*new, *(key for key in old if key not in new)]:
        if old.get(key, absent) != new.get(key, absent):
            return key
    return None


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """A folder under `runs/` that belongs to one command with one configuration.

    Attributes:
        path: the folder, as the user gave it.
        config: the configuration in JSON's types.
        resumed: True where the folder was there already.
    """

    path: Path
    config: dict[str, Any]
    resumed: bool

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        config: Any,
        command: str,
        ignore: Collection[str] = (),
        flag: str = "--out",
    ) -> RunFolder:
        """Create the folder with its `config.json`, or reopen it for the same configuration.

        Args:
            path: the folder.
            config: the stage's dataclass.
            command: the command that owns the folder.
            ignore: settings that may differ when the run is taken up again, such as the folder itself.
            flag: the command's option for the folder, named in the remedy.

        Raises:
            InputError: the folder belongs to another command or configuration, or is no run folder.
            ResourceError: the folder cannot be made or written.
        """
        folder = Path(path)
        plain = json.loads(json.dumps(to_plain(config)))
        with resource_errors(path, "make the folder"):
            folder.mkdir(parents=True, exist_ok=True)
            occupied = any(not entry.name.endswith(".tmp") for entry in folder.iterdir())
        if not occupied:
            record = {
                "command": command,
                "config": plain,
                "versions": version_record(),
                "git": git_record(),
                "machine": machine_record(),
                "created": now(),
            }
            atomic_write_json(folder / "config.json", record)
            return cls(folder, plain, resumed=False)
        cls._check(folder, plain, command, ignore, f"another {flag}")
        return cls(folder, plain, resumed=True)

    @staticmethod
    def _check(
        folder: Path, plain: dict[str, Any], command: str, ignore: Collection[str], remedy: str
    ) -> None:
        """Raise unless the folder's `config.json` is that of this command and configuration."""
        if not (folder / "config.json").exists():
            raise InputError(
                f"{folder} is not empty and has no config.json; expected a new or a run folder; try {remedy}"
            )
        record = load_json(folder / "config.json")
        if not isinstance(record, dict) or not isinstance(record.get("config"), dict):
            raise InputError(f"{folder / 'config.json'} is not the file of a run; try {remedy}")
        if record.get("command") != command:
            raise InputError(
                f"{folder} belongs to command {record.get('command')!r}; expected {command!r}; try {remedy}"
            )
        old = {key: value for key, value in record["config"].items() if key not in ignore}
        new = {key: value for key, value in plain.items() if key not in ignore}
        key = _first_difference(old, new)
        if key is not None:
            raise InputError(
                f"{folder} was made with {key} = {old.get(key)!r} and this run has {new.get(key)!r}; "
                f"expected the same settings; try {remedy} or --{key.replace('_', '-')} as it was"
            )

    def append_metrics(self, values: Mapping[str, Any]) -> None:
        """Add one line to `metrics.jsonl`; non-finite numbers become null."""
        path = self.path / "metrics.jsonl"
        line = json.dumps(to_plain(values), allow_nan=False)
        with resource_errors(path, "write"), open(path, "ab+") as stream:
            if stream.tell() and not _ends_with_newline(stream):
                stream.write(b"\n")  # a kill cut the last line: keep it from swallowing this one
            stream.write(line.encode("utf-8") + b"\n")

    def set_status(self, status: str, **details: Any) -> None:
        """Write `status.json`: running, done or failed, since when, and any details."""
        atomic_write_json(self.path / "status.json", {"status": status, "time": now(), **details})

    def heartbeat(
        self, total: int, unit: str, label: str = "", every: float = 5.0, start: int = 0
    ) -> Heartbeat:
        """Return a heartbeat that keeps its last line in this folder's `progress.txt`."""
        return Heartbeat(self.path / "progress.txt", total, unit, label, every, start)


def _ends_with_newline(stream: Any) -> bool:
    stream.seek(-1, os.SEEK_END)
    return stream.read(1) == b"\n"
