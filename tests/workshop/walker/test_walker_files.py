"""The run folder of a tuning: the curve in its metrics, its status, and what it publishes."""

import errno
import json
import os
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from soccer_lib.control.gait import GaitParameters
from soccer_lib.errors import InputError, ResourceError, SimulationError
from soccer_lib.runs.files import sha256_of
from soccer_lib.workshop.walker import files
from soccer_lib.workshop.walker.files import KickFolder, TrainingFolder, TuningFolder


@dataclass(frozen=True)
class Config:
    save_dir: str = "runs/x"
    out: str = ""
    seed: int = 0
    total_steps: int = 100
    log_interval: float = 5.0


class Folder(TuningFolder):
    name = "gadget"
    command_name = "walker gadget"


class Clock(SimpleNamespace):
    """Stands still until it is set forward."""

    seconds = 100.0

    def monotonic(self):
        return self.seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(files, "time", clock)
    return clock


def lines_of(path):
    return [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]


def status_of(path):
    return json.loads((path / "status.json").read_text())


def test_points_of_the_curve_are_lines_of_the_metrics(tmp_path, capsys, clock):
    with Folder(tmp_path / "run", Config()) as folder:
        clock.seconds += 7.26
        folder.log("residual", {"steps": 64, "reward": 0.123456789, "falls": None}, 0.64)
    (line,) = lines_of(folder.path)
    assert line == {"stage": "residual", "steps": 64, "reward": 0.12346, "falls": None, "seconds": 7.3}
    shown = "residual 64.0%  7 s  steps 64  reward 0.123  falls None\n"
    assert capsys.readouterr().out == shown and (folder.path / "progress.txt").read_text() == shown


def test_a_run_that_goes_on_from_a_checkpoint_repeats_no_point_of_its_curve(tmp_path):
    path = tmp_path / "run"
    killed = Folder(path, Config())
    for steps in (10, 20, 30):
        killed.log("residual", {"steps": steps, "reward": 1.0}, steps / 100)
    with (path / "metrics.jsonl").open("a") as stream:
        stream.write('{"stage": "residual", "st')  # the kill came here
    again = Folder(path, Config())
    assert [entry["steps"] for entry in again.curve["residual"]] == [10, 20, 30]
    again.log("residual", {"steps": 20, "reward": 2.0}, 0.2)  # its checkpoint was at 10 steps
    expected = [(10, 1.0), (20, 2.0)]
    assert [(entry["steps"], entry["reward"]) for entry in again.curve["residual"]] == expected
    assert Folder(path, Config()).curve == again.curve


def test_the_clock_goes_on_where_the_killed_run_stopped(tmp_path, clock):
    path = tmp_path / "run"
    Folder(path, Config()).run.append_metrics({"stage": "gait", "generation": 1, "seconds": 3600.0})
    again = Folder(path, Config())
    clock.seconds += 60.0
    again.log("gait", {"generation": 2}, 0.5)
    assert again.curve["gait"][1]["seconds"] == 3660.0
    record = json.loads(again.publish({"x": np.zeros(2)}, None).with_suffix(".json").read_text())
    assert record["minutes"] == 61.0


def test_the_status_is_running_then_failed_then_done(tmp_path):
    path = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt), Folder(path, Config()):
        assert status_of(path)["status"] == "running"
        raise KeyboardInterrupt
    assert status_of(path)["status"] == "failed" and status_of(path)["reason"] == "KeyboardInterrupt"
    with Folder(path, Config()) as folder:
        assert status_of(path)["status"] == "running"
        file = folder.publish({"x": np.zeros(2)}, None)
    assert status_of(path)["status"] == "done" and status_of(path)["sha256"] == sha256_of(file)


def test_only_what_changes_no_result_may_differ_when_a_run_goes_on(tmp_path):
    path = tmp_path / "run"
    Folder(path, Config())
    Folder(path, Config(save_dir="elsewhere", out="data/x", log_interval=1.0, total_steps=200))
    with pytest.raises(InputError, match="was made with seed = 0 and this run has 1"):
        Folder(path, Config(seed=1))
    with pytest.raises(InputError, match="belongs to walker gadget; expected walker kick"):
        KickFolder(path, Config())


