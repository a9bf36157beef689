"""The command line: `python -m soccer_lib COMMAND [flags]`.

Each command is a config dataclass and a function that takes it; tyro makes the flags from the
dataclass. A module is imported only when its command is called, so that `--help` is quick. Every
error that a user can cause ends as one line on standard error and an exit code (see `errors`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import io
import os
import re
import signal
import sys
import typing
from collections.abc import Callable, Iterator, Sequence
from types import FrameType
from typing import Any

from soccer_lib.errors import InputError, SoccerError, closest, one_line, unknown_name

PROG = "python -m soccer_lib"

# Words of the command -> ("module:ConfigClass:function", one line for the list of commands).
# The function takes the config and returns None or an exit code.
COMMANDS: dict[str, tuple[str, str]] = {
    "evaluate": (
        "soccer_lib.view.command:EvaluateConfig:run_evaluate",
        "Play episodes with a policy and score them as the competition does.",
    ),
    "replay": (
        "soccer_lib.evaluate:ReplayConfig:run_replay",
        "Step recorded torques again and compare the scores; --stock steps the stock environment.",
    ),
    "notebook": (
        "soccer_lib.notebook:NotebookConfig:run_command",
        "Run one notebook, or the whole course with --course, and write a summary page.",
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _stop_on_sigterm()
    try:
        return _dispatch(list(sys.argv[1:] if arguments is None else arguments))
    except SoccerError as error:
        print(f"error: {one_line(error, 1000)}", file=sys.stderr)
        return error.exit_code
    except MemoryError:
        print("error: out of memory; expected room for this request; try fewer workers", file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print("error: interrupted; run the same command again to go on or start over", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output is gone; without this the interpreter complains once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _stop_on_sigterm() -> None:
    """Let a polite kill unwind the stack, so that children are stopped and the status is written."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    with contextlib.suppress(ValueError):  # only the main thread may set it
        signal.signal(signal.SIGTERM, stop)


def _dispatch(arguments: list[str]) -> int:
    if arguments and arguments[0] in ("-h", "--help", "help"):
        print(_overview(COMMANDS))
        return 0
    name, rest = _command(arguments)
    if name is None:
        print(
            _overview({key: value for key, value in COMMANDS.items() if key.startswith(arguments[0] + " ")})
        )
        return 0
    module_name, class_name, function_name = COMMANDS[name][0].split(":")
    module = importlib.import_module(module_name)
    function: Callable[[Any], int | None] = getattr(module, function_name)
    config = parse_config(getattr(module, class_name), rest, f"{PROG} {name}")
    return function(config) or 0


def _overview(commands: dict[str, tuple[str, str]]) -> str:
    width = max(len(name) for name in commands)
    rows = [f"  {name:<{width}}  {text}" for name, (_, text) in sorted(commands.items())]
    return "\n".join([f"usage: {PROG} COMMAND [flags]", "", *rows, "", f"Flags: {PROG} COMMAND --help"])


