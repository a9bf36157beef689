"""The summary page: what it says of each run, and that no name or text can break out of it."""

from __future__ import annotations

import base64
import json
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from soccer_lib.course.page import mend_links, write_html_copies, write_page

EVIL = '<script>alert("1")</script> & "quoted"'


class Page(HTMLParser):
    """Collects tags with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "

    def all(self, tag: str, attribute: str) -> list[str]:
        return [attributes[attribute] for name, attributes in self.tags if name == tag]


def write_record(folder: Path, **values) -> Path:
    """A run as the runner leaves it."""
    folder.mkdir(parents=True)
    record = {
        "status": "done",
        "minutes": 1.26,
        "reason": "",
        "executed": f"{folder.name}.ipynb",
        "html": f"{folder.name}.html",
        "teacher": f"{folder.name}.teacher.html",
        "pictures": [],
        "pages": [],
        "figures": {},
        "key": {"parameters": {"preset": folder.parent.name}, "versions": {"python": "3.11"}},
        "started": "2026-01-01T00:00:00+00:00",
        "machine": {"cpu": "Z80"},
        "git": "abc",
        **values,
    }
    (folder / "state.json").write_text(json.dumps(record))
    for name in [*record["pictures"], *record["pages"]]:
        (folder / name).write_bytes(b"picture of " + name.encode())
    return folder


def page_of(out: Path, planned=()) -> Page:
    return Page(write_page(out, planned).read_text())


def test_figures_and_pictures_are_on_the_page(tmp_path):
    figures = {"score": 1.23456789, "episodes": 20, "note": "walks"}
    write_record(tmp_path / "fast" / "06_evaluation", figures=figures, pictures=["a.png"], pages=["r.html"])
    page = page_of(tmp_path)
    words = " ".join(page.text.split())
    assert "score 1.235 episodes 20 note walks" in words
    assert "1.3 min" in words and "preset fast" in words and "commit abc" in words and "cpu Z80" in words
    assert page.all("a", "href") == [
        "fast/06_evaluation/06_evaluation.html",
        "fast/06_evaluation/06_evaluation.teacher.html",
        "fast/06_evaluation/06_evaluation.ipynb",
        "fast/06_evaluation/r.html",
        "fast/06_evaluation/a.png",
    ]
    (source,) = page.all("img", "src")
    assert base64.b64decode(source.removeprefix("data:image/png;base64,")) == b"picture of a.png"


@pytest.mark.parametrize("place", ["label", "value", "reason", "parameter", "machine", "git", "started"])
def test_no_text_becomes_a_tag(tmp_path, place):
    plain = page_of(tmp_path / "plain")
    values = {
        "label": {"figures": {EVIL: 1}},
        "value": {"figures": {"x": EVIL}},
        "reason": {"status": "failed", "reason": EVIL},
        "parameter": {"key": {"parameters": {"agents": EVIL}, "versions": {}}},
        "machine": {"machine": {"cpu": EVIL}},
        "git": {"git": EVIL},
        "started": {"started": EVIL},
    }[place]
    write_record(tmp_path / "out" / "fast" / "01_x", **values)
    page = page_of(tmp_path / "out")
    assert EVIL in page.text and "script" not in {tag for tag, _ in page.tags}
    assert "script" not in {tag for tag, _ in plain.tags}


def test_no_name_breaks_out_of_a_link(tmp_path):
    name = 'a" onclick="x <b> #1 100%.png'
    write_record(tmp_path / "fast" / "01_x", pictures=[name])
    page = page_of(tmp_path)
    assert page.all("img", "alt") == [name]
    *_, link = [attributes for tag, attributes in page.tags if tag == "a"]
    assert link == {"href": "fast/01_x/a%22%20onclick%3D%22x%20%3Cb%3E%20%231%20100%25.png"}


def test_what_is_planned_waits_and_what_is_done_is_counted(tmp_path):
    done = write_record(tmp_path / "smoke" / "01_first")
    failed = write_record(tmp_path / "smoke" / "02_second", status="failed", reason="cell 5: no")
    other = write_record(tmp_path / "full" / "01_first")
    page = page_of(tmp_path, [done, failed, tmp_path / "smoke" / "03_third"])
    words = " ".join(page.text.split())
    assert "Preset smoke: 1 of 3 done" in words and "Preset full: 1 of 1 done" in words
    assert "02_second failed cell 5: no" in words and "03_third waiting" in words
    assert words.index("Preset smoke") < words.index("Preset full") and "Preset fast" not in words
    record = json.loads((tmp_path / "summary.json").read_text())["presets"]
    assert [entry["status"] for entry in record["smoke"]] == ["done", "failed", "waiting"]
    assert [entry["folder"] for entry in record["full"]] == [f"full/{other.name}"]


@pytest.mark.parametrize(
    "values",
    [
        {"pictures": ["../../secret.png"]},
        {"pictures": ["/etc/hostname"]},
        {"html": "../../../x.html"},
        {"html": ".."},
        {"executed": "javascript://x/%0aalert(1)"},
        {"executed": ""},
        {"key": []},
        {"key": {"parameters": [], "versions": {}}},
        {"figures": ["a"]},
        {"minutes": "long"},
        {"status": "great"},
        {"pictures": "all"},
        {"pages": "all"},
        {"pages": ["../../secret.png"]},
        {"machine": None},
    ],
)
def test_a_record_of_somebody_else_shows_nothing_and_waits_for_a_run(tmp_path, values):
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = write_record(tmp_path / "fast" / "01_x")
    record = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps(record | values))
    write_record(tmp_path / "fast" / "02_y", pictures=["a.png"])
    page = page_of(tmp_path)
    assert len(page.all("img", "src")) == 1 and "1 of 2 done" in page.text
    assert all(link.startswith("fast/02_y/") for link in page.all("a", "href"))
    assert "01_x waiting" in " ".join(page.text.split()) and "state.json" in page.text


@pytest.mark.parametrize("content", ["[]", "3", "{}", "[" * 100_000, "half a fi"])
def test_a_damaged_record_is_a_line_on_the_page(tmp_path, content):
    folder = write_record(tmp_path / "fast" / "01_x")
    (folder / "state.json").write_text(content)
    assert "state.json" in page_of(tmp_path).text


def test_places_and_links_are_those_of_the_folder(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    folder = write_record(tmp_path / "fast" / "01_x")
    other = {"folder": "javascript:alert(1)//", "name": "other", "pictures": ["a.png", "gone.png"]}
    (folder / "a.png").symlink_to(tmp_path / "secret.png")
    record = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps(record | other))
    page = page_of(tmp_path)
    assert page.all("img", "src") == []
    assert page.all("a", "href") == [f"fast/01_x/01_x.{end}" for end in ("html", "teacher.html", "ipynb")]


def lesson(file: Path, *texts: str) -> Path:
    """An executed notebook with a solution."""
    file.parent.mkdir(parents=True, exist_ok=True)
    solution = new_code_cell("def solution_x(): return 'the answer'", metadata={"tags": ["solution"]})
    cells = [*map(new_markdown_cell, texts), new_code_cell("print('seen by all')"), solution]
    nbformat.write(new_notebook(cells=cells), file)
    return file


def test_only_the_teachers_page_has_solutions(tmp_path):
    learner, teacher = write_html_copies(lesson(tmp_path / "01_x" / "01_x.ipynb", "Text."))
    assert (learner.name, teacher.name) == ("01_x.html", "01_x.teacher.html")
    assert "the answer" in teacher.read_text() and "the answer" not in learner.read_text()
    assert all("seen by all" in page.read_text() for page in (learner, teacher))


def test_links_of_an_executed_lesson_lead_where_those_of_its_source_do(tmp_path):
    pixel = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.png").write_bytes(pixel)
    text = "[G](GLOSSARY.md) [R](../README.md) [next](02_y.ipynb) [web](https://a.b/c) [here](#x) "
    text += "![shot](../data/a.png)"
    source = lesson(tmp_path / "notebooks" / "01_x.ipynb", text)
    executed = lesson(tmp_path / "runs" / "fast" / "01_x" / "01_x.ipynb", text)
    mend_links(executed, source)
    mended = nbformat.read(executed, as_version=4).cells[0].source
    up = "../../../"
    assert f"[G]({up}notebooks/GLOSSARY.md) [R]({up}README.md) [next](../02_y/02_y.ipynb)" in mended
    assert "[web](https://a.b/c) [here](#x)" in mended and "![shot](attachment:a.png)" in mended
    learner, teacher = (Page(page.read_text()) for page in write_html_copies(executed))
    assert "../02_y/02_y.html" in [attributes.get("href") for _, attributes in learner.tags]
    assert "../02_y/02_y.teacher.html" in [attributes.get("href") for _, attributes in teacher.tags]
    pictures = [attributes["src"] for tag, attributes in learner.tags if tag == "img"]
    assert pictures == ["data:image/png;base64," + base64.b64encode(pixel).decode()]
