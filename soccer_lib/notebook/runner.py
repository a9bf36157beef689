"""Runs one notebook or the course, skips what is done, and keeps the record of each run."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError, SimulationError, SoccerError, unknown_name
from soccer_lib.notebook.config import (
    RESERVED,
    NotebookConfig,
    find_course,
    find_notebook,
    given_parameters,
    read_parameters,
)
from soccer_lib.notebook.execute import execute_notebook
from soccer_lib.notebook.page import write_html_copy, write_page
from soccer_lib.runs import (
    RunFolder,
    atomic_write_json,
    atomic_write_text,
    load_json,
    machine_record,
    sha256_of,
    verify_manifest,
    version_record,
    write_manifest,
)
from soccer_lib.runs.files import resource_errors, to_plain
from soccer_lib.runs.folder import CHECKOUT, git_record, now

REPORT_EVERY = 10.0  # [s]


@dataclass(frozen=True)
class NotebookRun:
    """What became of one notebook."""

    name: str
    folder: Path
    status: str
    """done, failed or skipped (done before and unchanged)."""
    minutes: float
    reason: str = ""
    record: Path | None = None
    """The executed copy, or the log where there is none."""


@dataclass(frozen=True)
class _Owner:
    """What a result folder belongs to: the course, or one notebook."""

    notebook: str


def run_command(config: NotebookConfig) -> None:
    """Run what the command line asked for.

    Raises:
        SimulationError: a notebook failed.
    """
    runs = run_course(config) if config.course else [run_notebook(config)]
    failed = [run for run in runs if run.status == "failed"]
    if failed:
        raise SimulationError(
            f"notebook {failed[0].name} failed at {failed[0].reason}; expected every cell to run; "
            f"look into {failed[0].record}"
        )


def run_notebook(config: NotebookConfig) -> NotebookRun:
    """Run one notebook into `OUT/PRESET/` and write the page `OUT/index.html`.

    Raises:
        InputError: unknown notebook or parameter, or the folder belongs to something else.
        ResourceError: the folder cannot be written.
    """
    source = find_notebook(config.notebook, config.folder)
    out = config.out or f"runs/notebook/{source.stem}"
    given = given_parameters(config.parameters, read_parameters(source), source.stem)
    owner = RunFolder.open(out, _Owner(source.stem), "notebook")
    runs = _run_all(config, owner, [(source, given, owner.path / config.preset)], source.stem)
    return runs[0]


def run_course(config: NotebookConfig) -> list[NotebookRun]:
    """Run the numbered notebooks in order into `OUT/PRESET/NAME/`, up to the first that fails.

    Raises:
        InputError: unknown parameter, or the folder belongs to something else.
        ResourceError: the folder cannot be written.
    """
    sources = find_course(config.folder)
    defaults = {source: read_parameters(source) for source in sources}
    known = {name for table in defaults.values() for name in table if name not in RESERVED}
    for name, _ in config.parameters:
        if name not in known and name not in RESERVED:
            raise unknown_name("parameter for the course:", name, sorted(known))
    owner = RunFolder.open(config.out or "runs/course", _Owner("course"), "course")
    plan = []
    for source in sources:
        pairs = [pair for pair in config.parameters if pair[0] in defaults[source] or pair[0] in RESERVED]
        given = given_parameters(pairs, defaults[source], source.stem)
        plan.append((source, given, owner.path / config.preset / source.stem))
    return _run_all(config, owner, plan, "The course")


def _run_all(
    config: NotebookConfig,
    owner: RunFolder,
    plan: Sequence[tuple[Path, Mapping[str, Any], Path]],
    title: str,
) -> list[NotebookRun]:
    """Run the plan up to the first failure; status and page are written whatever happens."""
    _check_kernel(config.kernel)
    began = time.monotonic()
    library = library_hash()
    runs: list[NotebookRun] = []
    owner.set_status("running", preset=config.preset)
    status = "failed"
    try:
        for source, given, folder in plan:
            runs.append(_run_one(config, owner, source, given, folder, library))
            if runs[-1].status == "failed":
                break
        else:
            status = "done"
    finally:
        minutes = (time.monotonic() - began) / 60
        owner.set_status(status, preset=config.preset, minutes=round(minutes, 2))
        page = write_page(owner.path, title, config.preset, [folder for _, _, folder in plan])
    print(f"{title}: {status} in {minutes:.1f} min; summary page: {page}", flush=True)
    return runs


def _run_one(
    config: NotebookConfig,
    owner: RunFolder,
    source: Path,
    given: Mapping[str, Any],
    folder: Path,
    library: str,
) -> NotebookRun:
    """Run one notebook unless it is done and nothing that it depends on has changed."""
    name = source.stem
    defaults = read_parameters(source)
    wanted = {"preset": config.preset, "out_dir": folder.as_posix(), **given}
    parameters = {key: wanted[key] for key in wanted if key in defaults}
    key = {
        "source": sha256_of(source),
        "parameters": to_plain(parameters),
        "library": library,
        "kernel": config.kernel,
        "versions": version_record(),
    }
    old = _old_state(folder)
    why = "asked for with --force" if config.force else _why_run(folder, old, key)
    if not why:
        print(f"{name}: done before and unchanged, skipped ({old['minutes']:.1f} min then)", flush=True)
        return NotebookRun(name, folder, "skipped", old["minutes"])
    print(f"{name}: running, preset {config.preset} ({why})", flush=True)

    with resource_errors(folder, "make the folder"):
        folder.mkdir(parents=True, exist_ok=True)
    state = {"name": name, "preset": config.preset, "status": "running", "key": key, "started": now()}
    atomic_write_json(folder / "state.json", state)
    since = time.time() - 2.0  # file times may be coarse
    outcome = execute_notebook(
        source, folder, parameters, config.kernel, config.timeout, _reporter(name, owner.path)
    )
    state |= {
        "status": "done" if outcome.ok else "failed",
        "minutes": round(outcome.minutes, 3),
        "reason": outcome.reason,
        "copy": outcome.copy.name if outcome.copy else None,
        "pictures": _new_files(folder, "*.png", since),
        "reported": _new_files(folder, "summary.json", since),
        "machine": machine_record(),
        "git": git_record(),
    }
    if outcome.copy:
        state["html"] = write_html_copy(outcome.copy).name
        write_manifest(folder, [state["copy"], state["html"], *state["pictures"], *state["reported"]])
    atomic_write_json(folder / "state.json", state)  # last: it vouches for the rest
    print(f"{name}: {state['status']} in {outcome.minutes:.1f} min", flush=True)
    record = outcome.copy or folder / f"{name}.log"
    return NotebookRun(name, folder, state["status"], outcome.minutes, state["reason"], record)


def _check_kernel(name: str) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    known = KernelSpecManager().find_kernel_specs()
    if name not in known:
        raise unknown_name("kernel", name, known)


def _old_state(folder: Path) -> dict[str, Any]:
    """Return the record of the last run, or an empty one."""
    try:
        state = load_json(folder / "state.json")
    except InputError:
        return {}
    return state if isinstance(state, dict) else {}


def _why_run(folder: Path, old: Mapping[str, Any], key: Mapping[str, Any]) -> str:
    """Return why the notebook has to run; empty where the last run still holds."""
    if not old:
        return "first time"
    if old.get("status") != "done":
        return "the last run did not finish" if old.get("status") == "running" else "the last run failed"
    for part, value in key.items():
        if old.get("key", {}).get(part) != value:
            return f"{part} changed"
    try:
        verify_manifest(folder)
    except SoccerError as error:
        return str(error).split(";")[0]
    return ""


def _new_files(folder: Path, pattern: str, since: float) -> list[str]:
    """Return the names of a run's own files, leaving out those of earlier runs."""
    return sorted(path.name for path in folder.glob(pattern) if path.stat().st_mtime >= since)


def _reporter(name: str, out: Path) -> Callable[[int, float, str], None]:
    """Return a function that prints a line of progress every few seconds."""
    last = time.monotonic()

    def report(cell: int, minutes: float, text: str) -> None:
        nonlocal last
        if time.monotonic() - last < REPORT_EVERY:
            return
        last = time.monotonic()
        line = f"{name}: cell {cell}, {minutes:.1f} min" + (f", {text}" if text else "")
        print(line, flush=True)
        atomic_write_text(out / "progress.txt", line + "\n")

    return report


def library_hash(root: Path = CHECKOUT) -> str:
    """Return one hash over the library's source and the project's own data."""
    digest = hashlib.sha256()
    for folder, pattern in (("soccer_lib", "*.py"), ("data", "*")):
        for path in sorted((root / folder).rglob(pattern)):
            if path.is_file():
                digest.update(path.relative_to(root).as_posix().encode() + b"\0")
                digest.update(sha256_of(path).encode())
    return digest.hexdigest()
