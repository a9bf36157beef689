"""The gait search: repeatable scores, and a history that replays to the same optimiser."""

import numpy as np
import pytest

from soccer_lib.control.gait import PARAMETER_NAMES, GaitParameters
from soccer_lib.workshop.walker.gait_search import (
    SPREAD,
    GaitJob,
    GaitSearch,
    GaitTrial,
    parameters_at,
    tracking_score,
)


def test_every_parameter_has_a_search_unit():
    assert tuple(SPREAD) == PARAMETER_NAMES and min(SPREAD.values()) > 0
    np.testing.assert_allclose(parameters_at(np.zeros(len(SPREAD))).vector(), GaitParameters().vector())


def test_tracking_score_by_hand():
    assert tracking_score([0.5, 0.1, 0.2], [0.5, 0.1, 0.2]) == pytest.approx(1.0)
    far = tracking_score([0.5, 0.1, 0.2], [-0.5, 0.1, 0.2])
    assert far == pytest.approx(0.2 + 0.5 / (1 + 1 / 0.02) + 0.3)


def test_a_score_repeats_and_a_collapsing_gait_earns_little():
    trial = GaitTrial(variants=3, seed=0)
    good = trial(GaitJob(GaitParameters(), seed=5, scenarios=2))
    assert trial(GaitJob(GaitParameters(), seed=5, scenarios=2)) == good
    weak = GaitParameters(place_vx=-0.3, place_vy=-0.3, ankle_pitch=-1.0, ankle_roll=-1.0)
    assert trial(GaitJob(weak, seed=5, scenarios=2)) < min(good, 0.3)


def test_the_search_climbs():
    """The more of the first number, the better the score."""
    search = GaitSearch(population=8, sigma=0.5, seed=0)
    for _ in range(12):
        candidates = search.ask()
        search.tell(candidates, np.array([point[0] for point in candidates]))
    assert search.strategy.mean[0] > 0.5 and search.mean.frequency > GaitParameters().frequency


def test_a_killed_search_goes_on_as_if_nothing_happened():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(3, 6))
    straight = GaitSearch(population=6, sigma=0.5, seed=3)
    for row in scores:
        straight.tell(straight.ask(), row)
    expected = np.array(straight.ask())
    resumed = GaitSearch(population=6, sigma=0.5, seed=3)  # the optimiser seeds numpy's global generator
    resumed.replay(scores[:2])
    resumed.tell(resumed.ask(), scores[2])
    np.testing.assert_array_equal(straight.mean.vector(), resumed.mean.vector())
    np.testing.assert_array_equal(expected, np.array(resumed.ask()))
