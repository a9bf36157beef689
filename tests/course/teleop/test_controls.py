"""The hands of a driver: what a page may say, and what becomes of it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from soccer_lib.control.kicks import NO_KICK, PATTERNS, requested_kicks
from soccer_lib.course.teleop import controls as module
from soccer_lib.course.teleop.controls import Controls, read_message
from soccer_lib.errors import InputError


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """A clock that stands where the test puts it."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


def hear(controls: Controls, **message) -> None:
    controls.hear(read_message(json.dumps(message)))


def test_a_walk_lasts_as_long_as_it_is_held_and_heard_of(clock):
    controls = Controls()
    assert controls.command().tolist() == [0, 0, 0] and not controls.moved()
    hear(controls, forward=1, turn=-0.5)
    assert controls.command().tolist() == controls.command().tolist() == [1, 0, -0.5]
    clock[0] += 0.4
    assert controls.moved()
    clock[0] += 0.2  # the page hangs: the robot stands
    assert controls.command().tolist() == [0, 0, 0] and not controls.moved()


def test_a_kick_comes_once_for_each_press_and_does_not_get_lost(clock):
    controls = Controls()
    hear(controls, kick="lob", forward=1)
    hear(controls, forward=1)  # the key is up again before the robot asks
    assert controls.moved()
    assert controls.command().tolist() == list(PATTERNS["lob"])
    assert controls.command().tolist() == [1, 0, 0]


@pytest.mark.parametrize("signs", PATTERNS.values())
def test_no_walk_asks_for_a_kick(signs, clock):
    controls = Controls()
    hear(controls, forward=signs[0], sideways=signs[1], turn=signs[2])
    assert requested_kicks(controls.command()[None])[0] == NO_KICK
    assert np.sign(controls.command()).tolist() == list(signs)


def test_a_page_that_leaves_lets_go(clock):
    controls = Controls()
    controls.connect(True)
    hear(controls, forward=1, kick="shot")
    controls.connect(False)
    assert controls.command().tolist() == [0, 0, 0] and not controls.connected


def test_words_are_said_once(clock):
    controls = Controls()
    hear(controls, word="again")
    assert controls.word() == "again" and controls.word() is None


@pytest.mark.parametrize(
    "text",
    [
        b"{}", "", "[1]", "null", "7", "{", '{"forward": 2}', '{"forward": NaN}', '{"turn": "1"}',
        '{"sideways": true}', '{"forward": 1e400}', '{"kick": "bicycle"}', '{"word": "rm"}',
        '{"kick": ["shot"]}',
        '{"kick": {}}', "[" * 900, json.dumps({"forward": 0, "x": "y" * 2000}),
    ],
)  # fmt: skip
def test_anything_else_is_refused(text):
    with pytest.raises(InputError, match="reload the page"):
        read_message(text)
