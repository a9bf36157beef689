"""Rows of a bench's table: a figure with the low and high end of its 95% interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

NOTHING = [float("nan")] * 3
"""The row of something that could not be measured once."""


def share_interval(outcomes: Sequence[bool]) -> list[float]:
    """Share of true outcomes with its Wilson interval (95%)."""
    n, z = len(outcomes), 1.96
    if not n:
        return NOTHING
    p = float(np.mean(outcomes))
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return [p, max(0.0, float((middle - half) / scale)), min(1.0, float((middle + half) / scale))]


def interval_of(
    values: Sequence[float] | np.ndarray, statistic: Callable[[np.ndarray], float] = np.mean
) -> list[float]:
    """A statistic with its bootstrap interval (95%), leaving out what could not be measured."""
    array = np.asarray(values, dtype=float)
    array = array[np.isfinite(array)]
    return bootstrap(len(array), lambda i: float(statistic(array[i]))) if len(array) else NOTHING


def bootstrap(n: int, statistic: Callable[[np.ndarray], float], draws: int = 2000) -> list[float]:
    """A statistic of n trials with its percentile bootstrap interval (95%)."""
    rng = np.random.default_rng(0)
    samples = [statistic(rng.integers(0, n, n)) for _ in range(draws)]
    low, high = np.nanpercentile(samples, [2.5, 97.5])
    return [statistic(np.arange(n)), float(low), float(high)]


def format_rows(names: Sequence[str], tables: Sequence[Mapping[str, Sequence[float]]]) -> str:
    """Tables side by side as plain text: a column for each, under its name."""
    lines = [f"{'row':28}" + "".join(f"{name:>30}" for name in names)]
    for row in tables[0]:
        cells = (table[row] for table in tables)
        lines.append(
            f"{row:28}" + "".join(f"{f'{v:.3f} [{low:.3f}, {high:.3f}]':>30}" for v, low, high in cells)
        )
    return "\n".join(lines)
