"""The scoreboard of a class believes what it has replayed, and says what it does not believe."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from soccer_lib.comparison.leaderboard import CHECKED, Entry
from soccer_lib.course.scoreboard import read_class, scoreboard
from soccer_lib.errors import InputError
from soccer_lib.evaluation import evaluate

TASKS = ["kick_to_target", "goalie_penalty_kick"]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory) -> Path:
    """What one of the class made: two tasks, two short episodes each."""
    folder = tmp_path_factory.mktemp("handed_in")
    record = folder / "ann.npz"
    result = evaluate("zero", TASKS, 2, 10_000, workers=1, record=record, progress=False)
    result.to_json(folder / "ann.json")
    return folder


@pytest.fixture
def folder(handed_in, tmp_path) -> Path:
    shutil.copytree(handed_in, tmp_path / "class")
    return tmp_path / "class"


def copy(folder: Path, name: str, **changes) -> None:
    """Hand in Ann's files under another name, with other entries in the JSON."""
    claimed = json.loads((folder / "ann.json").read_text())
    (folder / f"{name}.json").write_text(json.dumps({**claimed, **changes}))
    shutil.copy(folder / "ann.npz", folder / f"{name}.npz")


def verdicts(folder: Path) -> dict[str, str]:
    return {one.name: one.verdict for one in read_class(folder, workers=1, progress=False)}


def test_an_honest_hand_in_is_shown_with_its_own_figures(folder):
    (ann,) = read_class(folder, workers=1, progress=False)
    assert ann.checked and ann.verdict == CHECKED
    claimed = json.loads((folder / "ann.json").read_text())
    assert ann.summary["comp_total_sum"] == claimed["comp_total_sum"] < -2
    board = scoreboard([ann])
    assert f"{claimed['comp_total_sum']:.2f}" in board and f"ann  {CHECKED}" in board


def test_a_figure_that_was_typed_in_is_named(folder):
    copy(folder, "bob", comp_total_sum=9.5)
    said = verdicts(folder)["bob"]
    assert said.startswith("the JSON file claims comp_total_sum 9.500; the record gives -2.")
    hand_ins = read_class(folder, workers=1, progress=False)
    assert [one.name for one in hand_ins] == ["ann", "bob"], "what holds comes first, whatever is claimed"
    assert "9.5" not in scoreboard(hand_ins).split("\n\n")[0]


def test_an_episode_that_was_left_out_is_named(folder):
    copy(folder, "bob", **{"kick_to_target/n_episodes": 1})
    assert "claims kick_to_target/n_episodes 1; the record gives 2" in verdicts(folder)["bob"]


def test_torques_that_give_another_score_are_named(folder):
    copy(folder, "bob")
    with np.load(folder / "bob.npz") as record:
        arrays = dict(record)
    arrays["torques"] = arrays["torques"] + np.float32(1.0)
    np.savez(folder / "bob.npz", **arrays)
    said = verdicts(folder)["bob"]
    assert said.startswith("the record of kick_to_target, seed 10000 differs from its replay in")
    assert "fingerprint" in said


def test_copies_are_named(folder):
    copy(folder, "bob")
    said = verdicts(folder)
    assert said == {
        "ann": f"{CHECKED}; the same episodes as bob",
        "bob": f"{CHECKED}; the same episodes as ann",
    }


def test_seeds_of_tuning_are_named(tmp_path):
    record = tmp_path / "cy.npz"
    evaluate("zero", "kick_to_target", 1, 5, workers=1, record=record, progress=False).to_json(
        tmp_path / "cy.json"
    )
    assert verdicts(tmp_path) == {
        "cy": f"{CHECKED}; seed 5 is not for reported figures (from 10000 on)",
    }


def test_whatever_is_no_hand_in_gets_a_line(folder):
    (folder / "empty.json").write_text("{}")
    (folder / "text.json").write_text("not JSON")
    shutil.copy(folder / "ann.json", folder / "alone.json")
    copy(folder, "torn")
    (folder / "torn.npz").write_bytes((folder / "ann.npz").read_bytes()[:200])
    said = verdicts(folder)
    assert "not an evaluation" in said["empty"] and "JSON" in said["text"]
    assert said["alone"] == "not checked: alone.npz is missing"
    assert said["torn"].startswith("cannot read") and said["ann"] == CHECKED
    assert scoreboard([Entry("x", {}, "no")]).startswith("no result could be checked")
    with pytest.raises(InputError, match=r"no \.json file; expected NAME\.json and NAME\.npz"):
        read_class(folder / "ann.npz")
