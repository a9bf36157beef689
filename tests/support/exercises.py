"""How the tests of the exercises' checks ask them."""

from __future__ import annotations

from collections.abc import Callable


def accepts(check: Callable, function: Callable, capsys) -> None:
    """The check passes a function, and says so in one line."""
    passed = check(function)
    printed = capsys.readouterr().out
    assert passed, printed
    assert printed.startswith("correct: ") and printed.count("\n") == 1


def rejects(check: Callable, function: Callable, words: str, capsys) -> None:
    """The check fails a function at the property with these words, and shows input, expected, got."""
    assert not check(function)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("not yet: ") and words in lines[0], lines
    assert [line.split()[0] for line in lines[1:]] == ["input", "expected", "got"], lines
