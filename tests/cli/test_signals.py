"""Long commands that are asked to end, and whose workers are killed, as processes."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.learn.test_resume_killed import flags, newest
from tests.learn.tiny import TINY
from tests.support.commands import start

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="reads the list of child processes from /proc"
)

PLAYS = {
    "evaluate": "evaluate --policy stand --episodes 500 --json out.json --record out.npz",
    "dataset": "dataset --from striker --episodes 500 --output out.npz",
    "compare": "compare stand zero --episodes 100 --out compared",
}
TRAINS = ["train", *flags(dataclasses.replace(TINY, workers=2, total_timesteps=100_000, save_dir="r"))]


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The processes that play for it."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in children if "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()]


def lives(pid: int) -> bool:
    """Whether a process is there and not only waiting to be collected."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_gone(pids: list[int]) -> bool:
    """Wait until none of them lives."""
    until = time.monotonic() + 60
    while any(map(lives, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(map(lives, pids))


@pytest.mark.parametrize("name", PLAYS)
def test_a_command_that_is_asked_to_end_says_so_and_leaves_no_worker_and_no_half_result(name, tmp_path):
    process = start([*PLAYS[name].split(), "--workers", "2"], tmp_path)
    assert re.search(r"\d+/\d+ episodes", process.stdout.readline())  # they are under way
    workers = workers_of(process)
    process.send_signal(signal.SIGTERM)
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 143 and errors.count("\n") == 1, errors
    assert errors.startswith("error: SIGTERM; ")
    assert len(workers) == 2 and all_gone(workers)
    # Whole episodes of a dataset stay in out.parts, from which the same command goes on.
    assert {path.name for path in tmp_path.iterdir()} <= {"out.parts", "compared"}


def test_a_killed_worker_of_an_evaluation_is_named(tmp_path):
    process = start([*PLAYS["evaluate"].split(), "--workers", "2"], tmp_path)
    assert "episodes" in process.stdout.readline()
    workers = workers_of(process)
    os.kill(workers[1], signal.SIGKILL)
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 4 and errors.count("\n") == 1, errors
    assert f"worker 1 (pid {workers[1]}" in errors and "exit code -9" in errors
    assert all_gone(workers) and not list(tmp_path.iterdir())


def test_a_killed_worker_of_a_training_is_named_and_the_checkpoint_is_there(tmp_path):
    process = start(TRAINS, tmp_path)
    until = time.monotonic() + 200
    while not newest(tmp_path / "r"):
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.02)
    workers = workers_of(process)
    os.kill(workers[0], signal.SIGKILL)
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 4 and errors.count("\n") == 1, errors
    assert f"worker 0 (pid {workers[0]}: kick_to_target) stopped with exit code -9" in errors
    assert len(workers) == 2 and all_gone(workers)
    assert newest(tmp_path / "r") and not list(tmp_path.rglob("*.tmp"))
