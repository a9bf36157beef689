"""Hindsight: what a shot did hit is what it teaches."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.demos.hindsight import moved_target, reached
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT

FIELD = {"length": 7.0, "width": 4.5}


def at_the_end(task: str, target, blocked: bool = False) -> SimpleNamespace:
    readings = SimpleNamespace(target=np.array(target), field=FIELD)
    return SimpleNamespace(task=SimpleNamespace(name=task), readings=readings, blocked=blocked)


@pytest.mark.parametrize(
    "path, expected",
    [
        # As far as the target was, between two looks at the ball.
        ([(0, 0), (0, 0), (3, 4)], (1.8, 2.4)),
        # Short of it, but past half the way.
        ([(0, 0), (0, 2)], (0, 2)),
        ([(0, 0), (0, 1)], None),
        ([(0, 0), (0, 0)], None),
        # Where no target can lie.
        ([(-5, 0), (-8, 0)], None),
    ],
)
def test_on_the_ground_a_target_is_moved_around_where_the_ball_lay(path, expected):
    start = np.array(path[0])
    sim = at_the_end("kick_to_target", (start[0] + 3, start[1], 0.02))
    place = reached(sim, [np.array([*point, 0.11]) for point in path])
    assert place is None if expected is None else np.allclose(place, [*expected, 0.02])


@pytest.mark.parametrize(
    "last, expected",
    [
        ((-7.1, 0.8, 1.0), (-7.0, 0.8, 1.0)),
        ((-6.0, 0.8, 1.0), None),  # stopped before the goal
        ((-7.1, 1.3, 1.0), None),  # too far aside
        ((-7.1, 0.8, 0.11), None),  # no target lies so low
        ((-7.1, 0.8, 2.0), None),
    ],
)
def test_in_the_air_it_is_moved_to_where_the_ball_crossed_its_plane(last, expected):
    sim = at_the_end("obstacle_penalty_kick", (-7.0, 0.4, 1.1))
    place = reached(sim, [np.array([-4.8, 0.0, 0.11]), np.array(last)])
    assert place is None if expected is None else np.allclose(place, expected)


def test_what_a_defender_stopped_hit_the_defender_and_what_hardly_rolled_hit_nothing():
    sim = at_the_end("obstacle_penalty_kick", (-7.0, 0.4, 1.1), blocked=True)
    assert reached(sim, [np.array([-4.8, 0.0, 0.11]), np.array([-7.1, 0.8, 1.0])]) is None
    near = at_the_end(
        "kick_to_target", (0.7, 0.0, 0.02)
    )  # of a target so near it ends at its edge, 0.4 m away
    assert reached(near, [np.array([0.0, 0.0, 0.11]), np.array([0.0, 0.36, 0.11])]) is None


def test_a_task_without_a_target_has_nothing_to_move():
    assert reached(at_the_end("goalie_penalty_kick", (0, 0, 0)), [np.zeros(3)] * 2) is None


@pytest.mark.parametrize(
    "task, place", [("kick_to_target", (1, 2, 0.02)), ("obstacle_penalty_kick", (-10.97, 0.1, 1.3))]
)
def test_a_moved_target_is_where_the_rules_and_the_agent_find_it(task, place):
    env = sl.make_env(task, control="command", observation="agent")
    drawn = env.reset(seed=5)[0]
    with moved_target(env.unwrapped, np.array(place)):
        moved = env.reset(seed=5)[0]
        known = 2 if task == "kick_to_target" else 3  # on the ground it stays as high as it is
        for seen in (env.unwrapped.readings.target, env.unwrapped.limits()["goal"]):
            assert np.allclose(seen[:known], place[:known])
    others = np.ones(AGENT.size, bool)
    others[AGENT["target_xpos_rel_robot"]] = False
    assert np.array_equal(moved[others], drawn[others])
    assert not np.allclose(moved[~others], drawn[~others])
    assert np.array_equal(env.reset(seed=5)[0], drawn), "the next episode has its own target again"


def collect(**settings) -> Dataset:
    config = {
        "from_policy": "striker",
        "noise": 0.2,
        "workers": 1,
        "tasks": ("kick_to_target",),
        "episodes": 6,
    }
    return collect_dataset(PlayedDatasetConfig(**config | settings), progress=False)


def test_an_episode_is_played_again_as_it_was_and_hits(walker):
    played = collect(as_played=True, observation="agent")
    again = collect(hindsight=True, observation="agent")
    missed = set(played.column("seeds")[~played.column("success")])
    taught = set(again.column("seeds"))
    assert again.column("success").all() and again.has_transitions
    assert missed & taught, "some of what was missed teaches"
    others = np.ones(AGENT.size, bool)
    others[AGENT["target_xpos_rel_robot"]] = False
    for seed in missed & taught:
        first, second = (data.take(data.column("seeds")[data.episode_id] == seed) for data in (played, again))
        n = min(len(first), len(second))
        assert np.array_equal(first.observations[:n, others], second.observations[:n, others])
        assert np.array_equal(first.actions[:n], second.actions[:n])
        assert not np.allclose(first.observations[:n, ~others], second.observations[:n, ~others])


def test_an_expert_has_no_hindsight():
    with pytest.raises(InputError, match="--hindsight came with --label-with; .*; drop one"):
        PlayedDatasetConfig(from_policy="striker", hindsight=True, label_with="striker")
    with pytest.raises(
        InputError, match="none of 1 episodes was solved; .* let a better policy play, into another --output"
    ):
        collect(from_policy="zero", noise=0.0, hindsight=True, episodes=1)
