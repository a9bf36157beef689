"""Figures with their 95% intervals, by hand."""

import numpy as np
import pytest

from soccer_lib.evaluation.intervals import bootstrap, bootstrap_of, percentile_interval, wilson


def test_a_share_and_its_interval_by_hand():
    """Half of n: the half width becomes z / (2 sqrt(n + z^2)), here 0.98 / sqrt(4 + 3.8416)."""
    half = 0.98 / 2.80028
    assert wilson([True, False, False, True]) == pytest.approx((0.5, 0.5 - half, 0.5 + half), abs=1e-5)
    share, low, high = wilson([True] * 98 + [False] * 2)
    assert share == 0.98 and low == pytest.approx(0.930, abs=1e-3) and high == pytest.approx(0.9945, abs=1e-3)


def test_a_share_of_all_or_none_has_a_width_and_stays_a_share():
    n = 16
    least = n / (n + 3.8416)  # the interval of 16 in 16 begins at n / (n + z^2)
    assert wilson([True] * n) == pytest.approx((1.0, least, 1.0)) and wilson([True] * n).high <= 1.0
    assert wilson([False] * n) == pytest.approx((0.0, 0.0, 1.0 - least)) and wilson([False] * n).low >= 0.0


def test_percentiles_leave_out_five_in_a_hundred():
    assert percentile_interval([*range(1001), np.nan]) == [25.0, 975.0]


def test_the_bootstrap_of_a_mean_is_the_normal_interval():
    """Many values of spread 1: the mean's standard error is 1 / sqrt(n)."""
    n = 400
    values = np.random.default_rng(1).normal(size=n)
    mean, low, high = bootstrap_of(values)
    error = 1.96 * values.std() / np.sqrt(n)
    assert mean == values.mean()
    assert (low, high) == pytest.approx((mean - error, mean + error), abs=0.15 * error)


def test_the_bootstrap_of_two_values_reaches_from_one_to_the_other():
    """A quarter of all resamples of two values are two times the same one: far more than 2.5%."""
    assert bootstrap_of([1.0, 3.0, float("nan"), float("inf")]) == (2.0, 1.0, 3.0)
    assert bootstrap_of([1.0, 2.0, 9.0], np.median) == (2.0, 1.0, 9.0)


def test_the_bootstrap_draws_trials_together():
    """A ratio of two sums whose parts belong together is the same in each resample."""
    top = np.array([1.0, 4.0, 10.0])
    assert bootstrap(3, lambda drawn: top[drawn].sum() / (2 * top[drawn]).sum()) == (0.5, 0.5, 0.5)


def test_what_was_never_measured_is_not_a_number():
    assert np.isnan(wilson([])).all() and np.isnan(bootstrap_of([float("nan")])).all()
