"""Moments of an episode: a picture that answers a slider shows the same as the figure."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from soccer_lib.course.figures.moments import EpisodeView, draw_torques, episode_figure
from soccer_lib.envs.make import make_env
from soccer_lib.evaluation.trajectory import Trajectory, trace_episode
from soccer_lib.layout import JOINTS, TORQUE_LIMIT
from soccer_lib.policies import load_policy
from soccer_lib.view.style import new_figure
from tests.support.made_up import made_up_trajectory
from tests.support.opengl import needs_opengl


@pytest.fixture(scope="module")
def episode() -> Trajectory:
    return trace_episode(make_env("goalie_penalty_kick"), load_policy("stand"), seed=1, seconds=0.2)


def clock(figure) -> str:
    return figure.axes[0].texts[0].get_text()


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png))).astype(int)


@needs_opengl
def test_a_moment_has_a_map_and_a_frame(episode):
    figure = episode_figure(episode, 0.1)
    assert clock(figure) == "0.1 s"
    assert figure.axes[1].images[0].get_array().shape == (300, 300, 3)


def test_without_opengl_the_body_stands_beside_the_map(episode, no_opengl):
    figure = episode_figure(episode, 0.1)
    assert not figure.axes[1].images and len(figure.axes[1].patches) > 10


@needs_opengl
def test_a_slider_may_be_answered_in_another_thread(episode):
    view = EpisodeView(episode)
    here = view.png(0.1)
    with ThreadPoolExecutor(1) as another:
        assert another.submit(view.png, 0.1).result() == here
        assert another.submit(view.png, 0.2).result() != here
    assert view.png(0.1) == here
    view.close()


def test_a_moment_does_not_depend_on_those_before(episode, no_opengl):
    view = EpisodeView(episode)
    early = view.png(0.0)
    late = view.png(0.2)
    assert early != late
    assert view.png(0.0) == early and EpisodeView(episode).png(0.2) == late


def test_only_what_moves_differs_from_moment_to_moment(episode, no_opengl):
    view = EpisodeView(episode)
    change = np.abs(pixels(view.png(0.0)) - pixels(view.png(0.2))).max(axis=-1)
    # What stands at the lower and the left edge are the names of axes and joints.
    assert change.any() and not change[-15:].any() and not change[:, :40].any()


def test_torques_are_shares_of_their_limits():
    torque = np.zeros((3, 12))
    torque[1, 3] = -TORQUE_LIMIT[3]
    torque[2, 0] = TORQUE_LIMIT[0] / 2
    episode = made_up_trajectory(robot=[(0, 0, 0)] * 3, torque=torque)
    axes = new_figure(4, 2).subplots()
    cursor = draw_torques(axes, episode)
    shares = np.asarray(axes.images[0].get_array())
    assert shares[3].tolist() == [0, -1, 0] and shares[0].tolist() == [0, 0, 0.5]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == [name.replace("_", " ") for name in JOINTS]
    assert axes.images[0].get_extent()[:2] == [0, 2] and list(cursor.get_xdata()) == [0, 0]


def test_the_cursor_follows(episode, no_opengl):
    figure = EpisodeView(episode).at(0.1)
    (torques,) = [axes for axes in figure.axes if axes.get_xlabel() == "time [s]"]
    assert list(torques.lines[-1].get_xdata()) == pytest.approx([0.1, 0.1])
