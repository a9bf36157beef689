"""Scripted behaviours: each does what its name says, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.evaluation.behaviours import ASIDE, BEHAVIOURS, Miss
from soccer_lib.layout import AGENT, COMMAND_SCALE
from soccer_lib.policies.striker import Striker


def seeing(ahead: float, left: float) -> np.ndarray:
    observation = np.zeros(96, np.float32)
    observation[AGENT["ball_xpos_rel_robot"]] = ahead, left, -0.6
    observation[AGENT["target_xpos_rel_robot"]] = 5.0, 1.0, 0.0
    return observation


@pytest.mark.parametrize(
    ("behaviour", "ball", "forward"),
    [
        ("stand", (3.0, 0.0), 0.0),
        ("walk away", (3.0, 0.0), -0.4),
        ("dribble slowly", (0.3, 0.0), 0.35),
        ("stand at the ball", (0.61, 0.0), 0.9),
        ("stand at the ball", (0.59, 0.0), 0.0),
        ("stand at the ball", (0.0, 0.61), 0.0),  # it turns first, and is not there yet
    ],
)
def test_walks_by_hand(behaviour, ball, forward):
    action, _ = BEHAVIOURS[behaviour]().predict(seeing(*ball))
    speed, sideways, turn = (action * COMMAND_SCALE).tolist()
    assert speed == pytest.approx(forward, abs=1e-6) and sideways == 0.0
    assert (turn != 0) == (ball == (0.0, 0.61))


def test_who_shoots_wide_takes_the_target_for_another_place(monkeypatch):
    aimed_at = []

    def act(self, observation, state, deterministic):
        aimed_at.append(observation[AGENT["target_xpos_rel_robot"]].tolist())
        return np.zeros(3, np.float32), state

    monkeypatch.setattr(Striker, "act", act)
    observation = seeing(1.0, 0.0)
    Miss().predict(observation)
    assert aimed_at == [[5.0, pytest.approx(1.0 + ASIDE), 0.0]]
    assert observation[AGENT["target_xpos_rel_robot"]].tolist() == [5.0, 1.0, 0.0]  # nobody else's eyes


def test_the_shooters_differ_in_aim_and_patience():
    made = {name: BEHAVIOURS[name]() for name in BEHAVIOURS}
    assert (made["shoot wide"].aim_y, made["shoot into the keeper"].aim_y) == (2.4, 0.0)
    assert (made["score late"].wait, made["score early"].wait) == (5.5, 0.0)
    assert made["score late"].aim_y is made["score early"].aim_y is None
