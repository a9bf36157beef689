"""The summary page of a course or a notebook: static HTML that needs nothing else, and `summary.json`."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError, one_line
from soccer_lib.notebook.config import PRESETS
from soccer_lib.runs import atomic_write_json, atomic_write_text, load_json, machine_record, version_record
from soccer_lib.runs.folder import now

EMBED_LIMIT = 600_000  # larger pictures are linked [bytes]

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8881;
  --good: #1a7f37; --bad: #c5221f; --wait: #9a6700; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; } h2 { margin-top: 2.5rem; } h3 { margin: 0; }
.sub, .meta { color: #777; } .meta { font-size: .85rem; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .25rem .9rem .25rem 0; }
td { border-top: 1px solid var(--line); vertical-align: top; } td.n { font-variant-numeric: tabular-nums; }
.wide { width: 100%; }
section { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.2rem; margin: 1rem 0; }
figure { margin: 1rem 0 0; } img { max-width: 100%; background: #fff; border-radius: .4rem; }
.done { color: var(--good); } .failed { color: var(--bad); } .waiting, .interrupted { color: var(--wait); }
code { background: var(--soft); padding: .1rem .3rem; border-radius: .3rem; }
""".strip()


def write_html_copy(notebook: Path) -> Path:
    """Export an executed notebook as HTML beside it."""
    from nbconvert import HTMLExporter  # a second to import, so not at the start

    text, _ = HTMLExporter().from_filename(str(notebook))
    return atomic_write_text(notebook.with_suffix(".html"), text)


def write_page(out: Path, title: str, preset: str, planned: Sequence[Path]) -> Path:
    """Write `index.html` and `summary.json` of a result folder.

    Args:
        out: the folder; each preset has a folder of its own in it.
        title: heading of the page.
        preset: the preset of this run, shown first.
        planned: the folders of this run's notebooks, in order; those without a record are waiting.

    Returns:
        The path of the page.
    """
    groups: dict[str, list[dict[str, Any]]] = {preset: [_entry(folder, out) for folder in planned]}
    for other in PRESETS:
        states = sorted((out / other).rglob("state.json")) if other != preset else []
        if states:
            groups[other] = [_entry(path.parent, out) for path in states]
    record = {
        "title": title,
        "written": now(),
        "presets": groups,
        "versions": version_record(),
        "machine": machine_record(),
    }
    atomic_write_json(out / "summary.json", record)
    return atomic_write_text(out / "index.html", _page(record, out))


def _entry(folder: Path, out: Path) -> dict[str, Any]:
    """Return what the page says about one notebook."""
    try:
        state = load_json(folder / "state.json")
    except InputError:
        state = {}
    status = state.get("status", "waiting")
    done = status == "done"
    return {
        "name": state.get("name", folder.name),
        # A record that still says running was left by a run that was cut off.
        "status": "interrupted" if status == "running" else status,
        "minutes": state.get("minutes"),
        "reason": state.get("reason", ""),
        "parameters": state.get("key", {}).get("parameters", {}),
        "versions": state.get("key", {}).get("versions", {}),
        "machine": state.get("machine", {}),
        "commit": (state.get("git") or {}).get("commit"),
        "started": state.get("started"),
        "folder": folder.relative_to(out).as_posix(),
        "copy": state.get("copy"),
        "html": state.get("html"),
        "pictures": state.get("pictures", []) if done else [],
        "figures": _figures(folder) if done and state.get("reported") else {},
    }


def _figures(folder: Path) -> dict[str, Any]:
    """Return the flat table that the notebook reported."""
    try:
        table = load_json(folder / "summary.json")
    except InputError as error:
        return {"summary.json": one_line(error, 200)}
    if not isinstance(table, dict):
        return {"summary.json": "is not a table of label and value"}
    return {label: value for label, value in table.items() if not isinstance(value, dict | list)}


def _page(record: Mapping[str, Any], out: Path) -> str:
    groups = record["presets"]
    body = []
    for preset, entries in groups.items():
        minutes = sum(entry["minutes"] or 0.0 for entry in entries)
        done = sum(entry["status"] == "done" for entry in entries)
        body.append(f"<h2>Preset {_text(preset)}: {done} of {len(entries)} done, {minutes:.1f} min</h2>")
        if len(entries) > 1:
            body.append(_overview(entries))
        body += [_section(entry, out) for entry in entries if entry["status"] != "waiting"]
    title = _text(record["title"])
    about = f"{_facts(record['machine'])}<br>{_facts(record['versions'])}"
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width"><style>\n{STYLE}\n</style></head><body>\n'
        f'<h1>{title}</h1>\n<p class="sub">Booster Soccer Workbook, written {_text(record["written"])}</p>\n'
        + "\n".join(body)
        + f'\n<h2>This machine</h2><p class="meta">{about}</p>\n</body></html>\n'
    )


def _overview(entries: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        f"<tr><td>{_text(entry['name'])}</td>"
        f'<td class="{entry["status"]}">{_text(entry["status"])}</td>'
        f'<td class="n">{_minutes(entry)}</td></tr>'
        for entry in entries
    ]
    return f'<table class="wide"><tr><th>Notebook<th>Status<th>Time</tr>{"".join(rows)}</table>'


def _section(entry: Mapping[str, Any], out: Path) -> str:
    folder = entry["folder"]
    status = f'<span class="{entry["status"]}">{_text(entry["status"])}</span>'
    parts = [f'<section id="{_text(folder)}"><h3>{_text(entry["name"])}</h3><p>{status}, {_minutes(entry)}']
    links = [(entry["html"], "read"), (entry["copy"], "executed notebook")]
    parts += [f' · <a href="{_text(folder)}/{_text(name)}">{label}</a>' for name, label in links if name]
    parts.append("</p>")
    if entry["reason"]:
        parts.append(f'<p class="failed">{_text(entry["reason"])}</p>')
    if entry["figures"]:
        rows = "".join(
            f'<tr><td>{_text(label)}</td><td class="n">{_text(value)}</td></tr>'
            for label, value in entry["figures"].items()
        )
        parts.append(f"<table>{rows}</table>")
    parts += [_figure(out, f"{folder}/{name}") for name in entry["pictures"]]
    if entry["machine"]:
        settings = ", ".join(f"<code>{_text(k)} = {_text(json.dumps(v))}</code>" for k, v in _own(entry))
        facts = [_facts(entry["machine"]), _facts(entry["versions"])]
        commit = f"commit {_text(entry['commit'][:10])}" if entry["commit"] else ""
        lines = [settings, *facts, f"started {_text(entry['started'])} {commit}".strip()]
        parts.append(f'<p class="meta">{"<br>".join(filter(None, lines))}</p>')
    return "".join(parts) + "</section>"


def _own(entry: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in entry["parameters"].items() if name != "out_dir"]


def _figure(out: Path, name: str) -> str:
    """Embed a picture, or link it where it is large."""
    try:
        content = (out / name).read_bytes()
    except OSError:
        return ""
    source = _text(name)
    if len(content) <= EMBED_LIMIT:
        source = f"data:image/png;base64,{base64.b64encode(content).decode()}"
    return f'<figure><a href="{_text(name)}"><img src="{source}" alt="{_text(name)}"></a></figure>'


def _facts(table: Mapping[str, Any]) -> str:
    return _text(", ".join(f"{key} {value}" for key, value in table.items() if value is not None))


def _minutes(entry: Mapping[str, Any]) -> str:
    return "not run" if entry["minutes"] is None else f"{entry['minutes']:.1f} min"


def _text(value: Any) -> str:
    if isinstance(value, float):
        value = f"{value:.4g}"
    return html.escape(str(value))
