"""Commands with bad numbers and in odd places: one line, the right exit code, no traceback."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from soccer_lib.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="limits and devices of Linux")


def typed(line: str, limit: str = "", **environment: str) -> tuple[int, str]:
    """Exit code and standard error of a command that a shell runs."""
    command = f"{limit} {shlex.quote(sys.executable)} -m soccer_lib {line}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("inspect env --seed -1", "seed got -1"),
        ("inspect env --seed 9223372036854775808", "seed got 9223372036854775808"),
        ("inspect reward --seed -1", "seed got -1"),
        ("inspect reward --starts 1000000000", "starts got 1000000000"),
        ("inspect reward --hold 1000000000", "hold got 1000000000"),
        ("bench exact --seed -1 --steps 10", "seed got -1"),
        ("bench walker --seed -1", "seed got -1"),
        ("bench env --walker nope", "nope not found"),
        ("evaluate --policy zero --seed 9223372036854775807", "seed got 9223372036854775807"),
        ("evaluate --policy zero --episodes 1000000000", "episodes got 1000000000"),
        ("evaluate --policy zero --workers -2", "workers got -2"),
    ],
)
def test_bad_numbers_are_bad_input(line, named, capsys):
    assert main(line.split()) == 2
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1 and named in error[0]


@LINUX
@pytest.mark.parametrize(
    ("line", "limit", "environment", "code", "named"),
    [
        ("replay --help > /dev/full", "", {}, 3, "standard output"),
        ("evaluate --help >&-", "", {}, 0, ""),
        ("inspect env > /dev/full", "", {}, 3, "standard output"),
        ("inspect env >&-", "", {}, 0, ""),
        ("inspect env", "", {"MUJOCO_GL": "foo"}, 2, "MUJOCO_GL: foo; expected egl"),
        ("inspect env", "ulimit -v 600000;", {}, 3, "out of memory"),
        ("inspect env", "ulimit -n 8;", {}, 3, "file handles"),
    ],
)
def test_odd_places_end_in_one_line(line, limit, environment, code, named):
    found, error = typed(line, limit, **environment)
    assert found == code and named in error
    assert len(error.splitlines()) == (1 if code else 0), error
