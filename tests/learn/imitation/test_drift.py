"""How far a clone is from its expert, with numbers worked out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from soccer_lib.errors import InputError
from soccer_lib.learn.imitation.drift import agreement, nearest_distances
from tests.support.small_expert import demonstrations


def test_kicks_are_counted_apart_from_the_error_of_walking():
    walk, kick, other = [0.2, 0.0, 0.0], [1.0, -1.0, 1.0], [-1.0, 1.0, -1.0]
    wanted = np.array([walk, walk, kick, kick, kick, walk])
    answers = np.array([[0.5, 0.0, 0.0], kick, kick, walk, other, [0.2, 0.6, 0.0]])
    found = agreement(answers, wanted)
    # 0.3 squared and 0.6 squared, each over three entries; the four rows with a kick count nothing.
    assert found.errors[[0, 5]] == pytest.approx([0.03, 0.12]) and np.isnan(found.errors[1:5]).all()
    assert found.walk_error == pytest.approx(0.075)
    assert found.false_kicks.tolist() == [False, True, False, False, False, False]
    assert found.missed_kicks.tolist() == [False, False, False, True, True, False]
    assert np.isnan(agreement(np.array([kick]), np.array([kick])).walk_error)


def at(places, tasks):
    """An episode of one sample for each place."""
    data = demonstrations(len(places), length=1)
    rows = np.zeros_like(data.observations)
    rows[:, :3] = places
    return dataclasses.replace(data, observations=rows, tasks=np.array(tasks))


def test_the_nearest_known_sample_of_the_same_task_counts():
    # Spread of the first entry 2, of the second 1; the third is constant and tells nothing.
    known = at([(0, 0, 5), (4, 2, 5), (100, 9, 5), (104, 11, 5)], ["a", "a", "b", "b"])
    seen = at([(0, 0, 7), (4, 1, 5), (2, 0, 5), (100, 9, 5)], ["a", "a", "a", "a"])
    found = nearest_distances(seen, known, [0, 1, 2])
    # (0, 1) away in spreads, (1, 0) away, and 96 / 2 and 7 / 1 from (4, 2): root mean square of two entries.
    expected = [0, (1 / 2) ** 0.5, (1 / 2) ** 0.5, ((48**2 + 7**2) / 2) ** 0.5]
    assert found == pytest.approx(expected)
    with pytest.raises(InputError, match="no known sample is of c"):
        nearest_distances(at([(0, 0, 0)], ["c"]), known, [0])
    other = dataclasses.replace(seen, observation_layout="robot", observations=seen.observations[:, :89])
    with pytest.raises(InputError, match="observations robot and agent came"):
        nearest_distances(other, known, [0])
