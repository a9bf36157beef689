"""The set-up takes the Python that was given, or says that it cannot."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def setup_of(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(ROOT / name, folder / name)
    command = ["make", "setup", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("ready", [False, True])
def test_a_given_python_that_does_not_start_is_not_replaced(tmp_path, ready):
    if ready:  # an environment that is there is no reason to pass over a wrong word
        done = subprocess.run(["cksum", ROOT / "requirements.txt"], capture_output=True, text=True)
        (tmp_path / ".venv").mkdir()
        (tmp_path / ".venv" / f"installed-{done.stdout.split()[0]}").touch()
    done = setup_of(tmp_path, "PYTHON=/nowhere/python3.11")
    assert done.returncode == 2
    assert "error: PYTHON=/nowhere/python3.11 does not start as Python 3.11 to 3.13" in done.stderr
    assert "ready" not in done.stdout and not (tmp_path / ".venv" / "bin").exists()


def test_a_ready_environment_needs_no_python(tmp_path):
    sums = subprocess.run(["cksum", ROOT / "requirements.txt"], capture_output=True, text=True).stdout.split()
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / f"installed-{sums[0]}").touch()
    assert setup_of(tmp_path).stdout == ".venv is ready.\n"
    assert setup_of(tmp_path, f"PYTHON={sys.executable}").stdout == ".venv is ready.\n"
