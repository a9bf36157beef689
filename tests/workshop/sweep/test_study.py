"""Trials are claimed by one process each, taken over from dead ones, and judged as the pruner says."""

from __future__ import annotations

import dataclasses
import os
import signal
import time

import pytest

from soccer_lib.cli.main import main
from soccer_lib.errors import InputError
from soccer_lib.runs import atomic_write_json, load_json
from soccer_lib.workshop.sweep import plan as plans
from soccer_lib.workshop.sweep.plan import Plan
from soccer_lib.workshop.sweep.storage import open_storage
from soccer_lib.workshop.sweep.study import Study
from soccer_lib.workshop.sweep.worker import MARK, joined, out_of_budget
from tests.workshop.sweep.studies import begun, in_child, space_file, tiny


@pytest.fixture
def study(tmp_path) -> Study:
    return begun(tiny(tmp_path, sampler="random"))


def again(study: Study) -> Study:
    """The study as another process opens it."""
    return Study(open_storage("", study.folder, 10), study.plan.name, study.folder)


def test_every_trial_is_claimed_once_by_whoever_asks(study):
    other = again(study)
    claims = [one.claim() for one in (study, other, study, other)]
    assert [claim.trial.number for claim in claims] == [0, 1, 2, 3]
    assert study.claim() is None
    for claim in claims:
        study.end(claim, "done", 1.0, {})
    assert study.claim() is None and other.claim() is None


def test_what_is_drawn_at_random_does_not_depend_on_who_takes_it(tmp_path, study):
    claims = [study.claim(), study.claim()]
    first = [claim.trial.drawn for claim in claims]
    (tmp_path / "b").mkdir()
    other = begun(tiny(tmp_path / "b", sampler="random"))
    second = [other.claim(), again(other).claim()]
    assert [claim.trial.drawn for claim in second] == first and first[0] != first[1]


def test_the_trial_of_a_dead_process_is_taken_over_as_it_was_and_that_of_a_living_one_is_not(study, tmp_path):
    ready = tmp_path / "ready"

    def hold() -> None:
        claim = again(study).claim()
        atomic_write_json(ready, {"number": claim.trial.number, "drawn": claim.trial.drawn})
        time.sleep(60)

    child = in_child(hold)
    while not ready.is_file():
        time.sleep(0.01)
    held = load_json(ready)
    mine = study.claim()
    assert held["number"] == 0 and mine.trial.number == 1, "its process lives"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    taken = study.claim()
    assert taken.taken_over and (taken.trial.number, taken.trial.drawn) == (0, held["drawn"])
    study.end(taken, "done", 2.0, {})
    study.end(taken, "done", 3.0, {})  # an answer that was lost: told again, it changes nothing
    assert [(one.number, one.value) for one in study.trials() if one.ended] == [(0, 2.0)]


def test_a_trial_that_is_handed_back_keeps_what_was_drawn_and_judged(study):
    claim = study.claim()
    assert not study.judge(claim, 16, 5.0, {"cpu_minutes": 0.5})
    study.hand_back(claim)
    assert [one.state for one in study.trials()] == ["waiting"] * 4
    once_more = study.claim()
    assert once_more.trial == dataclasses.replace(claim.trial, rungs={16: 5.0}, notes={"cpu_minutes": 0.5})


def test_no_trial_begins_beyond_the_budget_and_one_that_ran_goes_on(study):
    claim = study.claim()
    study.judge(claim, 16, 5.0, {"cpu_minutes": 2.0})
    study.set_budget(2.0)
    assert out_of_budget(study) and study.claim(may_begin=False) is None
    study.hand_back(claim)
    claim = study.claim(may_begin=False)
    assert claim.trial.number == 0
    study.end(claim, "done", 1.0, {})
    assert study.claim(may_begin=False) is None
    study.set_budget(2.5)
    assert not out_of_budget(study)


def test_the_median_prunes_what_is_below_it_once_it_is_known(tmp_path):
    study = begun(tiny(tmp_path, trials=7, pruner="median"))
    for score in (1.0, 2.0, 3.0, 4.0):
        claim = study.claim()
        assert not study.judge(claim, 16, score, {}), "the first four are never pruned"
        study.end(claim, "done", score, {})
    # The median of 1, 2, 3, 4 is 2.5.
    worse = study.claim()
    better = study.claim()
    assert study.judge(worse, 16, 2.4, {})
    assert not study.judge(better, 16, 2.6, {})


