"""A server of the page, for tests that talk to it and for those that open it in a browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from soccer_lib.course.teleop.controls import Controls
from soccer_lib.course.teleop.server import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that runs until the test is over."""
    server = Server(Controls(), 0)
    stop = threading.Event()
    thread = threading.Thread(target=server.run, args=(stop.wait,))
    thread.start()
    yield server
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
