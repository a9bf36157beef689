"""Training beside a notebook: what is watched, when it ends, and how an error comes back."""

from __future__ import annotations

import json
import sys

import pytest

from soccer_lib.course import live
from soccer_lib.errors import SimulationError


def test_lines_are_shown_as_they_come_and_the_last_ones_too(tmp_path, monkeypatch):
    file = tmp_path / "metrics.jsonl"
    monkeypatch.setattr(live, "PAUSE", 0)
    left = [True, True, False]
    shown = []

    def goes_on() -> bool:
        with file.open("a") as text:
            text.write(json.dumps({"step": len(left)}) + "\n")
        return left.pop(0)

    lines = live.follow(tmp_path, lambda lines: shown.append(len(lines)), goes_on)
    assert shown == [1, 2, 3] and [line["step"] for line in lines] == [3, 2, 1]


def test_enough_is_enough(tmp_path):
    (tmp_path / "metrics.jsonl").write_text('{"step": 7}\n')
    lines = live.follow(tmp_path, lambda lines: None, lambda: True, lambda lines: lines[-1]["step"] >= 7)
    assert lines == [{"step": 7}]


@pytest.mark.parametrize(
    ("content", "running"),
    [
        ('{"status": "running"}', True),
        ('{"status": "done"}', False),
        ("[]", False),
        ("", False),
        (None, False),
    ],
)
def test_a_folder_says_whether_its_run_goes_on(tmp_path, content, running):
    if content is not None:
        (tmp_path / "status.json").write_text(content)
    assert live.is_running(tmp_path) is running


def test_settings_become_flags(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(live.subprocess, "Popen", lambda command, **more: started.append(command))
    settings = {
        "save_dir": tmp_path / "run",
        "eval_seeds": (0, 1),
        "lr": 0.001,
        "hide": False,
        "write_legacy": True,
    }
    run = live.TrainingProcess(settings)
    flags = f"--save-dir {tmp_path}/run --eval-seeds 0 1 --lr 0.001 --no-hide --write-legacy"
    assert started == [[sys.executable, "-m", "soccer_lib", "train", *flags.split()]]
    assert run.command == f"python -m soccer_lib train {flags}"


def test_what_fails_is_said_in_its_own_words(tmp_path):
    run = live.TrainingProcess({"save_dir": tmp_path / "run", "env": "nothing"})
    with pytest.raises(SimulationError, match=r"train ended with exit code 2: error: .*nothing.*expected"):
        live.follow(run.folder, lambda lines: None, run.goes_on)
    assert not (tmp_path / "run").exists()
