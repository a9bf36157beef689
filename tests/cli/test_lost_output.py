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


DATASET = ("dataset", "--from", "zero", "--tasks", "kick_to_target", "--episodes", "1", "--workers", "1")
CLONE = ("bc", "--epochs", "2", "--net-arch", "16", "--device", "cpu")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_datasets_and_clones_are_whole_where_nothing_is_printed(tmp_path, dataset, unbuffered, monkeypatch):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    calls = [
        ((*DATASET, "--output", str(tmp_path / "a.npz")), tmp_path / "a.npz"),
        ((*CLONE, "--dataset", dataset, "--out", str(tmp_path / "run")), tmp_path / "run/final_model.json"),
    ]
    for words, file in calls:
        with open("/dev/full", "w") as full:
            done = run(full, *words)
        assert done.returncode == 3 and done.stderr.count("\n") == 1, done.stderr
        assert done.stderr.startswith("error: standard output: ") and file.is_file()
    assert not (tmp_path / "a.parts").exists()


def test_help_without_a_reader_is_no_traceback():
    for words in (("--help",), ("dataset", "--help"), ("walker", "train", "--help")):
        reader, writer = os.pipe()
        os.close(reader)
        done = run(writer, *words)
        os.close(writer)
        assert done.returncode in (0, 141) and "Traceback" not in done.stderr
