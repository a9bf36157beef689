"""Numbers from outside: what a range lets through and what it says of the rest."""

from __future__ import annotations

import dataclasses
import doctest
from typing import Annotated

import numpy as np
import pytest
import tyro

from soccer_lib import ranges
from soccer_lib.errors import InputError
from soccer_lib.ranges import Range, check_fields


def test_the_examples_in_the_module_hold():
    assert doctest.testmod(ranges, optionflags=doctest.IGNORE_EXCEPTION_DETAIL) == (0, 3)


@pytest.mark.parametrize("value", [0, 1, 1.0, np.float32(0.5), np.int64(1)])
def test_numbers_inside_come_back_as_plain_ones(value):
    result = Range(0, 1).number("share", value)
    assert type(result) is float and result == value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -1e-9, 1.1, "0.5", None, True, 0.5 + 0j, [0.5], np.array([0.5]), 10**400],
)
def test_all_else_is_refused_with_what_came_and_what_was_expected(value):
    with pytest.raises(InputError, match=r"share got .*; expected a finite number from 0 up to 1; try 0.5"):
        Range(0, 1).number("share", value, "try 0.5")


def test_ends_whole_numbers_and_open_ranges():
    assert Range(1, 5, whole=True).number("n", 5) == 5 and Range(above=True).number("n", -1e300) == -1e300
    assert Range(0, 2**64 - 1, whole=True).number("seed", 2**64 - 1) == 2**64 - 1
    for allowed, value in (
        (Range(0, 2**64 - 1, whole=True), 2**64),
        (Range(0, above=True), 0),
        (Range(whole=True), 0.5),
        (Range(high=3), 4),
    ):
        with pytest.raises(InputError):
            allowed.number("n", value)
    words = [str(Range()), str(Range(high=3)), str(Range(0, 1e6, True, True))]
    assert words == ["a finite number", "a finite number to 3", "a whole number above 0 up to 1e+06"]


def test_arrays_keep_their_type_and_name_the_first_bad_place():
    array = np.ones((2, 3), np.float32)
    assert Range(0, 1).array("weights", array) is array
    array[1, 2], array[1, 0] = 7, np.nan
    with pytest.raises(InputError, match=r"weights has nan at \(1, 0\) \(2 such\); expected a finite"):
        Range(0, 1).array("weights", array)
    for odd in (
        np.array(["1"]),
        np.array([1j]),
        np.array([True]),
        np.array(["2020"], "M8[D]"),
        np.array([None]),
    ):
        with pytest.raises(InputError, match=r"weights holds (str|complex|bool|datetime|object)"):
            Range().array("weights", odd)
    assert Range().array("weights", np.zeros(0)).size == 0


@dataclasses.dataclass(frozen=True)
class Config:
    """Settings."""

    lr: Annotated[float, Range(0, 1, above=True)] = 0.1
    net_arch: Annotated[tuple[int, ...], Range(1, 4096, whole=True)] = (8, 8)
    seed: Annotated[int | None, Range(0, whole=True)] = None
    name: str = ""

    def __post_init__(self) -> None:
        check_fields(self)


def test_a_dataclass_is_held_against_the_ranges_beside_its_fields():
    assert tyro.cli(Config, args=["--lr", "0.5", "--net-arch", "5"]).net_arch == (5,)
    for settings, words in (
        ({"lr": float("nan")}, "--lr got nan; expected a finite number above 0 up to 1"),
        ({"net_arch": (8, 0)}, "--net-arch got 0; expected a whole number from 1 up to 4,096"),
        ({"seed": -1}, "--seed got -1"),
    ):
        with pytest.raises(InputError, match=words):
            Config(**settings)
