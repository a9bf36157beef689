"""Rules for every text of the project: nothing in it belongs to one machine or one person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

# An absolute path of somebody's machine; a URL or a relative path has something before the slash.
ABSOLUTE = re.compile(r"(?<![\w.:/$}~<>*-])/(?:work|home|root|tmp|Users)/\w")
# Where packages come from is the user's pip configuration.
REGISTRY = re.compile(
    r"(?:--(?:extra-)?index-url|--find-links)[ =]\S"
    r"|\b(?:test\.)?pypi\.org/simple|\bfiles\.pythonhosted\.org|\bdownload\.pytorch\.org"
)
TOKEN = re.compile(
    r"\b(?:hf_[A-Za-z0-9]{20,}|gh[opsu]_[A-Za-z0-9]{30,}|github_pat_\w{20,}|sk-[\w-]{20,}|AKIA[0-9A-Z]{16}"
    r"|pypi-[\w-]{40,}|xox[abp]-[\w-]{10,})|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)


def check_text(path: Path) -> Iterator[str]:
    """Find absolute paths, hosts of package registries and tokens in a text file."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return
    for number, line in enumerate(text.splitlines(), start=1):
        if match := ABSOLUTE.search(line):
            yield f"line {number} holds an absolute path {match[0]!r}; expected a relative one"
        if match := REGISTRY.search(line):
            yield f"line {number} names a package registry {match[0]!r}; expected pip's own configuration"
        if TOKEN.search(line):
            yield f"line {number} holds what looks like a token; expected none; revoke it if it was real"
