"""Heartbeats: what a line says, when it is printed, and that one that cannot be printed is passed over."""

from __future__ import annotations

import sys

from soccer_lib import runs
from soccer_lib.runs.heartbeat import print_progress


def test_heartbeat_lines():
    beat = runs.Heartbeat(None, total=200, unit="steps", label="train", start=100)
    assert beat.line(150, 10.0, "return 1.5") == "train: 150/200 steps (75%), 5/s, ETA 0:00:10, return 1.5"
    assert beat.line(200, 65.0) == "train: 200/200 steps (100%), took 0:01:05"
    assert beat.line(100, 0.0) == "train: 100/200 steps (50%)"


def test_heartbeat_prints_when_due_and_at_the_end(tmp_path, capsys):
    beat = runs.Heartbeat(tmp_path / "progress.txt", total=3, unit="episodes", every=1e9)
    for step in (1, 2, 3):
        beat.update(step)
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and "3/3 episodes (100%)" in out
    assert (tmp_path / "progress.txt").read_text() == out
    beat.update(3)  # a rollout goes on beyond the steps of its run
    assert not capsys.readouterr().out
    runs.Heartbeat(None, total=3, unit="episodes", every=0.0).update(1)
    assert "1/3 episodes (33%)" in capsys.readouterr().out


def test_a_line_that_cannot_be_printed_is_passed_over(monkeypatch):
    class Full:
        def write(self, text):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys, "stdout", Full())
    print_progress("1/2")
    runs.Heartbeat(None, total=1, unit="episodes").update(1)
