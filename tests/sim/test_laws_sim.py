"""Laws of the rules, each with its number worked out by hand."""

from __future__ import annotations

from itertools import chain, repeat

import numpy as np
import pytest

from soccer_lib.sim import make_sim

STILL = np.zeros(12)


def test_a_hit_is_counted_where_a_contact_begins():
    """Contact in steps 2 to 5, and from step 8 on: two hits, however long each lasts."""
    sim = make_sim("penalty_kick")
    sim.reset(seed=0)
    contacts = chain([0, 1, 1, 1, 1, 0, 0], repeat(1))
    sim.near_robot = lambda x, y: True
    sim.touches = lambda geoms: bool(next(contacts))
    hits = []
    for _ in range(10):
        sim.step(STILL)
        hits.append(sim.ball_hits)
    assert hits == [0, 1, 1, 1, 1, 1, 1, 2, 2, 2]
    assert sim.terms()["ball_hits"] == pytest.approx(np.log(2))


@pytest.mark.parametrize("task", ["penalty_kick", "kick_to_target"])
def test_the_field_has_four_lines(task):
    """Its middle is the origin; the lines lie 10.97 m and 6.87 m from it, inclusive."""
    sim = make_sim(task)
    length, width = 10.97, 6.87
    inside = [(0, 0), (length, 0), (-length, 0), (0, width), (0, -width)]
    beyond = [(length + 0.01, 0), (-length - 0.01, 0), (0, width + 0.01), (0, -width - 0.01)]
    assert not any(sim.off_field(*point) for point in inside)
    assert all(sim.off_field(*point) for point in beyond)


@pytest.mark.parametrize(("task", "steps"), [("penalty_kick", 1000), ("kick_to_target", 5000)])
def test_the_last_step_of_the_time_limit_ends_the_episode(task, steps):
    sim = make_sim(task)
    sim.reset(seed=0)
    sim.n_steps = steps - 2
    assert not sim.step(STILL)[3]
    assert sim.step(STILL)[3] and sim.outcome == "time_limit"
