"""Kicks: their patterns, their file, the keyframes between two knots, and mirroring."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from soccer_lib.control.kicks import (
    NO_KICK,
    PATTERNS,
    Kick,
    kicks_of,
    load_kicks,
    requested_kick,
    requested_kicks,
)
from soccer_lib.control.residual import TrunkState, mirror_joints
from soccer_lib.errors import InputError
from soccer_lib.runs.files import atomic_write_npz

UPRIGHT = TrunkState([0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0])


@pytest.fixture
def kick() -> Kick:
    knots = np.stack([np.full(12, 0.1), np.full(12, 0.3)])
    return Kick("shot", knots, np.array([0.1, 0.05]), np.zeros(8), np.array([0.4, -0.1]), 0.05, 5.0, 0.5, 0.5)


def test_only_a_pattern_beyond_the_threshold_asks_for_a_kick():
    for name, pattern in PATTERNS.items():
        assert requested_kick(np.array(pattern)) == name
        assert requested_kick(0.81 * np.array(pattern)) == name
        assert requested_kick(0.8 * np.array(pattern)) is None
        assert requested_kick(np.array(pattern) * [1, 1, 0.5]) is None
    free = [p for p in itertools.product((1.0, -1.0), repeat=3) if p not in PATTERNS.values()]
    assert len(free) == 8 - len(PATTERNS)
    assert all(requested_kick(np.array(p)) is None for p in free)


def test_rows_of_commands_are_read_like_one_after_the_other():
    commands = [(1, -1, 1), (-0.9, 0.9, -0.9), (1, 1, 1), (1, -0.79, 1), (0.81, -1, -1), (-1, 0.9, 1)]
    numbers = requested_kicks(np.array(commands, np.float32))
    assert numbers.tolist() == [0, 1, NO_KICK, NO_KICK, 2, 3]
    assert requested_kicks(np.zeros((0, 3))).shape == (0,)
    # The threshold is the caller's: half a command asks for a kick where it is low.
    assert requested_kicks(np.array([(0.5, -0.5, 0.5)]), 0.4).tolist() == [0]
    # A single-precision 0.8 is a little more than 0.8, and a NaN is no kick.
    assert requested_kick(np.array([0.8, -0.8, 0.8], np.float32)) == "shot"
    assert requested_kick(np.array([np.nan, -1.0, 1.0])) is None


def test_joint_targets_run_straight_from_knot_to_knot(kick):
    start = np.zeros(12)
    assert kick.ticks == 8
    halfway = kick.target(start, 1, UPRIGHT, False)  # 0.04 s of 0.1 s
    # The trunk is upright, which is 0.05 rad short of the lean that the feedback holds: no gain, no effect.
    assert halfway == pytest.approx(np.full(12, 0.04))
    assert kick.target(start, 4, UPRIGHT, False) == pytest.approx(np.full(12, 0.1))
    assert kick.target(start, 7, UPRIGHT, False) == pytest.approx(np.full(12, 0.3))


def test_the_support_leg_answers_a_lean(kick):
    feedback = np.array([1.0, 0, 0, 0, 0, 0, 0.5, 0])
    answering = Kick(**{**kick.__dict__, "feedback": feedback})
    tilted = TrunkState([np.sin(0.05), 0.0, 0.0, np.cos(0.05)], [0.0] * 3, [0.0] * 3)  # roll of 0.1 rad
    change = answering.target(np.zeros(12), 4, tilted, False) - kick.target(np.zeros(12), 4, tilted, False)
    expected = np.zeros(12)
    expected[5], expected[0] = 0.1, 0.5 * -0.05
    assert change == pytest.approx(expected, abs=1e-6)


def test_a_kick_with_the_left_leg_is_the_mirror_image():
    kick, rng = load_kicks()["shot"], np.random.default_rng(0)
    start, lean = rng.normal(size=12) * 0.1, rng.normal(size=3) * 0.1
    right = TrunkState([*lean[:2], 0.0, 0.98], [0.3, 0.2, 0.1], [0.0] * 3)
    left = TrunkState([-lean[0], lean[1], 0.0, 0.98], [-0.3, 0.2, -0.1], [0.0] * 3)
    for tick in range(kick.ticks):
        mirrored = mirror_joints(kick.target(start, tick, right, False).tolist())
        assert kick.target(np.array(mirror_joints(start.tolist())), tick, left, True) == pytest.approx(
            mirrored, abs=1e-6
        )


def test_the_projects_kicks_are_whole():
    kicks = load_kicks()
    assert set(kicks) == set(PATTERNS)
    assert kicks["shot"].speed > 4.5 and kicks["placed"].speed > 2.5
    assert all(0.3 < kick.ticks * 0.02 < 1.5 for kick in kicks.values())


def test_an_older_file_without_flight_figures_still_loads(kick, tmp_path):
    arrays = {k: v for k, v in kick.arrays().items() if k not in ("shot.line_speed", "shot.height_spread")}
    again = kicks_of(tmp_path / "kicks.npz", arrays)["shot"]
    assert again.speed == kick.speed and again.line_speed == 0.0 and again.height_spread == 0.1


def test_a_file_keeps_every_number(kick, tmp_path):
    file = tmp_path / "kicks.npz"
    atomic_write_npz(file, kick.arrays())
    again = load_kicks(file)["shot"]
    assert all(np.array_equal(getattr(again, key), getattr(kick, key)) for key in kick.__dict__)


@pytest.mark.parametrize(
    "change",
    [
        {"shot.knots": np.zeros((2, 11))},
        {"shot.direction": np.float64("nan")},
        {"shot.colour": np.zeros(1)},
        {"bicycle.knots": np.zeros((2, 12))},
    ],
)
def test_an_unfitting_file_is_refused(kick, change, tmp_path):
    with pytest.raises(InputError, match="kick '.*expected finite"):
        kicks_of(tmp_path / "kicks.npz", {**kick.arrays(), **change})


def test_a_changed_file_is_refused(kick, tmp_path):
    file = tmp_path / "kicks.npz"
    atomic_write_npz(file, kick.arrays())
    file.with_suffix(".json").write_text('{"sha256": "0123"}')
    with pytest.raises(InputError, match="sha256"):
        load_kicks(file)
