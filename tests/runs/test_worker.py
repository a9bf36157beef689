"""Processes of our own: what they inherit, and that no Ctrl-C is lost while they start."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from soccer_lib.runs.worker import _settings_of_children

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
