"""Where numbers may lie: the one check for every number that comes from a flag, a file or a caller.

A range stands beside the field that it is for, and `check_fields` holds a whole dataclass against its ranges:

    lr: Annotated[float, Range(0, 1, above=True)] = 3e-4
"""

from __future__ import annotations

import dataclasses
import math
import numbers
import sys
import typing
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, one_line


@dataclasses.dataclass(frozen=True)
class Range:
    """Finite numbers from `low` to `high`, both included.

    >>> Range(0, 1).number("--split", 0.8)
    0.8
    >>> Range(1, whole=True).number("hold", 50.0)
    50
    >>> Range(0, above=True).number("--lr", float("nan"))
    Traceback (most recent call last):
    soccer_lib.errors.InputError: --lr got nan; expected a finite number above 0; try another value
    """

    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    """Only whole numbers; they come back as int."""
    above: bool = False
    """`low` itself is left out."""

    def __str__(self) -> str:
        words = "a whole number" if self.whole else "a finite number"
        if self.low > -math.inf:
            words += f" {'above' if self.above else 'from'} {self.low:,g}"
        return words + (f" {'up ' * (self.low > -math.inf)}to {self.high:,g}" if self.high < math.inf else "")

    def number(self, name: str, value: Any, remedy: str = "try another value") -> Any:
        """Return one number as int or float.

        Raises:
            InputError: no number (text, bool, complex), not finite, not whole, or outside.
        """
        value = value.item() if isinstance(value, np.generic) else value
        real = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if real and abs(value) <= sys.float_info.max and bool(self._holds(value)):
            return int(value) if self.whole else float(value)
        raise InputError(f"{name} got {one_line(repr(value), 80)}; expected {self}; {remedy}")

    def array(self, name: str, values: Any, remedy: str = "make the file again") -> np.ndarray:
        """Return an array of numbers, of its own type.

        Raises:
            InputError: it holds text, dates, objects, bools or complex numbers, or a number outside.
        """
        array = np.asarray(values)
        if array.dtype.kind not in "iuf":
            raise InputError(f"{name} holds {array.dtype.name}; expected {self} in every place; {remedy}")
        good = np.isfinite(array) & self._holds(np.nan_to_num(array.astype(float)))
        if not good.all():
            bad = np.argwhere(~good)
            place = f" at {tuple(bad[0].tolist())}" if array.ndim else ""
            value = array[tuple(bad[0])]
            raise InputError(f"{name} has {value:g}{place} ({len(bad)} such); expected {self}; {remedy}")
        return array

    def _holds(self, value: Any) -> Any:
        """Whether a number, or each of an array, lies inside; Python's own integers are compared exactly."""
        low = value > self.low if self.above else value >= self.low
        return low & (value <= self.high) & (value % 1 == 0 if self.whole else True)


def check_fields(config: Any) -> None:
    """Hold every field of a dataclass that has a `Range` in its annotation against it.

    Fields of several numbers (tuples) are checked one by one, and None passes where the type allows it.

    Raises:
        InputError: naming the field as a flag.
    """
    for name, hint in typing.get_type_hints(type(config), include_extras=True).items():
        value = getattr(config, name)
        for allowed in getattr(hint, "__metadata__", ()):
            if isinstance(allowed, Range) and value is not None:
                flag = "--" + name.replace("_", "-")
                for number in value if isinstance(value, tuple | list) else (value,):
                    allowed.number(flag, number)
