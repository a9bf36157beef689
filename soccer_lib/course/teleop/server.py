"""The page's server: on this machine only, for whoever has the address with its token.

A page of another site that is open in the same browser can reach loopback too. So every address has a random
token, the Host has to be ours (a name that was bound to 127.0.0.1 is not), and a web socket is opened to our
own page alone. What answers is in `handlers`.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Callable
from typing import Any

from soccer_lib.course.teleop.controls import MOST_BYTES, Controls
from soccer_lib.errors import InputError

HOST = "127.0.0.1"


class Server:
    """Serves the page, and carries pictures and messages.

    Args:
        controls: hears what the page says.
        port: 0 takes any that is free.

    Attributes:
        url: of the page, token included.

    Raises:
        InputError: the port is taken.
    """

    def __init__(self, controls: Controls, port: int) -> None:
        from tornado.netutil import bind_sockets

        self.controls = controls
        self.token = secrets.token_urlsafe(24)
        try:
            self._sockets = bind_sockets(port, HOST)
        except OSError as error:
            raise InputError(
                f"--port {port}: {error.strerror}; expected a free port; try --port 0, which takes any"
            ) from None
        self.port = self._sockets[0].getsockname()[1]
        self.url = f"http://{HOST}:{self.port}/{self.token}/"
        self.socket: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def is_own(self, host: str) -> bool:
        """Whether a request's Host is this server."""
        return host in (f"{HOST}:{self.port}", f"localhost:{self.port}")

    def send(self, message: bytes | dict[str, Any]) -> None:
        """Send a picture or a state to the page; called in any thread."""
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._send, message)

    def _send(self, message: bytes | dict[str, Any]) -> None:
        if self.socket:
            self.socket.pass_on(message)

    def run(self, work: Callable[[], None]) -> None:
        """Serve while `work` goes on in a thread of its own.

        Raises:
            Exception: what `work` raised.
        """
        asyncio.run(self._run(work))

    async def _run(self, work: Callable[[], None]) -> None:
        from tornado.httpserver import HTTPServer
        from tornado.web import Application

        from soccer_lib.course.teleop.handlers import Page, Socket

        self._loop = asyncio.get_running_loop()
        routes = [
            (f"/{self.token}/", Page, {"server": self}),
            (f"/{self.token}/drive", Socket, {"server": self}),
        ]
        server = HTTPServer(
            Application(
                routes,
                websocket_max_message_size=MOST_BYTES,
                websocket_ping_interval=5,
                log_function=lambda handler: None,
            )
        )
        server.add_sockets(self._sockets)
        done = asyncio.Event()
        failures: list[BaseException] = []
        loop = self._loop

        def labour() -> None:
            try:
                work()
            except BaseException as error:  # said by who called `run`
                failures.append(error)
            finally:
                loop.call_soon_threadsafe(done.set)

        thread = threading.Thread(target=labour, name="drive")
        thread.start()
        try:
            await done.wait()
        finally:
            self.controls.close()
            thread.join()
            server.stop()
        if failures:
            raise failures[0]
