"""The page in a browser: keys and sticks are commands, and a drive by key presses is kept and replays."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from soccer_lib.cli.main import main
from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course.teleop.server import Server
from soccer_lib.runs.folder import CHECKOUT
from tests.support.browser import Page, find_browser, opened
from tests.support.opengl import needs_opengl

KICKS = [list(pattern) for pattern in PATTERNS.values()]

PAD = """
window.pad = {index: 0, axes: [0, 0, 0, 0], buttons: Array.from({length: 9}, () => ({pressed: false}))};
navigator.getGamepads = () => [null, window.pad];
"""
"""A gamepad without hardware, as browsers hand it out: its place in the list is not its number."""


SHOOT = 2.75
"""When to shoot: the goalkeeper, who goes to and fro in 3.4 s, is at a post when the ball comes [s]."""


async def comes(found: Callable[[], object], expected: object) -> None:
    """Wait until a value is what is expected: a message takes its time."""
    last = None
    for _ in range(200):
        last = found()
        if last == expected:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"expected {expected}, and the last one was {last}")


def in_browser(server: Server, folder: Path, work: Callable[[Page, Callable], object]) -> None:
    """Open the page and let `work` do something with it and with what the robot is told."""

    async def run() -> None:
        async with opened(server.url, folder / "profile") as page:
            await comes(lambda: server.controls.connected, True)
            await work(page, lambda: [round(number, 3) for number in server.controls.command().tolist()])

    asyncio.run(asyncio.wait_for(run(), 240))


def test_keys_are_commands(server, tmp_path):
    async def drive(page, command):
        await page.hold("KeyW")
        await comes(command, [1, 0, 0])
        await page.hold("ShiftLeft", "KeyD")
        await comes(command, [0.5, 0, -0.5])
        await page.release("KeyW", "KeyD", "ShiftLeft")
        await comes(command, [0, 0, 0])
        await page.hold("KeyQ", "KeyA", "KeyD")  # both turns at once are none
        await comes(command, [0, 0.75, 0])
        await page.evaluate("dispatchEvent(new Event('blur'))")  # another window has the keyboard
        await comes(command, [0, 0, 0])
        for code, number in (("Space", 0), ("Digit1", 0), ("Digit3", 2), ("Numpad7", 6)):
            await page.press(code)
            await comes(command, KICKS[number])
            await comes(command, [0, 0, 0])
        for code, word in (("KeyN", "next"), ("KeyR", "again"), ("KeyX", "discard"), ("Escape", "stop")):
            await page.press(code)
            await comes(server.controls.word, word)

    in_browser(server, tmp_path, drive)


def test_a_gamepad_walks_turns_and_kicks_once_for_each_press(server, tmp_path):
    async def drive(page, command):
        await page.evaluate(PAD)
        await page.evaluate("window.pad.axes = [0.4, -1, 0.5, 0]")  # up is forward, right is negative
        await comes(command, [1, -0.3, -0.5])
        await page.evaluate("window.pad.axes = [0.14, -0.1, 0.1, 0]")  # sticks never rest at 0
        await comes(command, [0, 0, 0])
        await page.evaluate("window.pad.buttons[1].pressed = true")
        await comes(command, KICKS[1])
        for _ in range(10):  # it is held, which is one kick
            assert command() == [0, 0, 0]
            await asyncio.sleep(0.05)
        await page.evaluate("window.pad.buttons[1].pressed = false")
        await asyncio.sleep(0.2)
        await page.evaluate("window.pad.buttons[1].pressed = true")
        await comes(command, KICKS[1])
        await page.evaluate("window.pad.axes = [0, 0]")  # one of two axes is none for walking
        await comes(command, [0, 0, 0])

    in_browser(server, tmp_path, drive)


async def drive_to_a_goal(page: Page, tries: int = 10) -> list[dict]:
    """Walk to the ball, shoot, and go on with the next start until no goalkeeper is in the way.

    Returns:
        What each episode came to.
    """
    ends: list[dict] = []
    while not ends or not ends[-1]["success"] and len(ends) < tries:
        while (await _state(page)).get("event") != "ready":
            await asyncio.sleep(0.1)
        await page.hold("KeyW")
        held = {"KeyW"}
        kicked = False
        while (state := await _state(page)).get("event") != "over":
            if state.get("event") == "drive" and not kicked:
                ahead, left = state["ball"]
                wanted = {"KeyW"} if ahead > 0.5 else set()  # nearer, it would push the ball
                if abs(left) > 0.1:
                    wanted.add("KeyA" if left > 0 else "KeyD")
                if ahead < 1.1:
                    wanted.add("ShiftLeft")
                await page.release(*(held - wanted))
                await page.hold(*(wanted - held))
                held = wanted
                if state["time"] > SHOOT and state["reach"] and ahead < 0.62 and abs(left) < 0.15:
                    await page.press("Space")
                    kicked = True
            await asyncio.sleep(0.05)
        await page.release(*held)
        ends.append(state)
        if not state["success"]:
            await page.press("KeyN")
    await page.press("Escape")
    return ends


async def _state(page: Page) -> dict:
    """What the server said last; nothing before the page is there."""
    return await page.evaluate("window.state") or {}


@needs_opengl
def test_a_goal_by_key_presses_is_kept_and_replays_in_the_stock_environment(tmp_path, walker, capsys):
    find_browser()
    out = tmp_path / "drives"
    words = ["teleop", "--out", str(out), "--size", "160", "90"]
    paths = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "soccer_lib", *words], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as process:  # fmt: skip
        try:
            assert process.stdout
            url = re.search(r"http://\S+", process.stdout.readline())
            assert url

            async def drive():
                async with opened(url[0], tmp_path / "profile") as page:
                    return await drive_to_a_goal(page)

            ends = asyncio.run(asyncio.wait_for(drive(), 400))
            said = process.stdout.read()
        except BaseException:
            process.send_signal(signal.SIGTERM)
            raise
    assert process.returncode == 0 and f"{len(ends)} episodes are kept" in said
    assert ends[-1]["success"], json.dumps(ends)
    assert main(["replay", str(out / "drives_record.npz"), "--stock"]) == 0
    assert f"All {len(ends)} episodes are equal to the last digit in the stock" in capsys.readouterr().out
