"""The lessons' exercises: an empty stub, a folded hint and solution, and what was written is used."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest

from soccer_lib.course import checks
from soccer_lib.course.claims import claims_file
from soccer_lib.runs.folder import CHECKOUT

NOTEBOOKS = sorted((CHECKOUT / "notebooks").rglob("[0-9][0-9]_*.ipynb"))
LESSONS = [path for path in NOTEBOOKS if claims_file(path).is_file()]
USED = re.compile(r"^(\w+) = my_(\w+) if checks\.check_\2\(my_\2\) else solution_\2$", re.M)


def cells_of(lesson):
    return nbformat.read(lesson, as_version=4).cells


def tagged(cells, tag):
    return [cell for cell in cells if tag in cell.metadata.get("tags", [])]


def imported(cells) -> dict:
    """The names that a lesson imports."""
    namespace: dict = {}
    for cell in cells:
        if cell.cell_type == "code":
            imports = [
                node for node in ast.parse(cell.source).body if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            exec(compile(ast.Module(imports, []), "imports", "exec"), namespace)
    return namespace


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_exercises_have_their_parts(lesson, capsys):
    cells = cells_of(lesson)
    stubs = {
        ast.parse(cell.source).body[0].name: ast.parse(cell.source).body[0]
        for cell in tagged(cells, "exercise")
    }
    solutions = {ast.parse(cell.source).body[-1].name: cell for cell in tagged(cells, "solution")}
    used = [match for cell in cells for match in USED.findall(cell.source)]
    names = [name for _, name in used]
    assert names and set(stubs) == {f"my_{name}" for name in names}
    assert set(solutions) == {f"solution_{name}" for name in names}
    for name in names:
        stub = stubs[f"my_{name}"]
        assert len(ast.get_docstring(stub) or "") > 60, "shapes and an example"
        assert ast.unparse(stub.body[1:]) == "raise NotImplementedError", "the stub is no answer"
        cell = solutions[f"solution_{name}"]
        assert cell.metadata["jupyter"]["source_hidden"], "the solution is folded"
        namespace = imported(cells)
        exec(cell.source, namespace)
        assert getattr(checks, f"check_{name}")(namespace[f"solution_{name}"]), capsys.readouterr().out
    for mine, _ in used:
        uses = sum(len(re.findall(rf"\b{mine}\b", cell.source)) for cell in cells if cell.cell_type == "code")
        assert uses > 1, f"{mine} drives nothing"


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_exercises_say_their_effort_and_have_a_folded_hint(lesson):
    texts = [cell.source for cell in cells_of(lesson) if cell.cell_type == "markdown"]
    exercises = [text for text in texts if re.match(r"\*\*Exercise \d", text)]
    assert len(exercises) >= 2
    for text in exercises:
        assert re.search(r"\d+ minutes, [1-5] of 5", text), text[:80]
        assert "<details><summary>Hint</summary>" in text, text[:80]
    assert sum(bool(re.match(r"\*\*Open task \d", text)) for text in texts) == 2
