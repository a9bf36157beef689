"""From episodes to means, rates and 95% intervals.

Intervals are percentile bootstraps (`scipy.stats.bootstrap`): they are defined for every sample, never
leave the range of the observed scores, and their resamples can be added over tasks to give the interval
of the sum. BCa corrects skewness a little better, but is undefined where a jackknife sample is constant
and cannot be added. What is resampled are the distinct episodes, each with the number of times that it
was played: twenty copies of one deterministic episode are one sample and give no interval.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from soccer_lib.evaluate.episode import Episode
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.tasks import TASKS

RESAMPLES = 9999
CONFIDENCE = 0.95
_SEED = 20251115
_BATCH_ENTRIES = 2_000_000


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
    samples: list[np.ndarray] = []
    for task in dict.fromkeys(episode.task for episode in episodes):
        played = [episode for episode in episodes if episode.task == task]
        if TASKS[task].in_competition:
            samples.append(resampled_means(played))
            summary |= _scores(task, played, samples[-1])
        else:
            summary[f"{task}/env_return_mean"] = _mean(episode.episode_return for episode in played)
        summary |= _rates(task, played)
    if samples:
        totals = [value for key, value in summary.items() if key.endswith("/comp_total")]
        summary["comp_total_sum"] = sum(totals)
        summary["comp_total_sum_ci95"] = interval(sum(samples), sum(totals))
    return summary


def _scores(task: str, episodes: Sequence[Episode], resampled: np.ndarray) -> dict[str, Any]:
    total = _mean(episode.score for episode in episodes)
    return {
        f"{task}/comp_total": total,
        **{
            f"{task}/comp_{name}": _mean(episode.components[name] for episode in episodes)
            for name in OFFICIAL_WEIGHTS[task]
        },
        f"{task}/comp_total_ci95": interval(resampled, total),
    }


def _rates(task: str, episodes: Sequence[Episode]) -> dict[str, Any]:
    return {
        f"{task}/success_rate": _mean(episode.success for episode in episodes),
        f"{task}/offside_rate": _mean(episode.offside for episode in episodes),
        f"{task}/fall_rate": _mean(episode.fallen for episode in episodes),
        f"{task}/macro_trigger_rate": _mean(episode.kicked for episode in episodes),
        f"{task}/episode_length_mean": _mean(episode.length for episode in episodes),
        f"{task}/n_episodes": len(episodes),
        f"{task}/n_distinct": n_distinct(episodes),
    }


def _mean(values: Any) -> float:
    # A mean of equal numbers is that number to the last digit, which a sum and a division may miss.
    values = [float(value) + 0.0 for value in values]  # + 0.0 turns -0.0 into 0.0
    return values[0] if len(set(values)) == 1 else sum(values) / len(values)


def n_distinct(episodes: Sequence[Episode]) -> int:
    """How many different episodes there are, by start state and torques."""
    return len({(episode.task, episode.fingerprint) for episode in episodes})


def resampled_means(episodes: Sequence[Episode]) -> np.ndarray:
    """Means of bootstrap resamples of one task's distinct episodes.

    Returns:
        Shape: (9999,), or (1,) where nothing varies: one distinct episode, or equal scores.
    """
    scores: dict[str, float] = {episode.fingerprint: float(episode.score) for episode in episodes}
    if len(set(scores.values())) == 1:
        return np.array([next(iter(scores.values()))])
    from scipy.stats import bootstrap  # half a second, and most commands do not need it

    counts = dict.fromkeys(scores, 0)
    for episode in episodes:
        counts[episode.fingerprint] += 1
    values = np.array(list(scores.values()))
    times = np.array([counts[key] for key in scores], dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of two episodes, resamples can all be equal: that is the answer
        result = bootstrap(
            (values, times),
            lambda value, count, axis: np.sum(value * count, axis=axis) / np.sum(count, axis=axis),
            paired=True,
            vectorized=True,
            n_resamples=RESAMPLES,
            batch=max(1, _BATCH_ENTRIES // len(values)),
            method="percentile",
            # One stream for each task, whichever tasks are evaluated with it.
            rng=np.random.default_rng([_SEED, list(TASKS).index(episodes[0].task)]),
        )
    return result.bootstrap_distribution


def interval(resampled: np.ndarray, value: float) -> list[float]:
    """The 95% interval [low, high] of resampled means; `value` itself where nothing varies."""
    if len(resampled) == 1:
        return [value, value]
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(resampled, [tail, 100 - tail])
    return [float(low), float(high)]


def remarks(summary: Mapping[str, Any]) -> list[str]:
    """Sentences that a reader of the intervals needs: which of them say nothing, and why."""
    lines = []
    for key, value in summary.items():
        task, _, name = key.partition("/")
        low, high = summary.get(f"{task}/comp_total_ci95", (0, 1))
        if name == "env_return_mean":
            lines.append(f"{task}: no official score; mean return of the stock reward {value:.1f}.")
        if name != "n_distinct":
            continue
        if value == 1:
            played = summary[f"{task}/n_episodes"]
            copies = f"all {played} episodes are the same one" if played > 1 else "one episode"
            lines.append(f"{task}: {copies}: 1 distinct, so there is no interval.")
        elif low == high:
            lines.append(f"{task}: {value} distinct episodes with the same score: nothing to resample.")
    return lines
