"""`compare`, `film` and `leaderboard` as they are typed."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from soccer_lib.cli.main import main

TASK = "kick_to_target"


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Call the command line in an empty folder; returns exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        return code, *capsys.readouterr()

    return run


def test_a_comparison_and_its_leaderboard(call, tmp_path):
    words = ["compare", "zero", "random", "--tasks", TASK, "--episodes", "2", "--workers", "1"]
    code, said, _ = call(*words, "--report", "out", "--films", "0")
    assert code == 0 and "too few: 2 distinct pairs" in said and "fell before touch" in said
    out = tmp_path / "out"
    names = {path.name for path in out.iterdir()}
    assert names >= {"report.html", "compare.json", "config.json", "cards", "results", "episodes"}
    assert json.loads((out / "status.json").read_text())["status"] == "done"
    code, again, _ = call(*words, "--out", "out", "--films", "0")
    assert again.startswith("4 of 4 episodes are there already\n")
    assert again[again.index("starts: official") :] == said[said.index("starts: official") :]
    code, board, _ = call("leaderboard", "out", "--html", "board.html", "--workers", "1")
    assert code == 0 and "results/zero.official" in board and (tmp_path / "board.html").is_file()


def test_a_comparison_that_fails_says_so_in_its_folder(call, tmp_path):
    code, _, said = call("compare", "zero", "nobody", "--out", "out")
    assert code == 2 and "unknown policy 'nobody'" in said
    status = json.loads((tmp_path / "out" / "status.json").read_text())
    assert (status["status"], status["reason"]) == ("failed", "InputError")


def test_a_film_of_one_episode(call, tmp_path):
    words = ["--task", TASK, "--seed", "10001", "--start", "1", "--video", "f.gif", "--fps", "4"]
    code, said, _ = call("film", "zero", *words, "--width", "160")
    assert code == 0 and "wrote f.gif: fall after 0." in said
    assert (tmp_path / "f.gif").stat().st_size > 1000
    code, said, _ = call("film", "zero", "random", *words, "--width", "160")
    assert code == 0 and said.count("fall after 0.") == 2
    with Image.open(tmp_path / "f.gif") as film:
        assert film.size == (320, 90)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare", "zero"], "1 agents came; expected two or more"),
        (["compare", "zero", "nobody"], "unknown policy 'nobody'"),
        (["compare", "zero", "random", "--episodes", "0"], "--episodes got 0"),
        (["compare", "zero", "random", "--seed", "-4"], "seed got -4"),
        (["compare", "zero", "random", "--starts", "odd"], "unknown --starts 'odd'"),
        (["compare", "zero", "random", "--robustness", "-1"], "--robustness got -1"),
        (["film", "--task", TASK, "--video", "a.mp4"], "no agent came"),
        (["film", "zero", "--task", "golf", "--video", "a.mp4"], "unknown task 'golf'"),
        (["film", "zero", "--task", TASK, "--video", "a.avi"], "a.avi is not a video's name"),
        (["film", "zero", "--task", TASK, "--video", "a.gif", "--start", "20"], "--start got 20"),
        (["leaderboard", "nowhere"], "nowhere is not a folder"),
        (["leaderboard", ".", "--html", "a.txt"], "a.txt is not a page's name"),
    ],
)
def test_a_wrong_call_is_one_line(call, words, said):
    code, _, error = call(*words)
    assert code == 2 and said in error, error
    assert len(error.strip().splitlines()) == 1
