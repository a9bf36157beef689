"""Tuning: what falls behind is ended, and a study goes on where it was stopped; with stand-in arms."""

import pytest

from soccer_lib.errors import InputError
from soccer_lib.genesis.tune import GenesisTuneConfig, counts, rule_pruner, trial_rows, tune_reach
from soccer_lib.runs.files import load_record

pytestmark = pytest.mark.usefixtures("stand_in")

TINY = {"total_timesteps": 3072, "eval_freq": 1024, "eval_episodes": 3, "n_envs": 8, "startup": 1}


@pytest.fixture
def optuna():
    return pytest.importorskip("optuna", reason="optuna is not installed here: make genesis-test runs this")


def test_a_rule_ends_trials_and_what_is_ended_trains_no_further(optuna, tmp_path):
    config = GenesisTuneConfig(save_dir=str(tmp_path / "tune"), trials=3, **TINY)
    study = tune_reach(config, pruner=rule_pruner(lambda value, others: len(others) >= 1))
    assert counts(study) == {"complete": 1, "pruned": 2}
    rows = trial_rows(study)
    # The first trial is looked at three times, the others once.
    assert [len(row["values"]) for row in rows] == [3, 1, 1]
    steps = [load_record(tmp_path / "tune" / f"trial_{n:03d}" / "result.json")["steps"] for n in range(3)]
    assert steps[0] >= 3072 > steps[1]


def test_a_study_goes_on_where_it_was_and_replaces_a_trial_that_was_cut(optuna, tmp_path):
    folder = str(tmp_path / "tune")
    tune_reach(GenesisTuneConfig(save_dir=folder, trials=1, **TINY))
    storage = f"sqlite:///{folder}/study.db"
    optuna.load_study(study_name="reach", storage=storage).ask()  # a kill leaves a trial that runs for ever
    study = tune_reach(GenesisTuneConfig(save_dir=folder, trials=2, **TINY))
    assert counts(study)["fail"] == 1
    assert sum(counts(study).get(state, 0) for state in ("complete", "pruned")) == 2
    best = load_record(tmp_path / "tune" / "best.json")
    assert set(best["settings"]) == {"lr", "gamma", "n_steps", "n_epochs", "net_arch"}


def test_a_study_that_goes_on_tries_what_an_uninterrupted_one_tries(optuna, tmp_path):
    def tried(name, *totals):
        for trials in totals:
            config = GenesisTuneConfig(save_dir=str(tmp_path / name), trials=trials, **TINY | {"startup": 9})
            study = tune_reach(config)
        return [row["settings"] for row in trial_rows(study)]

    cut = tried("cut", 1, 2)
    assert cut == tried("whole", 2)
    assert cut[0] != cut[1]


def test_a_study_that_cannot_begin_leaves_nothing(optuna, tmp_path, monkeypatch):
    def no_arms(*_, **__):
        raise InputError("genesis-world is not installed")

    monkeypatch.setattr("soccer_lib.genesis.train.ArmScene", no_arms)
    with pytest.raises(InputError, match="not installed"):
        tune_reach(GenesisTuneConfig(save_dir=str(tmp_path / "tune"), trials=1, **TINY))
    assert list(tmp_path.iterdir()) == []


def test_a_study_of_other_settings_is_refused(optuna, tmp_path):
    tune_reach(GenesisTuneConfig(save_dir=str(tmp_path / "tune"), trials=1, **TINY))
    with pytest.raises(InputError, match="algorithm = 'PPO' and this run has 'SAC'"):
        tune_reach(GenesisTuneConfig(save_dir=str(tmp_path / "tune"), trials=1, algorithm="SAC", **TINY))


def test_a_trial_without_a_comparison_is_refused():
    with pytest.raises(InputError, match="--eval-freq 12000 is above --total-timesteps 5000"):
        GenesisTuneConfig(total_timesteps=5000)
