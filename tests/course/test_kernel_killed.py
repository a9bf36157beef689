"""A kernel that is killed while a cell trains: the course says so, and its next call goes on from there."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from soccer_lib.course.runner import run_notebooks
from soccer_lib.errors import SimulationError
from soccer_lib.learn.train import train
from tests.course.test_notebook_runner import books, config  # noqa: F401 - a fixture
from tests.learn.tiny import TINY

LONG = dataclasses.replace(TINY, total_timesteps=400)

TRAINING = f"""
import os, pathlib
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.train import train
pathlib.Path("pid").write_text(str(os.getpid()))
settings = {dataclasses.asdict(LONG)!r}
train(TrainConfig(**settings | {{"save_dir": out_dir + "/run"}}))
"""


def kill_kernel(folder: Path) -> None:
    """Kill the kernel once its training has written a checkpoint."""
    until = time.monotonic() + 200
    while not list(folder.glob("checkpoints/ckpt_*")):
        assert time.monotonic() < until, "no checkpoint"
        time.sleep(0.01)
    os.kill(int(Path("pid").read_text()), signal.SIGKILL)


def test_a_killed_kernel_is_named_and_the_course_goes_on_where_it_was(books, tmp_path, capsys):  # noqa: F811
    books("01_first", "print('first')")
    books("02_train", TRAINING)
    books("03_last", "print('last')")
    course = config(course=True)
    run = Path("runs/course/smoke/02_train/run")
    killer = threading.Thread(target=kill_kernel, args=(run,))
    killer.start()
    with pytest.raises(
        SimulationError, match=r"notebook 02_train failed at cell 4 .*the kernel died \(killed"
    ):
        run_notebooks(course)
    killer.join()
    assert not (run / "final_model.safetensors").exists()
    capsys.readouterr()
    run_notebooks(course)
    printed = capsys.readouterr().out
    assert "01_first: done before and unchanged, skipped" in printed
    assert "02_train: done" in printed and "03_last: done" in printed
    assert "goes on at step" in Path("runs/course/smoke/02_train/02_train.ipynb").read_text()
    alone = tmp_path / "alone"
    train(dataclasses.replace(LONG, save_dir=str(alone)))
    for name in ("final_model.safetensors", "best_model_competition.safetensors"):
        assert (run / name).read_bytes() == (alone / name).read_bytes()
