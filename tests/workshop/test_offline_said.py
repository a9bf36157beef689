"""What the README says of offline learning is what the committed curves have."""

from __future__ import annotations

import re

import numpy as np
import pytest

from soccer_lib.runs import load_json
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.workshop.studies.curve import student_interval
from soccer_lib.workshop.studies.offline import BEST_HALF, KINDS, PLAIN

CURVES = {
    file.stem.partition("_")[2]: load_json(file) for file in CHECKOUT.glob("data/curves/offline_*.json")
}
SECTION = (CHECKOUT / "README.md").read_text(encoding="utf-8").partition("## Offline learning")[2]
SECTION = SECTION.partition("\n## ")[0]
ROW = re.compile(r"^\| (\w+) \| (`.+?) \| (.+?) \| (.*?)\|$", re.MULTILINE)


def figures(entry):
    """As a table tells them: mean and interval to a tenth."""
    return f"{entry['mean']:.1f} [{entry['ci95'][0]:.1f}, {entry['ci95'][1]:.1f}]"


def test_every_row_is_that_of_its_curve_and_none_is_missing():
    told = set()
    for study, name, total, apart in ROW.findall(SECTION):
        kind = name.replace("`", "")
        told.add((study, kind))
        [group] = [one for one in CURVES[study]["groups"] if one["x"] == kind]
        differences = {one["x"]: figures(one) for one in CURVES[study]["differences"]}
        assert (total, apart.strip()) == (figures(group), differences.get(kind, "")), (study, kind)
    assert told == {(study, kind) for study in CURVES for kind in KINDS[study]}


def gain(study, kind, reference=PLAIN):
    """Interval of what a kind has more than another, paired by seed."""
    scores = {
        name: np.array([one["score"] for one in CURVES[study]["entries"] if one["x"] == name])
        for name in (kind, reference)
    }
    return student_interval((scores[kind] - scores[reference]).tolist())


@pytest.mark.parametrize(
    ("study", "kind", "reference", "verdict"),
    [
        ("mixed", "iql", PLAIN, "better"),
        ("mixed", "iql", BEST_HALF, "alike"),
        ("mixed", "td3bc", PLAIN, "alike"),
        ("noisy", "iql", PLAIN, "better"),
        ("noisy", "iql", BEST_HALF, "better"),
        ("noisy", BEST_HALF, PLAIN, "alike"),
        ("expert", "iql", PLAIN, "alike"),
    ],
)
def test_the_sentences_below_the_table(study, kind, reference, verdict):
    words = " ".join(SECTION.split())
    assert "worth its time wherever data are not an expert's" in words
    assert (
        "the worse half away does as well; where every episode has good and bad moments that does not"
        in words
    )
    assert "On an expert's own episodes nothing can be told from cloning" in words
    low, high = gain(study, kind, reference)
    assert ("better" if low > 0 else "worse" if high < 0 else "alike") == verdict
