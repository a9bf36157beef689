"""Figures with their intervals, and the table of them."""

import numpy as np
import pytest

from soccer_lib.workshop.bench.rows import format_rows, interval_of, share_interval


def test_shares_by_hand():
    share, low, high = share_interval([True] * 98 + [False] * 2)
    assert share == 0.98 and low == pytest.approx(0.930, abs=1e-3) and high == pytest.approx(0.9945, abs=1e-3)
    assert np.isnan(share_interval([])).all()


def test_statistics_by_hand():
    value, low, high = interval_of([1.0, 3.0, float("nan")])
    assert value == 2.0 and low == 1.0 and high == 3.0
    assert interval_of([1.0, 2.0, 9.0], np.median) == [2.0, 1.0, 9.0]
    assert np.isnan(interval_of([float("nan")])).all()


def test_tables_of_the_same_name_stand_side_by_side():
    lines = format_rows(["a", "a"], [{"speed": [1, 0, 2]}, {"speed": [3, 3, 3]}]).splitlines()
    assert [line.split() for line in lines] == [
        ["row", "a", "a"],
        ["speed", "1.000", "[0.000,", "2.000]", "3.000", "[3.000,", "3.000]"],
    ]
