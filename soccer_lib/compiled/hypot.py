"""Python's own `math.hypot`, which is not the C library's."""

from __future__ import annotations

import math

from soccer_lib.compiled.jit import compiled

_SPLIT = 134217729.0
"""2**27 + 1: splits a double into two halves whose products are exact (Veltkamp and Dekker)."""


@compiled
def hypot(a: float, b: float) -> float:
    """Length of (a, b) as CPython's `math.hypot` computes it; finite numbers, none of them subnormal."""
    most = max(abs(a), abs(b))
    if most == 0.0:
        return most
    _, exponent = math.frexp(most)
    scale = math.ldexp(1.0, -exponent)
    total = 1.0
    low_products = 0.0
    low_sums = 0.0
    for value in (abs(a) * scale, abs(b) * scale):
        high, low = _square(value, value)
        partial = total + high
        low_sums += (total - partial) + high
        total = partial
        low_products += low
    length = math.sqrt(total - 1.0 + (low_products + low_sums))
    # One step of Newton's method on what is left.
    high, low = _square(-length, length)
    partial = total + high
    low_sums += (total - partial) + high
    low_products += low
    length += (partial - 1.0 + (low_products + low_sums)) / (2.0 * length)
    return length / scale


@compiled
def _square(x, y):
    """Product of two doubles as an unevaluated sum of two."""
    t = x * _SPLIT
    x_high = t - (t - x)
    x_low = x - x_high
    t = y * _SPLIT
    y_high = t - (t - y)
    y_low = y - y_high
    p = x_high * y_high
    q = x_high * y_low + x_low * y_high
    high = p + q
    return high, p - high + q + x_low * y_low
