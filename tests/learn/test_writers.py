"""W&B never stops a run, and is refused in a line where it is not installed."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from types import SimpleNamespace
from typing import ClassVar

import pytest
from stable_baselines3.common.logger import KVWriter

from soccer_lib.errors import InputError
from soccer_lib.learn import train as training
from soccer_lib.learn.callbacks.writers import DispensableWriter, extra_writers
from soccer_lib.learn.config import TrainConfig, check_choices
from soccer_lib.runs import RunFolder
from tests.learn.tiny import TINY


class Wandb:
    """Stands for the package: fails as often as it is told."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.modes: list[str] = []
        self.logged: list[dict] = []

    def init(self, mode="online", **_):
        self.modes.append(mode)
        if len(self.modes) <= self.failures:
            raise OSError("no network")
        return SimpleNamespace(log=self.log, finish=lambda: None)

    def log(self, numbers, step):
        if step == 13:
            raise OSError("gone")
        self.logged.append({"step": step, **numbers})


def writers_of(tmp_path) -> list[KVWriter]:
    """Those that a run with --use-wandb has where TensorBoard is not installed."""
    return extra_writers(TrainConfig(use_wandb=True), RunFolder.open(tmp_path / "r", {}, "train"))


@pytest.mark.parametrize(("failures", "modes"), [(0, ["online"]), (1, ["online", "offline"])])
def test_without_a_network_it_logs_into_the_folder(failures, modes, tmp_path, monkeypatch, capsys):
    package = Wandb(failures)
    monkeypatch.setitem(sys.modules, "wandb", package)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (writer,) = writers_of(tmp_path)
    writer.write({"a": 1.5, "text": "left out"}, {}, 7)
    assert package.modes == modes and package.logged == [{"step": 7, "a": 1.5}]
    writer.write({"a": 2.0}, {}, 13)  # it breaks off: the run goes on
    writer.write({"a": 3.0}, {}, 14)
    assert len(package.logged) == 1 and capsys.readouterr().out.count("goes on without it") == 1


def test_one_that_never_starts_is_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "wandb", Wandb(2))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    (writer,) = writers_of(tmp_path)
    writer.write({"a": 1.0}, {}, 1)
    writer.close()
    assert capsys.readouterr().out.count("wandb stopped (no network): the run goes on without it") == 1


@pytest.mark.parametrize("algo", ["ppo", "td3"])
def test_every_value_comes_with_where_it_is_not_to_be_written(algo, tmp_path, monkeypatch):
    """TensorBoard's writer goes through both tables side by side and fails where one has more."""

    class Strict(KVWriter):
        steps: ClassVar[list[int]] = []

        def write(self, key_values, key_excluded, step=0):
            assert list(sorted(key_values)) == list(sorted(key_excluded))
            self.steps.append(step)

        def close(self):
            """Nothing is open."""

    monkeypatch.setattr(training, "extra_writers", lambda config, folder: [Strict()])
    off_policy = {"preset": "", "n_epochs": None, "buffer_size": 100, "learning_starts": 8}
    settings = off_policy if algo == "td3" else {}
    training.train(dataclasses.replace(TINY, algo=algo, **settings, save_dir=str(tmp_path / "r")))
    assert Strict.steps[-1] == 48 and len(Strict.steps) >= 2


def test_without_the_package_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    folder = RunFolder.open(tmp_path / "r", {}, "train")
    assert extra_writers(TrainConfig(), folder) == []
    with pytest.raises(InputError, match="pip install"):
        check_choices(TrainConfig(use_wandb=True).resolved())


class Failing(KVWriter):
    """Fails from a step on, and when it is closed."""

    def __init__(self, since: int) -> None:
        self.since = since
        self.steps: list[int] = []

    def write(self, key_values, key_excluded, step=0):
        if step >= self.since:
            raise OSError("disk full")
        self.steps.append(step)

    def close(self):
        raise OSError("nothing to close")


def test_a_writer_that_fails_is_given_up_once_and_the_run_goes_on(capsys):
    failing = Failing(3)
    writer = DispensableWriter("TensorBoard", lambda: failing)
    for step in range(6):
        writer.write({}, {}, step)
    writer.close()
    assert failing.steps == [0, 1, 2]
    assert capsys.readouterr().out.count("TensorBoard stopped (disk full)") == 1
    DispensableWriter("TensorBoard", lambda: Failing(3)).close()
    assert "nothing to close" in capsys.readouterr().out
    DispensableWriter("TensorBoard", lambda: 1 / 0).write({}, {}, 1)
    assert "division by zero" in capsys.readouterr().out
