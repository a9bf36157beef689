"""How fast pictures of an environment follow each other, and when a step may come."""

from __future__ import annotations

import numpy as np
import pytest

import soccer_lib as sl
from soccer_lib.errors import InputError


@pytest.mark.parametrize(("control", "rate"), [("torque", 500), ("joint", 50), ("command", 10)])
def test_a_second_of_play_is_a_second_of_pictures(control, rate):
    env = sl.make_env("penalty_kick", control=control)
    assert env.metadata["render_fps"] == pytest.approx(rate)


def test_a_command_that_is_held_longer_gives_fewer_pictures():
    env = sl.make_env("kick_to_target", control="command", hold=100)
    assert env.metadata["render_fps"] == pytest.approx(5)  # 100 steps of 2 ms


@pytest.mark.parametrize("control", ["torque", "joint", "command"])
def test_a_step_before_the_first_reset_is_refused(control):
    env = sl.make_env("penalty_kick", control=control)
    action = np.zeros(env.action_space.shape, np.float32)
    with pytest.raises(InputError, match="before the first reset"):
        env.step(action)
    env.reset(seed=0)
    env.step(action)