def test_of_four_rungs_the_first_comes_too_soon_for_the_median(tmp_path):
    space = space_file(tmp_path, total_timesteps=64)
    study = begun(tiny(tmp_path, trials=5, pruner="median", space=space))
    for score in (1.0, 2.0, 3.0, 4.0):
        claim = study.claim()
        assert not any(study.judge(claim, step, score, {}) for step in (16, 32, 48))
        study.end(claim, "done", score, {})
    late = study.claim()
    assert not study.judge(late, 16, -1.0, {})
    assert study.judge(late, 32, 2.4, {}), "the median is 2.5"


@pytest.mark.parametrize("pruner", ["halving", "hyperband"])
def test_halving_keeps_the_better_half_of_a_bracket(tmp_path, pruner):
    study = begun(tiny(tmp_path, trials=13, pruner=pruner))
    pruned = []
    for score in range(12, 0, -1):
        claim = study.claim()
        if study.judge(claim, 16, float(score), {}):
            pruned.append(score)
            study.end(claim, "pruned", float(score), {})
        else:
            study.end(claim, "done", float(score), {})
    assert 12 not in pruned and pruned
    if pruner == "halving":
        # In one bracket, by halves of those that came so far: 11 is not among the better half of 2.
        assert pruned == list(range(11, 0, -1))
    claim = study.claim()
    assert not study.judge(claim, 16, 13.0, {}), "the best so far goes on"


def test_without_a_pruner_nothing_is_pruned(tmp_path):
    study = begun(tiny(tmp_path, trials=6, pruner="none"))
    for _ in range(5):
        claim = study.claim()
        study.end(claim, "done", 5.0, {})
    assert not study.judge(study.claim(), 16, -5.0, {})


def test_fresh_runs_have_the_settings_of_their_trial_and_seeds_of_their_own(study):
    claim = study.claim()
    study.end(claim, "done", 1.0, {})
    trial = study.trials()[0]
    for _ in range(2):
        study.add_fresh(trial, 1)
    fresh = [one for one in study.trials() if one.fresh_of]
    assert [(one.fresh_of, one.drawn) for one in fresh] == [((0, 1), trial.drawn)]
    assert study.folder_of(fresh[0]).name == "fresh_0000_seed1"
    assert study.folder_of(trial).name == "trial_0000_seed0"
    study.add(4)
    assert sum(one.fresh_of is None for one in study.trials()) == 4


def test_a_study_of_another_version_is_one_line_and_stays_as_it_is(study, monkeypatch):
    journal = (study.folder / "journal.jsonl").read_bytes()
    monkeypatch.setattr(plans, "made_by", lambda: {"soccer_lib": "9.9.9 (source abc)"})
    with pytest.raises(InputError, match="begun with soccer_lib 0.1.0 .*this is 9.9.9") as error:
        again(study)
    assert "\n" not in str(error.value)
    assert (study.folder / "journal.jsonl").read_bytes() == journal


def test_a_study_of_another_kind_or_format_is_refused():
    for record in (None, {"format": 99}, {"format": 1, "made_by": 3}):
        with pytest.raises(InputError, match="expected"):
            Plan.from_record("x", record)


def test_the_folder_of_another_study_of_that_name_is_refused(study):
    atomic_write_json(study.folder / MARK, {"mark": "another"})
    with pytest.raises(InputError, match="is not the folder of study tiny in the storage"):
        joined(tiny(study.folder.parents[1], space=""))


def test_what_is_wrong_is_told_before_anything_is_begun(tmp_path, capsys):
    out = ["--out", str(tmp_path / "out")]
    space = ["--space", space_file(tmp_path)]
    for words, reason in (
        (["--study", "x"], "is new and came without --space"),
        (["--study", "a b", *space], "expected letters, digits, - and _; try a_b"),
        (["--study", "x", "--worker"], "there is no study in"),
        (["--study", "x", "--worker", *space], "--worker came with --space"),
        (["--study", "x", "--space", "ppoo"], "did you mean 'ppo'?"),
        (["--study", "x", *space, "--flags", "bc_weights=nothing"], "bc_weights names nothing"),
        (["--study", "x", *space, "--slurm", "mem_gb=2"], "came without a launcher"),
        (["--study", "x", *space, "--episodes", "60"], "expected a whole number from 2 up to 50"),
    ):
        assert main(["sweep", *words, *out]) == 2
        error = capsys.readouterr().err
        assert reason in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_other_settings_for_a_study_that_is_there_are_refused_and_more_trials_are_not(study, tmp_path):
    with pytest.raises(InputError, match="was made with sampler = 'random' and this run has 'tpe'"):
        begun(tiny(tmp_path))
    assert len(begun(tiny(tmp_path, sampler="random", space="", trials=6)).trials()) == 6
