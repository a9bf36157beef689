"""A headless browser whose keys a test presses, through its DevTools protocol."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tornado.websocket import WebSocketClientConnection, websocket_connect

BROWSERS = ("chromium", "chromium-browser", "google-chrome")

KEYS = {"Space": " ", "ShiftLeft": "Shift"}
"""What a key gives, where that is not the last letter of its code in lower case."""


def find_browser() -> str:
    """The browser of this machine; a test that needs one is skipped without."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: install one of {', '.join(BROWSERS)}")
    return found


class Page:
    """A page that is open in the browser."""

    def __init__(self, socket: WebSocketClientConnection) -> None:
        self._socket = socket
        self._number = 0

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol."""
        self._number += 1
        await self._socket.write_message(
            json.dumps({"id": self._number, "method": method, "params": parameters})
        )
        while True:  # events come in between
            answer = json.loads(await self._socket.read_message() or "{}")
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    async def evaluate(self, script: str) -> Any:
        """Value of an expression in the page."""
        answer = await self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def hold(self, *codes: str) -> None:
        """Press keys and hold them down."""
        for code in codes:
            await self._key("keyDown", code)

    async def release(self, *codes: str) -> None:
        """Let go of keys."""
        for code in codes:
            await self._key("keyUp", code)

    async def press(self, code: str) -> None:
        """Press a key once."""
        await self.hold(code)
        await self.release(code)

    async def _key(self, kind: str, code: str) -> None:
        key = KEYS.get(code, code if code == "Escape" else code[-1].lower())
        await self.call("Input.dispatchKeyEvent", type=kind, code=code, key=key)


@contextlib.asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Page]:
    """A page in a browser of its own, which is closed at the end.

    Args:
        url: of the page.
        folder: for the browser's profile.
    """
    words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
    process = subprocess.Popen(
        [find_browser(), *words, f"--user-data-dir={folder}", "--window-size=800,800", url],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address = await asyncio.wait_for(_address(url, folder / "DevToolsActivePort"), 120)
        socket = await websocket_connect(address)
        yield Page(socket)
        socket.close()
    finally:
        process.terminate()
        process.wait()


async def _address(url: str, file: Path) -> str:
    """Where the protocol of a page is spoken: the browser chooses a port and writes it into its profile."""
    while True:
        await asyncio.sleep(0.2)
        if not file.is_file() or not file.read_text().strip():
            continue
        port = file.read_text().splitlines()[0]
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/json") as answer:
            for page in json.load(answer):
                if page["type"] == "page" and page["url"] == url:
                    return page["webSocketDebuggerUrl"]
