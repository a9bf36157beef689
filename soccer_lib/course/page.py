"""The summary page of a result folder: static HTML that needs nothing else, and `summary.json`."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Template

from soccer_lib.course.config import PRESETS
from soccer_lib.errors import InputError
from soccer_lib.runs.files import atomic_write_json, atomic_write_text, load_record
from soccer_lib.runs.folder import now

RECORD = "state.json"
"""What the runner knows of one notebook, in its folder."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Booster Soccer Workbook</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
section { border: 1px solid #8884; border-radius: .6rem; padding: 1rem 1.2rem; margin: 1rem 0; }
h3 { margin: 0; } .meta { color: #777; font-size: .85rem; }
table { border-collapse: collapse; }
td { border-top: 1px solid #8884; padding: .25rem .9rem .25rem 0; vertical-align: top; }
img { max-width: 100%; background: #fff; border-radius: .4rem; margin-top: 1rem; }
.done { color: #1a7f37; } .failed { color: #c5221f; } .waiting { color: #9a6700; }
</style></head><body>
<h1>Booster Soccer Workbook</h1>
<p class="meta">Written {{ written }}</p>
{% for preset, runs in presets.items() %}
{% set done = runs | selectattr("status", "eq", "done") | list %}
<h2>Preset {{ preset }}: {{ done | length }} of {{ runs | length }} done</h2>
{% for run in runs %}
<section id="{{ run.folder }}"><h3>{{ run.name }}</h3>
<p class="{{ run.status }}">{{ run.status }} {{ run.reason }}</p>
{% if run.status != "waiting" %}
<p>{{ "%.1f" | format(run.minutes) }} min · <a href="{{ (run.folder ~ "/" ~ run.html) | urlencode }}">read</a>
· <a href="{{ (run.folder ~ "/" ~ run.teacher) | urlencode }}">with solutions</a>
· <a href="{{ (run.folder ~ "/" ~ run.executed) | urlencode }}">executed notebook</a>
{% for name in run.pages %}· <a href="{{ (run.folder ~ "/" ~ name) | urlencode }}">{{ name }}</a>
{% endfor %}</p>
{% for line in run.parted %}<p class="failed">{{ line }}</p>{% endfor %}
<table>{% for label, value in run.figures.items() %}
<tr><td>{{ label }}</td><td>{{ "%.4g" | format(value) if value is float else value }}</td></tr>
{% endfor %}</table>
{% for name in run.pictures %}
<a href="{{ (run.folder ~ "/" ~ name) | urlencode }}">
<img src="{{ picture(run.folder, name) }}" alt="{{ name }}"></a>
{% endfor %}
<p class="meta">{{ facts(run.key.parameters) }}<br>{{ facts(run.machine) }}<br>
{{ facts(run.key.versions) }}<br>started {{ run.started }}, commit {{ run.git }}</p>
{% endif %}
</section>
{% endfor %}{% endfor %}
</body></html>
"""


def write_html_copies(notebook: Path) -> tuple[Path, Path]:
    """Export an executed notebook as HTML beside it: without solutions for learners, and all for teachers.

    Returns:
        NAME.html and NAME.teacher.html.
    """
    from nbconvert import HTMLExporter  # a second to import, so not at the start

    exporter = HTMLExporter()
    resources = {"metadata": {"name": notebook.stem}}
    pages = []
    for suffix, cells in ((".html", _without_solutions), (".teacher.html", list)):
        book = nbformat.read(notebook, as_version=4)
        book.cells = cells(book.cells)
        for cell in book.cells:
            if cell.cell_type == "markdown":
                cell.source = _LESSON.sub(rf"(../\g<1>/\g<1>{suffix}", cell.source)
        text, _ = exporter.from_notebook_node(book, resources)
        pages.append(atomic_write_text(notebook.with_suffix(suffix), text))
    return pages[0], pages[1]


_LESSON = re.compile(r"\(\.\./(\w+)/\1\.ipynb")
"""A link from one executed lesson to another."""


def _without_solutions(cells: list[Any]) -> list[Any]:
    return [cell for cell in cells if "solution" not in cell.metadata.get("tags", [])]


def mend_links(notebook: Path, source: Path) -> None:
    """Make the relative links of an executed copy lead from its folder to where those of its source lead.

    Lessons lead to each other's executed copies; PNG pictures become part of the copy.

    Args:
        notebook: the executed copy, `.../NAME/NAME.ipynb`.
        source: what was executed.
    """
    book = nbformat.read(notebook, as_version=4)
    for cell in book.cells:
        if cell.cell_type == "markdown":
            for target in dict.fromkeys(_RELATIVE.findall(cell.source)):
                place = source.parent / target
                if place.suffix == ".png" and _is_inside(place):
                    picture = base64.b64encode(place.read_bytes()).decode()
                    cell.setdefault("attachments", {})[place.name] = {"image/png": picture}
                    mended = f"attachment:{place.name}"
                elif _LESSON_FILE.fullmatch(target):
                    mended = f"../{place.stem}/{target}"
                else:
                    mended = Path(os.path.relpath(place, notebook.parent)).as_posix()
                cell.source = cell.source.replace(f"]({target}", f"]({mended}")
    atomic_write_text(notebook, nbformat.writes(book))


_LESSON_FILE = re.compile(r"\d\d_\w+\.ipynb")

_RELATIVE = re.compile(r"\]\((?![a-z]+:|#|/)([^)#\s]+)")
"""The target of a Markdown link or picture that is relative to its file."""


def write_page(out: Path, planned: Sequence[Path]) -> Path:
    """Write `index.html` and `summary.json` of a result folder.

    Args:
        out: the folder, with the runs in `PRESET/NAME/`.
        planned: the folders of this call's notebooks; those without a record are waiting.

    Returns:
        The path of the page.
    """
    folders = sorted({*planned, *(path.parent for path in out.glob(f"*/*/{RECORD}"))})
    presets = {
        preset: [_entry(folder) for folder in folders if folder.parent.name == preset] for preset in PRESETS
    }
    record = {"written": now(), "presets": {name: runs for name, runs in presets.items() if runs}}
    atomic_write_json(out / "summary.json", record)

    def picture(folder: str, name: str) -> str:
        return "data:image/png;base64," + base64.b64encode((out / folder / name).read_bytes()).decode()

    page = Template(PAGE, autoescape=True).render(**record, picture=picture, facts=_facts)
    return atomic_write_text(out / "index.html", page)


def _entry(folder: Path) -> dict[str, Any]:
    """Return what the page says about one notebook; a damaged record waits for the next run."""
    place = {"name": folder.name, "folder": f"{folder.parent.name}/{folder.name}"}
    waiting = {**place, "status": "waiting"}
    if not (folder / RECORD).exists():
        return waiting
    try:
        return {**notebook_record(folder), **place}
    except InputError as error:
        return {**waiting, "reason": str(error)}


def notebook_record(folder: Path) -> dict[str, Any]:
    """Read a notebook's record, which may be somebody else's: only files of this folder can be named in it.

    Raises:
        InputError: it is damaged, lacks something, or names a file that is elsewhere.
    """
    file = folder / RECORD
    record = load_record(file, "key", "figures", "machine")
    names = [record.get("executed"), record.get("html"), record.get("teacher")]
    for kind in ("pictures", "pages"):
        listed = record.get(kind)
        names += listed if isinstance(listed, list) else [None]
    known = (
        record.get("status") in ("done", "failed")
        and isinstance(record.get("minutes"), int | float)
        and all(isinstance(record["key"].get(part), dict) for part in ("parameters", "versions"))
        and all(isinstance(name, str) and Path(name).name == name.lstrip(".") != "" for name in names)
    )
    if not known:
        raise InputError(
            f"{file} is not a record of a run in this folder; expected one; run the notebook again"
        )
    for kind in ("pictures", "pages"):
        record[kind] = [name for name in record[kind] if _is_inside(folder / name)]
    return record


def _is_inside(file: Path) -> bool:
    """Whether a file is there, and no link to somewhere else."""
    return file.is_file() and not file.is_symlink()


def _facts(table: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in table.items())
