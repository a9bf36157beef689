"""`export`: what it writes and says, and one line for a wrong request."""

from __future__ import annotations

import pytest

from soccer_lib.cli.main import main


def test_export_writes_the_files_and_verify_compares_them(tmp_path, capsys):
    out = str(tmp_path / "out")
    assert main(["export", "--agent", "zero", "--out", out]) == 0
    said = capsys.readouterr().out
    assert "preprocessor.py" in said and f"export --verify {out}" in said
    flags = ["--tasks", "kick_to_target", "--batches", "1", "--client", "none"]
    assert main(["export", "--verify", out, *flags]) == 0
    assert "All 1 episodes score there what they score here." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--agent", "striker"], "--out is missing; expected --agent AGENT --out DIR"),
        (["--out", "x"], "--agent is missing"),
        (["--agent", "nobody", "--out", "x"], "unknown policy 'nobody'"),
        (["--agent", "random", "--out", "x"], "random draws from the episode's seed"),
        (["--verify", "x", "--out", "y"], "came with --out y; expected one of them"),
        (["--verify", "gone"], "gone/manifest.json"),
    ],
)
def test_a_wrong_request_is_one_line(flags, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["export", *flags]) == 2
    said = capsys.readouterr().err
    assert words in said and said.count("\n") == 1
    assert not list(tmp_path.iterdir())
