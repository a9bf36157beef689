"""The command `evaluate`: one line for a bad request, every file that was asked for, no worker left."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from soccer_lib.cli.main import main
from tests.support.commands import start


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (["--policy", "nope"], 2, "expected one of: zero, random, stand"),
        (["--policy", "zero", "--tasks", "golie"], 2, "unknown task 'golie'"),
        (["--policy", "zero", "--episodes", "0"], 2, "episodes got 0"),
        (["--policy", "zero", "--episodes", "-3"], 2, "episodes got -3"),
        (["--policy", "zero", "--starts", "odd"], 2, "official"),
        (["--policy", "zero", "--seed", "-1"], 2, "seed got -1"),
        (["--policy", "zero", "--workers", "-1"], 2, "workers got -1"),
        (["--policy", "zero", "--plot", "scores.txt"], 2, "expected one that ends in .png"),
        (["--policy", "zero", "--json", "a.json", "--record", "a.json"], 2, "came for two outputs"),
        (["--policy", "zero", "--json", "/dev/null"], 2, "is a folder, device or pipe"),
        (["--policy", "zero", "--json", "file/below/a.json"], 3, "file/below/a.json"),
        (["--policy", "zero", "--randomise", '{"mas": 1}'], 2, "unknown factor in --randomise 'mas'"),
        (["--policy", "zero", "--randomise", '{"mass": [2, 1]}'], 2, "expected the lower end first"),
        (["--policy", "zero", "--randomise", '{"mass": 1}', "--record", "a.npz"], 2, "leave --record out"),
        (
            ["--policy", "zero", "--tasks", "kick_to_target", "--randomise", '{"keeper_speed": 2}'],
            2,
            "means nothing for kick_to_target",
        ),
        (["--policy", "zero", "--record", "folder"], 2, "is a folder, device or pipe"),
    ],
)
def test_bad_requests_end_with_one_line(flags, code, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("kept")
    Path("folder").mkdir()
    assert main(["evaluate", *flags]) == code
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and message in captured.err
    assert Path("file").read_text() == "kept" and sorted(os.listdir()) == ["file", "folder"]


def test_the_command_writes_everything(tmp_path, capsys):
    files = {name: tmp_path / name for name in ("out.json", "r.npz", "scores.png")}
    flags = ["--model", "zero", "--deterministic", "--tasks", "kick_to_target", "--episodes", "2"]
    outs = ["--json", files["out.json"], "--record", files["r.npz"], "--plot", files["scores.png"]]
    assert main(["evaluate", *flags, "--workers", "1", *map(str, outs)]) == 0
    out = capsys.readouterr().out
    assert "evaluate zero: 2/2 episodes (100%)" in out and "replay" in out
    assert json.loads(files["out.json"].read_text())["policy"] == "zero"
    assert files["scores.png"].read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


def test_the_command_takes_tasks_with_commas_and_spaces(capsys):
    for words in (["penalty_kick,kick_to_target"], ["penalty_kick", "kick_to_target"]):
        flags = ["--policy", "zero", "--episodes", "1", "--workers", "1"]
        assert main(["evaluate", *flags, "--tasks", *words]) == 0
        assert "2/2 episodes" in capsys.readouterr().out


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def runs(pid: int) -> bool:
    """Whether a process is there and not only waiting to be collected by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="reads the list of child processes from /proc"
)
def test_ctrl_c_ends_the_workers_too(tmp_path):
    flags = ["--policy", "stand", "--episodes", "500", "--workers", "2", "--json", "out.json"]
    process = start(["evaluate", *flags], tmp_path, start_new_session=True)
    # Episodes are under way. (Workers cut off in their imports leave glfw's own probe to complain.)
    assert "episodes" in process.stdout.readline()
    workers = children(process.pid)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and errors.count("\n") == 1 and "interrupted" in errors
    deadline = time.monotonic() + 30
    while any(map(runs, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(workers) >= 2 and not any(map(runs, workers))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("flag", ["--json", "--record", "--plot"])
def test_no_output_replaces_the_policy_or_what_tells_of_it(flag, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()
    for name in ("mine.safetensors", "mine.json", "run/final_model.safetensors", "run/final_model.json"):
        Path(name).write_text("kept")
    for policy, output in (
        ("mine.safetensors", "mine.json"),
        ("mine.safetensors", "run/../mine.safetensors"),
        ("run", "run/final_model.json"),
    ):
        assert main(["evaluate", "--policy", policy, flag, output]) == 2
        said = capsys.readouterr().err
        if flag != "--plot":  # which has to end as a picture does
            assert said == (
                f"error: {output} is a file of the policy {policy}; expected another name; try result.json\n"
            )
    assert all(path.read_text() == "kept" for path in Path().rglob("*") if path.is_file())