def test_what_is_published_lies_in_both_folders_with_its_record(tmp_path):
    out = tmp_path / "out"
    with Folder(tmp_path / "run", Config(out="data/x", seed=3)) as folder:
        folder.log("gait", {"generation": 1, "mean": 0.5}, 1.0)
        file = folder.publish({"x": np.arange(3)}, out, colour="blue")
    assert file == out / "gadget.npz"
    record = json.loads((out / "gadget.json").read_text())
    assert record["command"] == "python -m soccer_lib walker gadget --out data/x --seed 3"
    assert record["settings"] == {"seed": 3, "total_steps": 100} and record["colour"] == "blue"
    assert record["sha256"] == sha256_of(file) == sha256_of(folder.path / "gadget.npz")
    curve = json.loads((out / "curve.json").read_text())
    assert curve == {"gait": [{"generation": 1, "mean": 0.5, "seconds": 0.0}]}
    assert list(record["versions"])[-1] == "cma"


def test_a_kick_search_finds_its_stages_and_scores_again(tmp_path):
    path = tmp_path / "run"
    folder = KickFolder(path, Config())
    assert folder.scores("shot").shape == (0, 1)
    folder.keep("first", np.arange(3.0))
    folder.save_scores("shot", [np.array([1.0, 2.0])])
    again = KickFolder(path, Config())
    assert again.vectors["first"].tolist() == [0.0, 1.0, 2.0]
    assert again.scores("shot").tolist() == [[1.0, 2.0]] and again.scores("placed").shape == (0, 1)


def test_nothing_that_is_not_finite_reaches_a_file(tmp_path):
    out = tmp_path / "data"
    with Folder(tmp_path / "run", Config()) as folder:
        good = folder.publish({"x": np.ones(3)}, out).read_bytes()
    for bad in (np.nan, np.inf):
        with pytest.raises(SimulationError, match="the gadget came to NaN or infinity in x;"):
            with Folder(tmp_path / "run", Config()) as folder:
                folder.publish({"x": np.array([1.0, bad])}, out)
        assert status_of(tmp_path / "run")["status"] == "failed"
    assert (out / "gadget.npz").read_bytes() == (tmp_path / "run" / "gadget.npz").read_bytes() == good
    with TrainingFolder(tmp_path / "walker", Config()) as training:
        training.save_checkpoint({"learner": {"net": np.zeros(2)}, "update": 1})
        with pytest.raises(SimulationError):
            training.save_checkpoint({"learner": {"net": np.array([0.0, np.nan])}, "update": 2})
        with pytest.raises(SimulationError):
            training.save_gait(np.array([[np.nan]]), GaitParameters())
        assert training.checkpoint()["update"] == 1 and len(training.gait_scores()) == 0


def test_a_full_disk_leaves_the_published_files_as_they_were(tmp_path, monkeypatch):
    out = tmp_path / "data"
    with Folder(tmp_path / "run", Config()) as folder:
        folder.publish({"x": np.ones(3)}, out)
        before = {path.name: path.read_bytes() for path in out.iterdir()}
        sync = os.fsync

        def full(number):
            if os.readlink(f"/proc/self/fd/{number}").startswith(str(out / ".gadget.json.")):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            sync(number)

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(ResourceError, match=r"could not copy into .*data: No space left"):
            folder.publish({"x": np.zeros(3)}, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_lines_of_others_are_no_points_of_the_curve(tmp_path):
    (tmp_path / "run").mkdir()
    with Folder(tmp_path / "run", Config()) as folder:
        folder.log("a", {"steps": 1}, 0.5)
    with open(tmp_path / "run" / "metrics.jsonl", "a") as stream:
        stream.write('[1, 2]\n{"steps": 3}\n' + "[" * 100_000 + "\n")
    with Folder(tmp_path / "run", Config()) as folder:
        assert [entry["steps"] for entry in folder.curve["a"]] == [1] and list(folder.curve) == ["a"]
