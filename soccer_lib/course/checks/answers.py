"""A learner's function, called with care: whatever it does or hands back becomes one clear sentence."""

from __future__ import annotations

import contextlib
import copy
import inspect
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from soccer_lib.course.checks.wording import shown, shown_arguments
from soccer_lib.errors import one_line

LIMIT = 10.0
"""Time for all calls of one check together [s]; right answers take well under one."""


class WrongAnswer(Exception):
    """A property that does not hold of the learner's function.

    Attributes:
        given: what was put in, as text.
        expected: what should have come.
        got: what came instead.
    """

    def __init__(self, given: str, expected: str, got: str) -> None:
        super().__init__(got)
        self.given = given
        self.expected = expected
        self.got = got


class Misuse(Exception):
    """The learner's function calls one of its arguments in a wrong way; the text says which and how."""


class CheckFault(Exception):
    """The check itself failed: nobody else is to blame."""


class TooLong(BaseException):
    """The time is up; no `except Exception` of the learner's swallows it."""


class Answers:
    """Answers of a learner's function, each with its input, its type and its shape looked at first."""

    def __init__(self, function: Callable[..., Any], limit: float = LIMIT) -> None:
        """Wrap it.

        Args:
            function: the learner's.
            limit: time for all calls together [s].
        """
        self.function = function
        self.limit = limit
        self.until = time.monotonic() + limit

    def raw(self, *arguments: Any, expected: str = "an answer") -> Any:
        """What the function hands back, of any type but None and generators.

        Raises:
            WrongAnswer: it raises, takes too long, changes what it was given, or forgets to return.
            NotImplementedError: it is not written yet.
        """
        given = shown_arguments(self.function, arguments)
        passed = copy.deepcopy(arguments)
        try:
            with time_limit(max(self.until - time.monotonic(), 0.01)):
                answer = self.function(*passed)
        except NotImplementedError:
            raise
        except Misuse as misuse:
            raise WrongAnswer(given, expected, str(misuse)) from None
        except TooLong:
            got = f"no answer within {self.limit:g} s of this check; does a loop in it never end?"
            raise WrongAnswer(given, expected, got) from None
        except CheckFault:
            raise
        except (Exception, SystemExit) as error:  # whatever a learner's function raises is shown
            raise WrongAnswer(given, expected, f"{type(error).__name__}: {one_line(error, 160)}") from None
        for name, before, after in zip(_names(self.function), arguments, passed, strict=False):
            if not callable(before) and not _same(before, after):
                got = f"{name} changed by the function: it belongs to the caller; work on a copy of it"
                raise WrongAnswer(given, f"{expected}, and {name} as it was", got)
        if answer is None:
            raise WrongAnswer(given, expected, "None: is a `return` missing?")
        if inspect.isgeneratorfunction(self.function):
            got = (
                "a generator: a function with `yield` waits to be asked; collect its values and `return` them"
            )
            raise WrongAnswer(given, expected, got)
        if inspect.isgenerator(answer):
            raise WrongAnswer(given, expected, _no_array(answer))
        return answer

    def __call__(self, *arguments: Any, shape: tuple[int, ...] = (), kind: type = float) -> np.ndarray:
        """The answer as an array of a shape and a type; lists, tuples and tensors are welcome.

        Raises:
            WrongAnswer: see `raw`, and an answer that is not such an array.
        """
        expected = _wanted(shape, kind)
        given = shown_arguments(self.function, arguments)
        answer = self.raw(*arguments, expected=expected)
        complaint = _no_array(answer)
        if complaint:
            raise WrongAnswer(given, expected, complaint)
        if hasattr(answer, "detach"):  # a tensor of torch, which may hold a gradient
            answer = answer.detach().cpu()
        try:
            array = np.asarray(answer)
            if array.dtype.kind in "cSU":  # complex numbers and texts, of which some would pass for numbers
                raise TypeError
            numbers = array.astype(kind)
        except (ValueError, TypeError):
            got = f"{shown(answer)}, which is no array of real numbers"
            raise WrongAnswer(given, expected, got) from None
        if kind is bool and array.dtype != bool:
            got = f"{shown(array)} of type {array.dtype}; a comparison such as a < b gives bool"
            raise WrongAnswer(given, expected, got)
        if numbers.size == 1 and np.prod(shape) == 1:
            numbers = numbers.reshape(shape)
        if numbers.shape != shape:
            raise WrongAnswer(given, expected, f"shape {numbers.shape}: {shown(answer)}")
        return numbers

    def miss(self, arguments: tuple[Any, ...], expected: str, got: str) -> WrongAnswer:
        """What to raise where a property does not hold of an answer."""
        return WrongAnswer(shown_arguments(self.function, arguments), expected, got)

    def equals(self, arguments: tuple[Any, ...], expected: Any, tolerance: float = 1e-6) -> None:
        """Ask once and compare.

        Raises:
            WrongAnswer: the answer is another one.
        """
        wanted = np.asarray(expected)
        kind = bool if wanted.dtype == bool else float
        got = self(*arguments, shape=wanted.shape, kind=kind)
        if not np.allclose(got, wanted, rtol=tolerance, atol=tolerance):
            raise self.miss(arguments, shown(wanted), shown(got))


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Interrupt the body when its time is up, in the main thread, where notebooks run; others cannot be.

    Raises:
        TooLong: the time is up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    # Again and again: a bare `except:` in a loop swallows the first.
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, 0.5)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)


def _names(function: Callable[..., Any]) -> Iterator[str]:
    """Names of a function's parameters, and numbered ones after them."""
    try:
        yield from inspect.signature(function).parameters
    except (TypeError, ValueError):
        pass
    yield from (f"argument {number}" for number in range(1, 10))


def _same(before: Any, after: Any) -> bool:
    """Whether an argument is as it was."""
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=True)
    if hasattr(before, "detach"):
        return bool((before == after).all())
    return bool(before == after)


def _wanted(shape: tuple[int, ...], kind: type) -> str:
    of = "bool" if kind is bool else "numbers"
    if shape == ():
        return "True or False" if kind is bool else "a number"
    return f"an array of {of}, shape {shape}"


def _no_array(answer: Any) -> str:
    """What is wrong with an answer that no array can be made of; empty where one can be."""
    kind = type(answer).__name__
    if inspect.isgenerator(answer) or hasattr(answer, "__next__"):
        return f"a {kind}, which gives its values one by one; put list(...) around it"
    if callable(answer) and not hasattr(answer, "__array__"):
        return f"a function ({kind}); call it, and return what it gives"
    if isinstance(answer, str | bytes | dict | set):
        return f"{shown(answer)}, a {kind}"
    return ""
