"""Runs that differ by their training seed alone: names, interquartile means and their differences.

One run says little about a method. The interquartile mean (the mean of the middle half) of its runs is robust
against single lucky and unlucky ones (Agarwal et al., "Deep Reinforcement Learning at the Edge of the
Statistical Precipice", 2021); its interval resamples the runs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import comb, nan
from pathlib import PurePath

import numpy as np

from soccer_lib.comparison.paired import BETTER, OPEN, TOO_FEW, WORSE
from soccer_lib.errors import InputError, printable
from soccer_lib.evaluation.intervals import DRAWS, Estimate, percentile_interval

_SEED = re.compile(r"[/_.-]*seed[_=-]?\d+$", re.IGNORECASE)

CHANCE = 0.05
"""How often equal methods may be told apart by chance."""


def short_names(agents: Sequence[str]) -> list[str]:
    """The ends of paths by which agents can be told apart; names stay as they are.

    Raises:
        InputError: an agent came twice.

    Example:
        >>> short_names(["striker", "runs/clone/", "old/clone", "runs/td3/seed0"])
        ['striker', 'runs/clone', 'old/clone', 'td3/seed0']
    """
    paths = [PurePath(agent) for agent in agents]
    if len(set(paths)) < len(paths):
        twice = next(agent for agent, path in zip(agents, paths, strict=True) if paths.count(path) > 1)
        raise InputError(f"{twice} came twice; expected every agent once; leave one out")
    # A folder that is only named by a seed takes the name of the method before it.
    depths = [2 if _SEED.fullmatch(path.name) else 1 for path in paths]
    while True:
        names = [printable("/".join(path.parts[-depth:])) for path, depth in zip(paths, depths, strict=True)]
        clashes = [names.count(name) > 1 for name in names]
        if not any(clashes):
            return names
        depths = [depth + clash for depth, clash in zip(depths, clashes, strict=True)]


def families_of(names: Sequence[str]) -> dict[str, list[str]]:
    """Names that differ by a seed at their end, by what they share; who is alone there is no family.

    Example:
        >>> families_of(["striker", "td3/seed0", "td3/seed1", "ppo_seed3"])
        {'td3': ['td3/seed0', 'td3/seed1']}
    """
    found: dict[str, list[str]] = {}
    for name in names:
        if _SEED.search(name):
            found.setdefault(_SEED.sub("", name), []).append(name)
    return {stem: members for stem, members in found.items() if stem and len(members) > 1}


def interquartile_mean(scores: Sequence[float] | np.ndarray) -> float:
    """Mean of the middle half: a quarter of the scores, rounded down, is cut off at each end.

    Example:
        >>> interquartile_mean([1.0, 2.0, 3.0, 100.0])
        2.5
    """
    from scipy.stats import trim_mean

    return float(trim_mean(scores, 0.25))


def estimated_iqm(scores: Sequence[float]) -> Estimate:
    """Interquartile mean of runs, with the 95% interval over resampled runs."""
    resampled = _resampled_iqms(scores, np.random.default_rng(0))
    return Estimate(interquartile_mean(scores), *percentile_interval(resampled))


def least_runs_met(first: int, second: int) -> bool:
    """Whether so many runs could show a difference: none of equal methods is ahead in all by chance.

    With one agent alone on a side, which is a fixed one, all runs fall on one side of it once in 2^(n-1)
    times; runs of two methods lie apart from each other in 2 of (n + m over n) orders.

    Example:
        >>> least_runs_met(3, 3), least_runs_met(4, 4), least_runs_met(5, 1), least_runs_met(6, 1)
        (False, True, False, True)
    """
    if 1 in (first, second):
        return 0.5 ** (max(first, second) - 1) <= CHANCE
    return 2 / comb(first + second, first) <= CHANCE


def iqm_difference(first: Sequence[float], second: Sequence[float]) -> tuple[Estimate, str]:
    """Interquartile mean of one method's runs minus that of another's, and a verdict on the first.

    The runs of each side are resampled by themselves; an agent that is alone on its side counts as it is.
    """
    value = interquartile_mean(first) - interquartile_mean(second)
    if not least_runs_met(len(first), len(second)):
        return Estimate(value, nan, nan), TOO_FEW
    rng = np.random.default_rng(0)
    gains = _resampled_iqms(first, rng) - _resampled_iqms(second, rng)
    low, high = percentile_interval(gains)
    return Estimate(value, low, high), BETTER if low > 0 else WORSE if high < 0 else OPEN


def _resampled_iqms(scores: Sequence[float], rng: np.random.Generator) -> np.ndarray:
    """Interquartile means of resampled runs. Shape: (DRAWS,)."""
    from scipy.stats import trim_mean

    drawn = rng.integers(0, len(scores), (DRAWS, len(scores)))
    return trim_mean(np.asarray(scores, dtype=float)[drawn], 0.25, axis=1)
