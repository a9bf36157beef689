"""Seed ranges: they do not meet, and the edges of what is refused are where the ranges end."""

from __future__ import annotations

import pytest

from soccer_lib import seeds
from soccer_lib.errors import InputError


def test_the_ranges_are_those_of_the_design_and_do_not_meet():
    assert seeds.TUNING == range(0, 200) and seeds.REPORTED == range(10_000, 100_000)
    assert seeds.TRAINING == (range(1_000, 10_000), range(100_000, 600_000))
    ranges = sorted((seeds.TUNING, *seeds.TRAINING, seeds.REPORTED), key=lambda one: one.start)
    assert all(one.stop <= other.start for one, other in zip(ranges, ranges[1:], strict=False))
    assert seeds.DAGGER_SEED in seeds.TRAINING[1]


@pytest.mark.parametrize(
    ("first", "count"), [(1_000, 9_000), (9_999, 1), (0, 200), (100_000, 500_000), (100_000, 1)]
)
def test_what_may_be_learned_from(first, count):
    assert seeds.training_seeds(first, count) == range(first, first + count)


@pytest.mark.parametrize(
    ("first", "count", "shown"),
    [
        (9_999, 2, "9999 to 10000"),
        (10_000, 1, "10000 to 10000"),
        (99_999, 1, "99999 to 99999"),
        (99_999, 2, "99999 to 100000"),
        (1_000, 200_000, "1000 to 200999"),  # it reaches over the whole range
        (50_000, 10, "50000 to 50009"),
    ],
)
def test_reported_seeds_are_refused_at_both_ends_and_between(first, count, shown):
    with pytest.raises(InputError) as caught:
        seeds.training_seeds(first, count)
    assert str(caught.value) == (
        f"seeds {shown} came; expected none of those that figures are reported from, 10000 to 99999; "
        "try --seed 1000 or 100000"
    )


def test_a_seed_is_a_number_that_every_generator_takes():
    assert seeds.seed_range(2**31 - 4, 3)[-1] == 2**31 - 2
    for first in (-1, 2**31 - 3):
        with pytest.raises(InputError, match=f"seed got {first}; expected a number from 0 to 2147483644"):
            seeds.seed_range(first, 3)
    with pytest.raises(InputError, match="seed got -5"):
        seeds.training_seeds(-5, 3)
