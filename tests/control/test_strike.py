"""The strike, with a walker that only listens: where it stands, when it stops, swings and gives up."""

from __future__ import annotations

from math import hypot, pi
from types import SimpleNamespace

import numpy as np
import pytest

from soccer_lib.control import strike as module
from soccer_lib.control.kicks import Kick
from soccer_lib.control.macro import RECOVERY_TICKS
from soccer_lib.control.strike import GOOD_ENOUGH, LONGEST, MARCH, SETTLED_TICKS, STOPPING, TOLERANCE, Strike
from soccer_lib.layout import Sensed

STANCE = (0.4, -0.1)
RIGHT, LEFT = False, True


class Listener:
    """Stands where it is; keeps the commands and the phase with which it is told to walk on."""

    def __init__(self):
        feet = [[module.STANDING_FEET, 0.1, 0.0], [module.STANDING_FEET, -0.1, 0.0]]
        self.gait = SimpleNamespace(feet=feet, standing=True, phase=0.0, p=SimpleNamespace(frequency=1.5))
        self.commands, self.resumed = [], None

    def step(self, command, sensed):
        self.commands.append(command.tolist())
        return np.zeros(12, np.float32)

    def resume(self, phase):
        self.resumed = phase


def kick(direction=0.0, resume=0.3):
    knots = np.stack([np.full(12, 0.1), np.full(12, 0.3)])
    durations = np.array([0.04, 0.02])
    return Kick("shot", knots, durations, np.zeros(8), np.array(STANCE), direction, 5.0, 0.5, resume)


def sensed(yaw=0.0):
    quat = np.array([0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)])
    return Sensed(np.full(12, 0.2), np.zeros(12), quat, np.zeros(3), np.zeros(3))


def step(strike, ball, yaw=0.0):
    return strike.step(lambda: ball, yaw, sensed(yaw))


def started(ball, direction=0.0, yaw=0.0):
    strike = Strike(Listener(), {"shot": kick(direction)})
    strike.start("shot", ball, yaw)
    return strike


def ball_at(ahead=0.0, left=0.0, side=1.0):
    """A ball that leaves this way to the stance [m]."""
    return STANCE[0] + ahead, side * STANCE[1] + left


def test_the_numbers_of_the_strike():
    # Measured on the robot: how exactly it has to stand, and how it comes to rest.
    assert TOLERANCE == (0.011, 0.014) and GOOD_ENOUGH == 2.5
    assert STOPPING == (0.012, -0.004, -0.026)


def test_the_way_to_the_stance():
    # The ball flies 90 degrees to the left of the robot: it has to turn right by as much, and the stance of
    # 0.4 m ahead and 0.1 m to the right turns with it, to 0.1 m behind and 0.4 m to the right.
    strike = started((1.0, 0.0), direction=pi / 2)
    assert strike.error(RIGHT, (1.0, 0.0), 0.0) == pytest.approx((1.1, 0.4, -pi / 2))
    # With the left foot everything is mirrored.
    assert strike.error(LEFT, (1.0, 0.0), 0.0) == pytest.approx((1.1, -0.4, pi / 2))
    # The heading of the start counts: whoever turned left by 0.2 rad since has 0.2 rad less to turn left.
    strike = started(ball_at(), yaw=0.5)
    assert strike.error(RIGHT, ball_at(), 0.5) == pytest.approx((0.0, 0.0, 0.0))
    assert strike.error(RIGHT, ball_at(), 0.7)[2] == pytest.approx(-0.2)


def test_the_foot_with_the_shorter_way_kicks():
    assert started((0.4, -0.1)).mirrored is False
    assert started((0.4, 0.1)).mirrored is True
    strike = started((0.4, 0.05))
    assert strike.mirrored is True and strike.stage == "align" and strike.committed and strike.active


