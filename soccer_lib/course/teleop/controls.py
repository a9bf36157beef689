"""What the driver's hands say, from the page's messages to the commands of the robot."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.errors import InputError

FRESH = 0.5
"""How long the hands' last word holds [s]: a page that hangs or was left lets the robot stand."""

WALKING = ("forward", "sideways", "turn")
"""Numbers of a message, in the order of a command."""

WORDS = ("next", "again", "discard", "stop")
"""What can be asked for besides."""

MOST_BYTES = 1000
"""Longest message."""


def read_message(text: str | bytes) -> dict[str, Any]:
    """A message of the page, checked: it comes from a browser, and anything may come from there.

    >>> read_message('{"forward": 1, "kick": "shot"}')
    {'forward': 1.0, 'sideways': 0.0, 'turn': 0.0, 'kick': 'shot', 'word': None}

    Raises:
        InputError: anything else than an object with numbers in [-1, 1], a kick and a word.
    """
    try:
        content = json.loads(text) if isinstance(text, str) and len(text) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise InputError("a message is no JSON object; expected one; reload the page")
    message: dict[str, Any] = {}
    for name in WALKING:
        value = content.get(name, 0)
        if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > 1:
            raise InputError(f"{name} of a message is no number in [-1, 1]; expected one; reload the page")
        message[name] = float(value)
    for name, known in (("kick", tuple(PATTERNS)), ("word", WORDS)):
        value = content.get(name)
        if value is not None and value not in known:
            raise InputError(f"{name} of a message is unknown; expected one of {known}; reload the page")
        message[name] = value
    return message


class Controls:
    """The driver's hands: written by the server, read by the thread in which the robot moves."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._walking = np.zeros(3, np.float32)
        self._heard = -math.inf
        self._kick: str | None = None
        self._word: str | None = None
        self.connected = False
        self.closed = False

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take in a message of `read_message`."""
        with self._lock:
            self._walking = np.array([message[name] for name in WALKING], np.float32)
            self._heard = time.monotonic()
            # A kick or a word waits until it is asked for: a short press between two commands counts.
            self._kick = message["kick"] or self._kick
            self._word = message["word"] or self._word
            self._changed.notify_all()

    def connect(self, connected: bool) -> None:
        """Note whether a page is there; without one nothing is held down."""
        with self._lock:
            self.connected = connected
            self._heard = -math.inf
            self._kick = None
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._lock:
            self.closed = True
            self._changed.notify_all()

    def command(self) -> np.ndarray:
        """The command for the next tenth of a second: a kick once for each press, else walking.

        Returns:
            Three numbers in [-1, 1]; a walking command never asks for a kick. Shape: (3,), float32.
        """
        with self._lock:
            kick = self._kick
            self._kick = None
            if kick:
                return np.array(PATTERNS[kick], np.float32)
            if time.monotonic() - self._heard > FRESH:
                return np.zeros(3, np.float32)
            # Below the threshold of kicks in one entry: the walker clips the sideways one to 0.67 anyway.
            return self._walking * np.array((1, 0.75, 1), np.float32)

    def word(self) -> str | None:
        """The word that was said since the last time that it was asked for."""
        with self._lock:
            word = self._word
            self._word = None
            return word

    def moved(self) -> bool:
        """Whether anything is held down or waits."""
        with self._lock:
            fresh = time.monotonic() - self._heard <= FRESH
            return bool((fresh and self._walking.any()) or self._kick)

    def wait(self, seconds: float) -> None:
        """Wait for a change, at most so long [s]."""
        with self._lock:
            if not self.closed:
                self._changed.wait(seconds)
