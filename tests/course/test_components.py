"""What a score is made of: bars that add up, by hand."""

from __future__ import annotations

import pytest

from soccer_lib.course.figures import plot_components
from soccer_lib.course.figures.components import BAR_STYLES
from soccer_lib.errors import InputError
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.tasks import COMPETITION
from tests.support.drawn import legend_colours
from tests.support.made_up import made_up_summary

GOALIE, OBSTACLE, TARGET = COMPETITION


@pytest.fixture
def axes():
    """Goalie: 1.5 + 0.75 - 1 - 0.5 = 0.75; target: 1.5 - 0.3 = 1.2."""
    parts = {
        f"{GOALIE}/comp_ball_vel_twd_goal": 1.5,
        f"{GOALIE}/comp_goal_scored": 0.75,
        f"{GOALIE}/comp_steps": -1.0,
        f"{GOALIE}/comp_robot_fallen": -0.5,
        f"{GOALIE}/comp_ball_hits": 0.004,
        f"{TARGET}/comp_success": 1.5,
        f"{TARGET}/comp_steps": -0.3,
    }
    scores = {GOALIE: (0.75, 0.0, 2.0), TARGET: (1.2, 1.0, 1.4)}
    return plot_components(made_up_summary(scores, **parts)).axes[0]


def bars(axes, row: int) -> dict[str, list[float]]:
    """Component -> where its bar begins and ends, in a row."""
    ends = {}
    for container in axes.containers:
        for bar in container.patches:
            if bar.get_y() == pytest.approx(row - 0.21):
                ends[container.get_label()] = [bar.get_x(), bar.get_x() + bar.get_width()]
    return ends


def test_gains_are_stacked_to_the_right_and_losses_to_the_left(axes):
    assert bars(axes, 0) == {
        "ball_vel_twd_goal": [0, 1.5],
        "goal_scored": [1.5, 2.25],
        "robot_fallen": [0, -0.5],
        "steps": [-0.5, -1.5],
    }
    assert bars(axes, 1) == {"success": [0, 1.5], "steps": [0, -0.3]}


def test_a_bar_with_room_has_its_name_and_points_in_it():
    parts = {f"{GOALIE}/comp_ball_vel_twd_goal": 18.0, f"{GOALIE}/comp_goal_scored": 2.5}
    axes = plot_components(made_up_summary({GOALIE: (20.5, 20.0, 21.0)}, **parts)).axes[0]
    texts = {text.get_text(): text.xy for text in axes.texts}
    assert texts["ball_vel_twd_goal: 18.00"] == (pytest.approx(9.0), pytest.approx(0.0)), "its middle"
    assert not any(name.startswith("goal_scored") for name in texts)


def test_the_diamond_is_at_the_sum(axes):
    diamonds = [line.get_xydata()[0].tolist() for line in axes.lines if line.get_marker() == "D"]
    assert diamonds == [[0.75, 0], [1.2, 1]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["goalie penalty kick", "kick to target"]
    bottom, top = axes.get_ylim()
    assert bottom > top


def test_the_legend_has_the_colours_of_the_bars_and_leaves_out_what_is_zero(axes):
    colours = legend_colours(axes.get_legend())
    assert "ball_hits" not in colours and "offside" not in colours
    assert set(colours) == {"ball_vel_twd_goal", "goal_scored", "robot_fallen", "steps", "success"}
    assert all(colour == BAR_STYLES[name][0] for name, colour in colours.items())


def test_components_have_a_fixed_style_each():
    names = {name for weights in OFFICIAL_WEIGHTS.values() for name in weights}
    assert set(BAR_STYLES) == names and len(set(BAR_STYLES.values())) == len(names)


def test_without_an_official_score_there_is_nothing_to_show():
    with pytest.raises(InputError, match="no official score"):
        plot_components({"penalty_kick/n_episodes": 1})
