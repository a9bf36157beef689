"""The house lint finds what it is for: each rule on a small tree made for it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import house
from house import LIMITS, Limits
from rules import structure
from rules.lessons import check_notebook
from rules.source import Source, code_lines
from rules.texts import check_text


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
def test_notebooks(tmp_path, cells, finding):
    path = tmp_path / "01_x.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    found = list(check_notebook(path))
    assert any(finding in line for line in found) if finding else not found, found


def sources(**files: str) -> list[Source]:
    """Return files of the package; two underscores stand for a slash."""
    return [Source(f"soccer_lib/{name.replace('__', '/')}.py", text) for name, text in files.items()]


@pytest.mark.parametrize(
    "line",
    [f"see /{folder}/somebody/file" for folder in ("home", "work", "tmp", "Users", "root")]
    + ["pip install --index" + "-url https://example.org torch", "https://pypi.org" + "/simple/torch"]
    + ["token = hf_" + "a" * 30, "-----BEGIN RSA PRIVATE" + " KEY-----"],
)
def test_texts_that_belong_to_one_machine_are_found(tmp_path, line):
    path = tmp_path / "x.md"
    path.write_text(f"words\n{line}\n")
    found = list(check_text(path))
    assert len(found) == 1 and found[0].startswith("line 2 ")


def test_texts_that_look_alike_are_let_through(tmp_path):
    path = tmp_path / "x.md"
    parents = {"https://example.org": "home", "..": "work", "runs": "home", "~": "tmp"}
    alike = [f"{parent}/{folder}/x" for parent, folder in parents.items()]
    path.write_text(f"see {', '.join(alike)} and a pip index\n")
    assert not list(check_text(path))


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
def test_lines_of_code(text, lines):
    assert code_lines(text) == lines


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("a, b = x, y\n", 1),
        ("def f():\n    for a in x:\n        a, b, c = 1, 2, 3\n", 1),
        ("a, b = f()\n", 0),
        ("a, b = pair\n", 0),
        ("pair = x, y\n", 0),
        ("a, *b = x, y, z\n", 0),
        ("for a, b in ((1, 2), (3, 4)):\n    pass\n", 0),
    ],
)
def test_packed_assignments(text, packed):
    assert Source("soccer_lib/x.py", text).packed_assignments() == packed


@pytest.mark.parametrize(
    ("name", "lines", "found"),
    [
        ("soccer_lib/sim/x.py", 351, True),
        ("soccer_lib/workshop/x.py", 351, True),
        ("tests/sim/test_x.py", 351, True),
        ("soccer_lib/sim/x.py", 350, False),
        ("README.md", 351, False),
    ],
)
def test_a_file_has_a_limit(tmp_path, name, lines, found):
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# words\n" * lines)
    source = Source.read(tmp_path, path) if path.suffix == ".py" else None
    assert bool(list(house.check_file(path, source, LIMITS))) == found


def sizes(capsys, limits: Limits) -> tuple[list[str], str]:
    """Return findings and print of 60 lines in sim, 50 in envs, 30 in tasks, 70 in an annex."""
    files = sources(sim__x="x = 1\n" * 60, envs__x="x = 1\n" * 50, tasks="x = 1\n" * 30)
    files += sources(course__x="a, b = 1, 2\n" + "x = 1\n" * 69)
    return list(house.check_sizes(files, limits)), capsys.readouterr().out


def test_sizes_within_their_limits_are_printed(capsys):
    found, out = sizes(capsys, Limits(library=140, room=60, core_path=80))
    assert not found
    assert "course 70, sim 60, envs 50, tasks 30" in out
    assert "library without annexes: 140 of at most 140" in out
    assert "core path: 80 of at most 80" in out
    assert "packed assignments in 1,000 lines: 4.8 of at most 5.0" in out


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        (Limits(library=139), "soccer_lib: library without annexes: 140; expected at most 139"),
        (Limits(room=59), "soccer_lib: largest room of the library (sim): 60; expected at most 59"),
        (Limits(room=49), "soccer_lib/envs: 50 lines of code; expected at most 49 in a room"),
        (Limits(core_path=79), "soccer_lib: core path: 80; expected at most 79"),
        (Limits(packed=4.7), "soccer_lib: packed assignments in 1,000 lines: 4.8; expected at most 4.7"),
        (Limits(packed=4.7), "soccer_lib/course/x.py: 1 packed assignments; expected one step a line"),
    ],
)
def test_sizes_above_their_limits_are_found(capsys, limits, found):
    assert found in sizes(capsys, limits)[0]


def test_the_core_path_takes_the_first_that_exists():
    files = sources(learn__train="x = 1", learn__bc="x = 1", envs__a="x = 1", envs__b="x = 1", envs_x="")
    path = ("envs", "learn/later | learn/train | learn/bc", "seeds")
    chosen = {entry: [file.name for file in found] for entry, found in structure.core_files(files, path)}
    assert list(chosen.values()) == [
        ["soccer_lib/envs/a.py", "soccer_lib/envs/b.py"],
        ["soccer_lib/learn/train.py"],
        [],
    ]


def test_a_public_name_exists_once():
    files = sources(
        sim__a="class Scene:\n    def read(self): ...\ndef _part(): ...\ndef main(): ...",
        view__b="class Scene: ...\ndef _part(): ...\ndef main(): ...\ndef read(): ...",
    )
    assert list(structure.check_names(files)) == [
        "soccer_lib/sim/a.py: public name Scene exists in soccer_lib/view/b.py too; expected one meaning"
    ]


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"control__ball": "", "wrappers__x": "from soccer_lib.control.ball import Ball"}, True),
        ({"control__ball": "", "wrappers__x": "from soccer_lib.control import ball"}, True),
        ({"control__ball": "", "wrappers__x": "def f():\n    import soccer_lib.control.ball"}, True),
        ({"control__ball": "", "control__x": "from soccer_lib.control.ball import Ball"}, False),
        ({"control__deep__ball": "", "control__x": "from soccer_lib.control.deep.ball import B"}, False),
        ({"control__ball": "", "control__deep__x": "from soccer_lib.control.ball import B"}, True),
        ({"control__ball": "", "cli__x": "from soccer_lib.control.ball import Ball"}, False),
        ({"control__ball": "", "wrappers__x": "HOME = 'soccer_lib.control.ball:Ball'"}, False),
    ],
)
def test_a_module_with_one_importer_lies_beside_it(files, found):
    assert bool(list(structure.check_neighbours(sources(**files), []))) == found


def test_a_second_importer_and_an_init_that_hands_on_make_a_module_common():
    files = sources(control__ball="", wrappers__x="from soccer_lib.control.ball import Ball")
    more = sources(envs__x="from soccer_lib.control.ball import Ball")
    init = [Source("soccer_lib/control/__init__.py", "from soccer_lib.control.ball import Ball")]
    lesson = [Source("notebooks/01_x.ipynb", "from soccer_lib.control.ball import Ball")]
    assert list(structure.check_neighbours(files, []))
    assert not list(structure.check_neighbours(files + more, []))
    assert not list(structure.check_neighbours(files + init, []))
    assert not list(structure.check_neighbours(files, lesson))


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("soccer_lib/sim/x.py", "from soccer_lib.envs.make import make_env", True),
        ("soccer_lib/sim/x.py", "from ..envs import make", True),
        ("soccer_lib/sim/x.py", "def f():\n    import soccer_lib.learn.bc", True),
        ("soccer_lib/learn/x.py", "import soccer_lib.workshop.studies", True),
        ("soccer_lib/workshop/x.py", "from soccer_lib.course import page", True),
        ("soccer_lib/sim/x.py", "from soccer_lib import make_env", True),
        ("soccer_lib/attic/x.py", "", True),
        ("soccer_lib/envs/x.py", "from soccer_lib.sim.core import Sim", False),
        ("soccer_lib/scoring.py", "from soccer_lib.tasks import TASKS", False),
        ("soccer_lib/workshop/x.py", "from soccer_lib.cli import dataset", False),
        ("soccer_lib/sim/x.py", "if TYPE_CHECKING:\n    from soccer_lib.envs.make import make_env", False),
    ],
)
def test_imports_only_go_down(name, text, found):
    assert bool(list(structure.check_arrows(Source(name, text)))) == found


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("soccer_lib/evaluation/x.py", "def draw():\n    import matplotlib.pyplot as plt\n", True),
        ("soccer_lib/cli/x.py", "from IPython.display import display", True),
        (
            "soccer_lib/envs/x.py",
            "if TYPE_CHECKING:\n    import ipywidgets\nelse:\n    import ipywidgets",
            True,
        ),
        ("soccer_lib/envs/x.py", "if TYPE_CHECKING:\n    from matplotlib.figure import Figure\n", True),
        ("soccer_lib/workshop/x.py", "import matplotlib", True),
        ("soccer_lib/view/x.py", "import matplotlib.pyplot as plt", False),
        ("soccer_lib/course/x.py", "import ipywidgets", False),
    ],
)
def test_only_view_and_course_draw(name, text, found):
    assert bool(list(structure.check_drawing(Source(name, text)))) == found


def test_a_whole_tree_is_walked(tmp_path, capsys):
    room = tmp_path / "soccer_lib" / "sim"
    room.mkdir(parents=True)
    (room / "x.py").write_text("import matplotlib\n")
    (tmp_path / "01_x.ipynb").write_text(json.dumps({"cells": [TEXT, PARAMETERS]}))
    (tmp_path / "notes.md").write_text("see /" + "home/somebody\n")
    found = list(house.findings(tmp_path, sorted(path for path in tmp_path.rglob("*") if path.is_file())))
    assert "notes.md: line 1 holds an absolute path '/" + "home/s'; expected a relative one" in found
    assert "soccer_lib/sim/x.py: imports matplotlib; expected only in view and course" in found
    assert "soccer_lib: the core path names tasks, which does not exist; expected a file or room" in found
    assert not any(line.startswith("01_x") for line in found)
    assert "sim 1" in capsys.readouterr().out


def test_the_core_path_is_named_in_readme_in_order():
    """The README's list of files to read is the list whose lines are counted."""
    text = (Path(house.ROOT) / "README.md").read_text(encoding="utf-8")
    text = text.partition("## Where to go next")[2]
    places = []
    for entry in house.CORE_PATH:
        names = [re.escape(choice) for choice in entry.split(" | ")]
        match = re.search(rf"`(?:soccer_lib/)?(?:{'|'.join(names)})(?:\.py|/)`", text)
        assert match, f"README does not name {entry}"
        places.append(match.start())
    assert places == sorted(places)
