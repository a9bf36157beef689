"""The committed demonstrations are what their command makes."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.control.weights import DATA
from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.files import read_dataset
from soccer_lib.runs import load_json
from soccer_lib.tasks import COMPETITION

FILE = DATA / "demos" / "striker.npz"


@pytest.mark.parametrize("task", COMPETITION)
@pytest.mark.golden
def test_a_demonstration_is_played_again_alike(task):
    committed, settings = read_dataset(FILE), load_json(FILE.with_suffix(".json"))["settings"]
    assert settings["from_policy"] == "striker" and settings["tasks"] == ["all"]
    asked = PlayedDatasetConfig(
        from_policy="striker", tasks=(task,), episodes=1, seed=settings["seed"], workers=1
    )
    again = collect_dataset(asked, progress=False)
    row = np.flatnonzero((committed.tasks == task) & (committed.seeds == settings["seed"]))
    before = committed.take(np.isin(committed.episode_id, row))
    # Another processor adds up in another order, and a walk drifts apart in the end: the first second counts.
    np.testing.assert_allclose(again.observations[:10], before.observations[:10], atol=1e-2)
    np.testing.assert_allclose(again.actions[:10], before.actions[:10], atol=1e-2)
    assert again.observation_layout == before.observation_layout and again.rate_hz == before.rate_hz
    assert again.success.tolist() == before.success.tolist()
