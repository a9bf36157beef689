"""The first signal asks, the second one ends at once."""

from __future__ import annotations

import signal
import threading

import pytest

from soccer_lib.errors import Terminated
from soccer_lib.runs.stop import StopRequest
from soccer_lib.signals import signals_held


def test_the_first_signal_asks_and_the_second_one_ends():
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match="^$"), StopRequest() as stop:
        signal.raise_signal(signal.SIGTERM)
        assert stop.came is signal.SIGTERM
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("number", "error", "words"),
    [(signal.SIGINT, KeyboardInterrupt, "saved at 3"), (signal.SIGTERM, Terminated, "saved at 3")],
)
def test_a_run_ends_as_the_signal_would_have_ended_it(number, error, words, capfd):
    with StopRequest() as stop:
        stop.leave("saved at 3")  # nothing came: it goes on
        signal.raise_signal(number)
    with pytest.raises(error, match=words):
        stop.leave("saved at 3")
    assert "saving and leaving" in capfd.readouterr().err


def test_an_ignored_signal_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopRequest() as stop:
            signal.raise_signal(signal.SIGINT)
        assert stop.came is None
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_signal_waits_for_what_must_not_be_interrupted():
    before = signal.getsignal(signal.SIGINT)
    done = []
    with pytest.raises(KeyboardInterrupt), signals_held():
        signal.raise_signal(signal.SIGINT)
        done.append("compiled")
    assert done and signal.getsignal(signal.SIGINT) is before


def test_in_a_thread_signals_are_left_alone():
    def work():
        with signals_held():
            done.append(signal.getsignal(signal.SIGINT))

    done = []
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [signal.getsignal(signal.SIGINT)]
