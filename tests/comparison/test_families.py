"""Methods over training seeds: names, interquartile means, verdicts; by hand."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.comparison.families import (
    estimated_iqm,
    families_of,
    interquartile_mean,
    iqm_difference,
    least_runs_met,
    short_names,
)
from soccer_lib.comparison.paired import BETTER, OPEN, TOO_FEW, WORSE
from soccer_lib.errors import InputError


def test_the_interquartile_mean_cuts_a_quarter_off_each_end():
    """Of eight two go at each end, of four one; of three none, so that it is their mean."""
    assert interquartile_mean([9.0, 1.0, 2.0, 3.0, 4.0, -50.0, 5.0, 1000.0]) == 3.5
    assert interquartile_mean([0.0, 1.0, 2.0, 99.0]) == 1.5
    assert interquartile_mean([1.0, 2.0, 6.0]) == 3.0


def test_its_interval_resamples_the_runs():
    """Two runs: half of all resamples are two copies of one, more than 2.5% of each."""
    assert estimated_iqm([1.0, 3.0]) == (2.0, 1.0, 3.0)
    assert estimated_iqm([2.0, 2.0, 2.0]) == (2.0, 2.0, 2.0)
    runs = np.random.default_rng(3).normal(size=400)
    value, low, high = estimated_iqm(runs)
    # The middle half of a normal distribution: its mean spreads 1.1 times as far as that of all.
    assert (high - low) / 2 == pytest.approx(1.96 * 1.1 / 20, rel=0.15) and low < value < high


def test_how_many_runs_a_verdict_needs():
    """Of 20 orders of 3 and 3 two keep them apart: 10%. Of 70 of 4 and 4: 3%. Six beside one agent: 3%."""
    assert not least_runs_met(3, 3) and least_runs_met(4, 4)
    assert not least_runs_met(2, 7) and least_runs_met(2, 8)  # 2 of 36, 2 of 45
    assert not least_runs_met(5, 1) and least_runs_met(1, 6)


def test_verdicts_on_methods():
    low, high = [0.0, 1.0, 2.0, 3.0], [10.0, 11.0, 12.0, 13.0]
    estimate, verdict = iqm_difference(high, low)
    assert estimate.value == 10.0 and verdict == BETTER and 7 <= estimate.low < 10 < estimate.high <= 13
    assert iqm_difference(low, high)[1] == WORSE and iqm_difference(low, [1.0, 2.0, 3.0, 4.0])[1] == OPEN
    estimate, verdict = iqm_difference(high[:3], low)
    assert (estimate.value, verdict) == (9.5, TOO_FEW) and np.isnan(estimate.low)
    assert iqm_difference([5.0, 6.0, 7.0, 6.0, 5.0, 7.0], [4.0])[1] == BETTER


def test_names_are_the_ends_of_paths():
    words = ["striker", "runs/clone/", "old/clone", "runs/td3/seed0", "more/td3/seed0", "a.safetensors"]
    names = ["striker", "runs/clone", "old/clone", "runs/td3/seed0", "more/td3/seed0", "a.safetensors"]
    assert short_names(words) == names
    assert short_names(["x/clone", "striker"]) == ["clone", "striker"]
    with pytest.raises(InputError, match=r"runs/a came twice; expected every agent once"):
        short_names(["runs/a", "runs/a/"])


def test_runs_that_differ_by_their_seed_are_one_method():
    names = ["striker", "td3/seed0", "td3/seed12", "ppo_seed1", "ppo_seed2", "alone_seed3", "seeded"]
    assert families_of(names) == {"td3": names[1:3], "ppo": names[3:5]}


def test_names_have_no_signs_that_a_terminal_obeys():
    assert short_names(["runs/\x1b[31mred\nline", "zero"]) == [r"\x1b[31mred\nline", "zero"]
