"""The verdict on a runbook that was killed; that its steps go on is in tests/workshop/runbook."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from soccer_lib.errors import InputError
from soccer_lib.workshop.bench import runbook
from soccer_lib.workshop.bench.runbook import RunbookBenchConfig, RunningBook, main

END = {"all": "a" * 64, "clone/final_model.safetensors": "b" * 64}


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, 0), ({"clone/final_model.safetensors": "c" * 64}, 1), ({"score/score.json": "d" * 64}, 1)],
)
def test_one_file_that_differs_is_seen(change, code, tmp_path, monkeypatch, capsys):
    def finish(book):
        return {**END, **(change if book.place.name == "killed" else {})}

    kinds = []
    monkeypatch.setattr(RunningBook, "finish", finish)
    monkeypatch.setattr(RunningBook, "kill", lambda book, process, both: kinds.append(both) or "clone")
    monkeypatch.setattr(
        RunningBook, "start", lambda book: subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1)
    )
    moments = iter((1.0, 11.0, 11.0))
    monkeypatch.setattr(runbook.time, "monotonic", lambda: next(moments, 11.0))
    monkeypatch.setattr(runbook.subprocess.Popen, "wait", lambda process, timeout: _not_done())
    file = tmp_path / "result.json"
    config = RunbookBenchConfig(kills=3, folder=str(tmp_path / "both"), json=str(file))
    assert main(config) == code
    assert kinds == [True, False, True]
    result = json.loads(file.read_text())
    assert (result["different"], result["kills"]) == (list(change), ["clone"] * 3)
    assert result["minutes_alone"] == pytest.approx(1 / 6)
    with pytest.raises(InputError, match="used before"):
        main(config)


def _not_done():
    raise subprocess.TimeoutExpired("x", 1)


def test_both_runs_have_the_same_words_in_folders_of_one_depth(tmp_path):
    books = [
        RunningBook(RunbookBenchConfig(set=(("episodes", "3"),)), tmp_path / name)
        for name in ("alone", "killed")
    ]
    assert books[0].command == books[1].command
    assert books[0].command[3:] == ["runbook", "run", "--preset", "smoke", "--set", "episodes", "3"]
    assert books[1].folder == tmp_path / "killed/runs/runbook/smoke"


def test_what_is_killed_is_what_the_records_say(tmp_path):
    book = RunningBook(RunbookBenchConfig(), tmp_path / "killed")
    step = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    book.folder.mkdir(parents=True)
    records = {"demos": {"status": "done", "pid": 0}, "clone": {"status": "running", "pid": step.pid}}
    (book.folder / "steps.json").write_text(json.dumps(records))
    for both in (False, True):
        runs = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        assert book.kill(runs, both) == "clone"
        assert runs.returncode == -9
        if not both:
            assert step.poll() is None
    assert step.wait(60) == -9
