"""The field from above: where everything is drawn, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib import view
from soccer_lib.envs.make import make_env
from soccer_lib.errors import InputError
from soccer_lib.evaluation.trajectory import snapshot
from soccer_lib.tasks import TASKS
from soccer_lib.view.pitch import GOALS, LINES
from soccer_lib.view.style import ACCENT, ORANGE, RED, YELLOW
from tests.support.drawn import legend_colours, lines, points, titles
from tests.support.made_up import GEOMS, made_up_trajectory


def field_of(trajectory, **arguments):
    return view.plot_field(trajectory, **arguments).axes[0]


@pytest.mark.parametrize(
    ("yaw", "tip"),
    [  # 0.45 m ahead of (1, 2)
        (0.0, [1.45, 2.0]),
        (np.pi / 2, [1.0, 2.45]),
        (np.pi, [0.55, 2.0]),
        (-np.pi / 2, [1.0, 1.55]),
        (np.pi / 6, [1.389711, 2.225]),
    ],
)
def test_the_robot_points_where_it_looks(yaw, tip):
    drawn = points(field_of(made_up_trajectory(robot=[(1, 2, yaw)])))
    assert drawn["robot and its heading"] == [[1, 2]]
    assert drawn["_heading"] == [[1, 2], tip]


def test_x_goes_to_the_right_and_y_up():
    axes = field_of(made_up_trajectory())
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    assert left < right and bottom < top
    assert axes.get_aspect() == 1


def test_paths_end_at_the_moment_shown():
    episode = made_up_trajectory(
        robot=[(0, 0, 0), (1, 0, 0), (1, 3, 0)], ball=[(2, 1, 0.1), (3, 1, 0.1), (4, 5, 0.1)]
    )
    now = points(field_of(episode, time=1.1))
    assert now["robot's path"] == [[0, 0], [1, 0]] and now["ball's path"] == [[2, 1], [3, 1]]
    assert now["robot and its heading"] == [[1, 0]] and now["ball"] == [[3, 1]]
    at_the_end = points(field_of(episode))
    assert at_the_end["robot's path"] == [[0, 0], [1, 0], [1, 3]] and at_the_end["ball"] == [[4, 5]]


def test_the_window_holds_all_that_happens():
    episode = made_up_trajectory(robot=[(0, 0, 0), (10, 0, 0)], ball=[(4, 1, 0.1)])
    axes = field_of(episode)
    # 10 m and a margin of 0.9 m at each end: 11.8 m wide, and 9/16 of that high around y = 0.5.
    assert axes.get_xlim() == pytest.approx((-0.9, 10.9))
    assert axes.get_ylim() == pytest.approx((0.5 - 11.8 * 9 / 32, 0.5 + 11.8 * 9 / 32))
    # The goal is part of it where the ball starts less than 4 m away: 10.97 + 1.6 m deep, and the margin.
    near = field_of(made_up_trajectory(robot=[(-7, 0, np.pi)], ball=[(-8.77, 0, 0.11)]))
    assert near.get_xlim()[0] <= -12.57 - 0.9
    assert field_of(made_up_trajectory(ball=[(-6.9, 0, 0.11)])).get_xlim()[0] > -12


def test_the_keeper_is_where_it_is_and_swings_in_its_range():
    axes = field_of(made_up_trajectory(geoms=("ball", "goalkeeper_team_0_geom")))
    drawn = points(axes)
    # Its middle at y = 0.4, 0.7 m to each side; it swings 1 m to each side of the goal's middle.
    assert drawn["keeper"] == [[-10.97, -0.3], [-10.97, 1.1]]
    assert drawn["the keeper's range"] == [[-10.97, -1.7], [-10.97, 1.7]]


def test_a_defender_is_solid_only_near_the_middle():
    axes = field_of(made_up_trajectory(geoms=tuple(GEOMS)))
    defenders = [line for line in axes.lines if line.get_label().startswith("defender")]
    ends = [line.get_ydata().tolist() for line in defenders]
    assert ends == [pytest.approx(pair) for pair in ([-1.28, -0.72], [-0.08, 0.48], [0.72, 1.28])]
    labels = [line.get_label() for line in defenders]
    assert labels == ["defender without effect", "defender", "defender without effect"]
    assert [line.get_linewidth() for line in defenders] == [1.5, 6, 1.5]


def test_a_target_has_its_size_and_its_height():
    for height, label in ((0.0, "target"), (1.2, "target, 1.2 m high")):
        target = {"target": np.array((3.0, -2.0, height)), "target_radius": 0.4}
        (circle,) = field_of(made_up_trajectory(**target)).patches
        assert circle.center == (3, -2) and circle.radius == 0.4 and circle.get_label() == label


def test_events_are_marked_where_they_happened_and_the_end_is_in_the_title():
    episode = made_up_trajectory(
        robot=[(0, 0, 0), (1, 0, 0), (2, 0, 0), (2, 0, 0)],
        ball=[(1, 0, 0.1), (2, 0, 0.1), (3, 5, 0.1), (4, 5, 0.1)],
        events=[(1.0, "shot"), (2.0, "touch"), (3.0, "success")],
        report={"outcome": "success"},
    )
    axes = field_of(episode)
    drawn = points(axes)
    # The kick where the robot asked for it, the touch where the ball was.
    assert drawn["shot"] == [[1, 0]] and drawn["touch"] == [[3, 5]] and "success" not in drawn
    assert lines(axes)["shot"].get_marker() != lines(axes)["touch"].get_marker()
    assert axes.get_title(loc="left") == "goalie penalty kick: success after 3.0 s"
    unfinished = field_of(made_up_trajectory(events=[(0.0, "touch")]))
    assert "touch" in points(unfinished) and unfinished.get_title(loc="left") == "goalie penalty kick"


def test_the_legend_has_the_colours_of_the_map():
    target = {"target": np.array((3.0, -2.0, 0.0)), "target_radius": 0.4}
    figure = view.plot_field(made_up_trajectory(geoms=tuple(GEOMS), **target))
    colours = legend_colours(figure.legends[0])
    drawn = lines(figure.axes[0])
    assert colours["robot and its heading"] == colours["robot's path"] == ACCENT
    assert colours["keeper"] == ORANGE and colours["defender"] == RED and colours["target"] == YELLOW
    assert drawn["_heading"].get_color() == ACCENT and drawn["keeper"].get_color() == ORANGE
    assert drawn["defender"].get_color() == RED


def test_several_maps_have_a_title_each_and_show_one_moment():
    episode = made_up_trajectory(robot=[(0, 0, 0), (1, 0, 0)])
    figure = view.plot_fields([episode] * 5, titles=list("abcde"), time=0.0)
    assert titles(figure) == list("abcde")
    assert all(points(axes)["robot and its heading"] == [[0, 0]] for axes in figure.axes)
    assert {axes.texts[0].get_text() for axes in figure.axes} == {"0.0 s"}
    with pytest.raises(InputError, match="no trajectories"):
        view.plot_fields([])


def centre_of_blue(frame):
    """Row and column of the middle of what is near the robot's colour."""
    rgb = np.array([int(ACCENT[k : k + 2], 16) for k in (1, 3, 5)])
    return np.argwhere(np.abs(frame.astype(int) - rgb).max(axis=-1) < 40).mean(axis=0)


