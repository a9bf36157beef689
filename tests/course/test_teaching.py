"""The teacher's kit: minutes are the same everywhere, links lead somewhere, each lesson has its handout."""

from __future__ import annotations

import re

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


def test_readme_says_the_same_minutes():
    readme = (CHECKOUT / "README.md").read_text()
    told = re.findall(r"(\d+) minutes of reading and exercises", readme)
    assert set(told) == {str(minutes) for minutes, _ in TABLE.values()}


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
