"""Every command that makes a run keeps others out of its folder for as long as it works."""

from __future__ import annotations

import fcntl
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from soccer_lib.cli import dataset as dataset_command
from soccer_lib.cli.dataset import DatasetConfig
from soccer_lib.course import runner
from soccer_lib.course.config import NotebookConfig
from soccer_lib.demos.collect import Collector
from soccer_lib.learn.imitation import bc as bc_page
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.workshop.studies import StudyConfig, kinds
from soccer_lib.workshop.studies import run as study_run
from soccer_lib.workshop.studies import training as study_training
from soccer_lib.workshop.walker import train


def is_locked(folder: Path) -> bool:
    """Whether somebody holds the folder's lock, asked as another process would."""
    with open(folder / "lock", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


class Stop(KeyboardInterrupt):
    """Ends a command in the middle of its work."""


@pytest.fixture
def work(monkeypatch):
    """Make a function look at a folder's lock in place of its work; returns what it saw."""
    seen = []

    def replace(home, name: str, folder: Path) -> list[bool]:
        def look(*arguments, **more):
            seen.append(is_locked(folder))
            raise Stop

        monkeypatch.setattr(home, name, look)
        return seen

    return replace


@pytest.mark.parametrize(
    ("home", "name"), [(Collector, "play"), (dataset_command, "write_dataset")], ids=["playing", "writing"]
)
def test_dataset(tmp_path, work, home, name):
    seen = work(home, name, tmp_path / "a.parts")
    with pytest.raises(KeyboardInterrupt):
        config = DatasetConfig(
            output=str(tmp_path / "a.npz"),
            from_policy="zero",
            tasks=("kick_to_target",),
            episodes=1,
            workers=1,
        )
        dataset_command.main(config)
    assert seen == [True]


def test_bc(tmp_path, dataset, work):
    seen = work(bc_page, "clone", tmp_path / "run")
    with pytest.raises(Stop):
        bc_page.bc(BCConfig(dataset=(dataset,), out=str(tmp_path / "run"), device="cpu"))
    assert seen == [True]


def test_study(tmp_path, dataset, work, monkeypatch):
    monkeypatch.setattr(kinds, "read_dataset", lambda path: None)
    seen = work(study_run, "run_jobs", tmp_path / "bc_dagger.parts")
    monkeypatch.setattr(study_run, "write_dataset", lambda path, data, about: None)
    with pytest.raises(Stop):
        kinds.dagger_study(StudyConfig(str(tmp_path), dataset))
    assert seen == [True]


def test_training_study(tmp_path, work):
    seen = work(study_training, "run_jobs", tmp_path / "rl_rewards.parts")
    config = study_training.TrainingStudyConfig(out=str(tmp_path))
    with pytest.raises(Stop):
        study_training.make_training_study(config, "rewards")
    assert seen == [True]


def test_walker(tmp_path, work):
    seen = work(train, "search_gait", tmp_path / "run")
    with pytest.raises(Stop):
        train.train_walker(train.WalkerTrainConfig(save_dir=str(tmp_path / "run")))
    assert seen == [True]


def test_notebook(tmp_path, work):
    nbformat.write(new_notebook(cells=[new_code_cell("1")]), tmp_path / "01_x.ipynb")
    seen = work(runner, "execute_notebook", tmp_path / "run")
    with pytest.raises(Stop):
        runner.run_notebooks(NotebookConfig(str(tmp_path / "01_x.ipynb"), out=str(tmp_path / "run")))
    assert seen == [True]
