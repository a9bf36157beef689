"""Settings as data: a TOML or JSON file that a user writes, or the same content as JSON text."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError, one_line
from soccer_lib.ranges import of_type
from soccer_lib.runs.files import check_regular, load_json, unreadable

ENDINGS = (".toml", ".json")


def read_settings(source: str | os.PathLike[str] | Mapping[str, Any], what: str) -> dict[str, Any]:
    """Read a table of settings.

    Args:
        source: a file, its ending says of which kind; JSON text, which begins with a brace; or the table.
        what: how errors call it, such as "--curriculum".

    Raises:
        InputError: no such file, not of its kind, or something else than a table.

    Example:
        >>> read_settings('{"mass": [0.8, 1.2]}', "--randomise")
        {'mass': [0.8, 1.2]}
    """
    if isinstance(source, Mapping):
        return dict(source)
    source = of_type(what, source, str | os.PathLike, "a TOML or JSON file, or a table")
    if isinstance(source, str) and source.lstrip().startswith("{"):
        table = _from_text(source, what)
    elif Path(source).suffix == ".toml":
        table = _from_toml(source)
    elif Path(source).suffix == ".json":
        table = load_json(source)
    else:
        expected = f"expected a file that ends in {' or '.join(ENDINGS)}"
        raise InputError(f"{what} got {one_line(source, 80)!r}; {expected}; rename it")
    return of_type(f"{what} {one_line(source, 80)}", table, dict, "a table of settings", "write name = value")


def settings_text(source: str | os.PathLike[str] | Mapping[str, Any], what: str) -> str:
    """The same content as JSON text: what the record of a run keeps, whatever becomes of the file.

    Raises:
        InputError: as `read_settings`.
    """
    return json.dumps(read_settings(source, what), default=str)


def _from_text(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = one_line(error, 120)
        raise InputError(f"{what} is no JSON ({reason}); expected name and value pairs; mend it") from None


def _from_toml(path: str | os.PathLike[str]) -> Any:
    try:
        check_regular(path)
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise unreadable(path, error, "a TOML file") from error