def test_frames_move_as_the_robot_does():
    # 4 rows, a second apart; 0.5 frames a second show rows 0 and 2, and 1 a second all of them.
    episode = made_up_trajectory(
        robot=[(0, 0, 0), (2, 0, 0), (2, 2, 0), (0, 2, 0)], ball=[(9, 9, 0.1)], goal=np.array((90.0, 0, 0))
    )
    frames = list(view.field_frames(episode, fps=1, size=(320, 180)))
    assert len(frames) == 4 and all(frame.shape == (180, 320, 3) for frame in frames)
    start, right, up, back = map(centre_of_blue, frames)
    assert right[1] > start[1] + 5 and up[0] < right[0] - 5 and back[1] < up[1] - 2
    assert len(list(view.field_frames(episode, fps=0.5))) == 2


def test_lines_and_goals_are_the_same_on_both_sides():
    north, south = GOALS
    assert north[:, 0].tolist() == pytest.approx([10.97, 12.57, 12.57, 10.97])
    assert north[:, 1].tolist() == [-1.6, -1.6, 1.6, 1.6] and np.allclose(south, -north)
    reach = np.concatenate(LINES)
    assert np.allclose(reach.max(axis=0), (10.97, 6.87)) and np.allclose(reach.min(axis=0), (-10.97, -6.87))


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_map(task):
    env = make_env(task)
    env.reset(seed=1)
    state = snapshot(env)
    labels = set(legend_colours(view.plot_field(state).legends[0]))
    assert state.time.tolist() == [0.0] and state.rewards.size == 0
    assert {"robot and its heading", "ball"} <= labels
    assert ("keeper" in labels) == (task == "goalie_penalty_kick")
    assert any(label.startswith("target") for label in labels) == (state.target is not None)
    assert any(label.startswith("defender") for label in labels) == (task == "obstacle_penalty_kick")
