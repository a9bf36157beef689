"""Pages that need nothing but themselves: templates in this folder, in which every text is escaped."""

from __future__ import annotations

import base64
import functools
import os
from importlib.resources import files
from pathlib import Path
from typing import Any

from soccer_lib.errors import InputError
from soccer_lib.runs.files import atomic_write_text
from soccer_lib.runs.folder import now


def write_page_of(template: str, path: str | os.PathLike[str], **values: Any) -> Path:
    """Fill a template and write the page; the file is whole or absent.

    Args:
        template: its name in this folder.
        path: the page.
        values: what the template names; texts are escaped, whatever they hold.

    Raises:
        ResourceError: the disk is full or read-only.
    """
    page = _template(template).render(**values, style=_style(), written=now(), facts=_facts)
    return atomic_write_text(path, page)


def embedded(content: bytes, kind: str) -> str:
    """A file as an address that holds it, such as of kind image/png."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def check_page_name(path: str | os.PathLike[str]) -> None:
    """Refuse a name that a browser would not take for a page.

    Raises:
        InputError: it does not end in .html.
    """
    if Path(path).suffix.lower() != ".html":
        raise InputError(f"{path} is not a page's name; expected one that ends in .html; try a.html")


@functools.cache
def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = str(files(__package__))
    pages = Environment(
        loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return pages.get_template(name)


@functools.cache
def _style() -> str:
    return (files(__package__) / "style.css").read_text(encoding="utf-8")


def _facts(table: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in table.items())
