"""What stands for Python's library answers as it does, where it matters to the last bit."""

from __future__ import annotations

import base64
import dataclasses
import math

import numpy as np
import pytest

from soccer_lib.export import stand_ins
from soccer_lib.export.lengths import length

RNG = np.random.default_rng(0)
ANGLES = RNG.uniform(-7, 7, 3000).tolist()
SHARES = RNG.uniform(-1, 1, 3000).tolist()


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_functions_of_an_angle_are_python_s_to_the_bit(name):
    there = [getattr(stand_ins, name)(x) for x in ANGLES]
    assert there == [getattr(math, name)(x) for x in ANGLES]
    assert {type(value) for value in there} == {float}


def test_functions_of_two_numbers_are_python_s_to_the_bit():
    pairs = [*zip(ANGLES, SHARES, strict=True), (0.0, 0.0), (0.0, -1.0), (-0.0, -1.0), (1.0, 0.0)]
    assert [stand_ins.atan2(*pair) for pair in pairs] == [math.atan2(*pair) for pair in pairs]
    assert [length(*pair) for pair in pairs] == [math.hypot(*pair) for pair in pairs]


def test_numbers_come_apart_and_together_as_in_python():
    for x in (*ANGLES[:50], 0.0, 1e-12, 3e40):
        assert stand_ins.frexp(x) == math.frexp(x)
        assert stand_ins.ldexp(*stand_ins.frexp(x)) == x
        assert stand_ins.sqrt(abs(x)) == math.sqrt(abs(x))


@pytest.mark.parametrize("name", ["asin", "acos"])
def test_arcus_functions_are_off_by_one_bit_at_most_and_rarely(name):
    there = np.array([getattr(stand_ins, name)(x) for x in SHARES])
    here = np.array([getattr(math, name)(x) for x in SHARES])
    assert (np.abs(there - here) <= np.spacing(np.abs(here))).all()
    assert (there != here).mean() < 0.01


def test_the_error_function_is_python_s_to_2e_15():
    values = [-7.0, -2.5, -1e-9, 0.0, 0.3, 1.0, 4.0, 6.5, *ANGLES[:200]]
    assert max(abs(stand_ins.erf(x) - math.erf(x)) for x in values) < 2e-15


def test_arrays_come_back_from_their_text():
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.array([1e-300, -2.0]),
        "c": np.array(7),
    }
    table = [(name, array.dtype.str, array.shape) for name, array in arrays.items()]
    content = b"".join(array.tobytes() for array in arrays.values())
    content += bytes(-len(content) % 3)
    found = stand_ins.unpacked("\n" + base64.b64encode(content).decode() + "\n", table)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert np.array_equal(found[name], array)


def test_records_take_fields_by_place_and_by_name_and_can_be_changed():
    @dataclasses.dataclass(frozen=True)
    class Here:
        a: int = 1
        b: int = 2

    @stand_ins.dataclass(frozen=True)
    class There:
        a: None = 1
        b: None = 2

        def total(self):
            return self.a + self.b

    for values, named in (((), {}), ((5,), {"b": 7}), ((3, 4), {})):
        here, there = Here(*values, **named), There(*values, **named)
        assert (there.a, there.b) == (here.a, here.b)
    changed = stand_ins.replace(There(5, b=7), b=8)
    assert (changed.a, changed.b, changed.total()) == (5, 8, 13)
