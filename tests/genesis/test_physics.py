"""How an episode's physics is drawn."""

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.genesis.physics import LEVELS, draw_physics, nominal_physics, read_physics


def test_what_is_not_randomised_is_nominal():
    drawn = draw_physics(np.random.default_rng(0), {"mass": (2.0, 3.0)})
    assert 2.0 <= drawn.pop("mass") <= 3.0
    nominal = nominal_physics()
    assert drawn == {name: value for name, value in nominal.items() if name != "mass"}


def test_a_level_holds_its_own_limits():
    rng = np.random.default_rng(0)
    for ranges in LEVELS.values():
        assert read_physics(ranges) == ranges
        for _ in range(50):
            drawn = draw_physics(rng, ranges)
            assert all(low <= drawn[name] <= high for name, (low, high) in ranges.items())


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("mildly", "unknown level of randomised physics 'mildly'.*did you mean 'mild'"),
        (4, "physics got 4; expected a level, or ranges by trait"),
        ({"weight": (1, 2)}, "unknown trait of the physics 'weight'"),
        ({"mass": (2, 1)}, "expected the lowest first"),
        ({"mass": 2}, "expected lowest and highest"),
        ({"mass": (0, 1)}, "mass got 0; expected a finite number from 0.1"),
    ],
)
def test_ranges_that_are_none_are_refused(source, words):
    with pytest.raises(InputError, match=words):
        read_physics(source)
