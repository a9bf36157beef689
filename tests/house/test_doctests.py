"""The examples in docstrings run and print what they say."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WITH_EXAMPLES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "soccer_lib").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_of(name):
    module = importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.attempted, f"{name} shows examples that doctest does not find"
    assert not result.failed, f"{result.failed} of {result.attempted} examples of {name} fail; see the output"
