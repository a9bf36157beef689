"""Stopping when asked: the first signal lets a run finish its step, the second one ends it at once."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType
from typing import Any

from soccer_lib.errors import Terminated


class StopRequest:
    """Takes SIGINT and SIGTERM while it is entered; only in the main thread, and none that is ignored.

    Attributes:
        came: the signal that asked to stop; None while none has.
    """

    def __init__(self) -> None:
        self.came: signal.Signals | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.came is not None:
            self.__exit__()
            signal.raise_signal(number)
            return
        self.came = signal.Signals(number)
        # Not print: the signal may have come in the middle of one.
        os.write(2, f"{self.came.name}: saving and leaving; once more to leave at once\n".encode())

    def leave(self, last_words: str) -> None:
        """End the program as the signal would have, if one came.

        Raises:
            KeyboardInterrupt: with the words, after SIGINT.
            Terminated: with the words, after SIGTERM.
        """
        if self.came is signal.SIGINT:
            raise KeyboardInterrupt(last_words)
        if self.came is not None:
            raise Terminated(last_words)
