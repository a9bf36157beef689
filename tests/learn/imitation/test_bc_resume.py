"""A cloning that is killed and taken up again ends with the bits of one that was left alone."""

from __future__ import annotations

import dataclasses
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from soccer_lib.demos.files import write_dataset
from soccer_lib.learn.imitation import checkpoints
from soccer_lib.learn.imitation.bc import bc
from soccer_lib.learn.imitation.config import BCConfig
from soccer_lib.runs.folder import CHECKOUT, RunFolder
from tests.support.small_expert import demonstrations


class Killed(BaseException):
    """What no handler of a run expects."""


@pytest.fixture
def config(dataset, tmp_path) -> BCConfig:
    """Three clones of a few epochs, between which one plays two episodes."""
    return BCConfig(
        dataset=(dataset,),
        net_arch="32,24",
        epochs=4,
        patience=2,
        lr=3e-3,
        device="cpu",
        dagger_rounds=2,
        dagger_episodes=2,
        tasks=("kick_to_target",),
    )


def into(config: BCConfig, folder: Path) -> BCConfig:
    """The same for a run in that folder; a clone is called as its folder is."""
    return dataclasses.replace(config, out=str(folder / "clone"))


def come_to(folder: Path) -> tuple[bytes, list[dict]]:
    """Weights, and the figures of all epochs."""
    lines = (folder / "clone" / "metrics.jsonl").read_text().splitlines()
    return (folder / "clone" / "final_model.safetensors").read_bytes(), [json.loads(line) for line in lines]


def kill_before_line(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Let the next run end as it is about to note so manieth an epoch."""
    unharmed = RunFolder.append_metrics
    noted = []

    def append(self: RunFolder, values: object) -> None:
        noted.append(values)
        if len(noted) == number:
            raise Killed
        unharmed(self, values)

    monkeypatch.setattr(RunFolder, "append_metrics", append)


def test_a_killed_cloning_ends_as_if_it_had_been_left_alone(config, walker, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    bc(into(config, tmp_path / "alone"))
    killed = into(config, tmp_path / "killed")
    capsys.readouterr()
    went_on = []
    for number in (1, 3, 1, 4, 2):
        with monkeypatch.context() as patch, pytest.raises(Killed):
            kill_before_line(patch, number)
            bc(killed)
        printed = capsys.readouterr().out
        went_on.append(printed.partition("goes on behind ")[2].partition("\n")[0])
        assert "other policies" not in printed  # rounds that were played count
    assert went_on[:2] == ["", ""] and went_on[2] == went_on[3] == "epoch 2 of round 0" and len(went_on[4])
    bc(killed)
    assert come_to(tmp_path / "killed") == come_to(tmp_path / "alone")
    assert not (tmp_path / "killed" / "clone" / "checkpoints").exists()


@pytest.mark.parametrize("file", ["state.npz", "manifest.json"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(
    file, config, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    config = dataclasses.replace(config, dagger_rounds=0)
    bc(into(config, tmp_path / "alone"))
    killed = into(config, tmp_path / "killed")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_before_line(patch, 4)
        bc(killed)
    newest = tmp_path / "killed" / "clone" / "checkpoints" / "ckpt_000000003"
    content = (newest / file).read_bytes()
    (newest / file).write_bytes(content[: len(content) // 2])
    bc(killed)
    printed = capsys.readouterr().out
    assert f"{newest / file}" in printed and "goes on behind epoch 2 of round 0" in printed
    assert come_to(tmp_path / "killed") == come_to(tmp_path / "alone")


def test_who_watches_sees_every_epoch(config, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    killed = into(dataclasses.replace(config, dagger_rounds=0), tmp_path)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        kill_before_line(patch, 3)
        bc(killed)
    epochs = []
    bc(killed, watch=lambda figures, net: epochs.append(figures["epoch"]))
    assert epochs[:3] == [1, 2, 3]


def test_a_process_that_is_asked_to_stop_saves_and_one_that_is_killed_goes_on(tmp_path):
    data = str(write_dataset(tmp_path / "demos.npz", demonstrations(200), {}))
    config = BCConfig((data,), net_arch="64,64", epochs=30, device="cpu")
    bc(into(config, tmp_path / "alone"))
    killed = tmp_path / "killed" / "clone"
    words = [
        "--dataset",
        data,
        "--net-arch",
        "64,64",
        "--epochs",
        "30",
        "--device",
        "cpu",
        "--out",
        str(killed),
    ]
    metrics = killed / "metrics.jsonl"
    for number, code, said in (
        (signal.SIGTERM, 143, "error: SIGTERM; saved behind epoch"),
        (signal.SIGKILL, -9, ""),
    ):
        process = subprocess.Popen(
            [sys.executable, "-m", "soccer_lib", "bc", *words],
            cwd=CHECKOUT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        before = metrics.read_text().count("\n") if metrics.is_file() else 0
        until = time.monotonic() + 100
        while not metrics.is_file() or metrics.read_text().count("\n") <= before:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.005)
        process.send_signal(number)
        errors = process.communicate(timeout=100)[1]
        assert process.returncode == code, errors
        assert said in (errors.splitlines() or [""])[-1]
    bc(into(config, tmp_path / "killed"))
    assert come_to(tmp_path / "killed") == come_to(tmp_path / "alone")


def test_a_watcher_that_need_not_see_all_lets_a_killed_run_go_on(config, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "EVERY", 0.0)
    config = dataclasses.replace(into(config, tmp_path), dagger_rounds=0, epochs=3, patience=3)
    seen = []

    def watch(figures: dict, net: object) -> None:
        seen.append(figures["epoch"])

    for sees_all, epochs in ((False, [1, 2, 3]), (True, [1, 2, 1, 2, 3])):
        seen.clear()
        again = dataclasses.replace(config, out=str(tmp_path / f"run_{sees_all}"))
        with monkeypatch.context() as patch, pytest.raises(Killed):
            kill_before_line(patch, 3)
            bc(again, watch=watch, sees_all=sees_all)
        bc(again, watch=watch, sees_all=sees_all)
        assert seen == epochs
