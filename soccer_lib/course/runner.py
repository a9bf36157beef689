"""Runs one notebook or the course, skips what is done, and keeps the record of each run."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soccer_lib.course.config import NotebookConfig, find_notebooks, given_parameters, read_parameters
from soccer_lib.course.execute import execute_notebook
from soccer_lib.course.page import write_html_copy, write_page
from soccer_lib.errors import InputError, SimulationError
from soccer_lib.runs.files import (
    atomic_write_json,
    load_json,
    resource_errors,
    sha256_of,
    verify_manifest,
    write_manifest,
)
from soccer_lib.runs.folder import CHECKOUT, RunFolder, git_record, machine_record, now, version_record


def run_notebooks(config: NotebookConfig) -> None:
    """Run what the command line asked for, into `OUT/PRESET/NAME/`, up to the first failure.

    Status and page are written whatever happens.

    Raises:
        InputError: unknown notebook or parameter, or the folder belongs to something else.
        ResourceError: the folder cannot be written.
        SimulationError: a notebook failed.
    """
    sources = find_notebooks(config)
    defaults = {path: read_parameters(path) for path in sources}
    given = given_parameters(config.parameters, defaults)
    default = "runs/course" if config.course else f"runs/notebook/{sources[0].stem}"
    owner = RunFolder.open(config.out or default, {}, "notebook")
    folders = {path: owner.path / config.preset / path.stem for path in sources}
    began, status = time.monotonic(), "failed"
    owner.set_status("running", preset=config.preset)
    try:
        for source, folder in folders.items():
            parameters = {"preset": config.preset, "out_dir": folder.as_posix()}
            if "interactive" in defaults[source]:
                parameters["interactive"] = False  # nobody is there to move a slider
            parameters |= given[source]
            run_notebook(source, folder, parameters, "agents" in defaults[source])
        status = "done"
    finally:
        minutes = (time.monotonic() - began) / 60
        owner.set_status(status, preset=config.preset, minutes=round(minutes, 2))
        page = write_page(owner.path, list(folders.values()))
        print(f"{status} in {minutes:.1f} min; summary page: {page}", flush=True)


def run_notebook(
    source: Path, folder: Path, parameters: Mapping[str, Any], takes_agents: bool = False
) -> None:
    """Run one notebook into `folder`, unless it is done and nothing that it depends on has changed.

    Args:
        source: the notebook.
        folder: of its output.
        parameters: for papermill.
        takes_agents: it depends on the agents that other lessons left beside `folder`.

    Raises:
        ResourceError: the folder cannot be written.
        SimulationError: the notebook failed.
    """
    name, record = source.stem, folder / "state.json"
    key = {
        "source": sha256_of(source),
        "parameters": parameters,
        "library": library_hash(),
        "versions": version_record(),
        "agents": _agents_beside(folder) if takes_agents else {},
    }
    why = _why_run(record, key)
    if not why:
        print(f"{name}: done before and unchanged, skipped", flush=True)
        return
    print(f"{name}: running ({why})", flush=True)
    with resource_errors(folder, "make the folder"):
        folder.mkdir(parents=True, exist_ok=True)
        # The record vouches for the rest: it goes first and comes last.
        for stale in [record, folder / "summary.json", *folder.glob("*.png")]:
            stale.unlink(missing_ok=True)
    started, began = now(), time.monotonic()
    reason = execute_notebook(source, folder, parameters)
    minutes, status = (time.monotonic() - began) / 60, "failed" if reason else "done"
    copy = folder / (f"{name}.failed.ipynb" if reason else f"{name}.ipynb")
    pictures = sorted(path.name for path in folder.glob("*.png"))
    reported = [path.name for path in folder.glob("summary.json")]
    write_manifest(folder, [copy.name, write_html_copy(copy).name, *pictures, *reported])
    state = {
        "status": status,
        "minutes": round(minutes, 3),
        "reason": reason,
        "executed": copy.name,
        "html": copy.with_suffix(".html").name,
        "pictures": pictures,
        "figures": load_json(folder / "summary.json") if reported else {},
        "key": key,
        "started": started,
        "machine": machine_record(),
        "git": git_record(),
    }
    atomic_write_json(record, state)
    print(f"{name}: {status} in {minutes:.1f} min", flush=True)
    if reason:
        raise SimulationError(
            f"notebook {name} failed at {reason}; expected every cell to run; look into {copy}"
        )


def _why_run(record: Path, key: Mapping[str, Any]) -> str:
    """Return why the notebook has to run; empty where the last run still holds."""
    old = load_json(record) if record.exists() else {}
    if old.get("status") != "done":
        return "not done yet"
    for part, value in key.items():
        if old["key"].get(part) != value:
            return f"{part} changed"
    try:
        verify_manifest(record.parent)
    except InputError as error:
        return str(error).partition(";")[0]
    return ""


def _agents_beside(folder: Path) -> dict[str, str]:
    """Hash of each agent that a lesson trained."""
    files = sorted(folder.parent.glob("*/*/final_model.json"))
    return {file.parent.relative_to(folder.parent).as_posix(): sha256_of(file) for file in files}


def library_hash(root: Path = CHECKOUT) -> str:
    """Return one hash over the library's source and the project's own data."""
    files = [*(root / "soccer_lib").rglob("*.py"), *(root / "data").rglob("*.*")]
    table = [(path.relative_to(root).as_posix(), sha256_of(path)) for path in sorted(files) if path.is_file()]
    return hashlib.sha256(repr(table).encode()).hexdigest()