@pytest.mark.parametrize("side", [1.0, -1.0])
@pytest.mark.parametrize(
    ("ahead", "left", "turn", "stops"),
    [
        (0.0, 0.0, 0.0, True),
        (0.010, 0.0, 0.0, True),
        (0.0, -0.010, 0.0, True),
        (0.012, 0.0, 0.0, False),
        (0.0, 0.012, 0.0, False),
        (0.008, 0.008, 0.0, False),  # 11.3 mm together
        (0.0, 0.0, 0.013, True),
        (0.0, 0.0, -0.013, True),
        (0.0, 0.0, 0.015, False),
        (0.0, 0.0, -0.015, False),
    ],
)
def test_it_stops_so_that_coming_to_rest_carries_it_to_the_stance(side, ahead, left, turn, stops):
    # Coming to rest adds 12 mm ahead, 4 mm to the right and 0.026 rad to the right to what is left over, or
    # the mirror image of that where the left foot kicks. It stops where these lead into the tolerance.
    x, y, way = ahead - 0.012, left + side * 0.004, turn + side * 0.026
    stance = np.array([STANCE[0], side * STANCE[1]])
    c, s = np.cos(way), np.sin(way)
    ball = (x + c * stance[0] - s * stance[1], y + s * stance[0] + c * stance[1])
    strike = started((STANCE[0], side * STANCE[1]))
    assert strike.mirrored == (side < 0)
    step(strike, ball, -way)
    assert strike.stage == ("settle" if stops else "align")
    if not stops:
        assert hypot(*strike.walker.commands[-1]) > 0.005


def test_the_feet_tell_where_it_will_stand():
    strike = started(ball_at())
    # Feet 5 cm ahead and 2 cm to the left of a standing robot's, turned by 0.1 rad: so will be the trunk.
    strike.walker.gait.feet = [
        [module.STANDING_FEET + 0.06, 0.13, 0.15],
        [module.STANDING_FEET + 0.04, -0.09, 0.05],
    ]
    # What is left then has to be undone by coming to rest, as above.
    way = 0.026
    stance = np.array([np.cos(way) * 0.4 + np.sin(way) * 0.1, np.sin(way) * 0.4 - np.cos(way) * 0.1])
    step(strike, (stance[0] - 0.012 + 0.05, stance[1] + 0.004 + 0.02), -way - 0.1)
    assert strike.stage == "settle"


def test_the_tolerance_grows_by_half_each_second_after_the_first_six_tenths():
    strike = started(ball_at())
    for waited, grown in ((0, 1.0), (30, 1.0), (80, 1.5), (130, 2.0)):
        strike.waited = waited
        assert strike._tolerance() == pytest.approx((0.011 * grown, 0.014 * grown))


@pytest.mark.parametrize(
    ("ahead", "yaw", "stage"),
    [
        (0.027, 0.0, "swing"),
        (0.028, 0.0, "align"),
        (0.0, 0.034, "swing"),
        (0.0, 0.036, "align"),
    ],
)
def test_it_swings_after_standing_long_enough_and_well_enough(ahead, yaw, stage):
    strike = started(ball_at())
    strike._enter("settle")
    turned_stance = np.cos(yaw) * 0.4 - np.sin(yaw) * 0.1, -np.sin(yaw) * 0.4 - np.cos(yaw) * 0.1
    ball = turned_stance[0] + ahead, turned_stance[1]
    for _ in range(SETTLED_TICKS):
        step(strike, ball, yaw)
        assert strike.stage == "settle" and strike.walker.commands[-1] == [0.0, 0.0, 0.0]
    step(strike, ball, yaw)
    assert strike.stage == stage
    # The swing starts from where the joints were when it was decided on.
    assert strike.begun.tolist() == pytest.approx([0.2] * 12)


def test_a_step_in_between_starts_the_standing_anew():
    strike = started(ball_at())
    strike._enter("settle")
    for tick in range(2 * SETTLED_TICKS):
        strike.walker.gait.standing = tick != SETTLED_TICKS - 1
        step(strike, ball_at())
    assert strike.stage == "settle"


