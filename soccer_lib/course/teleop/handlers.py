"""What the server answers: the page, and the web socket that carries pictures and messages."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from pathlib import Path
from typing import Any

from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course.teleop.controls import read_message
from soccer_lib.course.teleop.server import Server
from soccer_lib.errors import InputError, one_line

_PAGE = Path(__file__).with_name("page.html")


class Page(RequestHandler):
    """The page; it loads nothing from elsewhere, and no other page shows it in a frame."""

    def initialize(self, server: Server) -> None:
        """Take the server that it belongs to."""
        self.server = server

    def set_default_headers(self) -> None:
        """What the browser has to hold to."""
        self.clear_header("Server")
        self.nonce = secrets.token_urlsafe(16)
        policy = f"default-src 'none'; script-src 'nonce-{self.nonce}'; style-src 'nonce-{self.nonce}'; "
        policy += "img-src blob:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        self.set_header("Content-Security-Policy", policy)
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Content-Type-Options", "nosniff")

    def prepare(self) -> None:
        """Refuse a request to another name than ours."""
        if not self.server.is_own(self.request.host):
            raise HTTPError(403)

    def get(self) -> None:
        """Hand out the page."""
        page = _PAGE.read_text(encoding="utf-8")
        for name, text in (("NONCE", self.nonce), ("KICKS", json.dumps(list(PATTERNS)))):
            page = page.replace(f"__{name}__", text)
        self.finish(page)


class Socket(WebSocketHandler):
    """The web socket of one page; the newest page drives."""

    def initialize(self, server: Server) -> None:
        """Take the server that it belongs to."""
        self.server = server
        self.busy = False

    def prepare(self) -> None:
        """Refuse a request to another name than ours."""
        if not self.server.is_own(self.request.host):
            raise HTTPError(403)

    def check_origin(self, origin: str) -> bool:
        """Only our own page: the Host that it is compared with is ours."""
        return origin == f"http://{self.request.host}"

    def open(self, *args: str, **kwargs: str) -> None:
        """Let this page drive."""
        if self.server.socket:
            self.server.socket.close(4000, "another page drives")
        self.server.socket = self
        self.server.controls.connect(True)

    def on_message(self, message: str | bytes) -> None:
        """Hear what the hands do."""
        if self.server.socket is not self:
            return
        try:
            self.server.controls.hear(read_message(message))
        except InputError as error:
            self.close(4001, one_line(error, 100))

    def on_close(self) -> None:
        """Let go."""
        if self.server.socket is self:
            self.server.socket = None
            self.server.controls.connect(False)

    def pass_on(self, message: bytes | dict[str, Any]) -> None:
        """Send a picture or a state; a slow page gets fewer pictures, not older ones."""
        is_picture = isinstance(message, bytes)
        if is_picture and self.busy:
            return
        self.busy = self.busy or is_picture
        asyncio.ensure_future(self._write(message, is_picture))

    async def _write(self, message: bytes | dict[str, Any], is_picture: bool) -> None:
        with contextlib.suppress(WebSocketClosedError):
            await self.write_message(message if is_picture else json.dumps(message), binary=is_picture)
        if is_picture:
            self.busy = False
