"""The house lint finds what it is for."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def house():
    spec = importlib.util.spec_from_file_location("house", ROOT / ".ci" / "house.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code(source: str, **more) -> dict:
    return {
        "cell_type": "code",
        "source": source,
        "outputs": [],
        "execution_count": None,
        "metadata": {},
    } | more


TEXT = {"cell_type": "markdown", "source": "words", "metadata": {}}
PARAMETERS = code('preset = "fast"\nout_dir = ""', metadata={"tags": ["parameters"]})


@pytest.mark.parametrize(
    ("cells", "finding"),
    [
        ([TEXT, PARAMETERS], None),
        ([TEXT, code("1")], "0 cells are tagged parameters"),
        ([TEXT, TEXT, PARAMETERS, PARAMETERS], "2 cells are tagged parameters"),
        ([TEXT, code("preset = 1", metadata={"tags": ["parameters"]})], "does not set out_dir"),
        ([PARAMETERS], "at least as many text cells"),
        ([TEXT, TEXT, PARAMETERS, code("1", outputs=[{}])], "has outputs"),
        ([TEXT, TEXT, PARAMETERS, code("1", execution_count=3)], "has outputs"),
        ([TEXT, TEXT, PARAMETERS, code("1\n" * 41)], "has 41 lines"),
        ([TEXT, TEXT, PARAMETERS, code("1\n" * 26)], "more than one in ten"),
        ([TEXT] * 3 + [PARAMETERS, code("1\n" * 9), code("1\n" * 9)], "the median code cell has 9 lines"),
    ],
)
def test_notebooks(house, tmp_path, cells, finding):
    path = tmp_path / "01_x.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    found = list(house.check_notebook(path))
    assert any(finding in line for line in found) if finding else not found, found


def test_library_files(house, tmp_path):
    path = tmp_path / "x.py"
    path.write_text("def draw():\n    import matplotlib.pyplot as plt\n")
    assert list(house.check_source(path, "evaluate.py")) == [
        "imports matplotlib; expected only in view and the annexes"
    ]
    assert not list(house.check_source(path, "view/plots.py"))
    path.write_text("x = 1\n" * 351)
    assert "351 lines" in next(house.check_source(path, "evaluate.py"))


def test_absolute_paths(house, tmp_path):
    path = tmp_path / "x.md"
    for folder in ("home", "work", "tmp"):
        path.write_text(f"see /{folder}/somebody/file\n")
        assert "absolute path" in next(house.check_paths(path))
    path.write_text("see https://example.org/home/x, ../work/x, runs/home/x and ~/tmp/x\n")
    assert not list(house.check_paths(path))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", 0),
        ('"""Module.\n\nMore.\n"""\n\n# why\nx = 1  # what\n', 1),
        ('class A:\n    """Doc."""\n\n    field: int = 0\n    """Unit."""\n', 2),
        ('def f():\n    """Doc\n    string."""\n    return (\n        1,\n        # inside\n    )\n', 4),
        ('page = """one\n\nthree"""\n', 3),
    ],
)
def test_lines_of_code(house, text, lines):
    assert house.code_lines(text) == lines


def test_the_core_has_a_limit(house, tmp_path, capsys):
    room = tmp_path / "soccer_lib" / "sim"
    for folder in (room, tmp_path / "soccer_lib" / "genesis", tmp_path / "soccer_lib" / "bench"):
        folder.mkdir(parents=True)
    files = [room / f"x{number}.py" for number in range(17)]
    for path in [
        *files,
        room.parent / "cli.py",
        *(room.parent / name / "y.py" for name in ("genesis", "bench")),
    ]:
        path.write_text('"""Words."""\n\n' + "x = 1\n" * 333)
    found = list(house.findings(tmp_path, sorted(tmp_path.rglob("*.py"))))
    assert found == ["soccer_lib: the core has 5661 lines of code; expected at most 5400"]
    out = capsys.readouterr().out
    assert (
        "sim 5661, bench 333, cli 333, genesis 333" in out
        and "in all 6660; the core, without bench, cli, demos, genesis, learn, notebook, tune, view: 5661"
        in out
    )
    assert not list(house.findings(tmp_path, files[:16])), "5,328 lines are not too many"
