"""A figure with its 95% interval: shares by Wilson's formula, statistics by the percentile bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

Z_95 = 1.96
"""Half the width of the normal distribution's 95% interval, in standard deviations."""

DRAWS = 2000
"""Bootstrap samples of one figure."""


class Estimate(NamedTuple):
    """A figure and the ends of its 95% interval; NaN where nothing could be measured."""

    value: float
    low: float
    high: float


UNMEASURED = Estimate(float("nan"), float("nan"), float("nan"))


def percentile_interval(resampled: Sequence[float] | np.ndarray) -> list[float]:
    """Low and high end of the 95% interval of resampled values; those that are NaN are left out.

    Example:
        >>> percentile_interval(range(1001))
        [25.0, 975.0]
    """
    return np.nanpercentile(resampled, [2.5, 97.5]).tolist()


def wilson(outcomes: Sequence[bool]) -> Estimate:
    """Share of true outcomes with its score interval (Wilson 1927), which also holds for few and for none.

    Example:
        >>> [round(end, 3) for end in wilson([True, True, True, True])]
        [1.0, 0.51, 1.0]
    """
    n = len(outcomes)
    if not n:
        return UNMEASURED
    share = float(np.mean(outcomes))
    centre = share + Z_95**2 / (2 * n)
    half = Z_95 * np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    scale = 1 + Z_95**2 / n
    # Rounding alone can lead out of the range of a share.
    low = max(0.0, float((centre - half) / scale))
    high = min(1.0, float((centre + half) / scale))
    return Estimate(share, low, high)


def bootstrap(n: int, statistic: Callable[[np.ndarray], float]) -> Estimate:
    """A statistic of n trials with its percentile interval (Efron 1979).

    Args:
        n: how many trials there are.
        statistic: takes the numbers of the trials that were drawn, Shape: (n,).
    """
    rng = np.random.default_rng(0)
    resampled = [statistic(rng.integers(0, n, n)) for _ in range(DRAWS)]
    return Estimate(statistic(np.arange(n)), *percentile_interval(resampled))


def bootstrap_of(
    values: Sequence[float] | np.ndarray, statistic: Callable[[np.ndarray], float] = np.mean
) -> Estimate:
    """A statistic of measured values with its percentile interval; what is NaN or infinite is left out."""
    measured = np.asarray(values, dtype=float)
    measured = measured[np.isfinite(measured)]
    if not len(measured):
        return UNMEASURED
    return bootstrap(len(measured), lambda drawn: float(statistic(measured[drawn])))
