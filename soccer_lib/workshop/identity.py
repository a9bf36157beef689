"""What results depend on beside their settings, for commands that go on only with what the same project made.

A runbook's steps are any commands: they depend on all of the source and data (`runs.folder.library_hash`).
The trials of a sweep depend on what simulates, plays and learns (`learning_hash`): a page that is edited
while a sweep goes on for days must not end it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
from pathlib import Path

import soccer_lib
from soccer_lib.control.weights import DATA
from soccer_lib.runs.files import sha256_of

PACKAGES = (
    "mujoco", "sai-mujoco", "gymnasium", "numpy", "scipy", "numba", "torch", "stable-baselines3", "optuna",
)  # fmt: skip
"""Whose versions decide what an agent learns and scores, or what a sweep tries next."""

ROOMS = (
    "runs", "formats", "sim", "control", "compiled", "variation", "wrappers", "envs", "policies",
    "evaluation", "demos", "learn", "workshop/sweep",
)  # fmt: skip
"""Rooms of what simulates, plays, learns and sweeps."""

ACTING_DATA = ("walker", "kicks", "clips", "best")
"""Folders of the project's data that act."""


def package_versions() -> dict[str, str]:
    """Versions of those packages that are installed; builds for other accelerators are one version."""
    versions: dict[str, str] = {}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name).partition("+")[0]
    return versions


def learning_hash(package: Path = Path(soccer_lib.__file__).parent, data: Path = DATA) -> str:
    """One hash over the source and the data that scores depend on, wherever they are installed."""
    files = {path.relative_to(package): path for path in package.glob("*.py")}
    for room in ROOMS:
        files |= {path.relative_to(package): path for path in (package / room).rglob("*.py")}
    for folder in ACTING_DATA:
        files |= {path.relative_to(data.parent): path for path in (data / folder).rglob("*.*")}
    table = [(name.as_posix(), sha256_of(path)) for name, path in sorted(files.items())]
    return hashlib.sha256(repr(table).encode()).hexdigest()
