"""The teacher's kit: minutes are the same everywhere, links lead somewhere, each lesson has its handout."""

from __future__ import annotations

import re

import nbformat
import pytest

from soccer_lib.course.claims import prose_of
from soccer_lib.runs.folder import CHECKOUT

NOTEBOOKS = CHECKOUT / "notebooks"
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
TEACHING = (NOTEBOOKS / "TEACHING.md").read_text()
ROW = re.compile(r"^\| \[(\d\d) [^]]*\]\((\w+)\.ipynb\) \| (\d+) \| ([^|]+) \|", re.M)
TABLE = {name: (int(minutes), computing.strip()) for _, name, minutes, computing in ROW.findall(TEACHING)}
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_minutes_are_those_of_the_table(lesson):
    minutes, computing = TABLE[lesson.stem]
    prose = prose_of(lesson)
    assert re.findall(r"(\d+) minutes of reading and exercises", prose) == [str(minutes)]
    assert f"fast: {computing} minute" in prose
    number = lesson.stem[:2]
    section = TEACHING.partition(f"\n## {number} ")[2].partition("\n## ")[0]
    (total, parts) = re.search(r"\| Minutes \| (\d+): ([^|]+) \|", section).groups()
    assert int(total) == minutes == sum(map(int, re.findall(r"(?:^|, )(\d+) ", parts)))


def tasks_of(lesson, kind):
    """The minutes that exercises or open tasks say of themselves."""
    return [
        int(minutes) for minutes in re.findall(rf"\*\*{kind} \d.*?\((\d+) minutes,", prose_of(lesson), re.S)
    ]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_the_minutes_hold_the_tasks_and_the_reading(lesson):
    """200 words and 20 lines of code are read in a minute."""
    code = [cell for cell in nbformat.read(lesson, as_version=4).cells if cell.cell_type == "code"]
    lines = sum(
        len(cell.source.splitlines()) for cell in code if "solution" not in cell.metadata.get("tags", [])
    )
    tasks = tasks_of(lesson, "Exercise") + tasks_of(lesson, "Open task")
    reading = len(prose_of(lesson).split()) / 200 + lines / 20
    minutes, _ = TABLE[lesson.stem]
    assert sum(tasks) + reading - 5 <= minutes <= sum(tasks) + reading + 20


def test_the_open_tasks_are_as_long_as_teachers_are_told():
    open_tasks = [sum(tasks_of(lesson, "Open task")) for lesson in LESSONS]
    assert f"a lesson is {min(open_tasks)} to {max(open_tasks)} minutes shorter" in TEACHING


def test_readme_says_the_same_minutes():
    readme = (CHECKOUT / "README.md").read_text()
    told = re.findall(r"(\d+) to (\d+) minutes of reading and exercises", readme)
    minutes = [minutes for minutes, _ in TABLE.values()]
    assert told == [(str(min(minutes)), str(max(minutes)))]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_handout_is_a_page_with_three_questions_and_their_answers(lesson):
    text = (NOTEBOOKS / "handouts" / f"{lesson.stem}.md").read_text()
    learnt, questions, answers = re.split(r"\n## [^\n]+\n", text)[1:]
    assert learnt.count("\n- ") >= 4
    for part in (questions, answers):
        assert re.findall(r"(?m)^(\d)\. ", part) == ["1", "2", "3"]
    assert len(text.split()) < 450, "one page"


@pytest.mark.parametrize(
    "text",
    [CHECKOUT / "README.md", *sorted(NOTEBOOKS.rglob("*.md")), *LESSONS],
    ids=lambda path: path.relative_to(CHECKOUT).as_posix(),
)
def test_relative_links_lead_somewhere(text):
    prose = prose_of(text) if text.suffix == ".ipynb" else text.read_text()
    for target in LINK.findall(prose):
        assert (text.parent / target).exists(), f"{text.name}: {target}"
