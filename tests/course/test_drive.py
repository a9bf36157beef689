"""Driving by hand: what is held, what is said, what the panel's buttons do."""

from __future__ import annotations

import json

import gymnasium as gym
import numpy as np
import pytest

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.course import figures
from soccer_lib.course.figures import panel
from soccer_lib.course.figures.drive import STILL, Drive
from soccer_lib.envs.make import make_env
from soccer_lib.errors import InputError

SEED = 10_000
"""The ball is straight ahead, 0.7 m away: a kick reaches it from the start."""


class Commands(gym.ActionWrapper):
    """Takes commands of three numbers, without a walker, and notes them."""

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self.action_space = gym.spaces.Box(-1, 1, (3,), np.float32)
        self.commands: list[list[float]] = []

    def action(self, action: np.ndarray) -> np.ndarray:
        self.commands.append(action.tolist())
        return 0.1 * np.tile(np.append(action, [0, 0, 0]), 2).astype(np.float32)


@pytest.fixture
def commanded() -> Commands:
    return Commands(make_env("kick_to_target", control="joint"))


@pytest.fixture(scope="module")
def env() -> gym.Env:
    return make_env("kick_to_target", control="command")


def test_a_command_is_held_as_long_as_asked_for(commanded):
    driven = figures.drive_sequence(commanded, [(1, 0, 0, 0.1), (0, 0.5, -1, 0.2)], seed=2)
    # An env step of this wrapper lasts 20 ms.
    assert commanded.commands == [[1, 0, 0]] * 5 + [[0, 0.5, -1]] * 10
    assert driven.step_time[-1] == pytest.approx(0.3)


def test_what_cannot_be_driven_is_refused(commanded):
    with pytest.raises(InputError, match="control='command'"):
        figures.drive(make_env("kick_to_target"))
    with pytest.raises(InputError, match="forward, sideways, turn, seconds"):
        figures.drive_sequence(commanded, [(1, 0, 0)])
    with pytest.raises(InputError, match="expected one of: shot"):
        Drive(commanded).kick("volley")


def test_a_kick_is_said_from_the_request_to_the_fall(env):
    driver = Drive(env, SEED)
    driver.kick("shot")
    sentences = [line[8:] for line in driver.said]
    assert sentences[:3] == ["shot: the robot lines up", "the ball is touched", "fell"]
    assert sentences[3].startswith("the episode is over: official score -0.30")
    times = [float(line[:4]) for line in driver.said]
    assert times == sorted(times) and times[0] == 0.0
    # The episode ends with the fall; the body is seen to lie for a second.
    fell = driver.trajectory().report["time"]
    assert driver.time == pytest.approx(fell + 1.0, abs=0.1)
    assert driver.trajectory().time[-1] > fell + 0.9
    driver.hold((1, 0, 0), 0.5)
    assert driver.said[-1].endswith("this episode is over; start again")


def test_after_a_kick_play_goes_on_until_the_robot_rests(env):
    driver = Drive(env, SEED)
    driver.kick("placed")
    assert not driver.over
    speeds = np.abs(np.diff(driver.trajectory().joint_pos, axis=0)).max(axis=1) / 0.02
    assert speeds[:-50].max() > 2.0 and speeds[-45:].max() < STILL, "a second of rest, in rows of 20 ms"


@pytest.mark.parametrize(
    ("turns", "expected"), [(0, "0 degrees"), (6, "to the right")], ids=["far", "beside"]
)
def test_a_refusal_says_where_the_ball_is(env, turns, expected):
    driver = Drive(env, 3)  # the ball is 1.6 m ahead
    for _ in range(turns):
        driver.hold((0, 0, 1), 0.5)
    driver.kick("placed")
    refused = driver.said[-1]
    assert "placed: refused, the ball is 1." in refused and expected in refused
    assert refused.endswith("it has to be within 1 m and 69 degrees")


def test_a_kick_that_does_not_come_off_is_said(env, monkeypatch):
    monkeypatch.setattr("soccer_lib.control.strike.LONGEST", 20)
    driver = Drive(env, SEED)
    driver.kick("placed")
    assert any("placed: given up after 0 s" in line for line in driver.said)


def test_starting_again_is_the_same_start(env):
    driver = Drive(env, SEED)
    first = driver.trajectory().robot[0]
    driver.hold((1, 0, 0), 0.5)
    assert driver.time == pytest.approx(0.5) and driver.sequence == [(1.0, 0.0, 0.0, 0.5)]
    driver.start_again()
    assert driver.time == 0 and not driver.sequence and not driver.said
    assert (driver.trajectory().robot[0] == first).all()


def test_what_is_saved_drives_the_same_drive_again(env, tmp_path, no_opengl):
    driver = Drive(env, SEED)
    driver.hold((0.2, 0, 0), 0.3)
    driver.kick("placed")
    files = driver.save(tmp_path / "kept")
    assert [file.suffix for file in files[:2]] == [".json", ".png"] and all(file.exists() for file in files)
    kept = json.loads(files[0].read_text())
    assert kept["seed"] == SEED and kept["said"] == driver.said
    again = figures.drive_sequence(env, kept["sequence"], kept["seed"])
    end = driver.trajectory()
    assert (again.ball[again.row(end.time[-1])] == end.ball[-1]).all()


def test_on_the_tour_the_robot_walks_to_the_ball_and_kicks_it(env):
    tour = figures.drive_sequence(env, panel.TOUR, seed=SEED)
    assert [event for _, event in tour.events][:2] == ["placed", "touch"] and not tour.report
    assert np.hypot(*(tour.ball[-1] - tour.ball[0])[:2]) > 0.3


def test_without_a_front_end_the_tour_is_driven_and_shown(env, monkeypatch, capsys):
    shown = {}
    monkeypatch.setattr(panel, "show_figures", shown.update)
    driver = figures.drive(env, interactive=False, seed=SEED)
    printed = capsys.readouterr().out
    assert "no sliders" in printed and "placed: the robot lines up" in printed
    first, touch, last = shown
    assert first == "after 0 s" and last == f"after {driver.trajectory().time[-1]:.2g} s"


def test_the_buttons_play_kick_start_again_and_save(env, monkeypatch, tmp_path, no_opengl):
    things = []
    monkeypatch.setattr(panel, "show", things.append)
    monkeypatch.setattr(panel, "has_sliders", lambda interactive: True)
    driver = figures.drive(env, seed=SEED, folder=tmp_path)
    controls, image = things[0].children
    sliders, right, said = controls.children
    play, kick, below = right.children
    again, save = below.children
    first = image.value
    assert "ready" in said.value and [s.description for s in sliders.children] == [
        "forward",
        "sideways",
        "turn",
    ]
    sliders.children[0].value = 0.3
    play.click()
    assert driver.sequence == [(0.3, 0.0, 0.0, 0.5)] and image.value != first
    sliders.children[0].value = 0.0
    button, menu = kick.children
    assert menu.options == tuple(PATTERNS)
    menu.value = "placed"
    button.click()
    assert "placed: the robot lines up" in said.value and driver.sequence[1][:3] == PATTERNS["placed"]
    save.click()
    assert "saved drive.json" in said.value and (tmp_path / "drive.png").exists()
    again.click()
    assert image.value == first and driver.time == 0
