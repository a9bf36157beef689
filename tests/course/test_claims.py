"""Prose and numbers: a claim that its figure does not bear out is found, and an amount that nothing binds."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from soccer_lib.course.claims import Claim, Claims, claims_file, prose_of, read_claims
from soccer_lib.course.curves import (
    Difference,
    chosen_scores,
    gains_over_clone,
    paired_difference,
    study_figures,
    training_verdicts,
    unsure_epochs,
    values_by_seed,
    verdict,
)
from soccer_lib.course.runner import library_hash
from soccer_lib.errors import InputError
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.tasks import COMPETITION

LESSONS = sorted((CHECKOUT / "notebooks").rglob("[0-9][0-9]_*.ipynb"))
BOUND = [path for path in LESSONS if claims_file(path).is_file()]


@pytest.mark.parametrize("lesson", BOUND, ids=lambda path: path.stem)
def test_every_amount_in_a_lesson_is_bound(lesson):
    assert read_claims(lesson).unbound(prose_of(lesson)) == []


@pytest.mark.golden
@pytest.mark.parametrize("lesson", BOUND, ids=lambda path: path.stem)
def test_the_committed_studies_bear_out_what_a_lesson_says(lesson):
    assert read_claims(lesson).parted_from_studies() == []


@pytest.mark.golden
def test_the_fast_course_made_here_bears_out_what_the_lessons_say():
    """Seeds and episodes are the lessons' own; each claim has its tolerance in notebooks/claims/."""
    hash_now = library_hash()
    records = [json.loads(file.read_text()) for file in (CHECKOUT / "runs/course/fast").glob("*/state.json")]
    current = [record for record in records if record["key"]["library"] == hash_now]
    if not current:
        pytest.skip("no fast course of this library in runs/course: make course")
    assert [line for record in current for line in record["parted"]] == []


def claim(**settings) -> Claim:
    return Claim(**{"text": "nearly all of them", "key": "share", "low": 0.9, "high": 1.0, **settings})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.9, ""),
        (1.0, ""),
        (0.89, "share is 0.89; expected 0.9 to 1"),
        (1.01, "share is 1.01; expected 0.9 to 1"),
        (None, "share is not there; expected a number"),
        ("0.95", "share is '0.95'; expected a number"),
        (True, "share is True; expected a number"),
        (float("nan"), "share is nan; expected 0.9 to 1"),
    ],
)
def test_a_figure_bears_a_claim_out_within_its_limits(value, words):
    figures = {} if value is None else {"share": value}
    line = claim().parts_from(figures)
    assert (words in line) if words else line == ""
    assert not line or line.startswith("the lesson says 'nearly all of them'; ")


def test_a_claim_is_looked_at_in_its_presets():
    claims = Claims((claim(), claim(text="in all", presets=("smoke",)), claim(study="dagger")))
    assert len(claims.parted({"share": 0.5}, "fast")) == len(claims.parted({"share": 0.5}, "smoke")) == 1
    assert claims.parted({"share": 0.5}, "smoke")[0].startswith("the lesson says 'in all'")


PROSE = """# 07 A lesson of 3 parts

## 2 A section

It plays **12 episodes** and loses 3.5 of them, see section 4; `x = 5` and $y^2$ are no prose ([here](f7.md)).
Most fall. It takes at most a day. Exercise 2 (5 minutes, 2 of 5). Ross and Bagnell (2011).

1. Half of them stand up.
"""


def test_every_number_and_every_word_of_amount_is_looked_for():
    found = Claims().unbound(PROSE)
    assert [line.split("'")[1] for line in found] == ["3", "12", "3.5", "Most", "Half"]
    bound = Claims((claim(text="plays 12 episodes and loses 3.5"),), ("of 3 parts", "Most", "Half of them"))
    assert bound.unbound(PROSE) == []
    assert Claims(facts=("12 episodes of",)).unbound("12 episodes") == [
        "the lesson does not say '12 episodes of'",
        "nothing binds '12' in '...12 episodes...'",
    ]


