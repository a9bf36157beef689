"""What an exported agent takes instead of Python's library: the competition's client removes every import.

Only numpy is in sight there. The functions here have the names of those that they stand for, so that the
library's own modules run on them unchanged. Where numpy rounds another way than the C library does (its
vector code for arcus functions, Python's own `hypot`), they go the way that ends at the same bit.
"""

from __future__ import annotations

import numpy as np

pi = 3.141592653589793

MappingProxyType = dict


class BareInputError(ValueError):
    """Stands for `soccer_lib.errors.InputError`."""


def bare_unknown_name(what, value, *rest):
    """Stands for `soccer_lib.errors.unknown_name`."""
    return BareInputError(f"unknown {what} {value!r}")


class BareRange:
    """Stands for `soccer_lib.ranges.Range`: what is exported has been checked before."""

    def __init__(self, *limits, **named):
        pass

    def array(self, name, values, *remedy):
        """The values as they are."""
        return np.asarray(values)


class BarePolicy:
    """Stands for `soccer_lib.policies.policy.Policy`."""

    def begin(self, seed=None):
        """Nothing to remember."""
        return None


class BareSpec:
    """Stands for `soccer_lib.policies.policy.PolicySpec`."""

    def __init__(self, name="", control="torque", observation="raw", hold=None, **rest):
        self.name = name
        self.control = control
        self.observation = observation
        self.hold = hold


KICKS: dict = {}
"""The kicks of the exported agent, by name."""


def bare_kicks():
    """Stands for `soccer_lib.control.kicks.load_kicks`."""
    return KICKS


class NamedTuple:
    """Stands for `typing.NamedTuple` and, with `dataclass`, for dataclasses: fields by place or by name."""

    def __init__(self, *values, **named):
        fields = type(self).__annotations__
        for name, value in [*zip(fields, values, strict=False), *named.items()]:
            setattr(self, name, value)

    def _replace(self, **changes):
        return type(self)(**{**self.__dict__, **changes})


def dataclass(**settings):
    """Stands for `dataclasses.dataclass`."""
    return lambda kind: type(kind.__name__, (kind, NamedTuple), {"__annotations__": kind.__annotations__})


def replace(record, **changes):
    """Stands for `dataclasses.replace`."""
    return type(record)(**{**record.__dict__, **changes})


def bare_function(function):
    """Stands for `soccer_lib.compiled.jit.compiled`."""
    return function


def sin(x):
    """Stands for `math.sin`."""
    return float(np.sin(x))


def cos(x):
    """Stands for `math.cos`."""
    return float(np.cos(x))


def atan2(y, x):
    """Stands for `math.atan2`: the logarithm of a complex number has it from the C library."""
    return float(np.log(complex(x, y)).imag) if x or y else float(np.arctan2(y, x))


def asin(x):
    """Stands for `math.asin`; in extended precision it is rounded once more, rarely to another bit."""
    return float(np.arcsin(np.longdouble(x)))


def acos(x):
    """Stands for `math.acos`; as `asin`."""
    return float(np.arccos(np.longdouble(x)))


def sqrt(x):
    """Stands for `math.sqrt`."""
    return float(np.sqrt(x))


def frexp(x):
    """Stands for `math.frexp`."""
    share, exponent = np.frexp(x)
    return float(share), int(exponent)


def ldexp(x, exponent):
    """Stands for `math.ldexp`."""
    return x * 2.0**exponent


def erf(x):
    """Stands for `math.erf`, to 2e-15: a sum of positive terms (Abramowitz and Stegun 1964, 7.1.6)."""
    if abs(x) > 6:
        return 1.0 if x > 0 else -1.0
    term = x
    total = x
    n = 0
    while abs(term) > 1e-17 * abs(total):
        n += 1
        term *= 2 * x * x / (2 * n + 1)
        total += term
    return float(2 / np.sqrt(pi) * np.exp(-x * x) * total)


def unpacked(text, table):
    """Arrays by name from base64.

    Args:
        text: bytes of all arrays, one after another, in lines of base64.
        table: name, type and shape of each.
    """
    letters = np.frombuffer(text.encode(), np.uint8)
    letters = letters[letters > 32]
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    values = np.zeros(128, np.uint32)
    values[np.frombuffer(alphabet, np.uint8)] = np.arange(64)
    a, b, c, d = values[letters].reshape(-1, 4).T
    words = (a << 18) + (b << 12) + (c << 6) + d
    content = np.stack((words >> 16, words >> 8 & 255, words & 255), axis=1).astype(np.uint8).tobytes()
    arrays = {}
    start = 0
    for name, kind, shape in table:
        size = int(np.prod(shape))
        arrays[name] = np.frombuffer(content, kind, size, start).reshape(shape).copy()
        start += arrays[name].nbytes
    return arrays
