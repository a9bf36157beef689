"""The notebook runner on small made-up notebooks, each in a real kernel."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from soccer_lib.course import execute, runner
from soccer_lib.course.config import NotebookConfig, find_notebooks, read_parameters
from soccer_lib.course.execute import execute_notebook
from soccer_lib.course.runner import library_hash, run_notebooks
from soccer_lib.errors import InputError, ResourceError, SimulationError
from soccer_lib.runs.folder import CHECKOUT

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
report = {"who <b>": name, "score": -0.5, "all": [preset, episodes, ratio, sizes, flag, nothing]}
(out / "summary.json").write_text(json.dumps(report))
pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
(out / "pixel.png").write_bytes(base64.b64decode(pixel))
(out / "report.html").write_text("<p>a page</p>")
"""


@pytest.fixture
def books(tmp_path, monkeypatch):
    """Make notebooks in `nb/` of a fresh working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(CHECKOUT))  # for the kernels, which start in that folder
    # An edit of the library during the test would rightly run everything again.
    monkeypatch.setattr(runner, "library_hash", lambda: "as it is")
    Path("nb").mkdir()

    def make(name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
        first = new_code_cell(parameters.strip(), metadata={"tags": ["parameters"]})
        book = new_notebook(cells=[new_markdown_cell("# Text"), first, *map(new_code_cell, cells)])
        nbformat.write(book, Path("nb") / f"{name}.ipynb")
        return Path("nb") / f"{name}.ipynb"

    return make


def config(notebook: str = "", **settings) -> NotebookConfig:
    return NotebookConfig(**{"notebook": notebook, "notebooks": "nb", "preset": "smoke", **settings})


def load(path: Path | str) -> dict:
    return json.loads(Path(path).read_text())


def files(folder: str | Path) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_a_course_stops_at_a_failure_and_goes_on_from_there(books, capsys):
    books("01_first", REPORT)
    books("02_second", "1 + 1", "import os\nassert os.path.exists('fixed'), 'not <i>fixed</i> yet'")
    books("03_third", "import soccer_lib.errors")
    before = files("nb")
    with pytest.raises(
        SimulationError, match=r"02_second failed at cell .*AssertionError: not <i>fix"
    ) as error:
        run_notebooks(config(course=True))
    assert "02_second.failed.ipynb" in str(error.value)
    folder = Path("runs/course/smoke")
    assert (folder / "01_first" / "01_first.ipynb").exists()
    assert not (folder / "02_second" / "02_second.ipynb").exists()
    assert (folder / "02_second" / "02_second.failed.ipynb").exists()
    assert not (folder / "03_third").exists()
    page = Path("runs/course/index.html").read_text()
    assert "1 of 3 done" in page and "waiting" in page and "not &lt;i&gt;fixed&lt;/i&gt; yet" in page
    assert "who &lt;b&gt;" in page and "data:image/png;base64," in page and "-0.5" in page
    assert all(f'href="smoke/01_first/01_first.{end}"' in page for end in ("html", "ipynb"))
    assert "<script" not in page and "http" not in page
    assert load("runs/course/status.json")["status"] == "failed"

    Path("fixed").touch()
    first = (folder / "01_first" / "01_first.ipynb").read_bytes()
    run_notebooks(config(course=True))
    assert "01_first: done before and unchanged, skipped" in capsys.readouterr().out
    assert (folder / "01_first" / "01_first.ipynb").read_bytes() == first
    assert not (folder / "02_second" / "02_second.failed.ipynb").exists()
    entries = load("runs/course/summary.json")["presets"]["smoke"]
    assert [entry["status"] for entry in entries] == ["done"] * 3
    assert [entry["name"] for entry in entries] == ["01_first", "02_second", "03_third"]
    assert entries[0]["figures"]["who <b>"] == "x"
    assert load("runs/course/status.json")["status"] == "done"
    assert files("nb") == before, "the sources stay as they are"


def test_what_changed_runs_again(books, capsys):
    source = books("06_evaluation", REPORT)
    given = (("episodes", "4"), ("name", "06"), ("ratio", "2"), ("sizes", "[1,1e-5]"), ("nothing", "1"))
    run_notebooks(config("06", parameters=(*given, ("flag", "true"))))
    folder = Path("runs/notebook/06_evaluation/smoke/06_evaluation")
    report = load(folder / "summary.json")
    assert report["who <b>"] == "06" and report["all"] == ["smoke", 4, 2.0, [1, 1e-5], True, 1]

    (folder / "old.png").touch()
    (folder / "old.html").touch()
    run_notebooks(config("06"))
    assert "(parameters changed)" in capsys.readouterr().out
    assert load(folder / "state.json")["pictures"] == ["pixel.png"], "pictures of earlier runs are gone"
    assert load(folder / "state.json")["pages"] == ["report.html"], "and their pages"
    run_notebooks(config("06_evaluation"))
    assert "skipped" in capsys.readouterr().out

    copy = folder / "06_evaluation.ipynb"
    copy.write_bytes(copy.read_bytes()[:100])
    run_notebooks(config(str(source)))
    assert "06_evaluation.ipynb is changed" in capsys.readouterr().out
    nbformat.read(copy, as_version=4)

    before = files(folder)
    run_notebooks(config("06", preset="fast"))
    assert files(folder) == before, "presets do not overwrite one another"
    page = Path("runs/notebook/06_evaluation/index.html").read_text()
    assert "Preset smoke" in page and "Preset fast" in page


def test_a_lesson_that_takes_agents_runs_again_when_they_are_others(books, capsys):
    books("03_train", REPORT)
    books("06_score", REPORT, parameters=PARAMETERS + 'agents = ""')
    run_notebooks(config(course=True))
    trained = Path("runs/course/smoke/03_train/clone/final_model.json")
    trained.parent.mkdir()
    trained.write_text("{}")
    capsys.readouterr()
    run_notebooks(config(course=True))
    out = capsys.readouterr().out
    assert (
        "03_train: done before and unchanged, skipped" in out and "06_score: running (agents changed)" in out
    )
    run_notebooks(config(course=True))
    assert "06_score: done before and unchanged, skipped" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (
            ["1 + 1", "import sys; sys.exit(0)", "2 + 2"],
            "`import sys; sys.exit(0)`: the notebook ended itself",
        ),
        (["1 + 1", "import os; os.kill(os.getpid(), 9)", "2 + 2"], "os.getpid(), 9)`: the kernel died"),
        (["1 + 1", "import os; os._exit(0)", "2 + 2"], "os._exit(0)`: the kernel died"),
    ],
)
def test_notebooks_that_papermill_may_call_completed(books, cells, reason):
    source = books("01_bad", *cells)
    folder = Path("out")
    folder.mkdir()
    outcome = execute_notebook(source, folder, {"episodes": 1})
    # Text, parameters, injected parameters, the first of the cells, the bad one.
    assert outcome.startswith("cell 5 ") and reason in outcome
    assert sorted(path.name for path in folder.iterdir()) == ["01_bad.failed.ipynb", "01_bad.log"]


def test_a_client_that_gives_up_is_no_disk_error(books, monkeypatch):
    source = books("01_loud", "print('much')")
    Path("out").mkdir()

    def give_up(*arguments, **more):
        raise TimeoutError("Timeout waiting for IOPub output")

    monkeypatch.setattr(execute.papermill, "execute_notebook", give_up)
    monkeypatch.setattr(execute, "_last_started_cell", lambda notebook: "cell 3")
    outcome = execute_notebook(source, Path("out"), {})
    assert outcome.startswith("cell 3: the kernel does not answer") and "IOPub" in outcome


def test_a_run_that_parts_from_the_lessons_text_is_said(books, capsys):
    books("01_first", REPORT)
    claims = Path("nb/claims/01_first.toml")
    claims.parent.mkdir()
    claims.write_text(
        "[[claim]]\ntext = 'half'\nkey = 'score'\nlow = 0\npresets = ['smoke']\n"
        "[[claim]]\ntext = 'quick'\nkey = 'minutes'\nhigh = 1\npresets = ['smoke']\n"
    )
    run_notebooks(config("01"))
    record = load("runs/notebook/01_first/smoke/01_first/state.json")
    said = "the lesson says 'half'; score is -0.5; expected 0 to inf"
    assert record["status"] == "done" and record["parted"] == [said]
    assert said in capsys.readouterr().out
    assert "the lesson says &#39;half&#39;" in Path("runs/notebook/01_first/index.html").read_text()
    run_notebooks(config("01", parameters=(("episodes", "4"),)))  # other numbers than the lesson's
    assert load("runs/notebook/01_first/smoke/01_first/state.json")["parted"] == []
    claims.write_text("[[claim]]\ntext = 'less'\nkey = 'score'\nhigh = 0\npresets = ['smoke']\n")
    run_notebooks(config("01", parameters=(("episodes", "4"),)))
    assert "(claims changed)" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["[]", '{"status": "done"}', "[" * 100_000])
def test_a_damaged_record_runs_again(books, content, capsys):
    books("01_first", REPORT)
    run_notebooks(config("01"))
    record = Path("runs/notebook/01_first/smoke/01_first/state.json")
    before = load(record)
    record.write_text(content)
    run_notebooks(config("01"))
    printed = capsys.readouterr().out
    assert load(record)["figures"] == before["figures"] and printed.count("01_first: running (") == 2


def test_a_summary_that_is_no_table_is_one_line(books):
    books("01_first", "open(out_dir + '/summary.json', 'w').write('[1]')")
    with pytest.raises(InputError, match=r"summary\.json holds something else; expected a record"):
        run_notebooks(config("01"))
    assert "waiting" in Path("runs/notebook/01_first/index.html").read_text()


def test_caught_errors_empty_cells_and_progress(books, monkeypatch, capsys):
    monkeypatch.setattr(execute, "REPORT_EVERY", 0.05)
    caught = "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print('caught', error)"
    source = books("01_x", "", "import time\ntime.sleep(0.3)", caught)
    assert "kernelspec" not in nbformat.read(source, as_version=4).metadata
    Path("out").mkdir()
    assert execute_notebook(source, Path("out"), {}) == ""
    assert sorted(path.name for path in Path("out").iterdir()) == ["01_x.ipynb", "01_x.log"]
    assert "caught division by zero" in Path("out/01_x.log").read_text()
    assert re.search(r"01_x: \d+\.\d min, Executing Cell", capsys.readouterr().out)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_stopped_run_leaves_a_record_and_no_kernel(books, number, code):
    books(
        "01_x", "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(60)"
    )
    command = [sys.executable, "-m", "soccer_lib", "notebook", "01", "--notebooks", "nb", "--out", "out"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while not (Path("pid").exists() and Path("pid").read_text()):
        time.sleep(0.05)
    child.send_signal(number)
    _, errors = child.communicate(timeout=30)
    assert child.returncode == code and errors.count("\n") <= 1, errors
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("pid").read_text()), 0)
    assert load("out/status.json")["status"] == "failed"
    assert load("out/summary.json")["presets"]["fast"][0]["status"] == "waiting"
    assert (Path("out/fast/01_x/01_x.failed.ipynb")).exists()


@pytest.mark.parametrize(
    ("settings", "parts"),
    [
        ({"parameters": (("epsiodes", "4"),)}, ["'epsiodes'", "episodes, flag", "did you mean 'episodes'?"]),
        ({"parameters": (("episodes", "four"),)}, ["episodes got 'four'", "expected int", "-p episodes '3'"]),
        ({"parameters": (("episodes", "4.5"),)}, ["episodes got '4.5'", "expected int"]),
        ({"parameters": (("flag", "1"),)}, ["flag got '1'", "expected bool", "-p flag 'false'"]),
        ({"parameters": (("preset", "fast"),)}, ["'preset'", "try --preset"]),
        ({"parameters": (("out_dir", "x"),)}, ["'out_dir'", "try --out"]),
        ({"notebook": "07"}, ["unknown notebook '07'", "06_evaluation"]),
        ({"notebook": "0"}, ["unknown notebook '0'"]),
        ({"notebook": "07.ipynb"}, ["cannot read 07.ipynb", "No such file"]),
        ({"notebook": "broken.ipynb"}, ["cannot read broken.ipynb", "expected a Jupyter notebook"]),
        ({"out": "nb"}, ["nb is not empty and has no config.json", "another folder"]),
        ({"out": "other"}, ["other belongs to train"]),
        ({"notebook": "", "course": True, "parameters": (("zzz", "1"),)}, ["'zzz'", "episodes"]),
        ({"notebook": "", "course": True, "notebooks": "other"}, ["no notebook in other"]),
    ],
)
def test_bad_input_is_refused_before_anything_is_written(books, settings, parts):
    books("06_evaluation", "1")
    Path("broken.ipynb").write_text("{}")
    Path("other").mkdir()
    Path("other/config.json").write_text('{"command": "train", "config": {}}')
    before = files(".")
    with pytest.raises(InputError) as caught:
        run_notebooks(config(**{"notebook": "06", **settings}))
    for part in parts:
        assert part in str(caught.value)
    assert files(".") == before and "\n" not in str(caught.value)


def test_a_notebook_or_the_course(books):
    for settings in ({}, {"notebook": "06", "course": True}):
        with pytest.raises(InputError, match="; try"):
            config(**settings)


def test_an_output_path_that_is_a_file(books):
    books("06_evaluation", "1")
    Path("file").write_text("mine")
    with pytest.raises(ResourceError, match="another output path"):
        run_notebooks(config("06", out="file"))
    assert Path("file").read_text() == "mine"


def test_a_parameters_cell_holds_literals_only(books):
    for cell in ("episodes = 3\ndouble = episodes * 2", "import os", "a = b = 1", "a: int", "a ="):
        with pytest.raises(InputError, match="derive values in the next cell"):
            read_parameters(books("01_x", parameters=cell))
    assert read_parameters(books("02_x", parameters="a = -1\nb: int = 2")) == {"a": -1, "b": 2}


def test_finding_notebooks(books):
    for name in ("02_b", "01_a", "notes", "10_c"):
        books(name)
    assert [path.stem for path in find_notebooks(config(course=True))] == ["01_a", "02_b", "10_c"]
    for name in ("02", "02_b", "nb/02_b.ipynb"):
        assert find_notebooks(config(name)) == [Path("nb/02_b.ipynb")]


def test_library_hash_sees_source_and_data(tmp_path):
    for name in ("soccer_lib/a.py", "data/b.npz", "soccer_lib/__pycache__/a.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    first = library_hash(tmp_path)
    (tmp_path / "soccer_lib/__pycache__/a.pyc").write_text("2")
    assert library_hash(tmp_path) == first
    (tmp_path / "data/b.npz").write_text("2")
    assert library_hash(tmp_path) != first
