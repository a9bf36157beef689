"""The page's server: for who has the token, under our own name, from our own page; on loopback alone."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.error
import urllib.request

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course.teleop.controls import Controls
from soccer_lib.course.teleop.server import Server
from soccer_lib.errors import InputError


def get(url: str, **headers: str):
    return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20)


def refused(url: str, **headers: str) -> int:
    with pytest.raises(urllib.error.HTTPError) as error:
        get(url, **headers)
    return error.value.code


def test_the_page_is_for_who_has_the_token(server):
    base = f"http://127.0.0.1:{server.port}/"
    assert server.url.startswith(base) and len(server.token) >= 32
    page = get(server.url)
    text = page.read().decode()
    assert "Drive the robot" in text and json.dumps(list(PATTERNS)) in text
    nonce = text.partition('nonce="')[2].partition('"')[0]
    assert len(nonce) > 16 and f"'nonce-{nonce}'" in page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Referrer-Policy"] == "no-referrer" and "__" not in text
    assert refused(base) == refused(base + "drive") == refused(base + server.token[:-1] + "x/") == 404
    assert Server(Controls(), 0).token != server.token


def test_another_name_for_loopback_is_refused(server):
    assert refused(server.url, Host=f"evil.example:{server.port}") == 403
    assert get(server.url, Host=f"localhost:{server.port}").status == 200


def test_it_listens_on_loopback_alone(server):
    assert {socket.getsockname()[0] for socket in server._sockets} == {"127.0.0.1"}
    with pytest.raises(InputError, match=f"--port {server.port}: .*; expected a free port; try --port 0"):
        Server(Controls(), server.port)


def connect(server: Server, **headers: str):
    address = server.url.replace("http", "ws") + "drive"
    return websocket_connect(HTTPRequest(address, headers=headers, connect_timeout=20))


def until(condition) -> None:
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1"])
def test_the_socket_is_for_our_own_page(server, origin):
    with pytest.raises(HTTPClientError, match="403"):
        asyncio.run(_open(server, Origin=origin))
    assert not server.controls.connected


async def _open(server: Server, **headers: str):
    return await connect(server, **headers)


def test_hands_go_down_the_socket_and_pictures_come_up(server):
    async def drive():
        origin = f"http://127.0.0.1:{server.port}"
        first = await connect(server, Origin=origin)
        await first.write_message(json.dumps({"forward": 1}))
        while server.controls.command().tolist() != [1, 0, 0]:
            await asyncio.sleep(0.02)
        server.send(b"a picture")
        server.send({"event": "ready"})
        assert [await first.read_message(), json.loads(await first.read_message())] == [
            b"a picture", {"event": "ready"},
        ]  # fmt: skip
        second = await connect(server, Origin=origin)  # the newest page drives
        assert await first.read_message() is None and first.close_reason == "another page drives"
        await second.write_message("nonsense")
        assert await second.read_message() is None
        assert second.close_code == 4001 and "expected one; reload the page" in second.close_reason

    asyncio.run(asyncio.wait_for(drive(), 60))
    until(lambda: not server.controls.connected)
    assert server.controls.command().tolist() == [0, 0, 0]


def test_what_fails_while_it_serves_is_not_lost():
    def fail():
        raise InputError("no room")

    with pytest.raises(InputError, match="no room"):
        Server(Controls(), 0).run(fail)
