"""The notebook runner on small made-up notebooks, each in a real kernel."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from soccer_lib.errors import InputError, ResourceError, SimulationError
from soccer_lib.notebook import (
    NotebookConfig,
    execute_notebook,
    find_course,
    find_notebook,
    read_parameters,
    run_command,
    run_course,
    run_notebook,
    runner,
)
from soccer_lib.notebook.runner import library_hash

PARAMETERS = """
preset = "fast"
out_dir = ""
episodes = 3
name = "x"
ratio: float = 0.5
sizes = [1, 2]
flag = False
nothing = None
"""
REPORT = """
import base64, json, pathlib
out = pathlib.Path(out_dir)
report = {"who <b>": name, "episodes": episodes, "score": -0.5, "all": [preset, ratio, sizes, flag, nothing]}
(out / "summary.json").write_text(json.dumps(report))
pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
(out / "pixel.png").write_bytes(base64.b64decode(pixel))
"""


@pytest.fixture
def books(tmp_path, monkeypatch):
    """Make notebooks in `nb/` of a fresh working directory."""
    monkeypatch.chdir(tmp_path)
    # An edit of the library during the test would rightly run everything again.
    monkeypatch.setattr(runner, "library_hash", lambda: "as it is")
    Path("nb").mkdir()

    def make(name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
        first = new_code_cell(parameters.strip(), metadata={"tags": ["parameters"]})
        book = new_notebook(cells=[new_markdown_cell("# Text"), first, *map(new_code_cell, cells)])
        nbformat.write(book, Path("nb") / f"{name}.ipynb")
        return Path("nb") / f"{name}.ipynb"

    return make


def config(**settings) -> NotebookConfig:
    return NotebookConfig(**{"notebooks": "nb", "preset": "smoke", **settings})


def files(folder: str | Path) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_a_course_stops_at_a_failure_and_goes_on_from_there(books, capsys):
    books("01_first", REPORT)
    books("02_second", "1 + 1", "import os\nassert os.path.exists('fixed'), 'not <i>fixed</i> yet'")
    books("03_third", "import soccer_lib.errors")
    before = files("nb")
    with pytest.raises(
        SimulationError, match=r"02_second failed at cell .*AssertionError: not <i>fixed"
    ) as error:
        run_command(config(course=True))
    assert "02_second.failed.ipynb" in str(error.value)
    folder = Path("runs/course/smoke")
    assert (folder / "01_first" / "01_first.ipynb").exists()
    assert not (folder / "02_second" / "02_second.ipynb").exists()
    assert (folder / "02_second" / "02_second.failed.ipynb").exists()
    assert not (folder / "03_third").exists()
    page = Path("runs/course/index.html").read_text()
    assert "1 of 3 done" in page and "waiting" in page and "not &lt;i&gt;fixed&lt;/i&gt; yet" in page
    assert "who &lt;b&gt;" in page and "data:image/png;base64," in page and "-0.5" in page
    assert "01_first/01_first.html" in page and "<script" not in page and "http" not in page
    assert json.loads(Path("runs/course/status.json").read_text())["status"] == "failed"

    Path("fixed").touch()
    first = (folder / "01_first" / "01_first.ipynb").read_bytes()
    runs = run_course(config(course=True))
    assert [run.status for run in runs] == ["skipped", "done", "done"]
    assert "01_first: done before and unchanged, skipped" in capsys.readouterr().out
    assert (folder / "01_first" / "01_first.ipynb").read_bytes() == first
    assert not (folder / "02_second" / "02_second.failed.ipynb").exists()
    record = json.loads(Path("runs/course/summary.json").read_text())
    assert [entry["status"] for entry in record["presets"]["smoke"]] == ["done"] * 3
    assert record["presets"]["smoke"][0]["figures"]["who <b>"] == "x"
    assert json.loads(Path("runs/course/status.json").read_text())["status"] == "done"
    assert files("nb") == before, "the sources stay as they are"


def test_what_changed_runs_again(books, capsys):
    source = books("06_evaluation", REPORT)
    given = (("episodes", "4"), ("name", "06"), ("ratio", "2"), ("sizes", "[1,1e-5]"), ("nothing", "1"))
    run = run_notebook(config(notebook="06", parameters=(*given, ("flag", "true"))))
    assert run.status == "done" and run.folder == Path("runs/notebook/06_evaluation/smoke")
    report = json.loads((run.folder / "summary.json").read_text())
    assert report["episodes"] == 4 and report["who <b>"] == "06"
    assert report["all"] == ["smoke", 2.0, [1, 1e-5], True, 1]

    assert run_notebook(config(notebook="06")).status == "done"
    assert "(parameters changed)" in capsys.readouterr().out
    assert run_notebook(config(notebook="06_evaluation")).status == "skipped"

    copy = run.folder / "06_evaluation.ipynb"
    copy.write_bytes(copy.read_bytes()[:100])
    assert run_notebook(config(notebook=str(source))).status == "done"
    assert "06_evaluation.ipynb was changed" in capsys.readouterr().out
    nbformat.read(copy, as_version=4)

    fast = run_notebook(config(notebook="06", preset="fast"))
    assert fast.status == "done" and fast.folder != run.folder, "presets do not overwrite one another"
    assert "Preset smoke" in Path("runs/notebook/06_evaluation/index.html").read_text()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["1 + 1", "import sys; sys.exit(0)", "2 + 2"], "SystemExit: 0"),
        (["1 + 1", "import os; os.kill(os.getpid(), 9)", "2 + 2"], "the kernel died"),
        (["1 + 1", "import os; os._exit(0)", "2 + 2"], "the kernel died"),
        (["x = 1", "import time\ntime.sleep(60)", "2 + 2"], "still running after 4 s"),
    ],
)
def test_notebooks_that_papermill_may_call_completed(books, cells, reason):
    source = books("01_bad", *cells)
    folder = Path("out")
    folder.mkdir()
    outcome = execute_notebook(source, folder, {}, timeout=4 if "sleep" in cells[1] else 0)
    assert not outcome.ok and reason in outcome.reason and "cell " in outcome.reason
    assert outcome.copy == folder / "01_bad.failed.ipynb" and outcome.copy.exists()
    assert not (folder / "01_bad.ipynb").exists() and not list(folder.glob(".*"))


def test_caught_errors_empty_cells_and_no_kernelspec(books):
    source = books("01_x", "", "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(error)")
    assert "kernelspec" not in nbformat.read(source, as_version=4).metadata
    seen = []
    Path("out").mkdir()
    outcome = execute_notebook(source, Path("out"), {}, report=lambda *line: seen.append(line))
    assert outcome.ok and outcome.copy == Path("out/01_x.ipynb") and seen


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"parameters": (("epsiodes", "4"),)}, ["'epsiodes'", "episodes, name", "did you mean 'episodes'?"]),
        ({"parameters": (("episodes", "four"),)}, ["episodes got 'four'", "expected int", "-p episodes 3"]),
        ({"parameters": (("episodes", "4.5"),)}, ["episodes got '4.5'", "expected int"]),
        ({"parameters": (("flag", "1"),)}, ["flag got '1'", "expected bool"]),
        ({"parameters": (("preset", "fast"),)}, ["expected --preset"]),
        ({"parameters": (("out_dir", "x"),)}, ["expected --out"]),
        ({"notebook": "07"}, ["unknown notebook '07'", "06_evaluation"]),
        ({"notebook": "07.ipynb"}, ["no notebook 07.ipynb"]),
        ({"notebook": "broken.ipynb"}, ["cannot read broken.ipynb", "expected a Jupyter notebook"]),
        ({"kernel": "pyhton3"}, ["unknown kernel 'pyhton3'", "python3"]),
        ({"out": "nb"}, ["nb is not empty and has no config.json", "--out"]),
        ({"out": "other"}, ["belongs to command 'course'"]),
        ({"notebook": "", "course": True, "parameters": (("zzz", "1"),)}, ["'zzz'", "episodes"]),
        ({"notebook": "", "course": True, "notebooks": "other"}, ["no notebook in other"]),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(books, settings, parts):
    books("06_evaluation", "1")
    Path("broken.ipynb").write_text("{}")
    Path("other").mkdir()
    Path("other/config.json").write_text('{"command": "course", "config": {}}')
    before = files(".")
    with pytest.raises(InputError) as caught:
        run_command(config(**{"notebook": "06", **settings}))
    for part in parts:
        assert part in str(caught.value)
    assert {name: text for name, text in files(".").items() if name in before} == before
    assert not list(Path().rglob("*.log")) and "\n" not in str(caught.value)


def test_bad_settings():
    for settings in ({}, {"notebook": "06", "course": True}, {"notebook": "06", "timeout": -1.0}):
        with pytest.raises(InputError, match="; try"):
            NotebookConfig(**settings)
    with pytest.raises(InputError, match="unknown preset 'fats'"):
        NotebookConfig(notebook="06", preset="fats")


def test_an_output_path_that_is_a_file(books):
    books("06_evaluation", "1")
    Path("file").write_text("mine")
    with pytest.raises(ResourceError, match="another output path"):
        run_notebook(config(notebook="06", out="file"))
    assert Path("file").read_text() == "mine"


def test_a_parameters_cell_holds_literals_only(books):
    with pytest.raises(InputError, match="derive values in the next cell"):
        read_parameters(books("01_x", parameters="episodes = 3\ndouble = episodes * 2"))
    assert read_parameters(books("02_x", parameters="a = -1\nb: int = 2")) == {"a": -1, "b": 2}


def test_finding_notebooks(books):
    for name in ("02_b", "01_a", "notes", "10_c"):
        books(name)
    Path("nb/genesis").mkdir()
    books("genesis/01_g")
    folder = Path("nb")
    assert [path.stem for path in find_course(folder)] == ["01_a", "02_b", "10_c"]
    assert find_notebook("02", folder).name == "02_b.ipynb"
    assert find_notebook("genesis/01", folder) == Path("nb/genesis/01_g.ipynb")
    assert find_notebook("nb/notes.ipynb", folder).name == "notes.ipynb"


def test_library_hash_sees_source_and_data(tmp_path):
    for name in ("soccer_lib/a.py", "data/b.npz", "soccer_lib/__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    first = library_hash(tmp_path)
    (tmp_path / "soccer_lib/__pycache__/a.pyc").write_text("2")
    assert library_hash(tmp_path) == first
    (tmp_path / "data/b.npz").write_text("2")
    assert library_hash(tmp_path) != first


def test_make_course_executes_every_notebook_there_is(command, tmp_path):
    """The real notebooks in the smoke preset, as `make course PRESET=smoke` runs them."""
    notebooks = Path(__file__).resolve().parents[1] / "notebooks"
    if not notebooks.is_dir():
        pytest.skip("no notebooks here")
    done = command("notebook", "--course", "--preset", "smoke", "--out", tmp_path / "course", timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "course" / "summary.json").read_text())
    for entry in record["presets"]["smoke"]:
        assert entry["status"] == "done"
        assert entry["figures"], f"{entry['name']} reports nothing"
