"""Every check of an exercise answers what is no answer at all: in one clear sentence."""

from __future__ import annotations

import re

import pytest

from soccer_lib.course import checks
from soccer_lib.course.checks.judge import judge

CHECKS = [name for name in checks.__all__ if name.startswith("check_")]


def raises(*arguments):
    raise ValueError("my own mistake")


def loops_for_ever(*arguments):
    while True:
        pass


def wrong_shape(*arguments):
    return [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]]


def forgets_to_return(*arguments):
    sum([1, 2])


def generates(*arguments):
    yield 1.0


BAD = {
    raises: "ValueError: my own mistake",
    loops_for_ever: r"no answer within 0\.3 s of this check; does a loop in it never end\?",
    wrong_shape: r"shape \(1, 7\)|5, 6, 7\]\]|no clone trained",
    forgets_to_return: r"None: is a `return` missing\?",
    generates: r"a generator",
}
"""What learners hand in by mistake -> what the last line says."""


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize("function", BAD, ids=lambda function: function.__name__)
def test_one_sentence_for_what_is_no_answer(name, function, capsys, monkeypatch):
    monkeypatch.setattr(judge, "__defaults__", (0.3,))
    assert not getattr(checks, name)(function)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("not yet: ")
    assert [line.split()[0] for line in lines[1:]] == ["input", "expected", "got"], lines
    assert re.search(BAD[function], lines[3]), lines
