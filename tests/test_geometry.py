"""Headings and turns, by hand."""

from __future__ import annotations

import doctest
from math import pi, sqrt

import numpy as np
import pytest

from soccer_lib import geometry
from soccer_lib.geometry import heading_of, turned, wrap


@pytest.mark.parametrize(
    ("quat", "heading"),
    [
        ([0.0, 0.0, 0.0, 1.0], 0.0),
        ([0.0, 0.0, sqrt(0.5), sqrt(0.5)], pi / 2),
        ([0.0, 0.0, -0.5, sqrt(0.75)], -pi / 3),
        ([0.0, 0.0, 1.0, 0.0], pi),
        ([sqrt(0.5), 0.0, 0.0, sqrt(0.5)], 0.0),  # on its side, it still faces along x
        ([0.0, sqrt(0.4), 0.0, sqrt(0.6)], 0.0),  # nearly on its nose
    ],
)
def test_the_heading_of_an_orientation(quat, heading):
    assert heading_of(np.array(quat)) == pytest.approx(heading)


def test_a_wrapped_angle_is_in_a_half_open_turn():
    for angle, wrapped in ((0.0, 0.0), (pi, -pi), (-pi, -pi), (3.5 * pi, -pi / 2), (-2.25 * pi, -pi / 4)):
        assert wrap(angle) == pytest.approx(wrapped)


def test_vectors_turn_to_the_left():
    assert turned((1.0, 0.0), pi / 2) == pytest.approx((0.0, 1.0))
    assert turned((3.0, 4.0), -pi / 2) == pytest.approx((4.0, -3.0))
    x, y = turned((np.array([1.0, 0.0]), np.array([0.0, 2.0])), pi / 6)
    assert x == pytest.approx([sqrt(0.75), -1.0]) and y == pytest.approx([0.5, sqrt(3.0)])


def test_the_examples_run():
    assert doctest.testmod(geometry).attempted == 2 and not doctest.testmod(geometry).failed
