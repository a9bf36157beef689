"""Where targets lie."""

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.genesis.targets import BOX, START, checked_target, held_out_targets, sample_target
from soccer_lib.seeds import REPORTED


def test_targets_fill_the_box_and_not_more():
    rng = np.random.default_rng(0)
    targets = np.array([sample_target(rng) for _ in range(2000)])
    assert (targets >= BOX[:, 0]).all() and (targets <= BOX[:, 1]).all()
    assert np.ptp(targets, axis=0) == pytest.approx(BOX[:, 1] - BOX[:, 0], abs=0.01)


def test_difficulty_is_the_share_of_the_way_from_the_tool():
    easy, whole = (sample_target(np.random.default_rng(7), difficulty) for difficulty in (0.1, 1.0))
    assert easy - START == pytest.approx(0.1 * (whole - START))


def test_held_out_targets_are_the_same_for_everybody_and_each_has_a_seed():
    assert (held_out_targets(3) == held_out_targets(5)[:3]).all()
    assert (held_out_targets(1, REPORTED.start + 2) == held_out_targets(3)[2:]).all()


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ((2.0, 0.0, 0.3), "2.00 m from the shoulder; expected at most 0.8 m"),
        ((0.5, 0.0, -0.1), "below the floor"),
        ((0.5, 0.0), "expected three finite numbers"),
        ((0.5, float("nan"), 0.3), "expected three finite numbers"),
        ("far", "expected three finite numbers"),
    ],
)
def test_a_target_that_the_arm_cannot_reach_is_refused(target, words):
    with pytest.raises(InputError, match=words):
        checked_target(target)


def test_every_corner_of_the_box_can_be_reached():
    for corner in np.array(np.meshgrid(*BOX)).reshape(3, -1).T:
        checked_target(corner)
