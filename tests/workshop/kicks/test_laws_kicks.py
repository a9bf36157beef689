"""Laws of a kick's trial, each with its number worked out by hand."""

from __future__ import annotations

from itertools import chain, repeat

import numpy as np

from soccer_lib.control.kicks import load_kicks
from soccer_lib.workshop.kicks.trial import CENTRE, KickTrial


def test_a_touch_begins_where_contact_begins():
    """Contact in physics steps 3 to 6, and in step 9: two touches, not five."""
    trial = KickTrial(walked=1, lined_up=0)
    contacts = chain([0, 0, 1, 1, 1, 1, 0, 0, 1], repeat(0))
    trial.sim.near_robot = lambda *place: True
    trial.sim.touches = lambda geoms: bool(next(contacts))
    outcome = trial.play(load_kicks()["placed"], trial.walked[0], np.zeros(3), CENTRE, 0.1, 0.1)
    assert outcome.touches == 2
