"""Laws of walker and kicks, each with its number worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.control import load_walker
from soccer_lib.control.approach import approach
from soccer_lib.control.ball import BallTracker
from soccer_lib.control.gait import Gait, GaitParameters
from soccer_lib.control.kicks import Kick
from soccer_lib.control.strike import STANDING_FEET, Strike


@pytest.fixture
def strike(walker) -> Strike:
    """A strike along the present heading, with the right foot, of a robot that marches on the spot.

    Its kick wants the ball 0.2 m ahead and 0.1 m to the right, and sends it straight ahead.
    """
    kick = Kick(
        name="shot",
        knots=np.zeros((1, 12)),
        durations=np.ones(1),
        feedback=np.zeros(8),
        stance=np.array([0.2, -0.1]),
        direction=0.0,
        speed=10.0,
        height=0.11,
        resume=0.0,
    )
    strike = Strike(load_walker(walker), {"shot": kick})
    strike.walker.gait.feet = [[STANDING_FEET, 0.1, 0.0], [STANDING_FEET, -0.1, 0.0]]
    strike.start("shot", (0.2, -0.1), 0.0)
    assert not strike.mirrored
    return strike


@pytest.mark.parametrize(
    ("ahead", "left", "stage"),
    [
        # Coming to rest adds 12 mm ahead and takes 4 mm to the left: this robot will stand right.
        (-0.012, 0.004, "settle"),
        # 1 cm off what it will be: inside of the tolerance of 11 mm.
        (-0.002, 0.004, "settle"),
        (-0.012, 0.017, "align"),
        # Right now, but not once it stands: 12 mm and 4 mm are 12.6 mm.
        (0.0, 0.0, "align"),
        (0.038, 0.004, "align"),
    ],
)
def test_a_robot_stops_where_it_will_stand_right(strike, ahead, left, stage):
    # What coming to rest adds to the heading, -0.026 rad, is left to turn; the stance turns with it.
    turn = 0.026
    x, y = np.cos(turn) * 0.2 + np.sin(turn) * 0.1, np.sin(turn) * 0.2 - np.cos(turn) * 0.1
    strike._align((x + ahead, y + left), -turn)
    assert strike.stage == stage


@pytest.mark.parametrize(
    ("turn", "stage"), [(0.026, "settle"), (0.036, "settle"), (0.0, "align"), (0.05, "align")]
)
def test_a_robot_stops_where_it_will_face_right(strike, turn, stage):
    """14 mrad around the 26 mrad that coming to rest takes."""
    x, y = np.cos(turn) * 0.2 + np.sin(turn) * 0.1, np.sin(turn) * 0.2 - np.cos(turn) * 0.1
    strike._align((x - 0.012, y + 0.004), -turn)
    assert strike.stage == stage


@pytest.mark.parametrize(
    ("phase", "after"),
    [
        # A leg lifts off at 0.25 x 0.16 = 0.04 of its half; the next step, of 0.035, would be past it.
        (0.10, 0.005),
        (0.60, 0.505),
        # The lift-off is 0.245 back, more than 0.15: the clock runs on from here.
        (0.25, 0.25),
        (0.75, 0.75),
    ],
)
def test_only_a_lift_off_just_missed_turns_the_clock_back(phase, after):
    gait = Gait(GaitParameters(frequency=1.75, double_support=0.16))
    gait.phase = phase
    gait._catch_lift_off()
    assert gait.phase == pytest.approx(after, abs=1e-6)


def test_a_robot_walks_round_the_ball_on_the_shorter_side():
    """The place beyond the ball lies to the left of it: the way round its left is shorter."""
    assert approach((0.9, 0.3), (0.5, 0.0), 0.0)[1] > 0.1
    assert approach((0.9, -0.3), (0.5, 0.0), 0.0)[1] < -0.1


def test_a_quarter_turn_brings_the_ball_s_centre_from_above_the_point_to_ahead_of_it():
    """100 steps of 2 ms at a quarter turn in 0.2 s about y; the newest step's turn is not yet seen."""
    tracker = BallTracker()
    assert tracker.offset == pytest.approx((0.0, 0.0, 0.11))
    spin = np.tile((0.0, np.pi / 2 / 0.2, 0.0), (101, 1))
    upright = np.tile((0.0, 0.0, 0.0, 1.0), (101, 1))
    tracker.push(spin, upright, np.zeros((101, 3)))
    assert tracker.offset == pytest.approx((0.11, 0.0, 0.0), abs=1e-6)
