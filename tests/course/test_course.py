"""The course as `make course` runs it."""

from __future__ import annotations

import json


def walls_of_text(notebook):
    """What cells leave as the value of their last line and nobody would read, such as a list of objects."""
    cells = json.loads(notebook.read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    values = [
        output["data"].get("text/plain", "")
        for output in outputs
        if output["output_type"] == "execute_result" and set(output["data"]) == {"text/plain"}
    ]
    return [value[:200] for value in values if len("".join(value)) > 1000]


def test_make_course_executes_every_notebook_there_is(command, tmp_path):
    """The real notebooks in the smoke preset, as `make course PRESET=smoke` runs them."""
    done = command("notebook", "--course", "--preset", "smoke", "--out", tmp_path / "course", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "course" / "summary.json").read_text())
    for entry in record["presets"]["smoke"]:
        assert entry["status"] == "done"
        assert entry["figures"], f"{entry['name']} reports nothing"
        assert entry["parted"] == [], "what a lesson says and what it shows have parted"
        assert not walls_of_text(tmp_path / "course" / "smoke" / entry["name"] / f"{entry['name']}.ipynb")
