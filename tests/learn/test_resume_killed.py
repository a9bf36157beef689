"""Processes that are really killed, and runs that cannot go on."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from soccer_lib.cli.main import main
from soccer_lib.envs.vec import SoccerVecEnv
from soccer_lib.errors import InputError, ResourceError, SimulationError, Terminated
from soccer_lib.learn.callbacks.episodes import EpisodeStatistics
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.train import train
from soccer_lib.runs import files
from soccer_lib.runs.folder import CHECKOUT
from tests.learn.tiny import TINY


def flags(config: TrainConfig) -> list[str]:
    """The settings as they are typed."""
    words = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value != field.default:
            values = [value] if not isinstance(value, tuple) else value
            words.append(f"--{field.name.replace('_', '-')}")
            words += [] if value is True else map(str, values)
    return words


def interrupted(config: TrainConfig, number: int) -> tuple[int, str]:
    """Start the command, send it a signal once it has written a checkpoint; its exit code and last line."""
    folder = Path(config.save_dir)
    before = newest(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", "soccer_lib", "train", *flags(config)],
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 200
    while newest(folder) == before and process.poll() is None:
        assert time.monotonic() < until, "no checkpoint"
        time.sleep(0.01)
    process.send_signal(number)
    errors = process.communicate(timeout=200)[1]
    return process.returncode, (errors.splitlines() or [""])[-1]


def newest(folder: Path) -> str:
    return max((path.name for path in folder.glob("checkpoints/ckpt_*")), default="")


def test_processes_that_are_killed_come_to_the_same_weights(tmp_path, walker):
    config = dataclasses.replace(TINY, total_timesteps=400)
    train(dataclasses.replace(config, save_dir=str(tmp_path / "alone")))
    killed = dataclasses.replace(config, save_dir=str(tmp_path / "killed"))
    assert interrupted(killed, signal.SIGKILL)[0] == -signal.SIGKILL
    code, words = interrupted(killed, signal.SIGTERM)
    assert code == 143 and "SIGTERM; saved at step" in words
    code, words = interrupted(killed, signal.SIGINT)
    assert code == 130 and "interrupted; saved at step" in words
    train(dataclasses.replace(killed, resume=True))
    for name in ("final_model.safetensors", "best_model_competition.safetensors"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()


@pytest.fixture(scope="module")
def done(tmp_path_factory, walker) -> TrainConfig:
    """A run that is done."""
    config = dataclasses.replace(TINY, save_dir=str(tmp_path_factory.mktemp("done") / "run"))
    train(config)
    return config


def test_a_run_goes_to_the_total_that_is_asked_for(done, capsys):
    folder = Path(done.save_dir)
    capsys.readouterr()
    train(dataclasses.replace(done, total_timesteps=32))
    train(done)
    assert capsys.readouterr().out.count("is finished") == 2
    train(dataclasses.replace(done, total_timesteps=64, resume=True))
    printed = capsys.readouterr().out
    assert "goes on at step 48 of 64" in printed
    assert newest(folder) == "ckpt_000000064"
    status = json.loads((folder / "status.json").read_text())
    assert (status["status"], status["total_timesteps"]) == ("done", 64)


def test_training_never_plays_the_seeds_that_evaluations_play(tmp_path, monkeypatch):
    seeds = []

    class Begun(BaseException):
        pass

    def reset(self):
        seeds.extend(self._seeds)
        raise Begun

    monkeypatch.setattr(SoccerVecEnv, "reset", reset)
    with pytest.raises(Begun):
        train(dataclasses.replace(TINY, seed=3, save_dir=str(tmp_path / "r")))
    assert seeds == [103_000, 103_001]


def test_there_has_to_be_what_is_to_be_resumed(tmp_path):
    with pytest.raises(InputError, match="--resume: no run in"):
        train(dataclasses.replace(TINY, save_dir=str(tmp_path / "x"), resume=True))
    assert not (tmp_path / "x").exists()


def break_at(monkeypatch: pytest.MonkeyPatch, step: int, what: object) -> None:
    """Do something at an env step of the next run."""
    unharmed = EpisodeStatistics._on_step

    def on_step(self: EpisodeStatistics) -> bool:
        if self.num_timesteps == step:
            what(self.model)
        return unharmed(self)

    monkeypatch.setattr(EpisodeStatistics, "_on_step", on_step)


def no_number(model) -> None:
    with torch.no_grad():
        next(model.policy.parameters()).fill_(np.nan)


@pytest.mark.parametrize("algo", ["ppo", "td3"])
def test_weights_that_are_no_numbers_end_a_run_and_reach_no_checkpoint(algo, tmp_path, monkeypatch):
    settings = {"preset": "", "algo": algo, "buffer_size": 100, "learning_starts": 8, "n_epochs": None}
    config = dataclasses.replace(TINY, **settings, save_dir=str(tmp_path / "r"))
    with monkeypatch.context() as patch:
        break_at(patch, 40, no_number)
        with pytest.raises(SimulationError, match="not finite"):
            train(config)
    assert newest(tmp_path / "r") == "ckpt_000000032"
    train(config)
    assert newest(tmp_path / "r") == "ckpt_000000048"


def test_a_dead_worker_is_named_and_what_came_before_is_saved(tmp_path, monkeypatch, capsys):
    config = dataclasses.replace(TINY, workers=2, checkpoint_interval=1000, save_dir=str(tmp_path / "r"))
    victims = []

    def kill_one(model) -> None:
        victims.append(model.get_env().venv.members[1].process.pid)
        os.kill(victims[0], signal.SIGKILL)

    with monkeypatch.context() as patch:
        break_at(patch, 40, kill_one)
        assert main(["train", *flags(config)]) == 4
    assert f"worker 1 (pid {victims[0]}: kick_to_target) stopped with exit code -9" in capsys.readouterr().err
    assert newest(tmp_path / "r") == "ckpt_000000032"


def test_a_group_of_processes_that_is_stopped_at_once_has_saved(tmp_path, monkeypatch):
    config = dataclasses.replace(TINY, workers=2, checkpoint_interval=1000, save_dir=str(tmp_path / "r"))

    def stop_all(model) -> None:
        model.get_env().venv.members[1].process.kill()
        signal.raise_signal(signal.SIGTERM)

    # As the worker's death is seen first: the step before the stop would be noticed.
    monkeypatch.setattr("soccer_lib.learn.callbacks.checkpoint.Checkpointing._on_step", lambda self: True)
    break_at(monkeypatch, 40, stop_all)
    with pytest.raises(Terminated, match="saved at step 32"):
        train(config)


def test_a_full_disk_ends_a_run_with_need_and_have(tmp_path, monkeypatch, capsys):
    config = dataclasses.replace(TINY, save_dir=str(tmp_path / "r"))
    write = files.atomic_write

    def full(path, writer):
        if "ckpt_000000032" in str(path):
            raise ResourceError("could not write: No space left on device")
        return write(path, writer)

    with monkeypatch.context() as patch:
        patch.setattr(files, "atomic_write", full)
        assert main(["train", *flags(config)]) == 3
    error = capsys.readouterr().err
    assert "checkpoint of step 32 needs 0." in error and "MiB free" in error and "step 16 is as it" in error
    assert newest(tmp_path / "r") == "ckpt_000000016"


def test_too_little_room_is_said_before_the_first_step(tmp_path, monkeypatch, capsys):
    config = dataclasses.replace(TINY, save_dir=str(tmp_path / "r"))
    usage = shutil.disk_usage

    def little(path):
        return usage(path)._replace(free=1000)

    monkeypatch.setattr("shutil.disk_usage", little)
    assert main(["train", *flags(config)]) == 3
    error = capsys.readouterr().err
    assert "MiB will be written and the disk has 0 MiB free" in error
    assert not (tmp_path / "r" / "metrics.jsonl").exists()
