"""Results do not go with the output that nobody reads any more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVALUATE = ("evaluate", "--policy", "zero", "--tasks", "penalty_kick", "--episodes", "1", "--workers", "1")


def run(output, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "soccer_lib", *words]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.PIPE, text=True, timeout=300
    )


def test_the_files_are_there_when_the_reader_is_gone(tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = run(writer, *EVALUATE, "--json", str(tmp_path / "a.json"), "--record", str(tmp_path / "a.npz"))
    os.close(writer)
    assert done.returncode == 141 and done.stderr == ""
    assert json.loads((tmp_path / "a.json").read_text())["penalty_kick/n_episodes"] == 1
    assert (tmp_path / "a.npz").is_file()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_a_full_output_is_one_line_and_costs_no_file(tmp_path):
    with open("/dev/full", "w") as full:
        done = run(full, *EVALUATE, "--json", str(tmp_path / "a.json"))
    assert done.returncode == 3 and done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: standard output: ")
    assert (tmp_path / "a.json").is_file()
