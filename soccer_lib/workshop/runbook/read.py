"""From a file to a runbook: everything that could stop it in the middle of the night is refused here."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from soccer_lib.cli.main import parse_command
from soccer_lib.control.weights import DATA
from soccer_lib.errors import InputError, known_name, one_line, unknown_name
from soccer_lib.formats.settings import ENDINGS, read_settings
from soccer_lib.ranges import Range, of_type
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.workshop.runbook.figures import expected_figures
from soccer_lib.workshop.runbook.gates import check_gate, read_gate
from soccer_lib.workshop.runbook.steps import LOGS, Runbook, RunbookStep

PRESETS = ("smoke", "evening", "two-days")
"""The runbooks that come along."""

_PRESETS = Path(__file__).parent / "presets"
_OF_FILE = ("title", "settings", "steps")
_OF_STEP = ("name", "about", "command", "inputs", "outputs", "needs", "minutes", "gates")
_NAME = re.compile(r"[A-Za-z0-9][\w-]*")
_BRACES = re.compile(r"\{([A-Za-z0-9][\w-]*)\}")
_RESERVED = ("here", "folder", "data", "notebooks", "presets", LOGS)
_MINUTES = Range(0, 10**6)


def read_runbook(
    source: str | os.PathLike[str], folder: str = "", changes: Sequence[tuple[str, str]] = ()
) -> Runbook:
    """Read a runbook and check all of it; nothing is begun or written.

    Args:
        source: a preset's name, or a TOML or JSON file.
        folder: where it runs; by default `runs/runbook/` and its name.
        changes: settings of it by name, and the values to take in their place.

    Raises:
        InputError: an unknown key, name, command or flag, an input that is not there and that no earlier step
            makes, or a gate that can never pass; the step is named.
    """
    name, table = _table(source)
    place = Path(folder or Path("runs") / "runbook" / name)
    settings = _settings(name, table.get("settings", {}), changes)
    ours = {"data": DATA, "notebooks": CHECKOUT / "notebooks", "presets": _PRESETS}
    values = {**settings, "folder": str(place)} | {key: os.path.relpath(path) for key, path in ours.items()}
    steps: list[RunbookStep] = []
    known: dict[Path, dict[str, float] | None] = {}
    for number, entry in enumerate(_tables(f"{name}: steps", table.get("steps")), start=1):
        where = f"{name}: step {number} ({one_line(entry.get('name', '?'), 40)})"
        try:
            step = _step(entry, place, settings, values, steps, known)
        except InputError as error:
            raise InputError(f"{where}: {error}") from None
        values[step.name] = str(step.folder)
        steps.append(step)
    title = of_type(f"{name}: title", table.get("title", name), str, "a line of text")
    changed = tuple(dict(changes))
    return Runbook(name, title, place, tuple(steps), settings, changed)


def _table(source: str | os.PathLike[str]) -> tuple[str, dict[str, Any]]:
    """Name and content of a preset or of a file."""
    if str(source) in PRESETS:
        file = _PRESETS / f"{source}.toml"
        name = str(source)
    elif str(source).endswith(ENDINGS):
        file = Path(source)
        name = file.stem
    else:
        raise unknown_name("runbook", one_line(source, 80), [*PRESETS, "a .toml or .json file"])
    table = read_settings(str(file), "runbook")
    for key in table:
        known_name(f"key of {name}", key, _OF_FILE)
    return name, table


def _settings(name: str, table: Any, changes: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The values that words can name, as text."""
    table = of_type(f"{name}: settings", table, Mapping, "a table", "write [settings] above name = value")
    settings: dict[str, str] = {}
    for key, value in [*table.items(), *changes]:
        if key not in table:
            raise unknown_name(f"setting of {name}", key, table)
        if not _NAME.fullmatch(key) or key in _RESERVED:
            raise InputError(f"setting {key!r} of {name}; expected letters, digits, - and _; rename it")
        if isinstance(value, list):
            value = " ".join(map(str, value))
        settings[key] = str(of_type(f"setting {key} of {name}", value, str | int | float, "number or text"))
    return settings


def _tables(what: str, value: Any) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not value or not all(isinstance(one, Mapping) for one in value):
        raise InputError(f"{what}: expected a table for each; write [[steps]] above it")
    return value


