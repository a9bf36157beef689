"""Episodes that a hand plays: kept whole, with the torques that anyone can replay, and ready to be cloned."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from soccer_lib.cli.main import main
from soccer_lib.course.teleop import session
from soccer_lib.course.teleop.controls import Controls, read_message
from soccer_lib.course.teleop.session import DATASET, RECORD, Driver, Drives, drive_by_hand
from soccer_lib.demos.files import read_dataset
from soccer_lib.errors import InputError
from soccer_lib.evaluation.episode import EpisodeJob
from soccer_lib.evaluation.record import read_record
from soccer_lib.evaluation.replay import Replayer
from tests.support.opengl import needs_opengl

JOBS = [EpisodeJob("goalie_penalty_kick", 3000), EpisodeJob("kick_to_target", 3001)]


class Hands(Controls):
    """Walks at the ball and shoots when it is in reach, as a driver would; says words in their order."""

    def __init__(self, words: list[str]) -> None:
        super().__init__()
        self.words = words
        self.connected = True
        self.reach = False
        self.states: list[dict] = []
        self.pictures: list[bytes] = []

    def send(self, message) -> None:
        if isinstance(message, bytes):
            self.pictures.append(message)
            return
        self.states.append(message)
        self.reach = message.get("reach", False)
        if message["event"] == "over":
            self.hear(read_message(json.dumps({"word": self.words.pop(0)})))

    def moved(self) -> bool:
        return True

    def command(self) -> np.ndarray:
        return np.array((1, -1, 1) if self.reach else (0.6, 0, 0), np.float32)

    def wait(self, seconds: float) -> None:
        pass


@pytest.fixture
def fast_clock(monkeypatch):
    """Time flies: nobody waits for the robot."""
    monkeypatch.setattr(session.time, "sleep", lambda seconds: None)


@needs_opengl
def test_a_drive_is_kept_as_a_dataset_and_replays_in_the_stock_environment(tmp_path, walker, fast_clock):
    hands = Hands(["again", "discard", "next", "stop"])
    drives = Drives(tmp_path)
    driver = Driver(hands, hands.send, (160, 90))
    drive_by_hand(driver, drives, JOBS)
    over = [state for state in hands.states if state["event"] == "over"]
    # The second drive of the first start was thrown away, then came the next start.
    assert [state["episodes"] for state in over] == [1, 2, 1, 2]
    assert [state["kept"] for state in over] == [True, True, False, True]
    data = read_dataset(tmp_path / DATASET)
    assert data.column("seeds").tolist() == [3000, 3001] and data.has_transitions
    assert data.source.tolist() == ["you/goalie_penalty_kick/3000", "you/kick_to_target/3001"]
    assert over[0]["score"] == data.scores[0] > 10  # a hard ball, blocked or not
    assert over[0]["success"] == data.column("success")[0]
    assert (data.actions == (1, -1, 1)).all(axis=1).sum() >= 2
    assert data.observation_layout == "agent" and data.rate_hz == 10
    assert not Replayer(stock=True)(read_record(tmp_path / RECORD)[0]).differences
    image = Image.open(io.BytesIO(hands.pictures[-1]))
    assert image.size == (160, 90) and image.format == "JPEG"
    assert driver.pace.commands >= 3 * 10 and driver.pace.shown + driver.pace.skipped > 3 * 25


@needs_opengl
def test_a_later_call_adds_to_what_is_there(tmp_path, walker, fast_clock):
    for expected in (1, 2):
        hands = Hands(["stop"])
        drive_by_hand(Driver(hands, hands.send, (64, 64)), Drives(tmp_path), JOBS)
        assert len(read_dataset(tmp_path / DATASET).source) == expected
    drives = Drives(tmp_path)
    whole = list(drives.episodes)
    assert len(whole) == 2
    # A kill came between the two files: behind an episode that was kept, or thrown away.
    for record, there in (([*whole, whole[0]], 2), (whole[:1], 1)):
        session.write_record(tmp_path / RECORD, record, "you")
        drives = Drives(tmp_path)
        assert len(drives.episodes) == len(drives.parts) == there
    session.write_record(tmp_path / RECORD, whole[::-1], "you")
    with pytest.raises(InputError, match="holds other episodes than drives.npz; expected the same"):
        Drives(tmp_path)


@needs_opengl
def test_giving_up_keeps_nothing_and_stop_is_heard_at_once(tmp_path, walker, fast_clock):
    hands = Hands([])

    def send(message):
        hands.send(message)
        if len([state for state in hands.states if state["event"] == "drive"]) == 5:
            hands.hear(read_message('{"word": "stop"}'))

    drives = Drives(tmp_path)
    drive_by_hand(Driver(hands, send, (64, 64)), drives, JOBS)
    assert not drives.episodes and not (tmp_path / DATASET).exists()


@needs_opengl
def test_real_time_is_kept_by_the_clock(tmp_path, walker, monkeypatch):
    """On a clock that only sleep moves forward, 10 commands take a second."""
    now = [50.0]
    monkeypatch.setattr(session.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(session.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    began = []
    hands = Hands([])

    def send(message):
        hands.send(message)
        if not isinstance(message, bytes) and message["event"] == "drive":
            began.append(now[0])
            if len(began) == 11:
                hands.hear(read_message('{"word": "stop"}'))

    driver = Driver(hands, send, (64, 64))
    drive_by_hand(driver, Drives(tmp_path), JOBS)
    # Pictures come each 0.04 s, so a command is asked for at the last of them before its time.
    assert began[-1] - began[0] == pytest.approx(1.0, abs=0.041)
    assert driver.pace.late == driver.pace.skipped == 0


def test_bad_settings_are_told_before_anything_is_begun(tmp_path, capsys):
    out = str(tmp_path / "run")
    for words, said in (
        (["--seed", "20000"], "expected none of those that figures are reported from"),
        (["--tasks", "goalie"], "goalie"),
        (["--port", "70000"], "--port got 70000; expected a whole number from 0 up to 65,535"),
        (["--size", "9", "9"], "--size got 9; expected a whole number from 64"),
    ):
        assert main(["teleop", "--out", out, *words]) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1 and not (tmp_path / "run").exists()
