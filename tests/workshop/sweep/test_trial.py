"""A trial: real runs of seconds, ended at a rung, taken up again, failing; what its folder is then."""

from __future__ import annotations

import json
import os
import signal

import pytest

from soccer_lib.cli.main import main
from soccer_lib.errors import SimulationError
from soccer_lib.runs import load_json
from soccer_lib.runs.files import sha256_of
from soccer_lib.workshop.sweep import trial as trials
from soccer_lib.workshop.sweep.trial import run_trial
from soccer_lib.workshop.sweep.worker import SweepWorker
from tests.workshop.sweep.studies import begun, in_child, space_file, tiny

WEIGHTS = "final_model.safetensors"


def test_a_killed_trial_goes_on_to_the_bits_of_the_command_that_the_study_tells(tmp_path, walker, capsys):
    space = space_file(tmp_path, total_timesteps=48)
    study = begun(tiny(tmp_path, space=space, trials=1))

    def die_at_the_last_rung() -> None:
        claim = study.claim()
        judge = study.judge

        def judge_and_die(claim, step, score, notes):
            judge(claim, step, score, notes)
            if step == 32:
                os.kill(os.getpid(), signal.SIGKILL)

        study.judge = judge_and_die
        run_trial(study, claim)

    assert os.waitpid(in_child(die_at_the_last_rung), 0)[1] == signal.SIGKILL
    claim = study.claim()
    assert claim.taken_over and list(claim.trial.rungs) == [16, 32]
    folder = study.folder_of(claim.trial)
    assert (folder / "checkpoints").is_dir()
    assert run_trial(study, claim).startswith("trial 0 done")
    assert "goes on at step" in capsys.readouterr().out
    [trial] = study.trials()
    assert trial.state == "done" and trial.value == load_json(folder / "status.json")["comp_eval/C_overall"]
    assert not (folder / "checkpoints").exists(), "it has its result"
    words = study.plan.space.words(trial.drawn, 0, str(tmp_path / "again"))
    assert main(["train", *words]) == 0
    assert sha256_of(tmp_path / "again" / WEIGHTS) == sha256_of(folder / WEIGHTS)


def test_a_pruned_trial_has_the_score_of_its_rung_and_its_folder_says_so(tmp_path, walker):
    study = begun(tiny(tmp_path, trials=6))
    for score in (10.0, 20.0, 30.0, 40.0):
        claim = study.claim()
        study.judge(claim, 16, score, {})
        study.end(claim, "done", score, {})
    claim = study.claim()
    assert run_trial(study, claim, keep=True) == "trial 4 pruned"
    trial = study.trials()[4]
    folder = study.folder_of(trial)
    assert trial.state == "pruned" and trial.value == trial.rungs[16] < 10
    assert trial.notes["cpu_minutes"] == load_json(folder / "sweep.json")["cpu_minutes"] > 0
    assert load_json(folder / "status.json")["status"] == "pruned"
    assert not (folder / WEIGHTS).exists()


def test_a_trial_of_several_seeds_is_their_mean(tmp_path, walker):
    study = begun(tiny(tmp_path, space=space_file(tmp_path, total_timesteps=16), trials=1, seeds=2))
    run_trial(study, study.claim())
    [trial] = study.trials()
    scores = [load_json(study.folder_of(trial, run) / "status.json")["comp_eval/C_overall"] for run in (0, 1)]
    assert trial.value == pytest.approx(sum(scores) / 2) and trial.notes["runs"] == scores
    assert trial.rungs == {16: scores[0]}, "behind its steps the first run's result is a rung"
    low, high = trial.notes["interval"]
    assert low <= trial.value <= high


def test_a_trial_whose_run_fails_is_told_with_its_reason_and_others_go_on(tmp_path, monkeypatch):
    study = begun(tiny(tmp_path, trials=2))
    scores = iter([3.0])

    def train(config, watch):
        if next(scores, None) is None:
            raise SimulationError("the weights are not finite; expected numbers; try a smaller --lr")
        raise KeyboardInterrupt

    monkeypatch.setattr(trials, "train", train)
    worker = SweepWorker(tiny(tmp_path, trials=2, space=""))
    with pytest.raises(KeyboardInterrupt):
        worker()
    assert [one.state for one in study.trials()] == ["waiting", "waiting"], "it was saved and waits"
    assert "failed: the weights are not finite" in run_trial(study, study.claim())
    assert study.trials()[0].notes["reason"].startswith("the weights are not finite")


def test_a_trial_of_bc_is_judged_in_its_epochs_and_at_its_end(tmp_path, dataset, walker):
    fixed = {"dataset": [dataset], "epochs": 5, "net_arch": "16", "tasks": ["kick_to_target"]}
    counts = {"rung_episodes": 1, "final_episodes": 2}
    table = {"command": "bc", **counts, "fixed": fixed, "space": {"lr": {"low": 1e-3, "high": 1e-2}}}
    file = tmp_path / "bc.json"
    file.write_text(json.dumps(table))
    study = begun(tiny(tmp_path, space=str(file), trials=1))
    assert run_trial(study, study.claim()).startswith("trial 0 done")
    [trial] = study.trials()
    assert list(trial.rungs) == [1, 2, 3, 4] and isinstance(trial.value, float)
    assert (study.folder_of(trial) / WEIGHTS).is_file()