def test_claims_stand_beside_their_notebook(tmp_path):
    lesson = tmp_path / "07_lesson.ipynb"
    cells = [new_markdown_cell("Of 12, **9** stand."), new_code_cell("13"), new_markdown_cell("End.")]
    nbformat.write(new_notebook(cells=cells), lesson)
    assert prose_of(lesson) == "Of 12, **9** stand.\n\nEnd."
    assert read_claims(lesson) == Claims()
    file = tmp_path / "claims" / "07_lesson.toml"
    file.parent.mkdir()
    file.write_text('facts = ["Of 12"]\n[[claim]]\ntext = "9 stand"\nkey = "standing"\nlow = 9\nhigh = 9\n')
    claims = read_claims(lesson)
    assert claims == Claims((Claim("9 stand", "standing", 9, 9),), ("Of 12",))
    assert claims.unbound(prose_of(lesson)) == []
    for bad in ("facts = [", "[[claim]]\ntext = 'x'", "[[claim]]\ntext='x'\nkey='y'\nlows=1", "facts = []"):
        file.write_text(bad)
        with pytest.raises(InputError, match=r"07_lesson\.toml: .*expected facts and \[\[claim\]\] tables"):
            read_claims(lesson)


def entry(kind, seed: int, score: float) -> dict:
    rates = {f"{task}/success_rate": score / 10 for task in COMPETITION}
    return {"x": kind, "seed": seed, "score": score, "val/loss": [1.0], "kicks": score / 4, **rates}


STUDY = {
    "striker": {"score": 9.0},
    "settings": {"seeds": 3, "episodes": 12},
    "groups": [
        {"x": 0, "mean": 2.0, "ci95": [1.0, 3.0]},
        {"x": 1, "mean": 4.0, "ci95": [None, None]},
    ],
    "entries": [entry(0, seed, seed + 1.0) for seed in range(3)]
    + [entry(1, seed, score) for seed, score in enumerate((2.0, 5.0, 5.0))],
}


def test_differences_are_paired_by_seed():
    # Gains of 1, 3 and 2: mean 2, standard error 1 / sqrt(3), Student's t with 2 degrees of freedom 4.303.
    gain = paired_difference({0: 2.0, 1: 5.0, 2: 5.0, 7: 99.0}, {0: 1.0, 1: 2.0, 2: 3.0})
    half = 4.302653 / 3**0.5
    assert gain == pytest.approx((2, 2 - half, 2 + half, 3))
    assert str(gain) == "+2.0 [-0.5, +4.5], not told apart"
    assert str(Difference(2.0, 0.5, 3.5, 3)).endswith("more") and str(
        Difference(-2.0, -3.5, -0.5, 3)
    ).endswith("fewer")
    assert paired_difference({0: 1.0}, {0: 3.0}) == (-2, -float("inf"), float("inf"), 1)


def test_a_difference_is_claimed_from_its_interval_alone():
    assert verdict("two", "one", Difference(2.0, 0.5, 3.5, 5)) == (
        "**two**: 2.0 points more than **one** (95% interval +0.5 to +3.5, 5 pairs of clones)."
    )
    assert "**two**: 2.0 points fewer than **one**" in verdict("two", "one", Difference(-2.0, -3.5, -0.5, 5))
    for low, high in ((-0.5, 4.5), (0.0, 4.0), (-4.0, 0.0)):
        text = verdict("two", "one", Difference((low + high) / 2, low, high, 5))
        assert text.startswith("**two** and **one** are not told apart")


def test_an_epoch_is_chosen_for_each_seed_by_a_figure():
    def epoch(x, seed, loss, recall, score):
        return {"x": x, "seed": seed, "val/loss": loss, "val/kick_recall": recall, "score": score}

    entries = [epoch(10, 0, 3.0, 0.9, 30.0), epoch(20, 0, 2.0, 0.7, 34.0)]
    entries += [epoch(10, 1, 1.0, 0.5, 31.0), epoch(20, 1, 2.0, 0.5, 32.0)]
    study = {"entries": entries}
    assert chosen_scores(study, "val/loss", min) == {0: 34.0, 1: 31.0}
    assert chosen_scores(study, "val/kick_recall", max) == {0: 30.0, 1: 32.0}  # of equals the later
    groups = [{"x": x, "mean": 0.0, "ci95": [None, None]} for x in (10, 20)]
    whole = {**STUDY, "entries": entries, "groups": groups}
    assert study_figures(whole)["by recall - by loss"] == (30 + 32 - 34 - 31) / 2


