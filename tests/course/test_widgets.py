"""Things to touch: what they draw, and what they do where nobody can touch them."""

from __future__ import annotations

import gymnasium as gym
import pytest

from soccer_lib.course import figures
from soccer_lib.course.figures import widgets
from soccer_lib.course.figures.moments import EpisodeView
from soccer_lib.course.figures.widgets import explore
from soccer_lib.envs.make import get_state, make_env
from soccer_lib.evaluation.trajectory import Trajectory, trace_episode
from soccer_lib.layout import JOINTS
from soccer_lib.policies import load_policy
from soccer_lib.view.style import new_figure
from tests.support.states import assert_same


@pytest.fixture(scope="module")
def episode() -> Trajectory:
    return trace_episode(make_env("goalie_penalty_kick"), load_policy("stand"), seed=1, seconds=0.2)


@pytest.fixture
def shown(monkeypatch) -> dict:
    """Figures by their names, in place of their pictures."""
    figures_by_name = {}
    monkeypatch.setattr(widgets, "show_figures", figures_by_name.update)
    return figures_by_name


@pytest.fixture
def displayed(monkeypatch) -> list:
    """Widgets where there is a front end."""
    things = []
    monkeypatch.setattr(widgets, "show", things.append)
    monkeypatch.setattr(widgets, "has_front_end", lambda: True)
    return things


@pytest.fixture
def env() -> gym.Env:
    return make_env("kick_to_target")


def clock(figure) -> str:
    return figure.axes[0].texts[0].get_text()


def test_an_episode_is_shown_at_its_start_middle_and_end(episode, monkeypatch, capsys):
    clocks = {}

    def note(shown):  # at once: all moments are those of one figure
        clocks.update({name: clock(figure) for name, figure in shown.items()})

    monkeypatch.setattr(widgets, "show_figures", note)
    figures.episode_scrubber(episode)
    assert "no sliders" in capsys.readouterr().out
    assert clocks == {"0.0 s": "0.0 s", "0.1 s": "0.1 s", "0.2 s": "0.2 s"}


def test_poses_are_shown_by_name(env, shown):
    figures.joint_pose_explorer(env, interactive=False)
    assert list(shown) == list(widgets.POSES) == ["straight", "default pose", "squat"]
    heads = [max(patch.get_center()[1] for patch in figure.axes[0].patches) for figure in shown.values()]
    assert heads[0] > heads[1] > heads[2]


def test_pictures_are_displayed_under_their_names(episode, no_opengl, monkeypatch, capsys):
    things = []
    monkeypatch.setattr(widgets, "show", things.append)
    figures.episode_scrubber(episode, interactive=False)
    assert len(things) == 3 and all(image.data.startswith(b"\x89PNG") for image in things)
    assert capsys.readouterr().out.splitlines()[1:] == ["0.0 s", "0.1 s", "0.2 s"]


def test_a_slider_redraws_at_its_value(episode, displayed, no_opengl):
    figures.episode_scrubber(episode)
    (scrubber,) = displayed
    columns, image = scrubber.children
    (slider,) = columns.children[0].children
    assert (slider.min, slider.max) == (0, episode.time[-1])
    view = EpisodeView(episode)
    assert image.value == view.png(0.0)
    slider.value = 0.1
    assert image.value == view.png(0.1) != view.png(0.0)


def test_a_joint_moves_within_its_range(env, displayed, monkeypatch):
    drawn = []
    monkeypatch.setattr(widgets, "pose_figure", lambda env, joints: drawn.append(joints) or new_figure(1, 1))
    figures.joint_pose_explorer(env)
    (pose,) = displayed
    columns = pose.children[0].children
    sliders = [slider for column in columns for slider in column.children]
    names = env.unwrapped.stock.robots[0].robot_joints
    ranges = [env.unwrapped.model.joint(name).range.tolist() for name in names]
    assert [slider.description for slider in sliders] == list(JOINTS)
    assert [[slider.min, slider.max] for slider in sliders] == ranges
    sliders[3].value = 1.0
    assert drawn[-1] == [slider.value for slider in sliders] and drawn[-1][3] == 1.0


def test_a_menu_offers_texts(displayed):
    asked = []
    figure = new_figure(1, 1)
    explore(lambda word: asked.append(word) or figure, {"word": ["a", "b"]}, {}, interactive=True)
    menu = displayed[0].children[0].children[0].children[0]
    menu.value = "b"
    assert asked == ["a", "b"]


def test_a_pose_is_kinematics_only(env):
    env.reset(seed=0)
    before = get_state(env)
    figure = figures.pose_figure(env, widgets.POSES["squat"])
    assert_same(before, get_state(env))
    assert [axes.get_title(loc="center") for axes in figure.axes] == ["side", "front"]
    # Its lowest part stands on the ground, an ellipse that reaches a little below the sole.
    feet = min(patch.get_center()[1] for patch in figure.axes[0].patches)
    assert 0 <= feet < 0.06
