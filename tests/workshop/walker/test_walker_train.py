"""The training command end to end, tiny: result, resume, refusal, lost worker."""

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from soccer_lib.control import load_walker
from soccer_lib.control.gait import GaitParameters
from soccer_lib.errors import InputError, SimulationError
from soccer_lib.runs.folder import CHECKOUT
from soccer_lib.workshop.walker import train as training
from soccer_lib.workshop.walker.files import TrainingFolder
from soccer_lib.workshop.walker.ppo import Learner
from soccer_lib.workshop.walker.train import WalkerTrainConfig, train_walker


def tiny(folder, **changes):
    values = dict(
        save_dir=str(folder / "run"), workers=1, generations=2, population=4, scenarios=1,
        robots=4, rollout=4, total_steps=48, checkpoint_interval=1, log_interval=0.0,
    )  # fmt: skip
    return WalkerTrainConfig(**{**values, **changes})


def test_trains_and_writes_a_walker_that_loads(tmp_path, capsys):
    path = train_walker(tiny(tmp_path, out=str(tmp_path / "out")))
    assert path == tmp_path / "out" / "walker.npz"
    walker = load_walker(path)
    record = json.loads(path.with_suffix(".json").read_text())
    assert walker.sha256 == record["sha256"] and record["settings"]["total_steps"] == 48
    curve = json.loads((tmp_path / "out" / "curve.json").read_text())
    assert [entry["generation"] for entry in curve["gait"]] == [1, 2]
    assert [entry["steps"] for entry in curve["residual"]] == [16, 32, 48]
    assert "residual 100.0%" in capsys.readouterr().out
    assert (tmp_path / "run" / "progress.txt").read_text().startswith("residual 100.0%")
    # a finished run is not repeated
    before = (tmp_path / "run" / "walker.npz").read_bytes()
    train_walker(tiny(tmp_path))
    assert (tmp_path / "run" / "walker.npz").read_bytes() == before


def test_a_killed_run_ends_as_if_it_had_been_left_alone(tmp_path, monkeypatch):
    config = tiny(tmp_path / "killed", workers=2, rollout=40, total_steps=40 * 8 * 4, checkpoint_interval=2)
    alone = train_walker(dataclasses.replace(config, save_dir=str(tmp_path / "alone")))
    written = []
    save = TrainingFolder.save_checkpoint

    def save_then_die(self, state):
        save(self, state)
        written.append(state["update"])
        if len(written) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(TrainingFolder, "save_checkpoint", save_then_die)
    with pytest.raises(KeyboardInterrupt):
        train_walker(config)
    path = train_walker(config)
    assert written == [2, 4]
    assert path.read_bytes() == alone.read_bytes()


