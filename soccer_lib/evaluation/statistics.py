"""From episodes to means, rates and 95% intervals.

Intervals are percentile bootstraps (those of `scipy.stats.bootstrap`, without the half second of its import):
they are defined for every sample, never leave the range of the observed scores, and their resamples can be
added over tasks to give the interval of the sum. BCa corrects skewness a little better, but is undefined
where a jackknife sample is constant and cannot be added. What is resampled are the distinct episodes, each
with the number of times that it was played: twenty copies of one deterministic episode are one sample and
give no interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import numpy as np

from soccer_lib.evaluation.episode import Episode
from soccer_lib.evaluation.intervals import percentile_interval
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.tasks import TASKS

RESAMPLES = 9999
_SEED = 20251115
_RATES = {
    "success_rate": "success",
    "offside_rate": "offside",
    "fall_rate": "fallen",
    "macro_trigger_rate": "kicked",
    "episode_length_mean": "length",
}


def summarise(episodes: Sequence[Episode]) -> dict[str, Any]:
    """The flat figures of `evaluate --json`.

    Returns:
        `<task>/comp_total`, `<task>/comp_<component>` (weighted shares, which add up to comp_total),
        `<task>/comp_total_ci95` [low, high], `<task>/success_rate`, `offside_rate`, `fall_rate`,
        `macro_trigger_rate` (share of episodes with a kick or clip), `episode_length_mean` [physics steps],
        `n_episodes`, `n_distinct`; `<task>/env_return_mean` in place of the comp_ keys outside the
        competition; and `comp_total_sum`, `comp_total_sum_ci95` over the competition tasks.
    """
    summary: dict[str, Any] = {}
    total = 0.0
    resampled_total = np.zeros(1)
    competes = False
    for task in dict.fromkeys(episode.task for episode in episodes):
        played = [episode for episode in episodes if episode.task == task]
        if TASKS[task].in_competition:
            competes = True
            mean = fmean(_score(episode) for episode in played)
            resampled = resampled_means(played)
            total += mean
            resampled_total = resampled_total + resampled  # tasks are independent: add resample by resample
            summary[f"{task}/comp_total"] = mean
            for name in OFFICIAL_WEIGHTS[task]:
                summary[f"{task}/comp_{name}"] = fmean(episode.components[name] for episode in played)
            summary[f"{task}/comp_total_ci95"] = interval(resampled, mean)
        else:
            summary[f"{task}/env_return_mean"] = fmean(episode.episode_return for episode in played)
        for key, name in _RATES.items():
            summary[f"{task}/{key}"] = fmean(getattr(episode, name) for episode in played)
        summary[f"{task}/n_episodes"] = len(played)
        summary[f"{task}/n_distinct"] = len({episode.fingerprint for episode in played})
    if competes:
        summary["comp_total_sum"] = total
        summary["comp_total_sum_ci95"] = interval(resampled_total, total)
    return summary


def resampled_means(episodes: Sequence[Episode]) -> np.ndarray:
    """Means of bootstrap resamples of one task's distinct episodes.

    Returns:
        Shape: (9999,), or (1,) where nothing varies: one distinct episode, or equal scores.
    """
    scores = {episode.fingerprint: _score(episode) for episode in episodes}
    copies = Counter(episode.fingerprint for episode in episodes)
    return resample_means(list(scores.values()), [copies[key] for key in scores], episodes[0].task)


def resample_means(values: Sequence[float], copies: Sequence[int], task: str) -> np.ndarray:
    """Means of bootstrap resamples of distinct values, each of which came a number of times.

    Args:
        values: a number for each distinct episode, or pair of episodes.
        copies: how often each of them was played.
        task: its place in `TASKS` chooses the stream of random numbers.

    Returns:
        Shape: (9999,), or (1,) where all values are equal.
    """
    if len(set(values)) == 1:
        return np.array(values[:1])
    # One stream for each task, whichever tasks are evaluated with it.
    rng = np.random.default_rng([_SEED, list(TASKS).index(task)])
    totals = np.multiply(values, copies)
    counts = np.array(copies)
    means = np.empty(RESAMPLES)
    for part in np.array_split(means, 10):  # a tenth at a time lies in memory
        drawn = rng.integers(0, len(counts), (len(part), len(counts)))
        part[:] = totals[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return means


def _score(episode: Episode) -> float:
    assert episode.score is not None  # the episode is of a competition task
    return episode.score


def interval(resampled: np.ndarray, value: float) -> list[float]:
    """The 95% interval [low, high] of resampled means; `value` itself where nothing varies."""
    if len(resampled) == 1:
        return [value, value]
    return percentile_interval(resampled)


def remarks(summary: Mapping[str, Any], tasks: Sequence[str]) -> list[str]:
    """Sentences that a reader of the intervals needs: which of them say nothing, and why."""
    lines = []
    for task in tasks:
        played = summary[f"{task}/n_episodes"]
        distinct = summary[f"{task}/n_distinct"]
        low, high = summary.get(f"{task}/comp_total_ci95", (0, 1))
        if not TASKS[task].in_competition:
            mean = summary[f"{task}/env_return_mean"]
            lines.append(f"{task}: no official score; mean return of the stock reward {mean:.1f}.")
        if distinct == 1:
            copies = f"all {played} episodes are the same one" if played > 1 else "one episode"
            lines.append(f"{task}: {copies}: 1 distinct, so there is no interval.")
        elif low == high:
            lines.append(f"{task}: {distinct} distinct episodes with the same score: nothing to resample.")
    return lines
