"""The gait engine: clock, ramp, standing, mirror image."""

import numpy as np
import pytest

from soccer_lib.control.gait import PARAMETER_NAMES, RAMP, Gait, GaitParameters
from soccer_lib.control.residual import mirror_joints
from soccer_lib.tasks import WALKER_DT

STILL = {"pitch": 0.03, "roll": 0.0, "gyro": [0.0, 0.0, 0.0], "velocity": [0.0, 0.0, 0.0], "yaw_rate": 0.0}


def test_zero_command_stands_with_a_stopped_clock():
    gait = Gait(GaitParameters())
    gait.reset([0.0] * 12, phase=0.3)
    for _ in range(100):
        targets = gait.step([0.0, 0.0, 0.0], **STILL)
    assert gait.standing and gait.phase == 0.3
    assert targets[:6] == pytest.approx(mirror_joints(targets)[:6])


def test_first_target_is_the_start_pose():
    gait = Gait(GaitParameters())
    gait.reset([0.0] * 12)
    first = gait.step([0.0, 0.0, 0.0], **STILL)
    assert max(map(abs, first)) < 0.2


def test_command_is_ramped_and_the_clock_runs():
    gait = Gait(GaitParameters(frequency=1.5))
    gait.reset([0.0] * 12)
    seen = []
    for _ in range(150):
        gait.step([1.0, -0.4, 1.0], **STILL)
        seen.append(list(gait.command))
    steps = np.abs(np.diff(np.array(seen), axis=0)).max(0)
    assert (steps <= np.array(RAMP) * WALKER_DT + 1e-12).all()
    assert seen[-1] == pytest.approx([1.0, -0.4, 1.0])
    assert not gait.standing


def test_a_stop_ends_the_step_and_then_stands():
    gait = Gait(GaitParameters())
    gait.reset([0.0] * 12)
    for _ in range(100):
        gait.step([0.2, 0.0, 0.0], **STILL)
    assert not gait.standing
    for _ in range(150):
        gait.step([0.0, 0.0, 0.0], **STILL)
    assert gait.standing
    gait.step([0.0, 0.0, 0.0], **{**STILL, "velocity": [0.6, 0.0, 0.0]})
    assert not gait.standing  # a push makes it step


def test_the_mirrored_robot_gets_the_mirrored_targets():
    left, right = (Gait(GaitParameters(frequency=1.5625)) for _ in range(2))  # the clock is exact in binary
    left.reset([0.0] * 12, phase=0.125)
    right.reset([0.0] * 12, phase=0.625)
    rng = np.random.default_rng(0)
    for _ in range(200):
        pitch, roll, turn, gx, gy, vx, vy = rng.normal(0, 0.05, 7)
        a = left.step([0.4, 0.2, -0.5], pitch, roll, [gx, gy, turn], [vx, vy, 0.0], turn)
        b = right.step([0.4, -0.2, 0.5], pitch, -roll, [-gx, gy, -turn], [vx, -vy, 0.0], -turn)
        assert mirror_joints(a) == pytest.approx(b, abs=1e-9)


def test_state_continues_bit_for_bit():
    rng = np.random.default_rng(1)
    inputs = [
        (rng.normal(0, 0.3, 3).tolist(), *rng.normal(0, 0.05, 2), rng.normal(0, 0.1, 3).tolist(),
         rng.normal(0, 0.1, 3).tolist(), float(rng.normal(0, 0.1)))
        for _ in range(120)
    ]  # fmt: skip
    first, second = Gait(GaitParameters()), Gait(GaitParameters())
    first.reset([0.01] * 12, 0.7)
    for item in inputs[:60]:
        first.step(*item)
    second.set_state(first.get_state())
    for item in inputs[60:]:
        assert first.step(*item) == second.step(*item)


def test_parameters_are_bounded():
    wild = GaitParameters.bounded(np.full(len(PARAMETER_NAMES), 99.0))
    assert wild.frequency == 1.8 and wild.height == 0.515
    np.testing.assert_array_equal(GaitParameters.bounded(wild.vector()).vector(), wild.vector())


@pytest.mark.parametrize("phase", [0.0, 0.03, 0.1, 0.5, 0.53, 0.6, 0.98])
def test_a_start_just_after_a_lift_off_still_lifts_that_leg(phase):
    gait = Gait(GaitParameters())
    gait.reset([0.0] * 12, phase)
    leg = round(phase * 2) % 2
    while gait.standing:
        gait.step([0.0, 0.3, -0.6], **STILL)
    for _ in range(4):
        gait.step([0.0, 0.3, -0.6], **STILL)
    assert gait.swinging[leg] and not gait.swinging[1 - leg]


def test_a_start_in_the_middle_of_a_flight_waits_for_the_other_leg():
    gait = Gait(GaitParameters())
    gait.reset([0.0] * 12, 0.3)
    while gait.standing:
        gait.step([0.0, 0.3, -0.6], **STILL)
    assert 0.3 < gait.phase < 0.4 and not any(gait.swinging)