def test_a_process_that_is_killed_in_search_and_practice_ends_as_if_it_had_been_left_alone(tmp_path):
    config = tiny(tmp_path / "killed", rollout=40, total_steps=160 * 40, checkpoint_interval=4)
    alone = train_walker(dataclasses.replace(config, save_dir=str(tmp_path / "alone")))
    folder = Path(config.save_dir)
    words = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value != field.default:
            words += [f"--{field.name.replace('_', '-')}", str(value)]
    for file in ("gait.npz", "checkpoint.npz", "checkpoint.npz"):
        before = (folder / file).stat().st_mtime_ns if (folder / file).is_file() else 0
        process = subprocess.Popen(
            [sys.executable, "-m", "soccer_lib", "walker", "train", *words],
            cwd=CHECKOUT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 200
        while not (folder / file).is_file() or (folder / file).stat().st_mtime_ns <= before:
            assert process.poll() is None and time.monotonic() < until
            time.sleep(0.005)
        process.kill()
        process.wait()
    assert not (folder / "walker.npz").exists()
    assert train_walker(config).read_bytes() == alone.read_bytes()


def test_a_run_of_other_settings_is_refused(tmp_path):
    config = tiny(tmp_path, generations=1, total_steps=0)
    train_walker(config)
    with pytest.raises(InputError, match="was made with seed = 0 and this run has 5"):
        train_walker(dataclasses.replace(config, seed=5))
    with pytest.raises(InputError, match="population"):
        train_walker(tiny(tmp_path, population=1))


def test_a_damaged_checkpoint_is_skipped_aloud(tmp_path, capsys):
    config = tiny(tmp_path)
    train_walker(config)
    (tmp_path / "run" / "checkpoint.npz").write_bytes(b"half a file")
    train_walker(config)
    assert "skipped" in capsys.readouterr().out


def test_a_lost_worker_is_one_clear_line_and_the_run_has_failed(tmp_path, monkeypatch):
    config = tiny(tmp_path)

    def receive_of_the_dead(self):
        for worker in self._workers:
            worker.process.kill()
        return receive(self)

    receive = training.RolloutWorkers.receive
    monkeypatch.setattr(training.RolloutWorkers, "receive", receive_of_the_dead)
    with pytest.raises(SimulationError, match="stopped with exit code -9.*run the same command to go on"):
        train_walker(config)
    status = json.loads((tmp_path / "run" / "status.json").read_text())
    assert status["status"] == "failed" and "exit code -9" in status["reason"]
    monkeypatch.undo()
    train_walker(config)
    assert json.loads((tmp_path / "run" / "status.json").read_text())["status"] == "done"


def test_updates_reach_the_steps_that_were_asked_for(tmp_path):
    """One worker, four robots and a rollout of four: 16 steps an update."""
    for steps, updates in ((0, 0), (1, 1), (48, 3), (49, 4)):
        assert training._updates(tiny(tmp_path, total_steps=steps)) == updates


def test_pushes_grow_until_half_of_the_training_is_done(tmp_path):
    sent = []

    class Idle:
        def send(self, method, *arguments):
            sent.append((method, *arguments))

    config = tiny(tmp_path, workers=0, strongest_push=0.8, rollout=7)
    workers = training.RolloutWorkers(config, GaitParameters())
    workers._workers = [Idle()]
    for progress in (0.0, 0.2, 0.5, 0.9):
        workers.start({}, progress)
    assert {(method, steps) for method, _, steps, _ in sent} == {("collect", 7)}
    assert [push for *_, push in sent] == pytest.approx([0.2, 0.8 * 0.55, 0.8, 0.8])


def test_summary_of_no_finished_episode():
    report = {"episodes": [], "squared_error": np.array([4.0, 1.0, 9.0]), "count": 1}
    summary = training.practice_summary([report], [0.5])
    assert summary["falls"] is None and summary["error_yaw_rate"] == 3.0


def test_summary_by_hand():
    """Two reports: root of the mean over all 10 + 6 samples; three episodes, one of which ended in a fall."""
    reports = [
        {"episodes": [(10.0, False), (1.0, True)], "squared_error": np.array([1.0, 0.0, 4.0]), "count": 10},
        {"episodes": [(10.0, False)], "squared_error": np.array([3.0, 0.0, 0.0]), "count": 6},
    ]
    summary = training.practice_summary(reports, [0.5, 0.7])
    assert summary["reward"] == pytest.approx(0.6) and summary["falls"] == pytest.approx(1 / 3)
    assert summary["episode_s"] == pytest.approx(7.0)
    errors = [summary[name] for name in ("error_vx", "error_vy", "error_yaw_rate")]
    assert errors == pytest.approx([0.5, 0.0, 0.5])


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"learning_rate": float("nan")}, "--learning-rate got nan"),
        ({"learning_rate": float("inf")}, "--learning-rate got inf"),
        ({"learning_rate": 0.0}, "--learning-rate got 0"),
        ({"sigma": 0.0}, "--sigma got 0"),
        ({"sigma": -1.0}, "--sigma got -1"),
        ({"log_interval": float("nan")}, "--log-interval got nan"),
        ({"log_interval": -1.0}, "--log-interval got -1"),
        ({"strongest_push": float("nan")}, "--strongest-push got nan"),
        ({"seed": 2**32}, "--seed got 4294967296"),
    ],
)
def test_a_refused_setting_does_not_take_the_folder(tmp_path, setting, words):
    with pytest.raises(InputError, match=words):
        train_walker(tiny(tmp_path, **setting))
    assert not (tmp_path / "run").exists()


def test_a_practice_that_diverges_keeps_the_good_walker(tmp_path, monkeypatch):
    out = tmp_path / "out"
    good = train_walker(tiny(tmp_path, out=str(out))).read_bytes()
    update = Learner.update

    def diverge(self, batch, progress):
        measures = update(self, batch, progress)
        with torch.no_grad():
            self.network.log_std[0] = float("nan")
        return measures

    monkeypatch.setattr(Learner, "update", diverge)
    with pytest.raises(SimulationError, match="the practice came to NaN or infinity in net.log_std"):
        train_walker(tiny(tmp_path, save_dir=str(tmp_path / "other"), out=str(out)))
    assert (out / "walker.npz").read_bytes() == good
    assert not (tmp_path / "other" / "checkpoint.npz").exists()
