"""The official score, computed by hand for every way an episode can end."""

from __future__ import annotations

import math

import pytest

from soccer_lib.errors import InputError
from soccer_lib.scoring import OFFICIAL_WEIGHTS, episode_report, official_components, official_score
from soccer_lib.tasks import COMPETITION, TASKS

PENALTY_TASKS = ("goalie_penalty_kick", "obstacle_penalty_kick")


def penalty(closeness=1.5, speed=0.0, hits=1, goal=False, offside=False, fallen=False, blocked=False):
    """Stock reward terms of a last step; 1.5 is what the distance term is after a touch."""
    return {
        "robot_distance_ball": closeness,
        "ball_vel_twd_goal": speed,
        "offside": offside,
        "ball_hits": math.log(hits) if hits else 0.0,
        "robot_fallen": fallen,
        "goal_scored": goal,
        "ball_blocked": blocked,
        "ball_distance_target": 0.7,
    }


def kick(distance=0.0, success=False, offside=False):
    return {"offside": offside, "success": success, "distance": distance, "robot_distance_ball": 0.5}


def test_weights_are_those_of_the_competition():
    weights = {
        "robot_distance_ball": 0.25,
        "ball_vel_twd_goal": 1.5,
        "goal_scored": 2.5,
        "offside": -3.0,
        "ball_hits": -0.2,
        "robot_fallen": -1.5,
        "ball_blocked": -0.5,
        "steps": -1.0,
    }
    kick_weights = {"offside": -1.0, "success": 2.0, "distance": 0.5, "steps": -0.3}
    assert {task: dict(table) for task, table in OFFICIAL_WEIGHTS.items()} == {
        "goalie_penalty_kick": weights,
        "obstacle_penalty_kick": weights,
        "kick_to_target": kick_weights,
    }
    assert tuple(OFFICIAL_WEIGHTS) == COMPETITION


def test_weights_cannot_be_changed():
    with pytest.raises(TypeError):
        OFFICIAL_WEIGHTS["goalie_penalty_kick"]["offside"] = 0.0
    with pytest.raises(TypeError):
        OFFICIAL_WEIGHTS["penalty_kick"] = {}


@pytest.mark.parametrize("task", PENALTY_TASKS)
@pytest.mark.parametrize(
    ("terms", "score"),
    [
        # 0.25 x 0.04 - 1.5 - 1
        pytest.param(penalty(closeness=0.04, hits=0, fallen=True), -2.49, id="falls untouched"),
        # 0.25 x 0.04 - 1
        pytest.param(penalty(closeness=0.04, hits=0), -0.99, id="stands to the end"),
        # 0.375 - 0.5 - 1 + 1.5 x 2
        pytest.param(penalty(speed=2.0, blocked=True), -1.125 + 3.0, id="blocked at 2 m/s"),
        pytest.param(penalty(hits=3, blocked=True), -1.125 - 0.2 * math.log(3), id="blocked after 3 hits"),
        # 0.375 - 3 - 1 + 1.5 x 1
        pytest.param(penalty(speed=1.0, offside=True), -3.625 + 1.5, id="out of the field"),
        # 0.375 + 2.5 - 1 + 1.5 x 4
        pytest.param(penalty(speed=4.0, goal=True), 1.875 + 6.0, id="goal at 4 m/s"),
        pytest.param(penalty(speed=1.0, hits=2, goal=True), 3.375 - 0.2 * math.log(2), id="goal, two hits"),
        pytest.param(penalty(speed=-1.0), -0.625 - 1.5, id="rolls back at the end"),
    ],
)
def test_penalty_outcomes(task, terms, score):
    assert official_score(task, terms) == pytest.approx(score, abs=1e-12)


@pytest.mark.parametrize(
    ("terms", "score"),
    [
        pytest.param(kick(), -0.30, id="falls far from the target"),
        pytest.param(kick(distance=0.1), -0.25, id="stands to the end"),
        pytest.param(kick(offside=True), -1.30, id="out of the field"),
        # the ball is within 0.4 m: exp(-0.4) = 0.67 to exp(0) = 1
        pytest.param(
            kick(distance=math.exp(-0.4), success=True), 1.7 + 0.5 * math.exp(-0.4), id="target, edge"
        ),
        pytest.param(kick(distance=1.0, success=True), 2.20, id="target, centre"),
    ],
)
def test_kick_to_target_outcomes(terms, score):
    assert official_score("kick_to_target", terms) == pytest.approx(score, abs=1e-12)


def test_terms_without_a_weight_are_ignored_and_steps_is_one():
    components = official_components("kick_to_target", kick(distance=0.2))
    assert components == {"offside": 0.0, "success": 0.0, "distance": 0.1, "steps": -0.3}


def test_a_task_without_a_score_and_missing_terms_are_refused():
    with pytest.raises(InputError, match="no official score"):
        official_score("penalty_kick", penalty())
    with pytest.raises(InputError, match="lack .*'success'"):
        official_score("kick_to_target", {"offside": 0.0, "distance": 0.1})


def report(task: str, terms: dict, outcome: str) -> dict:
    return episode_report(
        TASKS[task],
        terms,
        outcome=outcome,
        physics_steps=500,
        env_steps=50,
        episode_return=1.0,
        clipped=0,
        fallen=False,
    )


def test_the_report_of_an_episode():
    made = report("goalie_penalty_kick", penalty(speed=4.0, goal=True), "success")
    assert made["score"] == pytest.approx(7.875) and made["success"] and not made["offside"]
    assert sum(made["components"].values()) == made["score"]
    assert made["time"] == pytest.approx(1.0) and made["length"] == 500 and made["env_steps"] == 50
    assert "score" not in report("penalty_kick", penalty(), "time_limit")
