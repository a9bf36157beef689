"""One run in a folder at a time."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from soccer_lib.errors import InputError
from soccer_lib.runs import RunFolder
from soccer_lib.runs.folder import CHECKOUT

HOLD = """
import sys
from soccer_lib.runs import RunFolder
folder = RunFolder.open(sys.argv[1], {"seed": 0}, "bc")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def owner(tmp_path):
    """Another process with a run in tmp_path/run."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("end", ["kill", "communicate"])
def test_a_second_run_is_refused_until_the_first_is_gone(owner, tmp_path, end):
    before = {entry.name: entry.read_bytes() for entry in (tmp_path / "run").iterdir()}
    with pytest.raises(InputError) as caught:
        RunFolder.open(tmp_path / "run", {"seed": 0}, "bc")
    message = str(caught.value)
    assert f"{tmp_path / 'run'} is in use by process {owner.pid};" in message and "remove" not in message
    assert {entry.name: entry.read_bytes() for entry in (tmp_path / "run").iterdir()} == before
    getattr(owner, end)()
    owner.wait()
    assert RunFolder.open(tmp_path / "run", {"seed": 0}, "bc").resumed


def test_a_process_shares_its_own_lock_and_lets_go_with_the_last_run(tmp_path):
    first = RunFolder.open(tmp_path / "run", {}, "bc")
    second = RunFolder.open(tmp_path / "run", {}, "bc")
    assert first.lock is second.lock
    del first
    gc.collect()
    script = HOLD.replace('{"seed": 0}', "{}")
    other = [sys.executable, "-c", script, str(tmp_path / "run")]
    refused = subprocess.run(other, cwd=CHECKOUT, input="", capture_output=True, text=True)
    assert refused.returncode and "in use by process" in refused.stderr
    del second
    gc.collect()
    assert subprocess.run(other, cwd=CHECKOUT, input="", capture_output=True).returncode == 0


def test_a_lock_alone_does_not_make_a_folder_foreign(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "lock").touch()  # a kill right after it was taken
    assert not RunFolder.open(tmp_path / "run", {}, "bc").resumed
