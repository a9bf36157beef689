"""The command line: `python -m soccer_lib COMMAND [flags]`.

Each command is a config dataclass and a function that takes it; tyro makes the flags from the
dataclass. A module is imported only when its command is called, so that `--help` is quick. Every
error that a user can cause ends as one line on standard error and an exit code (see `errors`).
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
import sys
import typing
from collections.abc import Callable, Iterable, Sequence
from types import FrameType
from typing import Any, NoReturn

from soccer_lib.cli.commands import COMMANDS
from soccer_lib.errors import InputError, SoccerError, Terminated, closest, one_line, unknown_name
from soccer_lib.signals import signals_held

PROG = "python -m soccer_lib"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    # A polite kill unwinds the stack, so that children are stopped and the status is written.
    signal.signal(signal.SIGTERM, _terminate)
    _open_streams()
    try:
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = _dispatch(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()  # here it is known what to say where that fails
        return code
    except SoccerError as error:
        print(f"error: {one_line(error, 1000)}", file=sys.stderr)
        return error.exit_code
    except RuntimeError as error:
        if "MUJOCO_GL" not in str(error):  # mujoco reads it at its import, whether anything is drawn or not
            raise
        print(f"error: {one_line(error)}; expected egl, osmesa or glfw; unset it", file=sys.stderr)
        return 2
    except MemoryError:
        print("error: out of memory; expected room for this request; try fewer workers", file=sys.stderr)
        return 3
    except (KeyboardInterrupt, Terminated) as error:
        advice = str(error) or "run the same command again to continue or start over"
        polite = isinstance(error, Terminated)
        print(f"error: {'SIGTERM' if polite else 'interrupted'}; {advice}", file=sys.stderr)
        return 143 if polite else 130
    except BrokenPipeError:
        _give_up_output()  # its reader is gone
        return 141
    except OSError as error:
        if error.errno == errno.EMFILE:
            print("error: too few file handles; expected 64 or more; try ulimit -n 256", file=sys.stderr)
            return 3
        # Files that cannot be written are a ResourceError by now: without a name it is the output.
        if error.errno not in (errno.ENOSPC, errno.EIO) or error.filename is not None:
            raise
        _give_up_output()
        remedy = "the files that were asked for are written; send the output elsewhere"
        print(f"error: standard output: {error.strerror}; expected room; {remedy}", file=sys.stderr)
        return 3


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


def _open_streams() -> None:
    """Print into nothing where a stream was closed, as by >&-."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for good


def _give_up_output() -> None:
    """Print into nothing from now on: the interpreter would complain once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _dispatch(arguments: list[str]) -> int:
    """Call the command that the first one or two words name."""
    group, words = _named(arguments)
    if {"-h", "--help"} & set(arguments[:words]) and " ".join(arguments[:words]) not in COMMANDS:
        print(_overview(group or COMMANDS))
        return 0
    _, function, config = parse_command(arguments)
    return function(config) or 0


def parse_command(arguments: Sequence[str]) -> tuple[str, Callable[[Any], int | None], Any]:
    """What the words of a command line come to, without calling it: its name, its function, its settings.

    Raises:
        InputError: an unknown command or flag, a missing or a bad value.
    """
    group, words = _named(arguments)
    name = " ".join(arguments[:words])
    if name not in COMMANDS:
        near = closest(name, group or COMMANDS)
        raise unknown_name("command", name, group or COMMANDS, None if near else f"try {PROG} --help")
    module_name, class_name, function_name = COMMANDS[name][0].split(":")
    with signals_held():
        module = importlib.import_module(module_name)
    config = parse_config(getattr(module, class_name), arguments[words:], f"{PROG} {name}")
    return name, getattr(module, function_name), config


def _named(arguments: Sequence[str]) -> tuple[list[str], int]:
    """The commands that begin with the first word, and how many words name the one that is meant."""
    first = arguments[0] if arguments else ""
    group = [name for name in COMMANDS if name.split()[0] == first]
    alone = first in COMMANDS and " ".join(arguments[:2]) not in COMMANDS
    return group, 1 if alone or not group else 2


def _overview(names: Iterable[str]) -> str:
    rows = [f"  {name:<18}{COMMANDS[name][1]}" for name in sorted(names)]
    return "\n".join([f"usage: {PROG} COMMAND [flags]", "", *rows, "", f"Flags: {PROG} COMMAND --help"])


def parse_config(config_class: type, arguments: Sequence[str], prog: str) -> Any:
    """Build a config dataclass from flags; dashes and underscores both work.

    Raises:
        InputError: an unknown flag, a missing or a bad value, or the dataclass's own check failed.
    """
    import tyro
    import tyro._errors as tyro_errors  # private, hence the pin; the public errors are boxes of text

    hints = typing.get_type_hints(config_class, include_extras=True)
    flags = [
        f"--{name.replace('_', '-')}"
        for name, hint in hints.items()
        if tyro.conf.Positional not in getattr(hint, "__metadata__", ())
    ]

    def refuse(event: tyro_errors.ParseErrorEvent) -> NoReturn:
        match event:
            case (
                tyro_errors.UnrecognizedArgs(tokens=[word, *_])
                | tyro_errors.MissingArgs(unrecognized_tokens=[word, *_])
            ):
                remedy = None if closest(word, flags) else f"try {prog} --help"
                raise unknown_name("argument", word, flags, remedy)
            case tyro_errors.MissingArgs(missing_arguments=[missing, *_]):
                problem = f"{missing.arg.display_name()} is missing; expected a value"
            case tyro_errors.BadValue(argument=argument):
                problem = f"{argument.display_name()} lacks a value; expected {argument.lowered.metavar}"
            case tyro_errors.InvalidChoice(argument=argument, value=value, choices=choices):
                raise unknown_name(argument.display_name(), value, choices)
            case tyro_errors.InstantiationFailure(argument=argument, message=message):
                if argument is None:
                    raise InputError(message)  # the dataclass's own check
                problem = f"{argument.display_name()}: {message}; expected {argument.lowered.metavar}"
            case _:
                problem = f"{type(event).__name__}; expected flags as in the help"
        raise InputError(f"{problem}; try {prog} --help")

    with tyro_errors.on_parse_error(refuse):
        return tyro.cli(config_class, prog=prog, args=list(arguments))