def test_the_lowest_loss_may_be_that_of_a_network_that_never_kicks():
    def trained(x, seed, losses, recalls):
        return {"x": x, "seed": seed, "val/loss": losses, "val/kick_recall": recalls}

    entries = [
        trained("a", 0, [0.1, 0.3, 0.2], [0.0, 0.0, 0.5]),  # unsure of everything in its first epoch
        trained("a", 1, [0.4, 0.3, 0.2], [0.0, 0.0, 0.5]),
        trained("a", 2, [0.1, 0.3, 0.2], [None, None, None]),  # nothing to be found
        trained("b", 0, [0.3, 0.1, 0.2], [0.5, 0.0, 0.5]),
        {"x": 10, "seed": 0, "val/loss": 0.1, "val/kick_recall": 0.0},
    ]
    assert unsure_epochs({"entries": entries}) == [("a", 0, 1), ("b", 0, 2)]


def test_a_studys_figures_have_names():
    figures = study_figures(STUDY)
    assert figures["striker"] == 9 and figures["clones"] == 3 and figures["episodes"] == 12
    assert (figures["0"], figures["0, low"], figures["0, high"]) == (2, 1, 3)
    assert (figures["0, worst"], figures["0, best"], figures["0, kicks"]) == (1, 3, 0.5)
    assert figures["1, kick_to_target success"] == pytest.approx(0.4)
    assert "1, low" not in figures and figures["1 - 0"] == 2 and figures["1 - 0, low"] < 0
    with pytest.raises(InputError, match="unknown kind 5; expected one of: 0, 1"):
        values_by_seed(STUDY, 5)


def trained(x, seed, score, first):
    return {"x": x, "seed": seed, "score": score, "first success": first}


def test_a_study_of_training_tells_each_kind_beside_its_reference(tmp_path):
    """Gains of 2, 3 and 4: mean 3, standard error 1 / sqrt(3), half 4.303 / sqrt(3) = 2.48."""
    entries = [trained("plain", seed, 1.0, first) for seed, first in enumerate((5500, 4500, None))]
    entries += [trained("levels", seed, 3.0 + seed, first) for seed, first in enumerate((4000, 3000, None))]
    entries += [trained("never", seed, 1.0, None) for seed in range(3)]
    groups = [{"x": x, "mean": 0.0, "ci95": [0, 0]} for x in ("plain", "levels", "never")]
    study = {"settings": {"seeds": 3, "timesteps": 90_000}, "entries": entries, "groups": groups}
    file = tmp_path / "rl_curriculum.json"
    file.write_text(json.dumps(study))
    told = training_verdicts(file, {"score": "points", "first success": "commands"}, "plain").split("\n\n")
    assert told == [
        "3 agents of each kind, 90,000 commands for each of them:",
        "**levels**: 3.0 points more than **plain** (95% interval +0.5 to +5.5, 3 seeds).",
        "**never** and **plain** are not told apart: +0.0 points, but the interval includes 0 "
        "(95% interval +0.0 to +0.0, 3 seeds).",
        "first success: **levels**: 1,500.0 commands fewer than **plain** "
        "(95% interval -1,500.0 to -1,500.0, 2 seeds).",
        "first success: fewer than two seeds have one with both **never** and **plain**.",
    ]
    missing = training_verdicts(tmp_path / "rl_rewards.json", {"score": "points"}, "guided")
    assert "has not been made yet" in missing
    assert "study training --out data/curves --only rewards`" in missing


def test_agents_that_went_on_from_a_clone_are_told_beside_it(tmp_path):
    """Gains of 1, 2 and 3: mean 2, half 4.303 / sqrt(3) = 2.48."""
    entries = [
        {
            "x": "ppo", "seed": seed, "clone": 41.0, "clone, shaken": 36.0,
            "gain": 1.0 + seed, "gain, ci95": [seed - 0.5, seed + 2.5],
            "gain, shaken": 4.0, "gain, shaken, ci95": [3.0, 5.0],
        }
        for seed in range(3)
    ]  # fmt: skip
    file = tmp_path / "rl_tuned.json"
    file.write_text(json.dumps({"entries": entries, "groups": [{"x": "ppo"}]}))
    assert gains_over_clone(file).split("\n\n") == [
        "**ppo**, undisturbed: +2.0 points over the 41.0 of the clone (95% interval -0.5 to +4.5, 3 agents, "
        "of which 2 by themselves are better beyond doubt).",
        "**ppo**, with noise of 0.05 on walking commands: +4.0 points over the 36.0 of the clone (95% "
        "interval +4.0 to +4.0, 3 agents, of which 3 by themselves are better beyond doubt).",
    ]
    assert "--only tuned_weak`" in gains_over_clone(tmp_path / "rl_tuned_weak.json")
