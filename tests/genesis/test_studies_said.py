"""What README and the lessons say of the committed studies in words and figures of their own."""

from __future__ import annotations

import re

import pytest

from soccer_lib.course.curves import paired_difference
from soccer_lib.genesis.studies import points_by_seed, pooled_rates, read_study
from soccer_lib.runs.folder import CHECKOUT

pytestmark = pytest.mark.golden

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PART = README.split("## A second simulator: Genesis")[1].split("\n## ")[0]

ROWS = {
    "PPO, 64 arms, 100,000 steps: 0.2 minutes": [("ppo", "PPO, 64 arms", "none")],
    "SAC, 16 arms, 80,000 steps: 1.3 minutes": [("algorithms", "SAC, 16 arms", "none")],
    "TD3, 16 arms, 80,000 steps: 0.8 minutes": [("algorithms", "TD3, 16 arms", "none")],
    "reward `shaped`, `progress`, `distance`, `sparse`; 50,000 steps": [
        ("rewards", kind, "none") for kind in ("shaped", "progress", "distance", "sparse")
    ],
    "`shaped` and `sparse` with a curriculum; 50,000 steps": [
        ("rewards", f"{kind}, curriculum", "none") for kind in ("shaped", "sparse")
    ],
    "to hold for half a second: at once; after reaching; after posture and reaching; 60,000 steps in all": [
        ("stages", kind, "none") for kind in ("hold from nothing", "reach, then hold", "posture, reach, hold")
    ],
    "with the arm as built; tested as built, on `mild`, on `hard` physics": [
        ("physics", "as built", level) for level in ("none", "mild", "hard")
    ],
    "with `hard` physics; the same tests": [
        ("physics", "randomised", level) for level in ("none", "mild", "hard")
    ],
}
"""First cell of a row of README -> study, kind and level of each figure in the second."""


def shown(estimate):
    value, low, high = (f"{share:.0%}" for share in estimate)
    return f"{value} [{low}, {high}]"


def gain(study, more, less, level="none"):
    record = read_study(study)
    return paired_difference(*(points_by_seed(record, kind, level) for kind in (more, less)))


@pytest.mark.parametrize("name", ROWS)
def test_a_row_of_readme_is_what_the_studies_have(name):
    [rest] = re.findall(rf"^\| {re.escape(name)} \|(.*)\|$", PART, re.M)
    figures, seeds = (cell.strip() for cell in rest.replace("*", "").split("|"))
    studies = [read_study(study) for study, _, _ in ROWS[name]]
    wanted = [
        shown(pooled_rates(study, level)[kind])
        for study, (_, kind, level) in zip(studies, ROWS[name], strict=True)
    ]
    assert figures == "; ".join(wanted)
    [number] = {study["settings"]["seeds"] for study in studies}
    assert seeds == f"{number} seeds"
    if minutes := re.search(r"([\d,]+) steps: ([\d.]+) minutes", name):
        kinds = {kind for _, kind, _ in ROWS[name]}
        entries = [entry for study in studies for entry in study["entries"] if entry["kind"] in kinds]
        assert max(entry["cpu_minutes"] for entry in entries) == pytest.approx(float(minutes[2]), abs=0.05)
        asked = [study["settings"]["filled in"][kind] for study in studies for kind in kinds]
        assert {one["total_timesteps"] for one in asked} == {int(minutes[1].replace(",", ""))}


def test_what_helps_and_what_does_not():
    text = " ".join(PART.split())
    assert "A curriculum made the sparse reward learnable; with the shaped one nothing is told apart" in text
    assert gain("rewards", "sparse, curriculum", "sparse").low > 0
    assert gain("rewards", "shaped, curriculum", "shaped").low < 0
    assert "Randomised physics helped nowhere at equal steps" in text
    for level in ("none", "mild", "hard"):
        assert gain("physics", "randomised", "as built", level).mean < 0


def test_all_algorithms_reach_nine_of_ten_after_about_as_many_steps():
    for study in ("ppo", "algorithms"):
        for entry in read_study(study)["entries"]:
            reached = min(step for step, share in entry["curve"] if share >= 0.9)
            assert 30_000 <= reached <= 60_000