def _command(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Return the command and what follows it; no command where help on a group is wanted."""
    if not arguments:
        raise InputError(f"no command came; expected one of: {', '.join(COMMANDS)}; try {PROG} --help")
    first, rest = arguments[0], arguments[1:]
    if first in COMMANDS:
        return first, rest
    group = {name.split()[1]: name for name in COMMANDS if name.startswith(first + " ")}
    if not group:
        raise unknown_name("command", first, dict.fromkeys(name.split()[0] for name in COMMANDS))
    if rest and rest[0] in group:
        return group[rest[0]], rest[1:]
    if rest and rest[0] in ("-h", "--help"):
        return None, rest
    if not rest:
        raise InputError(f"{first!r} came alone; expected {first} {{{','.join(group)}}}; try {PROG} --help")
    raise unknown_name(f"{first} command", rest[0], group)


def parse_config(config_class: type, arguments: Sequence[str], prog: str) -> Any:
    """Build a config dataclass from flags.

    Dashes and underscores both work. A list takes several words or one word with commas.

    Raises:
        InputError: an unknown flag, a missing or a bad value, or the dataclass's own check failed.
    """
    import tyro

    arguments = _drop_stated_defaults(config_class, arguments)
    flags, lists = _flags(config_class)
    _check_flags(arguments, flags, prog)
    captured = io.StringIO()
    try:
        with contextlib.redirect_stderr(captured), _plain_boxes():
            return tyro.cli(
                config_class,
                prog=prog,
                args=_split_lists(arguments, lists),
                config=(tyro.conf.FlagCreatePairsOff,),
            )
    except SystemExit as stop:
        if not stop.code:
            raise  # --help
        raise InputError(_condense(captured.getvalue(), prog)) from None


def _check_flags(arguments: Sequence[str], flags: Sequence[str], prog: str) -> None:
    """Name the first flag that the command does not have."""
    for word in arguments:
        name = word.split("=")[0].replace("_", "-")
        if re.match(r"--?[A-Za-z]", name) and name not in (*flags, "-h", "--help"):
            near = closest(name, flags)
            hint = f"did you mean {near}?" if near else f"try {prog} --help"
            raise unknown_name("flag", word, flags, hint)


def _flags(config_class: type) -> tuple[list[str], set[str]]:
    """Return all flags of a dataclass and those among them that take a list."""
    hints = typing.get_type_hints(config_class, include_extras=True)
    flags: list[str] = []
    lists: set[str] = set()
    for field in dataclasses.fields(config_class):
        hint, extras = hints[field.name], ()
        if typing.get_origin(hint) is typing.Annotated:
            hint, *extras = typing.get_args(hint)
        # An alias given with tyro.conf.arg; other annotations have no such attribute.
        aliases = [alias for extra in extras for alias in getattr(extra, "aliases", None) or ()]
        # A switch that is on by default has only the flag that turns it off, as tyro makes it.
        prefix = "--no-" if field.default is True else "--"
        names = [prefix + field.name.replace("_", "-"), *aliases]
        flags += names
        members = [hint, *typing.get_args(hint)]
        plain = not any("Append" in repr(extra) for extra in extras)
        if plain and any(typing.get_args(member)[-1:] == (...,) for member in members):
            lists.update(names)
    return flags, lists


def _drop_stated_defaults(config_class: type, arguments: Sequence[str]) -> list[str]:
    """Drop `--x` where a switch x is on by default, for those who say so all the same."""
    on = {
        "--" + field.name.replace("_", "-")
        for field in dataclasses.fields(config_class)
        if field.default is True
    }
    return [word for word in arguments if word.replace("_", "-") not in on]


def _split_lists(arguments: Sequence[str], lists: set[str]) -> list[str]:
    """Split `a,b` into two words after the flags that take a list."""
    words: list[str] = []
    splitting = False
    for word in arguments:
        flag, equals, value = word.partition("=")
        if re.match(r"--?[A-Za-z]", word):
            splitting = flag.replace("_", "-") in lists
            if splitting and equals:
                words += [flag, *filter(None, value.split(","))]
                continue
            words.append(word)
        elif splitting and "," in word:
            words += filter(None, word.split(","))
        else:
            words.append(word)
    return words


@contextlib.contextmanager
def _plain_boxes() -> Iterator[None]:
    """Keep tyro from breaking words where the terminal is narrow; help keeps its real width."""
    if sys.stdout.isatty() or "COLUMNS" in os.environ:
        yield
        return
    os.environ["COLUMNS"] = "100"
    try:
        yield
    finally:
        del os.environ["COLUMNS"]


def _condense(box: str, prog: str) -> str:
    """Make one line of tyro's box: the message, what the flag expects, and where to look."""
    message, details = _sections(box)
    text = " ".join(message).rstrip(".")
    if message[0].startswith("Missing from"):
        text = f"missing {' '.join(message[1:])}; expected a value for it"
    # tyro wraps what Python says about a number, and what a dataclass says about its fields.
    text = re.sub(
        r"^Error parsing (\S+): (invalid literal for int.*?|could not convert string to float): ",
        r"\1 got ",
        text,
    )
    text = re.sub(r"^Error parsing (--?\S+): ", r"\1: ", text)
    text = re.sub(r"^Error parsing [^:]*: ", "", text)
    text = re.sub(r"^Unrecognized options: (\S+).*$", r"unexpected argument '\1'; expected flags only", text)
    text = text.replace(". Expected", "; expected").replace("expected 1 values", "expected one value")
    if details and details[0].startswith("Argument helptext") and len(details) > 1:
        text += f"; expected {re.sub(r'^.*--?[a-z-]+ ', '', details[1])}"
    remedy = "" if "; try" in text else f"; try {prog} --help"
    return one_line(f"{text}{remedy}", 600)


def _sections(box: str) -> tuple[list[str], list[str]]:
    """Return the lines of the message and of what follows it; boxes come in Unicode and in ASCII."""
    rows = [row.strip("│ ") for row in re.sub(r"\x1b\[[0-9;]*m", "", box).splitlines()]
    sections: list[list[str]] = [[]]
    for row in rows:
        if row[:1] in ("╭", "╰") or (row and set(row) <= set("─-")):
            sections.append([])
        elif row:
            sections[-1].append(row)
    # In ASCII the title is a section of its own; in Unicode it is part of the frame.
    filled = [section for section in sections if section][0 if "╭" in box else 1 :]
    filled += [["the arguments could not be read"], []]
    return filled[0], filled[1]
