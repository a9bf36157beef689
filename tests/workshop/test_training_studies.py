"""Studies of training: the same budget for every kind, what is scored, and that a stopped call goes on."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest

from soccer_lib.cli.main import main
from soccer_lib.demos.collect import collect_dataset
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT
from soccer_lib.learn.imitation.bc import bc
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.policies import load_policy
from soccer_lib.runs import load_json
from soccer_lib.runs.files import verify_manifest
from soccer_lib.variation import read_curriculum, read_ranges
from soccer_lib.workshop.studies import agents, training
from soccer_lib.workshop.studies.agents import FACTORS_TESTED, KINDS
from soccer_lib.workshop.studies.training import (
    TrainingStudyConfig,
    first_success,
    make_training_study,
    run_settings,
    run_training_studies,
)

TINY = {
    "tasks": ["kick_to_target"], "n_envs": 2, "n_steps": 8, "n_epochs": 1, "batch_size": 16,
    "net_arch": "8,8", "eval_seeds": [0], "eval_episodes": 1, "final_episodes": 1,
}  # fmt: skip


@pytest.fixture
def config(tmp_path):
    small = {"timesteps": 16, "seeds": 2, "episodes": 1, "factor_episodes": 1, "settings": json.dumps(TINY)}
    return TrainingStudyConfig(str(tmp_path / "curves"), only=("curriculum",), **small)


def test_every_kind_has_the_same_budget_and_its_own_difference(config, tmp_path):
    for name, kinds in KINDS.items():
        found = [
            run_settings(TrainingStudyConfig(clone="x"), name, kind, 3, tmp_path).resolved() for kind in kinds
        ]
        assert {one.total_timesteps for one in found} == {90_000}
        assert {(one.workers, one.seed, one.eval_freq) for one in found} == {(0, 3, 0)}
        differing = [dataclasses.replace(one, save_dir="") for one in found]
        assert len(set(differing)) == len(kinds)
        assert {bool(one.bc_weights) for one in found} == {agents.needs_clone(name)}
    assert read_curriculum(agents.LEVELS).levels[-1] == {}
    assert set(read_ranges(agents.RANGES)) == set(FACTORS_TESTED)


def test_agents_from_a_clone_play_what_their_clone_plays(tmp_path, monkeypatch, dataset, walker):
    bc(BCConfig((dataset,), str(tmp_path / "clone"), net_arch="8,8", epochs=1, device="cpu"))
    monkeypatch.setitem(KINDS, "cures", {name: KINDS["cures"][name] for name in ("noise 0.1", "no cure")})
    monkeypatch.setattr(training, "run_jobs", lambda play, jobs, label: [play(job) for job in jobs])
    tiny = {name: value for name, value in TINY.items() if name not in ("n_steps", "n_epochs")}
    tiny |= {"learning_starts": 4, "buffer_size": 1_000}
    small = {"timesteps": 16, "seeds": 2, "episodes": 1, "only": ("cures",), "settings": json.dumps(tiny)}
    config = TrainingStudyConfig(str(tmp_path / "curves"), str(tmp_path / "clone"), **small)
    played = []
    evaluate = training.evaluate

    def noting(policy, tasks, episodes, seed, **asked):
        played.append((seed, bool(asked["randomise"])))
        return evaluate(policy, tasks, episodes, seed, **asked)

    monkeypatch.setattr(training, "evaluate", noting)
    entries = make_training_study(config, "cures")["entries"]
    assert sorted(played) == [(50_000, False)] * 5 + [(50_000, True)] * 5, "four agents, and the clone once"
    assert [(entry["x"], entry["seed"]) for entry in entries] == [
        ("noise 0.1", 0),
        ("no cure", 0),
        ("noise 0.1", 1),
        ("no cure", 1),
    ]
    for one in entries:
        assert one["gain"] == pytest.approx(one["score"] - one["clone"])
        assert one["gain, shaken"] == pytest.approx(one["score, shaken"] - one["clone, shaken"])


def test_hindsight_ends_in_a_clone_of_what_was_hit(tmp_path, monkeypatch, dataset, walker):
    monkeypatch.setattr(training, "HINDSIGHT_EPISODES", 1)
    bc(BCConfig((dataset,), str(tmp_path / "final_model"), net_arch="8,8", epochs=1, device="cpu"))
    folder = tmp_path / "run"
    folder.mkdir()
    striker = load_policy("striker")
    monkeypatch.setattr(training, "collect_dataset", lambda settings, **_: collect_dataset(settings, striker))
    for file in (tmp_path / "final_model").glob("final_model.*"):
        shutil.copy(file, folder)
    policy = training.taught_by_hindsight(folder)
    assert policy.spec.observation == "agent"
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["hindsight"]
    record = load_json(folder / "hindsight" / "config.json")["config"]
    assert record["epochs"] == 40 and record["dataset"] == [str(folder / "hindsight.npz")]
    assert load_json(folder / "hindsight.json")["settings"]["hindsight"]
    monkeypatch.delattr(training, "collect_dataset")
    seen = np.ones(AGENT.size, np.float32)
    again = training.taught_by_hindsight(folder)
    assert np.array_equal(again.predict(seen)[0], policy.predict(seen)[0]), "finished: nothing is done again"


def test_a_tiny_study_for_real_goes_on_where_it_was_stopped(config, tmp_path, monkeypatch, walker):
    monkeypatch.setattr(training, "run_jobs", lambda play, jobs, label: [play(job) for job in jobs])
    learn = training.train
    trained = []

    def train_three(settings):
        trained.append(settings)
        if len(trained) == 3:
            raise KeyboardInterrupt
        return learn(settings)

    monkeypatch.setattr(training, "train", train_three)
    with pytest.raises(KeyboardInterrupt):
        make_training_study(config, "curriculum")
    record = make_training_study(config, "curriculum")
    assert len(trained) == 5, "two were done"
    assert [(entry["x"], entry["seed"]) for entry in record["entries"]] == [
        ("stock starts", 0), ("curriculum", 0), ("stock starts", 1), ("curriculum", 1)
    ]  # fmt: skip
    first, second = (entry["score"] for entry in record["entries"] if entry["x"] == "curriculum")
    assert record["groups"][1]["mean"] == pytest.approx((first + second) / 2)
    assert "--only curriculum --timesteps 16 --seeds 2" in record["command"]
    file = tmp_path / "curves" / "rl_curriculum.json"
    assert load_json(file) == record and verify_manifest(file.parent) == [file.name]
    assert not file.with_suffix(".parts").exists()
    run_training_studies(config)
    assert len(trained) == 5, "finished: nothing is done again"


def test_the_step_of_the_first_success():
    lines = [{"step": 10, "rollout/success/a": 0.0}, {"step": 20, "rollout/success/b": 0.1}, {"step": 30}]
    assert first_success(lines) == 20 and first_success(lines[:1]) is None


def test_what_needs_a_clone_asks_for_one(capsys):
    with pytest.raises(InputError, match="came without --clone"):
        TrainingStudyConfig(only=("randomised",))
    assert main(["study", "training", "--only", "reward"]) == 2
    assert "did you mean 'rewards'?" in capsys.readouterr().err
    assert main(["study", "--only", "amont"]) == 2
    assert "amount" in capsys.readouterr().err
