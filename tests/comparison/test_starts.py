"""Numbers of an episode's start, and success in their ranges."""

import numpy as np
import pytest

from soccer_lib.comparison.starts import SPLITS, geometry_of, success_by
from soccer_lib.sim import make_sim
from tests.support.made_up import made_up_trail


def test_bins_by_hand():
    trails = [
        made_up_trail("success", **{"gait phase": 0.0}),
        made_up_trail("blocked", **{"gait phase": 0.2}),
        made_up_trail("success", **{"gait phase": 0.25}),
        made_up_trail("success", **{"gait phase": 0.95}),
    ]
    bins = success_by("goalie_penalty_kick", trails)["gait phase"]
    assert [(b.label, b.episodes, b.success[0]) for b in bins] == [
        ("0 to 0.25", 2, 0.5),
        ("0.25 to 0.5", 1, 1.0),
        ("0.75 to 1", 1, 1.0),
    ]


def test_every_start_falls_into_a_bin():
    for task, numbers in SPLITS.items():
        sim = make_sim(task)
        for seed in range(30):
            sim.reset(seed=seed)
            geometry = geometry_of(sim, seed % 20)
            assert list(geometry) == list(numbers)
            assert all(edges[0] <= geometry[name] <= edges[-1] for name, edges in numbers.items())


def test_the_geometry_of_kick_to_target_by_complex_numbers():
    sim = make_sim("kick_to_target")
    sim.reset(seed=7)
    robot, ball, target = (
        complex(*place[:2])
        for place in (
            sim.data.body("robot_0:Trunk").xpos,
            sim.data.geom("ball").xpos,
            sim.data.site("target0").xpos,
        )
    )
    assert list(geometry_of(sim, 0).values()) == pytest.approx(
        [abs(target - ball), abs(ball - robot), abs(np.degrees(np.angle((target - ball) / (ball - robot))))]
    )
