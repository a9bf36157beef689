"""The errors that a user can cause or cure, each with the exit code of the command line.

Every message is one line with three parts: what came, what was expected, what to try.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SoccerError(Exception):
    """Base of all errors that are reported as one line instead of a traceback."""

    exit_code = 1


class InputError(SoccerError, ValueError):
    """A bad argument or a bad file; nothing was overwritten."""

    exit_code = 2


class ResourceError(SoccerError, OSError):
    """Disk, memory or permission: the request was fine, the machine could not do it."""

    exit_code = 3


class SimulationError(SoccerError, RuntimeError):
    """A worker, a kernel or the simulation failed."""

    exit_code = 4


class Terminated(SystemExit):
    """SIGTERM asked the program to end; a `SystemExit` of any other kind came from a user's code.

    Its text, where it has one, says how to go on.
    """

    def __init__(self, words: str = "") -> None:
        super().__init__(words)
        self.code = 143  # as of a process that the signal ended: 128 + SIGTERM


def printable(text: str) -> str:
    """Return `text` with the signs that a terminal would obey spelled out."""
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def one_line(text: object, limit: int = 400) -> str:
    """Return `text` on one printable line, shortened in the middle to at most `limit` characters."""
    line = printable(" ".join(str(text).split()))
    if len(line) <= limit:
        return line
    half = (limit - 5) // 2
    return f"{line[:half]} ... {line[-half:]}"


def closest(value: object, valid: Iterable[str]) -> str | None:
    """Return the valid name most like `value`, or None where nothing is near."""
    matches = difflib.get_close_matches(str(value), list(valid), n=1, cutoff=0.6)
    return matches[0] if matches else None


def known_name(what: str, value: object, valid: Iterable[str]) -> None:
    """Refuse what is not in a list of valid names, whatever its type.

    Raises:
        InputError: naming the valid ones.
    """
    names = list(valid)
    if value not in names:
        raise unknown_name(what, value, names)


def unknown_name(what: str, value: object, valid: Iterable[str], remedy: str | None = None) -> InputError:
    """Build the error for a name that is not in a list of valid ones.

    Args:
        what: the noun, such as "task" or "parameter".
        value: the name that came.
        valid: the names that are accepted, in the order in which to show them.
        remedy: what to try; by default the closest valid name.
    """
    names = [name for name in valid if name]  # an empty one stands for "not given"
    if remedy is None:
        near = closest(value, names)
        remedy = f"did you mean {near!r}?" if near else "try one of these"
    shown = ", ".join(names) if names else "none"
    return InputError(f"unknown {what} {value!r}; expected one of: {shown}; {remedy}")
