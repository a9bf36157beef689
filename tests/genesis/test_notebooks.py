"""The lessons on Genesis run in the smoke preset with what they claim; what they read is committed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from soccer_lib.course.config import NotebookConfig
from soccer_lib.course.runner import run_notebooks
from soccer_lib.errors import InputError
from soccer_lib.genesis.studies import (
    DEFAULT_SEEDS,
    SEEDS,
    STUDIES,
    curves_of_study,
    pooled_rates,
    read_study,
    study_settings,
)
from soccer_lib.runs.files import MANIFEST, verify_manifest
from soccer_lib.runs.folder import CHECKOUT

STUDIED = CHECKOUT / "data" / "genesis"
COMMITTED = sorted(file.stem for file in STUDIED.glob("*.json") if file.name != MANIFEST)
LESSONS = sorted((CHECKOUT / "notebooks" / "genesis").glob("[0-9][0-9]_*.ipynb"))


@pytest.mark.usefixtures("genesis")
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_runs(lesson, tmp_path):
    run_notebooks(NotebookConfig(str(lesson), preset="smoke", out=str(tmp_path)))
    folder = tmp_path / "smoke" / lesson.stem
    record = json.loads((folder / "state.json").read_text())
    assert record["status"] == "done" and record["parted"] == []
    assert (folder / "summary.json").is_file()


@pytest.mark.golden
@pytest.mark.parametrize("name", COMMITTED)
def test_a_committed_study_is_whole(name):
    study = read_study(name)
    seeds = SEEDS.get(name, DEFAULT_SEEDS)
    # Presets are a part of them: who changes one makes the study again.
    assert study["settings"] == study_settings(name, seeds, None, 100)
    kinds = study["settings"]["kinds"]
    assert len(study["entries"]) == seeds * len(kinds) and "data/genesis" in study["command"]
    for kind, curves in curves_of_study(study).items():
        assert len(curves) == seeds, kind
    for rate, low, high in pooled_rates(study).values():
        assert 0 <= low <= rate <= high + 1e-9 <= 1 + 1e-9


@pytest.mark.golden
def test_the_committed_studies_are_what_was_written():
    assert set(verify_manifest(STUDIED)) == {f"{name}.json" for name in COMMITTED}
    assert {"ppo", "physics", "rewards"} <= set(COMMITTED) <= set(STUDIES)


def test_an_unknown_study_is_refused():
    with pytest.raises(InputError, match="unknown study 'pppo'"):
        read_study("pppo")


def test_seeds_are_what_an_interval_is_over():
    def entry(kind, successes):
        return {"kind": kind, "tests": {"none": {"success": successes}}}

    study = {
        "settings": {"kinds": {"spread": {}, "alike": {}}},
        "entries": [
            entry("spread", [1, 1, 1, 1]),
            entry("spread", [0, 0, 0, 0]),
            entry("alike", [1, 1, 1, 0]),
            entry("alike", [0, 1, 1, 1]),
        ],
    }
    rates = pooled_rates(study)
    # Two seeds of 1 and 0: resampled means are 0, a half and 1, and the interval is all of it.
    assert rates["spread"] == pytest.approx((0.5, 0.0, 1.0))
    # Where seeds agree it is Wilson's interval of 3 of 4.
    assert rates["alike"] == pytest.approx((0.75, 0.301, 0.954), abs=1e-3)
    assert np.isfinite(rates["alike"]).all()