@pytest.mark.parametrize(("ball", "phase"), [(ball_at(), 0.3), (ball_at(side=-1.0), 0.8)])
def test_the_swing_and_the_walk_afterwards(ball, phase):
    strike = started(ball)
    strike._enter("swing")
    strike.begun = np.full(12, 0.2)
    targets = [step(strike, ball) for _ in range(3)]  # 0.06 s of knots
    # Joints that pitch are the same in the mirror: halfway from 0.2 to 0.1, and at the last knot.
    assert targets[0][[0, 3, 4, 6, 9, 10]].tolist() == pytest.approx([0.15] * 6)
    assert targets[2][[0, 3, 4, 6, 9, 10]].tolist() == pytest.approx([0.3] * 6)
    assert strike.stage == "recover" and strike.active and not strike.committed
    # A kick with the left foot walks on half a cycle later.
    assert strike.walker.resumed == pytest.approx(phase)
    for tick in range(RECOVERY_TICKS):
        assert strike.stage == "recover" and strike.resting == RECOVERY_TICKS - 1 - tick
        step(strike, ball)
    assert strike.stage == "idle" and strike.walker.commands == [[0.0, 0.0, 0.0]] * RECOVERY_TICKS
    assert not strike.aborted and not strike.resting


def test_steps_that_others_take_count_as_recovery():
    strike = started(ball_at())
    assert not strike.resting  # who lines up does not rest
    strike._enter("recover")
    strike.rest(strike.resting)
    assert (strike.tick, strike.waited) == (RECOVERY_TICKS - 1, RECOVERY_TICKS - 1) and strike.active
    step(strike, ball_at())
    assert strike.stage == "idle" and strike.walker.commands == [[0.0, 0.0, 0.0]]


def test_the_ball_is_looked_for_while_lining_up_and_before_the_swing():
    looks = []

    def look():
        looks.append(strike.stage)
        return ball_at()

    strike = started(ball_at(ahead=1.0))
    while strike.active:
        strike.step(look, 0.0, sensed())
        if len(looks) == 3:  # by now it is there
            looks.clear()
            strike._enter("settle")
    assert looks == ["settle"] and strike.waited == 3 + SETTLED_TICKS + 1 + 2 + RECOVERY_TICKS


def test_it_gives_up_after_six_seconds_of_lining_up():
    strike = started((0.9, 0.0))
    for _ in range(LONGEST):
        step(strike, (0.9, 0.0))
        assert strike.stage == "align"
    step(strike, (0.9, 0.0))
    assert strike.aborted and strike.stage == "idle" and LONGEST * 0.02 == 6.0


@pytest.mark.parametrize(
    ("standing", "phase", "side", "stops"),
    [
        (True, 0.5, 1.0, True),
        (False, 0.1, 1.0, True),
        (False, 0.5, 1.0, False),
        (False, 0.8, 1.0, True),
        # The next tick of 20 ms counts: 1.5 Hz x 0.02 s = 0.03 of the cycle on.
        (False, 0.21, 1.0, True),
        (False, 0.23, 1.0, False),
        (False, 0.1, -1.0, False),
        (False, 0.5, -1.0, True),
    ],
)
def test_it_stops_in_the_half_cycle_in_which_the_kicks_were_tuned(standing, phase, side, stops):
    strike = started(ball_at(side=side))
    strike._enter("settle")
    strike.walker.gait.standing, strike.walker.gait.phase = standing, phase
    step(strike, ball_at(side=side))
    assert strike.walker.commands[-1] == ([0.0, 0.0, 0.0] if stops else list(MARCH))


def test_a_reset_and_a_state():
    strike = started(ball_at(side=-1.0), yaw=0.4)
    step(strike, ball_at(side=-1.0), 0.4)
    state = strike.get_state()
    other = Strike(Listener(), {"shot": kick()})
    other.set_state(state)
    assert (other.name, other.heading, other.mirrored, other.waited) == ("shot", 0.4, True, 1)
    other.reset()
    assert (other.name, other.heading, other.mirrored, other.waited) == ("", 0.0, False, 0)
    assert not other.active and not other.begun.any()
