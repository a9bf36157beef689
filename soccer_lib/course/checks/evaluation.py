"""Exercises of lesson 06: the official score, the interval of a mean, and that of a difference in pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from soccer_lib.course.checks.answers import Answers
from soccer_lib.course.checks.judge import Property, example, judge
from soccer_lib.course.checks.wording import shown
from soccer_lib.scoring import OFFICIAL_WEIGHTS, official_score

RESAMPLES = 4000
"""Of the interval that an answer is compared with."""

NEAR = 0.12
"""How far the ends of an interval may lie from it, mean over many samples [standard errors]. On these scores
1,000 resamples come within 0.02; 30 resamples, the 5% percentile and the normal formula are 0.2 off."""


def check_official_score(score: Callable[[str, dict[str, Any]], float]) -> bool:
    """Check a function (task name, reward terms of the last step) -> official score."""
    rng = np.random.default_rng(0)
    properties: list[Property] = []
    for task, weights in OFFICIAL_WEIGHTS.items():
        # As in an info: some values are numpy's.
        terms = {name: rng.uniform(-1, 1, 1)[0] for name in weights if name != "steps"}
        zeros = dict.fromkeys(terms, 0.0)
        foreign = {**terms, "robot_smiles": 7.0}
        right = official_score(task, terms)
        properties += [
            example(
                f"an episode of {task} without any term costs its steps term", (task, zeros), weights["steps"]
            ),
            example(f"random terms of {task} are weighted and added up", (task, terms), right),
            example("a term without an official weight changes nothing", (task, foreign), right),
        ]
    return judge(score, properties)


def check_interval(interval: Callable[[np.ndarray], tuple[float, float]]) -> bool:
    """Check a function scores -> 95% bootstrap interval of their mean (low, high).

    Wanted are the 2.5% and 97.5% percentiles of the resampled means. The scores are skewed as those of a
    player who mostly misses: there these percentiles are neither those of the normal formula nor of the
    median.
    """
    rng = np.random.default_rng(1)
    # Of different sizes: where a function starts its generator anew, each has draws of its own.
    samples = [rng.lognormal(0, 1, count) - 2 for count in range(20, 68, 2)]
    hundred = rng.lognormal(0, 1, 100) - 2

    def ends(answers: Answers, scores: np.ndarray) -> np.ndarray:
        return answers(scores, shape=(2,))

    def around_the_mean(answers: Answers) -> None:
        low, high = ends(answers, hundred)
        if not low < hundred.mean() - 1e-9 < hundred.mean() + 1e-9 < high:  # more than rounding
            expected = f"low < mean ({hundred.mean():.3f}) < high"
            raise answers.miss((hundred,), expected, f"low {low:.3f}, high {high:.3f}")

    def narrower_with_more(answers: Answers) -> None:
        low, high = ends(answers, hundred)
        few_low, few_high = ends(answers, hundred[:10])
        if not few_high - few_low > high - low:
            expected = f"wider than the {high - low:.3f} of all hundred"
            raise answers.miss((hundred[:10],), expected, f"{few_high - few_low:.3f}")

    def at_the_percentiles(answers: Answers) -> None:
        errors = []
        for scores in samples:
            resampled = rng.choice(scores, (RESAMPLES, len(scores))).mean(axis=1)
            wanted = np.percentile(resampled, [2.5, 97.5])
            errors.append((ends(answers, scores) - wanted) / resampled.std())
        low, high = np.mean(errors, axis=0)
        if abs(low) > NEAR or abs(high) > NEAR:
            worst = int(np.abs(errors).sum(axis=1).argmax())
            scores = samples[worst]
            resampled = rng.choice(scores, (RESAMPLES, len(scores))).mean(axis=1)
            expected = f"about {shown(np.percentile(resampled, [2.5, 97.5]))}"
            got = f"{shown(ends(answers, scores))}; over {len(samples)} samples low is off by {low:.2f} and "
            got += f"high by {high:.2f} standard errors of the mean"
            raise answers.miss((scores,), expected, got)

    threes = np.full(12, 3.0)
    return judge(
        interval,
        [
            ("low is below the mean and high above it", around_the_mean),
            example("scores that are all 3 leave no doubt", (threes,), (3, 3)),
            ("ten scores make a wider interval than a hundred", narrower_with_more),
            ("2.5% of the resampled means lie below low and 2.5% above high", at_the_percentiles),
        ],
    )


Starts = dict[tuple[str, int], float]


def check_difference(difference: Callable[[Starts, Starts], tuple[float, float]]) -> bool:
    """Check a function (scores by start of two agents) -> 95% bootstrap interval of their paired difference.

    The starts differ far more from each other than the agents do on one start: who resamples the agents by
    themselves, or pairs by the order of the entries, gets another interval.
    """
    rng = np.random.default_rng(2)

    def scores_of(values: np.ndarray) -> Starts:
        return {("goalie", number): float(value) for number, value in enumerate(values)}

    hard_and_easy = np.array([3.0, -1.0, 20.0, 5.5, 12.0])
    first = scores_of(hard_and_easy)
    one_less = scores_of(hard_and_easy - 1)
    backwards = dict(reversed(one_less.items()))
    fewer = {start: score for start, score in one_less.items() if start != ("goalie", 2)}

    def at_the_percentiles(answers: Answers) -> None:
        errors = []
        for count in range(20, 60, 4):
            hard = rng.normal(0, 5, count)
            gains = rng.lognormal(0, 1, count) - 1
            pair = (scores_of(hard + gains), scores_of(hard))
            resampled = rng.choice(gains, (RESAMPLES, count)).mean(axis=1)
            wanted = np.percentile(resampled, [2.5, 97.5])
            got = answers(*pair, shape=(2,))
            errors.append((got - wanted) / resampled.std())
        low, high = np.mean(errors, axis=0)
        if abs(low) > NEAR or abs(high) > NEAR:
            expected = f"about {shown(wanted)}"
            words = f"{shown(got)}; over {len(errors)} pairs of agents low is off by {low:.2f} and high by "
            raise answers.miss(pair, expected, f"{words}{high:.2f} standard errors of the mean")

    return judge(
        difference,
        [
            example("an agent does not differ from itself", (first, first), (0, 0)),
            example("one point more on every start is one point, without doubt", (first, one_less), (1, 1)),
            example("the first minus the second, and not the other way round", (one_less, first), (-1, -1)),
            example("a start is paired by its name, in whatever order they came", (first, backwards), (1, 1)),
            example("a start that only one of them played is no pair", (first, fewer), (1, 1)),
            ("2.5% of the resampled mean differences lie below low and 2.5% above high", at_the_percentiles),
        ],
    )
