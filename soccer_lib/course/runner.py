"""Runs one notebook or the course, skips what is done, and keeps the record of each run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soccer_lib.course.agents import TRAINED, trained_agents
from soccer_lib.course.claims import claims_file, read_claims
from soccer_lib.course.config import NotebookConfig, assign_parameters, find_notebooks, read_parameters
from soccer_lib.course.execute import execute_notebook
from soccer_lib.course.page import RECORD, mend_links, notebook_record, write_html_copies, write_page
from soccer_lib.errors import InputError, SimulationError
from soccer_lib.runs.files import (
    atomic_write_json,
    load_record,
    resource_errors,
    sha256_of,
    verify_manifest,
    write_manifest,
)
from soccer_lib.runs.folder import (
    RunFolder,
    git_record,
    library_hash,
    machine_record,
    now,
    version_record,
)
from soccer_lib.runs.heartbeat import print_progress

SUMMARY = "summary.json"
"""What a notebook reports, in its folder."""


def run_notebooks(config: NotebookConfig) -> None:
    """Run what the command line asked for, into `OUT/PRESET/NAME/`, up to the first failure.

    Status and page are written whatever happens.

    Raises:
        InputError: unknown notebook or parameter, or the folder belongs to something else.
        ResourceError: the folder cannot be written.
        SimulationError: a notebook failed.
    """
    sources = find_notebooks(config)
    defaults = {source: read_parameters(source) for source in sources}
    assigned = assign_parameters(config.parameters, defaults)
    default_out = "runs/course" if config.course else f"runs/notebook/{sources[0].stem}"
    run = RunFolder.open(config.out or default_out, {}, "notebook")
    folders = {source: run.path / config.preset / source.stem for source in sources}
    start = time.monotonic()
    status = "failed"
    run.set_status("running", preset=config.preset)
    try:
        for source, folder in folders.items():
            parameters = {"preset": config.preset, "out_dir": folder.as_posix()}
            if "interactive" in defaults[source]:
                parameters["interactive"] = False  # nobody is there to move a slider
            run_notebook(
                source,
                folder,
                parameters | assigned[source],
                "agents" in defaults[source],
                not assigned[source],
            )
        status = "done"
    finally:
        minutes = (time.monotonic() - start) / 60
        run.set_status(status, preset=config.preset, minutes=round(minutes, 2))
        page = write_page(run.path, list(folders.values()))
        print_progress(f"{status} in {minutes:.1f} min; summary page: {page}")


def run_notebook(
    source: Path,
    folder: Path,
    parameters: Mapping[str, Any],
    takes_agents: bool = False,
    with_claims: bool = True,
) -> None:
    """Run one notebook into `folder`, unless it is done and nothing that it depends on has changed.

    The folder is a cache, and so no `RunFolder`: other settings are not refused, they run again.

    Args:
        source: the notebook.
        folder: of its output.
        parameters: for papermill.
        takes_agents: it depends on the agents that other lessons have trained.
        with_claims: say where the run parts from the lesson's text; other parameters make other numbers.

    Raises:
        ResourceError: the folder cannot be written.
        SimulationError: the notebook failed.
    """
    name = source.stem
    key = {
        "source": sha256_of(source),
        "claims": sha256_of(claims_file(source)) if claims_file(source).is_file() else "",
        "parameters": parameters,
        "library": library_hash(),
        "versions": version_record(),
        "agents": _agents_for(folder) if takes_agents else {},
    }
    why = _why_run(folder, key)
    if not why:
        print_progress(f"{name}: done before and unchanged, skipped")
        return
    print_progress(f"{name}: running ({why})")
    with resource_errors(folder, "make the folder"):
        folder.mkdir(parents=True, exist_ok=True)
        # The record vouches for the rest: it goes first and comes last.
        for stale in [folder / RECORD, folder / SUMMARY, *folder.glob("*.png"), *folder.glob("*.html")]:
            stale.unlink(missing_ok=True)
    started = now()
    start = time.monotonic()
    reason = execute_notebook(source, folder, parameters)
    minutes = (time.monotonic() - start) / 60
    executed = folder / (f"{name}.failed.ipynb" if reason else f"{name}.ipynb")
    mend_links(executed, source)
    outputs = _collect_outputs(executed)
    status = "failed" if reason else "done"
    figures = {**outputs["figures"], "minutes": minutes}
    checked = with_claims and not reason
    parted = read_claims(source).parted(figures, str(parameters["preset"])) if checked else []
    record = {
        "status": status,
        "minutes": round(minutes, 3),
        "reason": reason,
        "parted": parted,
        **outputs,
        "key": key,
        "started": started,
        "machine": machine_record(),
        "git": git_record(),
    }
    atomic_write_json(folder / RECORD, record)
    print_progress(f"{name}: {status} in {minutes:.1f} min")
    for line in parted:
        print_progress(f"{name}: {line}")
    if reason:
        copy = folder / outputs["executed"]
        raise SimulationError(
            f"notebook {name} failed at {reason}; expected every cell to run; look into {copy}"
        )


def _collect_outputs(executed: Path) -> dict[str, Any]:
    """Add pages to the executed notebook, write the manifest, and return what the record says of them."""
    folder = executed.parent
    pages = sorted(path.name for path in folder.glob("*.html"))
    html, teacher = (page.name for page in write_html_copies(executed))
    pictures = sorted(path.name for path in folder.glob("*.png"))
    summaries = [path.name for path in folder.glob(SUMMARY)]
    write_manifest(folder, [executed.name, html, teacher, *pages, *pictures, *summaries])
    return {
        "executed": executed.name,
        "html": html,
        "teacher": teacher,
        "pages": pages,
        "pictures": pictures,
        "figures": load_record(folder / SUMMARY) if summaries else {},
    }


def _why_run(folder: Path, key: Mapping[str, Any]) -> str:
    """Return why the notebook has to run; empty where the last run still holds."""
    if not (folder / RECORD).exists():
        return "not done yet"
    try:
        record = notebook_record(folder)
        if record["status"] != "done":
            return "not done yet"
        for part, value in key.items():
            if record["key"].get(part) != value:
                return f"{part} changed"
        verify_manifest(folder)
    except InputError as error:
        return str(error).partition(";")[0]
    return ""


def _agents_for(folder: Path) -> dict[str, str]:
    """Hash of each agent that the lesson would find."""
    return {path.as_posix(): sha256_of(path / TRAINED) for path in trained_agents(folder).values()}
