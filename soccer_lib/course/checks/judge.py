"""The verdict on a learner's function: its properties in order, and what the first that fails looks like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from soccer_lib.course.checks.answers import LIMIT, Answers, WrongAnswer
from soccer_lib.course.checks.wording import shown

Property = tuple[str, Callable[[Answers], None]]
"""A sentence for the learner, and what asks the function and raises `WrongAnswer` where it does not hold."""


def example(sentence: str, arguments: Sequence[Any], expected: Any, tolerance: float = 1e-6) -> Property:
    """The property that one input has one answer."""
    return sentence, partial(_has_answer, tuple(arguments), expected, tolerance)


def _has_answer(arguments: tuple[Any, ...], expected: Any, tolerance: float, answers: Answers) -> None:
    answers.equals(arguments, expected, tolerance)


def judge(function: Callable[..., Any], properties: Sequence[Property], limit: float = LIMIT) -> bool:
    """Try the properties in order and print the first that does not hold, or that all do.

    Args:
        function: the learner's.
        properties: the simplest first.
        limit: time for all calls together [s].

    Returns:
        Whether all hold. An error of the check's own is raised as it is.
    """
    if not callable(function):
        print(f"not yet: got {shown(function)}, which is no function; write it as def ...: return ...")
        return False
    answers = Answers(function, limit)
    for number, (sentence, holds) in enumerate(properties):
        try:
            holds(answers)
        except NotImplementedError as error:
            print(f"not done yet{f': {error}' if str(error) else ''}; the lesson goes on with its own answer")
            return False
        except WrongAnswer as miss:
            print(f"not yet: {sentence}  ({number} of {len(properties)} properties hold)")
            print(f"    input     {miss.given}\n    expected  {miss.expected}\n    got       {miss.got}")
            return False
    print(f"correct: {len(properties)} of {len(properties)} properties hold")
    return True
