"""The verdict on a runbook that was killed; that its steps go on is in tests/workshop/runbook."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import subprocess
import sys

import pytest

from soccer_lib.errors import InputError
from soccer_lib.workshop.bench.runbook import RunbookBenchConfig, RunningBook, main

END = {"all": "a" * 64, "clone/final_model.safetensors": "b" * 64}


@pytest.fixture
def books(monkeypatch):
    """Runbooks whose process does nothing, and never comes to its end before it is killed.

    Returns a function: what the killed one leaves other than the one alone -> list of the kills to come.
    """

    def make(change, ends=False):
        def finish(book):
            return {**END, **(change if book.place.name == "killed" else {})}

        @contextlib.contextmanager
        def running(book):
            yield Idle(ends)

        kinds = []
        monkeypatch.setattr(RunningBook, "finish", finish)
        monkeypatch.setattr(RunningBook, "minutes", lambda book: 1.0)
        monkeypatch.setattr(RunningBook, "running", running)
        monkeypatch.setattr(RunningBook, "kill", lambda book, process, both: kinds.append(both) or "clone")
        return kinds

    return make


class Idle:
    """A process, as far as the bench looks at it."""

    def __init__(self, ends):
        self.ends = ends

    def wait(self, seconds):
        if not self.ends:
            raise subprocess.TimeoutExpired("x", seconds)


@pytest.mark.parametrize(
    ("change", "code"),
    [({}, 0), ({"clone/final_model.safetensors": "c" * 64}, 1), ({"score/score.json": "d" * 64}, 1)],
)
def test_one_file_that_differs_is_seen(change, code, tmp_path, books):
    kinds = books(change)
    file = tmp_path / "result.json"
    config = RunbookBenchConfig(kills=3, folder=str(tmp_path / "both"), json=str(file))
    assert main(config) == code
    assert kinds == [True, False, True]
    result = json.loads(file.read_text())
    assert (result["different"], result["kills"]) == (list(change), ["clone"] * 3)
    with pytest.raises(InputError, match="kills = 3"):
        main(dataclasses.replace(config, kills=4))


def test_a_bench_that_was_stopped_has_only_the_other_kills_left(tmp_path, books):
    kinds = books({})
    file = tmp_path / "both" / "killed" / "kills.json"
    config = RunbookBenchConfig(kills=3, folder=str(tmp_path / "both"))
    assert main(config) == 0
    file.write_text('["demos"]')
    kinds.clear()
    assert main(config) == 0
    assert kinds == [False, True]
    assert json.loads(file.read_text()) == ["demos", "clone", "clone"]


def test_a_runbook_that_ended_before_its_kills_proves_nothing(tmp_path, books):
    kinds = books({}, ends=True)
    assert main(RunbookBenchConfig(kills=3, folder=str(tmp_path / "both"))) == 1
    assert not kinds


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
