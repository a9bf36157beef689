"""Processes of our own: what they inherit, and that no Ctrl-C is lost while they start."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from soccer_lib.errors import SimulationError
from soccer_lib.runs import worker
from soccer_lib.runs.worker import _settings_of_children
from tests.support.jobs import Job, Player

BLOCKED = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals cannot be blocked here")
def test_ctrl_c_while_children_start_comes_afterwards_and_only_to_the_parent():
    reached = False
    with pytest.raises(KeyboardInterrupt), _settings_of_children():
        signal.raise_signal(signal.SIGINT)
        child = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, check=True)
        reached = True
    assert reached and child.stdout == "True\n"
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_worker_that_was_killed_for_memory_says_so(tmp_path, monkeypatch):
    events = tmp_path / "memory.events"
    events.write_text("max 3\noom_kill 1\noom_group_kill 9\n")
    monkeypatch.setattr(worker, "_MEMORY_EVENTS", ("nowhere", str(events)))
    ours = worker.Worker(Player, remedy="try fewer")
    events.write_text("max 3\noom_kill 2\noom_group_kill 9\n")
    ours.process.kill()
    ours.send("name", Job(1))
    with pytest.raises(SimulationError, match=r"exit code -9; the system had no memory left; expected"):
        ours.receive()
