"""The episode browser: what an episode would be worth, moment by moment, in step with field and robot."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.course import figures
from soccer_lib.course.figures import widgets
from soccer_lib.course.figures.browser import OPEN_VIEWS, EpisodeShelf, draw_score, score_so_far
from soccer_lib.course.figures.terms import SUM
from soccer_lib.envs.make import make_env
from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import Trajectory, trace_episode
from soccer_lib.policies import load_policy
from soccer_lib.view.style import new_figure
from tests.support.made_up import made_up_trajectory


@pytest.fixture(scope="module")
def fallen() -> Trajectory:
    """An episode to its end: without torque the robot falls within a second."""
    return trace_episode(make_env("goalie_penalty_kick"), load_policy("zero"), seed=1)


def staged(**terms) -> Trajectory:
    rows = len(next(iter(terms.values())))
    values = {name: np.array(value, float) for name, value in terms.items()}
    times = 0.1 * np.arange(1, rows + 1)
    return made_up_trajectory(robot=[(0, 0, 0)] * (rows + 1), step_time=times, terms=values)


def test_the_score_so_far_ends_as_the_official_score(fallen):
    shares = score_so_far(fallen)
    assert shares[SUM][-1] == pytest.approx(fallen.report["score"], abs=1e-12)
    assert len(shares[SUM]) == len(fallen.step_time) and set(shares["steps"]) == {-1.0}
    # Until it falls, it has what a standing robot has: the steps term, and closeness to the ball.
    assert shares[SUM][0] == pytest.approx(-1 + 0.25 * fallen.terms["robot_distance_ball"][0], abs=1e-4)


def test_each_term_counts_by_its_official_weight():
    episode = staged(goal_scored=[0, 1], ball_vel_twd_goal=[0, 2], robot_distance_ball=[0.1, 0.2])
    shares = score_so_far(episode)
    # 2.5 for a goal, 1.5 for each m/s, 0.25 for closeness, -1 for steps.
    assert shares[SUM].tolist() == pytest.approx([0.025 - 1, 2.5 + 3 + 0.05 - 1])


def test_only_what_moves_is_drawn():
    axes = new_figure(4, 2).subplots()
    cursor = draw_score(axes, staged(goal_scored=[0, 0], ball_vel_twd_goal=[0, 2]))
    names = [line.get_label() for line in axes.get_lines() if not line.get_label().startswith("_")]
    assert names == ["ball_vel_twd_goal", "steps", "score, at the end 2.00"]
    assert list(cursor.get_xdata()) == [0, 0]


def test_a_task_without_an_official_score_is_refused(fallen):
    episode = trace_episode(make_env("penalty_kick"), load_policy("zero"), seed=1, seconds=0.01)
    with pytest.raises(InputError, match="an episode of penalty_kick came; expected one of goalie_pen"):
        figures.episode_browser({"x": episode}, interactive=False)
    with pytest.raises(InputError, match="no episodes came"):
        figures.episode_browser({})


def test_without_a_front_end_the_ends_of_some_episodes_are_shown(fallen, no_opengl, monkeypatch, capsys):
    clocks = {}

    def note(shown):
        clocks.update({name: figure.axes[0].texts[0].get_text() for name, figure in shown.items()})

    monkeypatch.setattr(widgets, "show_figures", note)
    figures.episode_browser({f"fall {number}": fallen for number in range(5)})
    end = f"{fallen.time[-1]:.1f} s"
    assert clocks == {f"fall {number}": end for number in range(3)}
    assert "no sliders" in capsys.readouterr().out


def test_menu_and_slider_choose_episode_and_moment(fallen, no_opengl, monkeypatch):
    displayed = []
    monkeypatch.setattr(widgets, "show", displayed.append)
    monkeypatch.setattr(widgets, "has_front_end", lambda: True)
    other = trace_episode(make_env("goalie_penalty_kick"), load_policy("stand"), seed=1, seconds=0.2)
    figures.episode_browser({"falls": fallen, "stands": other})
    columns, image = displayed[0].children
    menu, slider = columns.children[0].children
    shelf = EpisodeShelf({"falls": fallen, "stands": other})
    assert image.value == shelf.png("falls", 0.0)
    slider.value = 0.5
    assert image.value == shelf.png("falls", 0.5) != shelf.png("falls", 0.0)
    menu.value = "stands"
    assert image.value == shelf.png("stands", 0.5)


def test_only_the_last_views_keep_their_renderer(fallen, monkeypatch):
    closed = []

    class View:
        def __init__(self, trajectory, below):
            self.name = trajectory

        def at(self, time):
            return self.name

        def close(self):
            closed.append(self.name)

    monkeypatch.setattr("soccer_lib.course.figures.browser.EpisodeView", View)
    shelf = EpisodeShelf({str(number): fallen for number in range(OPEN_VIEWS + 2)})
    for number in range(OPEN_VIEWS):
        shelf.figure(str(number), 0.0)
    assert not closed
    shelf.figure("0", 0.5)  # it was there, and is the newest again
    shelf.figure(str(OPEN_VIEWS), 0.0)
    assert len(closed) == 1 and len(shelf._views) == OPEN_VIEWS and "1" not in shelf._views