def _step(
    entry: Mapping[str, Any],
    place: Path,
    settings: Mapping[str, str],
    values: Mapping[str, str],
    before: Sequence[RunbookStep],
    known: dict[Path, dict[str, float] | None],
) -> RunbookStep:
    """One step, checked; `known` gets the figures that its files will hold."""
    for key in entry:
        known_name("key", key, _OF_STEP)
    earlier = {step.name: step for step in before}
    name = of_type("name", entry.get("name"), str, "a word", "give it a name")
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise InputError(f"name {name!r}; expected letters, digits, - and _, and not {LOGS}; rename it")
    if name in values:
        raise InputError(f"{name} is the name of a step or setting already; expected each once; rename it")
    here = place / name
    inner = {**values, "here": str(here)}

    raw = _words(entry.get("command"))
    raw_inputs = _list("inputs", entry.get("inputs"))
    wanted = _list("needs", entry.get("needs"))
    for need in wanted:
        known_name("step in needs", need, earlier)
    # A setting that is a word of its own may be several, such as {batches}; a folder with a blank is one.
    words = [part for word in raw for part in _parts(word, fill(word, inner), settings)]
    outputs = [fill(output, settings) for output in _list("outputs", entry.get("outputs"))]
    for output in outputs:
        if Path(output).is_absolute() or ".." in Path(output).parts:
            raise InputError(f"output {output!r}; expected a path inside the step's own folder; shorten it")
    named = {name for text in [*raw, *raw_inputs] for name in _BRACES.findall(text)}
    needs = [step for step in earlier if step in {*named, *wanted}]

    command, parsed = _checked_command(words, place)
    made = [path for step in needs for path in earlier[step].files]
    given = [Path(fill(text, inner)) for text in raw_inputs]
    typed = [Path(word) for word in words if _is_file_of_others(word, place)]
    reads = tuple(dict.fromkeys([*made, *given, *typed]))
    for path in given:
        _check_input(path, made, place)
    gates = tuple(read_gate(gate, inner, fill) for gate in _list_of_tables(entry.get("gates")))
    step = RunbookStep(
        name,
        of_type("about", entry.get("about", ""), str, "a line of text"),
        tuple(words),
        command,
        here,
        reads,
        tuple(outputs),
        tuple(needs),
        gates,
        _MINUTES.number("minutes", entry.get("minutes", 0)),
    )
    # None: the command is known, its figures are not.
    known |= dict.fromkeys(step.files) | (expected_figures(command, parsed) if parsed else {})
    for gate in gates:
        check_gate(gate, known)
    return step


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put values in place of their names in braces.

    Raises:
        InputError: a name that there is not, such as that of a later step.

    Example:
        >>> fill("{here}/score.json", {"here": "runs/a"})
        'runs/a/score.json'
    """
    for name in _BRACES.findall(text):
        if name not in values:
            remedy = "name a setting, or a step that comes before this one"
            raise unknown_name("name in braces", name, values, remedy)
    return _BRACES.sub(lambda match: values[match[1]], text)


def _parts(word: str, filled: str, settings: Mapping[str, str]) -> list[str]:
    """The words that one word of a command stands for."""
    return filled.split() if word[1:-1] in settings and word == f"{{{word[1:-1]}}}" else [filled]


def _words(command: Any) -> list[str]:
    """A command as words."""
    if isinstance(command, list):
        return _list("command", command)
    text = of_type("command", command, str, "the words of a command", "write them as they are typed")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InputError(
            f"command {one_line(text, 80)!r}: {error}; expected words; close the quote"
        ) from None


def _list(what: str, value: Any) -> list[str]:
    """A list of texts; one text alone is a list of it."""
    value = [value] if isinstance(value, str) else value or []
    of_type(what, value, list, "a list of texts")
    return [of_type(what, one, str, "a list of texts") for one in value]


def _list_of_tables(value: Any) -> list[Mapping[str, Any]]:
    value = [] if value is None else value
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise InputError("gates: expected a table for each; write [[steps.gates]] above it")
    return value


def _checked_command(words: list[str], place: Path) -> tuple[str, Any]:
    """The command's name and its settings; None for them where they lie in what an earlier step makes.

    Raises:
        InputError: an unknown command, a wrong flag, or a runbook in a runbook.
    """
    if words[:1] == ["runbook"] or words[:2] == ["bench", "runbook"]:
        raise InputError(f"command {' '.join(words[:2])!r}; expected another; put its steps into this file")
    try:
        name, _, settings = parse_command(words)
    except InputError as error:
        # A file that an earlier step has yet to make is looked into when the step begins.
        missing = [word for word in words if place in Path(word).parents and not Path(word).exists()]
        if not any(word in str(error) for word in missing):
            raise
        return words[0], None
    return name, settings


def _is_file_of_others(word: str, place: Path) -> bool:
    """Whether a word of the command is a file that lies outside of the runbook's folder."""
    with contextlib.suppress(OSError, ValueError):  # too long for a name
        return Path(word).is_file() and place not in Path(word).parents
    return False


def _check_input(path: Path, made: Sequence[Path], place: Path) -> None:
    """Refuse an input that no earlier step makes and that is not there."""
    if path in made:
        return
    if place in path.parents:
        shown = ", ".join(map(str, made)) or "none"
        raise InputError(
            f"input {path} is no output of an earlier step that this one names; expected one of: {shown}; "
            "add it to the outputs of that step"
        )
    if not path.exists():
        raise InputError(f"input {path} is not there; expected a file or folder; check the path")
