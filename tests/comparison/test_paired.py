"""Differences of paired episodes: figures by hand, and verdicts that need their evidence."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from soccer_lib.comparison.paired import (
    BETTER,
    EQUAL,
    OPEN,
    TOO_FEW,
    WORSE,
    Pairs,
    differences,
    pairs_of,
    sentence,
    settling,
)
from soccer_lib.errors import InputError
from soccer_lib.tasks import COMPETITION
from tests.support.episodes import make_episode

GOALIE, OBSTACLE, TARGET = COMPETITION


def played(task: str, scores, name: str = "a", same: bool = False) -> list:
    """An episode for each score, seeds 0, 1, ...; `same` makes them copies of one."""
    return [
        make_episode(task, score, f"{name}{0 if same else seed}", seed=seed)
        for seed, score in enumerate(scores)
    ]


def test_pairs_are_made_by_task_seed_and_start_whatever_their_order():
    first = [make_episode(TARGET, 5.0, "a", seed=1), make_episode(TARGET, 1.0, "b", seed=2)]
    second = [make_episode(TARGET, 0.5, "c", seed=2), make_episode(TARGET, 3.0, "d", seed=1)]
    assert pairs_of(first, second) == {TARGET: Pairs([2.0, 0.5], [1, 1])}
    with pytest.raises(InputError, match="not the same ones; expected equal tasks, seeds and starts"):
        pairs_of(first, [second[0], make_episode(TARGET, 3.0, "d", seed=1, start=4)])
    with pytest.raises(InputError, match="2 and 1 episodes came"):
        pairs_of(first, second[:1])


def test_mean_and_variance_by_hand():
    """1, 2, 6: mean 3, squares 4 + 1 + 9 over 2. With 1 twice: mean 2.5, (2 x 2.25 + 0.25 + 12.25) / 4."""
    assert (Pairs([1.0, 2.0, 6.0], [1, 1, 1]).mean, Pairs([1.0, 2.0, 6.0], [1, 1, 1]).variance) == (3.0, 7.0)
    copies = Pairs([1.0, 2.0, 6.0], [2, 1, 1])
    assert copies.mean == 2.5 and copies.variance == pytest.approx(17 / 4 * 3 / 2) and copies.played == 4
    assert Pairs([4.0], [20]).variance == 0.0


def test_pairing_sees_what_two_separate_intervals_do_not():
    """Scores spread by 10, but the first is 1 ahead in each episode, give or take 0.1."""
    rng = np.random.default_rng(1)
    luck = rng.normal(0, 10, 20)
    gains = rng.normal(1, 0.1, 20)
    (one,) = differences(played(TARGET, luck + gains), played(TARGET, luck, "b"))
    assert one.verdict == BETTER and one.pairs == 20
    error = 1.96 * gains.std() / np.sqrt(20)
    assert (one.low, one.high) == pytest.approx((gains.mean() - error, gains.mean() + error), abs=0.01)
    (other,) = differences(played(TARGET, luck, "b"), played(TARGET, luck + gains))
    assert (other.verdict, other.mean) == (WORSE, pytest.approx(-one.mean))


def test_five_pairs_are_too_few_however_clear_and_six_are_not():
    """Five coins fall alike 2 times in 32, six 2 times in 64, which is less than 5%."""
    for count, verdict in ((5, TOO_FEW), (6, BETTER)):
        scores = np.arange(count) + 10.0
        (one,) = differences(played(TARGET, scores), played(TARGET, [0.0] * count, "b"))
        assert one.verdict == verdict and one.mean == scores.mean()
        assert isnan(one.low) is (verdict == TOO_FEW)


def test_copies_of_one_episode_are_exact_and_say_so():
    """A task without chance has one pair: its difference holds, but few copies prove no constancy."""
    first = played(GOALIE, [3.0] * 6, same=True)
    second = played(GOALIE, [1.0] * 6, "b", same=True)
    (one,) = differences(first, second)
    assert (one.verdict, one.mean, one.low, one.high, one.pairs) == (BETTER, 2.0, 2.0, 2.0, 1)
    assert "better than y in goalie_penalty_kick: +2.00 in every pair" in sentence("x", "y", one)
    assert differences(first[:5], second[:5])[0].verdict == TOO_FEW
    (equal,) = differences(first, first)
    assert equal.verdict == EQUAL and "score the same" in sentence("x", "y", equal)


def test_the_sum_adds_means_and_resamples_of_its_tasks():
    """A constant task shifts the interval of the sum and adds no width; too few of one task are too few."""
    gains = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    zeros = [0.0] * 6
    first = [*played(GOALIE, [10.0] * 6, same=True), *played(TARGET, gains)]
    second = [*played(GOALIE, zeros, "b", same=True), *played(TARGET, zeros, "b")]
    goalie, target, total = differences(first, second)
    assert (goalie.mean, target.mean, total.mean) == (10.0, 2.5, 12.5)
    assert (total.low, total.high) == pytest.approx((target.low + 10, target.high + 10))
    assert total.scope == "sum" and total.pairs == 6
    few = differences([*first, *played(OBSTACLE, [1.0, 2.0])], [*second, *played(OBSTACLE, zeros[:2], "b")])
    assert [one.verdict for one in few] == [BETTER, BETTER, TOO_FEW, TOO_FEW]


def test_how_many_episodes_would_settle_it_by_hand():
    """Of n pairs the error is s / sqrt(n); the mean has to be 2.8 of them: n = (2.8 s / mean)^2."""
    pairs = Pairs([-1.0, 1.0] * 5, [1] * 10)
    assert pairs.variance == pytest.approx(10 / 9)
    assert settling({TARGET: pairs}, 0.5) == 35  # 7.84 x 1.111 / 0.25 = 34.8
    assert settling({TARGET: pairs, OBSTACLE: pairs}, -1.0) == 18  # variances add: 7.84 x 2.222 = 17.4
    assert settling({TARGET: pairs}, 0.0) is None and settling({TARGET: pairs}, 1e-4) is None
    # Starts that repeat bring nothing new: beside them (1 / 2.8)^2 - 0.111 = 0.0164 are left for 1.111 / n.
    copies = Pairs([-1.0, 1.0] * 5, [2] * 10)
    assert settling({TARGET: copies}, 0.5) is None
    both = {TARGET: pairs, OBSTACLE: copies}
    assert settling(both, 1.0) == 68 and settling(both, 0.9) is None
    # The goalie task has 20 starts: an error of sqrt(1.111 / 20) = 0.236, of which 2.8 are 0.66.
    assert settling({GOALIE: pairs}, 0.67) == 20 and settling({GOALIE: pairs}, 0.65) is None


def test_an_open_verdict_says_what_would_settle_it():
    """+3 and -1 in turn, 8 pairs: mean 1, variance 4 x 8 / 7: 7.84 x 32 / 7 = 35.8 episodes."""
    first = played(TARGET, [3.0, -1.0] * 4)
    (one,) = differences(first, played(TARGET, [0.0] * 8, "b"))
    assert one.verdict == OPEN and one.low < 0 < one.high and one.settled_by == 36
    words = sentence("x", "y", one)
    assert words.startswith("cannot tell x and y apart in kick_to_target: +1.00 [")
    assert words.endswith("8 pairs; about 36 episodes a task would settle a difference of this size")


def test_the_goalie_task_has_no_more_than_its_twenty_starts():
    first = played(GOALIE, [3.0, -1.0] * 4)
    (one,) = differences(first, played(GOALIE, [0.0] * 8, "b"))
    assert one.verdict == OPEN and one.settled_by is None
    words = "; no number of episodes would settle it: too few different starts in goalie_penalty_kick"
    assert sentence("x", "y", one).endswith(words)
    # Beside a task that does not vary the sum is as open, and that task can be left out.
    more = [played(TARGET, scores, name) for scores, name in (([1.0] * 8, "a"), ([1.0] * 8, "b"))]
    *_, total = differences([*first, *more[0]], [*played(GOALIE, [0.0] * 8, "b"), *more[1]])
    assert total.short_of_starts == (GOALIE,)
    assert sentence("x", "y", total).endswith("in goalie_penalty_kick; leave it out with --tasks")


def test_what_no_practicable_number_of_episodes_would_settle_is_equal_for_practice():
    """+1 and -1 in turn, 10 pairs, 0.01 more in one: 2.8^2 x 1.1 / 0.001^2 is millions of episodes."""
    (one,) = differences(played(TARGET, [1.01, -1.0, *[1.0, -1.0] * 4]), played(TARGET, [0.0] * 10, "b"))
    assert one.verdict == OPEN and one.settled_by is None and one.short_of_starts == ()
    assert sentence("x", "y", one).endswith(
        "; even 90,000 episodes a task would not settle it: for practice they are equal"
    )


def test_too_few_say_how_many_there_are_and_what_to_try():
    (one,) = differences(played(TARGET, [1.0, 2.0]), played(TARGET, [0.0, 0.0], "b"))
    assert sentence("x", "y", one) == (
        "x and y in kick_to_target: too few: 2 distinct pairs (+1.50), and a verdict needs 6; "
        "try --episodes 20 --starts distinct"
    )
